"""dedupe at the same task, for reference: a gazetteer, its blocking and weights learned from labels."""

import random
import sys
from pathlib import Path
from typing import Any

import dedupe
import pandas as pd
from dedupe import variables

Records = dict[str, dict[str, Any]]

what, place, out = sys.argv[1:]
directory = Path(place)
MATCHES, STRANGERS = 500, 2000


def records(frame: pd.DataFrame, columns: list[str]) -> Records:
    """Make rows dictionaries as dedupe wants them, nothing for a blank."""
    held = frame[columns].astype(object).where(frame[columns].notna(), None)
    return dict(zip(frame["id"], held.to_dict("records"), strict=True))


def best(fields: list[Any], left: Records, right: Records, truth: dict[str, str]) -> None:
    """Train on some of the answers, search, and write the likeliest of each left row."""
    random.seed(1)
    gazetteer = dedupe.Gazetteer(fields, num_cores=1)
    # Drawn for the blocking to be learned on; a whole register would take hours.
    known = random.sample(sorted(truth), min(MATCHES, len(truth)))
    others = random.sample(sorted(right), STRANGERS)
    sample = {key: right[key] for key in {*others, *(truth[key] for key in known)}}
    gazetteer.prepare_training({key: left[key] for key in known}, sample)
    strangers = zip(random.choices(known, k=STRANGERS), others, strict=True)
    gazetteer.mark_pairs(
        {
            "match": [(left[key], right[truth[key]]) for key in known],
            "distinct": [(left[key], right[other]) for key, other in strangers if truth[key] != other],
        }
    )
    gazetteer.train(recall=0.95, index_predicates=False)
    gazetteer.index(right)
    found = gazetteer.search(left, threshold=0.0, n_matches=1)
    rows = [(key, who, score) for key, matches in found for who, score in matches]
    pd.DataFrame(rows, columns=["notification_id", "person_id", "probability"]).to_csv(out, index=False)


def world(*, numbered: bool) -> None:
    items = ["name", "birth_date", "stay_expires_on", "sex", "nationality", "status_of_residence"]
    items += ["card_number"] if numbered else []
    cards = pd.read_parquet(directory / "cards.parquet", columns=["person_id", *{*items, "card_number"}])
    # One record for each person, the last card's: a gazetteer of all cards does not fit.
    cards = cards.astype("string").drop_duplicates("person_id", keep="last").assign(id=cards["person_id"])
    held = pd.read_parquet(directory / "cards.parquet", columns=["card_number"])["card_number"]
    lost = pd.read_csv(directory / "annex1.csv", dtype="string").assign(
        id=lambda rows: rows["notification_id"]
    )
    lost = lost[lost["deleted_on"].isna() & ~lost["card_number"].isin(held)]
    answers = pd.read_parquet(directory / "truth/notifications.parquet").set_index("notification_id")
    answers = answers["person_id"].reindex(lost["id"]).dropna()
    text = ["name", *(["card_number"] if numbered else [])]
    dates = ["birth_date", "stay_expires_on"]
    fields = [
        *(variables.String(name, has_missing=True) for name in text),
        *(variables.ShortString(name, has_missing=True) for name in dates),
        *(variables.Exact(name, has_missing=True) for name in ("sex", "nationality", "status_of_residence")),
    ]
    best(fields, records(lost, items), records(cards, items), answers.to_dict())


def febrl() -> None:
    text = ["given_name", "surname", "address_1", "address_2", "suburb"]
    short = ["date_of_birth", "soc_sec_id", "postcode", "street_number"]
    left, right = (
        pd.read_csv(directory / f"{side}.csv", dtype="string").rename(columns={"rec_id": "id"})
        for side in "ab"
    )
    fields = [
        *(variables.String(name, has_missing=True) for name in text),
        *(variables.ShortString(name, has_missing=True) for name in short),
        variables.Exact("state", has_missing=True),
    ]
    truth = {each: each.replace("-org", "-dup-0") for each in left["id"]}
    columns = [*text, *short, "state"]
    best(fields, records(left, columns), records(right, columns), truth)


if __name__ == "__main__":
    febrl() if what == "febrl" else world(numbered=what == "world")
