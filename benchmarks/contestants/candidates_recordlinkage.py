"""recordlinkage at the same task, for reference: blocking, string comparison, ECM without labels."""

import sys
from pathlib import Path

import pandas as pd
import recordlinkage
from recordlinkage.classifiers import ECMClassifier

what, place, out = sys.argv[1:]
directory = Path(place)


def best(
    pairs: pd.MultiIndex, compare: recordlinkage.Compare, left: pd.DataFrame, right: pd.DataFrame
) -> None:
    """Compare, learn, and write the likeliest of each left row."""
    vectors = compare.compute(pairs, left, right)
    model = ECMClassifier(binarize=0.85)
    model.fit(vectors)
    found = model.prob(vectors).rename("probability").reset_index()
    found.columns = ["notification_id", "record", "probability"]
    found["weight"] = vectors.sum(axis=1).to_numpy()
    found["person_id"] = right["person_id"].reindex(found["record"]).to_numpy()
    found = found.sort_values(["probability", "weight"], ascending=False).drop_duplicates("notification_id")
    found[["notification_id", "person_id", "probability"]].to_csv(out, index=False)


def indexed(left: pd.DataFrame, right: pd.DataFrame, blocks: list[list[str]]) -> pd.MultiIndex:
    indexer = recordlinkage.Index()
    for block in blocks:
        indexer.block(block)
    return indexer.index(left, right)


def world(*, numbered: bool) -> None:
    items = [
        "card_number",
        "name",
        "status_of_residence",
        "stay_expires_on",
        "birth_date",
        "sex",
        "nationality",
    ]
    right = pd.read_parquet(directory / "cards.parquet", columns=["person_id", *items]).astype("string")
    left = pd.read_csv(directory / "annex1.csv", dtype="string").set_index("notification_id")
    left = left[left["deleted_on"].isna() & ~left["card_number"].isin(right["card_number"])][items]
    for side in (left, right):
        side["begins"], side["ends"] = side["card_number"].str[:6], side["card_number"].str[-6:]
    blocks = [["birth_date", "nationality"], ["name", "nationality", "sex"]]
    blocks += [["begins"], ["ends"]] if numbered else []
    compare = recordlinkage.Compare()
    compare.string("name", "name", method="jarowinkler")
    for item in ["birth_date", "stay_expires_on", *(["card_number"] if numbered else [])]:
        compare.string(item, item, method="damerau_levenshtein")
    for item in ("sex", "nationality", "status_of_residence"):
        compare.exact(item, item)
    best(indexed(left, right, blocks), compare, left, right)


def febrl() -> None:
    left, right = (
        pd.read_csv(directory / f"{side}.csv", dtype="string").set_index("rec_id") for side in "ab"
    )
    right["person_id"] = right.index
    columns = ["soc_sec_id", "date_of_birth", "surname", "given_name", "postcode", "suburb", "address_1"]
    compare = recordlinkage.Compare()
    for column in ("given_name", "surname", "address_1", "address_2", "suburb"):
        compare.string(column, column, method="jarowinkler")
    for column in ("date_of_birth", "soc_sec_id", "postcode", "street_number"):
        compare.string(column, column, method="damerau_levenshtein")
    compare.exact("state", "state")
    best(indexed(left, right, [[column] for column in columns]), compare, left, right)


febrl() if what == "febrl" else world(numbered=what == "world")
