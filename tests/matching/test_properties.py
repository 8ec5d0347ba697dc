"""Properties of every world: order, counts, repetition, and that no withheld value comes out."""

import json
import random
from pathlib import Path

import polars as pl
import pytest
from builders import (
    CARD,
    OTHER_CARD,
    Row,
    a_card,
    a_notification,
    a_permission,
    a_person,
    a_tombstone,
    prepared,
    reconciled,
    rows,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from test_validation import WITHHELD

from renkei.agreement.datasets import DATASETS
from renkei.matching import Reconciliation
from renkei.matching.writing import reconciliation_files, write_atomic

World = dict[str, list[Row]]
BOUNDED = settings(max_examples=15, derandomize=True)

NUMBERS = st.sampled_from([CARD, OTHER_CARD, "ZZ99999999ZZ", "AB1234", "ab-12345678-cd", ""])
NAMES = st.sampled_from(["NGUYEN VAN ANH", "ANH NGUYEN", "TRAN BINH", "王力", "グエン", ""])
BIRTHS = st.sampled_from(["1998-04-21", "1998-21-04", "1998-00-00", "S60.4.1", "1970-12-31", "soon"])
STATUSES = st.sampled_from(["35", "永住者", "hsp", "39", "student", "外交", "?"])
SEXES = st.sampled_from(["1", "2", "0", "X"])
DAYS = st.sampled_from(["2026-02-10", "2026-01-31", "2021-03-21", "2026-03-31", "", "?"])


def _identity() -> dict[str, st.SearchStrategy[str]]:
    return {"name": NAMES, "birth_date": BIRTHS, "status_of_residence": STATUSES, "sex": SEXES}


def _many(
    build: object, identifiers: list[str], **columns: st.SearchStrategy[str]
) -> st.SearchStrategy[list[Row]]:
    drawn = st.fixed_dictionaries(columns).map(lambda values: build(**values))  # type: ignore[operator]
    key = identifiers[0]
    return st.lists(drawn, max_size=6).map(
        lambda table: [row | {key: name} for row, name in zip(table, identifiers[1:], strict=False)]
    )


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Few rows with many faults; every identifier once, so that the order of rows does not matter."""
    return {
        "notifications": draw(
            _many(
                a_notification,
                ["notification_id", *"abcdef"],
                **_identity(),
                card_number=NUMBERS,
                employment_start=DAYS,
                deleted_on=st.sampled_from(["", "", "", "2026-04-01"]),
                establishment_name=st.sampled_from(["", "見本商店"]),
            )
        ),
        "persons": draw(_many(a_person, ["person_id", "P1", "P2", "P3"], **_identity())),
        "cards": draw(
            _many(
                a_card,
                ["card_number", CARD, OTHER_CARD, "JK11112222LM"],
                **_identity(),
                person_id=st.sampled_from(["P1", "P2", "P9"]),
            )
        ),
        "permissions": draw(
            _many(
                a_permission,
                ["permission_id", *"uvw"],
                person_id=st.sampled_from(["P1", "P2", "P9"]),
                permitted_on=DAYS,
                status_of_residence=STATUSES,
            )
        ),
    }


def said(result: Reconciliation) -> dict[str, list[Row]]:
    return {name: rows(getattr(result, name)) for name in ("annex2", "annex3", "matches")}


@pytest.mark.slow
@BOUNDED
@given(worlds(), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(world: World, chance: random.Random) -> None:
    mixed = {name: chance.sample(table, len(table)) for name, table in world.items()}

    one, other = reconciled(**world), reconciled(**mixed)

    assert said(one) == said(other)
    assert one.rejects.drop("line").equals(other.rejects.drop("line"))  # the lines are where they stood
    assert one.statistics.summary() == other.statistics.summary()


@pytest.mark.slow
@BOUNDED
@given(worlds())
def test_counts_add_up(world: World) -> None:
    result = reconciled(**world)
    summary = result.statistics.summary()
    rejected = [row["dataset"] for row in rows(result.rejects) if row["action"] == "row"]

    for name, counts in summary["datasets"].items():
        assert counts["read"] == len(world[name])
        assert counts["rejected"] == rejected.count(name)
        assert counts["taken"] == counts["read"] - counts["rejected"]
    counts = summary["datasets"]["notifications"]
    outcomes = [row["outcome"] for row in rows(result.matches)]
    assert counts["taken"] == len(outcomes)
    for outcome in ("matched", "mismatched", "not_found", "held", "deleted"):
        assert counts[outcome] == outcomes.count(outcome)
    assert result.annex2.height == outcomes.count("mismatched") + outcomes.count("not_found")
    assert result.annex3.height == sum(summary["annex3"].values())


@pytest.mark.slow
@BOUNDED
@given(worlds())
def test_preparing_loses_no_row(world: World) -> None:
    result = prepared(*world["notifications"])
    counts = result.counts

    assert counts["read"] == len(world["notifications"])
    assert counts["read"] == (
        counts["rejected"] + counts["no_card_number"] + counts["not_notifiable"] + result.annex1.height
    )


def _all_files(result: Reconciliation, directory: Path) -> dict[str, bytes]:
    write_atomic(directory, reconciliation_files(result))
    return {path.name: path.read_bytes() for path in directory.iterdir()}


@pytest.mark.slow
@settings(BOUNDED, max_examples=8)
@given(world=worlds())
def test_a_second_run_is_byte_identical(world: World, tmp_path_factory: pytest.TempPathFactory) -> None:
    directories = tmp_path_factory.mktemp("one"), tmp_path_factory.mktemp("two")

    one, two = (_all_files(reconciled(**world), directory) for directory in directories)

    assert one == two


# --- nothing withheld --------------------------------------------------------------------------------

MARK = "ヒミツ"


def _marked(row: Row, *but: str) -> Row:
    """A row whose text columns are marked, each by its own name."""
    (dataset,) = [dataset for dataset in DATASETS.values() if tuple(row) == dataset.names]
    texts = [
        column.name
        for column in dataset.columns
        if column.kind.value in ("text", "phone")
        and column.name not in but
        and column is not dataset.identifier
    ]
    return row | {name: MARK + name[:4] for name in texts}


def everything_said(result: Reconciliation, directory: Path) -> str:
    return b"".join(_all_files(result, directory).values()).decode()


def test_a_permanent_residents_employer_is_in_no_output(tmp_path: Path) -> None:
    withheld = dict.fromkeys(WITHHELD, MARK)

    result = reconciled(notifications=[a_notification(status_of_residence="永住者", **withheld)])

    assert result.rejects.height == 1
    assert MARK not in everything_said(result, tmp_path)
    assert MARK not in json.dumps(result.statistics.summary(), ensure_ascii=False)


@pytest.mark.parametrize("build", [a_notification, a_tombstone])
def test_a_permanent_residents_employer_is_not_prepared(build: object) -> None:
    withheld = dict.fromkeys(WITHHELD, MARK)

    result = prepared(build(status_of_residence="permanent", **withheld))  # type: ignore[operator]

    assert result.annex1.height == 1
    assert MARK not in result.annex1.write_csv() + result.rejects.write_csv()


def test_what_the_employer_reported_never_comes_back(tmp_path: Path) -> None:
    reported = _marked(a_notification(sex="2"))

    result = reconciled(
        notifications=[reported, _marked(a_notification(notification_id="N2", card_number="AB1"))]
    )

    assert [row["outcome"] for row in rows(result.matches)] == ["mismatched", "not_found"]
    assert MARK not in everything_said(result, tmp_path)


def test_a_rejected_row_leaves_its_identifier_and_reasons_alone(tmp_path: Path) -> None:
    result = reconciled(
        notifications=[_marked(a_notification(sex="?"))],
        persons=[_marked(a_person(sex="?"))],
        cards=[_marked(a_card(sex="?"), "person_id")],
        permissions=[_marked(a_permission(contract_confirmed="?"), "person_id")],
    )

    assert result.rejects.height == 4
    assert MARK not in everything_said(result, tmp_path)


def test_a_record_that_agrees_stays_with_the_agency(tmp_path: Path) -> None:
    record = {"kanji_name": MARK, "address": MARK, "postal_code": "1234567"}

    result = reconciled(
        notifications=[a_notification()], persons=[a_person(**record)], cards=[a_card(**record)]
    )

    assert MARK not in everything_said(result, tmp_path)


def test_of_a_card_only_the_items_that_differ_leave(tmp_path: Path) -> None:
    result = reconciled(
        notifications=[a_notification(sex="2", name=MARK + "反")],
        cards=[a_card(name="SECRET NAME", kanji_name=MARK + "名", address=MARK)],
    )

    # The name differs from the kanji name: the item leaves as the annex has it, 氏名 and not 漢字氏名.
    assert [(row["mismatched_items"], row["linked_name"]) for row in rows(result.annex2)] == [
        ("name;sex", "SECRET NAME")
    ]
    assert MARK not in everything_said(result, tmp_path)


def test_lines_of_rejects_point_at_the_rows() -> None:
    table = [
        a_notification(notification_id=f"N{place}", sex="?" if place % 3 else "1") for place in range(20)
    ]

    result = reconciled(notifications=table)

    assert {int(row["line"]): row["identifier"] for row in rows(result.rejects)} == {
        place + 2: f"N{place}" for place in range(20) if place % 3
    }
    assert result.rejects.schema["line"] == pl.String
