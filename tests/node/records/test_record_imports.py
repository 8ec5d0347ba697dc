"""Importing extracts: accepted, rejected and removed rows, and the changed keys."""

from dataclasses import replace

import polars as pl
import pytest
from django.db import DatabaseError

from node.records.made_up import (
    ALL,
    NOW,
    card,
    card_of,
    establishment,
    frame,
    notification,
    permission,
    person,
    stored,
    write,
)
from renkei.agreement.datasets import NOTIFICATIONS
from renkei.agreement.decisions import DEFAULT_POLICY
from renkei.matching.prepare import prepare
from renkei.matching.reading import RefusedFile, open_source
from renkei.matching.validation import PREPARING, RECEIVING, check
from renkei.node.audit.models import Entry
from renkei.node.errors import NotOurs
from renkei.node.records import imports
from renkei.node.records.models import ChangedKey, Import, Permission, Reject
from renkei.node.records.tables import RECEIVED, TABLES

pytestmark = pytest.mark.django_db

OURS = [(party, name) for party, tables in TABLES.items() for name in tables]
MAKERS = {
    "notifications": notification,
    "establishments": establishment,
    "persons": person,
    "cards": card_of,
    "permissions": permission,
}


@pytest.fixture
def take(node, tmp_path):
    """Import rows as a file of their own."""

    def taken(dataset: str, mode: str, *rows, now=NOW, name="") -> Import:
        path = tmp_path / (name or f"{dataset}.{Import.objects.count()}.csv")
        return imports.import_file(write(path, dataset, *rows), dataset, mode, now=now)

    return taken


def touched() -> set[tuple[str, str]]:
    """The changed keys since the last call."""
    found = set(ChangedKey.objects.values_list("kind", "key"))
    ChangedKey.objects.all().delete()
    return found


@pytest.mark.parametrize(
    "table",
    [RECEIVED, *(table for tables in TABLES.values() for table in tables.values())],
    ids=lambda table: table.name,
)
def test_a_table_has_the_columns_of_its_dataset_and_those_named_as_our_own(table):
    columns = [field.column for field in table.model._meta.concrete_fields]

    assert sorted(columns) == sorted((*table.dataset.names, *table.own))
    assert table.model._meta.pk.column == table.key


@pytest.mark.parametrize(("party", "dataset"), OURS)
@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_row_is_kept_in_canonical_form(node, tmp_path, party, dataset, ending):
    row = MAKERS[dataset](1)
    made = imports.import_file(write(tmp_path / f"x.{ending}", dataset, row), dataset, "full", now=NOW)

    assert stored(TABLES[party][dataset]) == {next(iter(row.values())): row}
    assert (made.counts["read"], made.counts["new"]) == (1, 1)


@pytest.mark.parametrize("party", ["mhlw"])
def test_values_are_written_canonically_and_cp932_is_read_when_asked_for(node, tmp_path):
    path = tmp_path / "x.csv"
    table = frame(
        NOTIFICATIONS, [notification(birth_date="平成10年4月1日", nationality="ベトナム", sex="男")]
    )
    path.write_bytes(table.write_csv().encode("cp932"))
    imports.import_file(path, "notifications", "full", now=NOW, encoding="cp932")

    assert stored(TABLES["mhlw"]["notifications"]) == {"N1": notification()}


@pytest.mark.parametrize("party", ["isa"])
def test_a_full_extract_replaces_what_stands_by_its_difference(take):
    take("cards", "full", card_of(1), card_of(2), card_of(3))
    touched()
    made = take("cards", "full", card_of(1), card_of(9, 2), card_of(4))

    assert {name: row["person_id"] for name, row in stored(TABLES["isa"]["cards"]).items()} == {
        card(1): "P1",
        card(2): "P9",
        card(4): "P4",
    }
    assert {name: made.counts[name] for name in ("new", "changed", "same", "removed")} == {
        "new": 1,
        "changed": 1,
        "same": 1,
        "removed": 1,
    }
    assert touched() == {
        *(("card", card(number)) for number in (2, 3, 4)),
        *(("person", f"P{number}") for number in (2, 9, 3, 4)),
    }


@pytest.mark.parametrize("party", ["isa"])
def test_a_delta_changes_what_it_names_and_removes_what_it_names_bare(take):
    take("persons", "full", person(1), person(2), person(3))
    touched()
    made = take(
        "persons", "delta", person(2, address="東京都架空区1-1"), {"person_id": "P3"}, {"person_id": "P8"}
    )

    assert stored(TABLES["isa"]["persons"]) == {"P1": person(1), "P2": person(2, address="東京都架空区1-1")}
    assert (made.counts["changed"], made.counts["gone"], made.counts["removed"]) == (1, 2, 1)
    assert touched() == {("person", "P2"), ("person", "P3")}


@pytest.mark.parametrize("party", ["isa"])
def test_a_bare_row_of_a_full_extract_is_no_removal_but_a_reject(take):
    take("persons", "full", person(1))
    made = take("persons", "full", {"person_id": "P1"})

    assert stored(TABLES["isa"]["persons"]) == {"P1": person(1)}
    assert (made.counts["rejected"], made.counts["kept"], made.counts["removed"]) == (1, 1, 0)


@pytest.mark.parametrize("party", ["isa"])
def test_a_row_with_something_unreadable_beside_its_identifier_removes_nothing(take):
    take("persons", "full", person(1))
    made = take("persons", "delta", {"person_id": "P1", "birth_date": "no day"})

    assert stored(TABLES["isa"]["persons"]) == {"P1": person(1)}
    assert made.counts["rejected"] == 1


@pytest.mark.parametrize("party", ["isa"])
@pytest.mark.parametrize("mode", ["full", "delta"])
def test_a_row_set_aside_leaves_what_stood_before_and_says_all_its_reasons(take, mode):
    take("persons", "full", person(1))
    touched()
    made = take("persons", mode, person(1, card_number="no number", sex=""), person(2))

    assert stored(TABLES["isa"]["persons"]) == {"P1": person(1), "P2": person(2)}
    assert list(Reject.objects.values_list("taken_id", "line", "identifier", "reasons")) == [
        (made.pk, 2, "P1", "missing:sex;unreadable:card_number")
    ]
    assert touched() == {("person", "P2")}


#: A dataset, and what makes a row's identifier, and the other column that it may be known by, unreadable.
NAMELESS = [
    ("isa", "persons", {"person_id": "P" * 33}, {"card_number": "no number"}),
    ("isa", "cards", {"card_number": "no number"}, {"person_id": ""}),
    ("isa", "permissions", {"permission_id": ""}, {"person_id": "P" * 33}),
    ("mhlw", "notifications", {"notification_id": "N" * 33}, {"card_number": "9" * 41}),
]


@pytest.mark.parametrize(("party", "dataset", "fault", "other"), NAMELESS)
@pytest.mark.parametrize("mode", ["full", "delta"])
def test_a_row_without_a_readable_identifier_removes_no_record_that_it_may_be(
    take, party, dataset, fault, other, mode
):
    make = MAKERS[dataset]
    take(dataset, "full", *map(make, range(1, 5)))
    known = take(dataset, mode, make(1), {**make(2), **fault})
    left = set(stored(TABLES[party][dataset]))
    take(dataset, "full", *map(make, range(1, 5)))
    unknown = take(dataset, mode, make(1), {**make(2), **fault, **other})

    # The second is recognised by its number or person; the others are no longer in the extract.
    assert len(left) == (2 if mode == "full" else 4)
    assert next(iter(make(2).values())) in left
    # Nothing can be read of this one: it may be any of those that the extract does not name.
    assert len(stored(TABLES[party][dataset])) == 4
    if mode == "full":
        assert [known.counts[name] for name in ("rejected", "kept", "unrecognised", "removed")] == [
            1,
            1,
            1,
            2,
        ]
        assert [unknown.counts[name] for name in ("kept", "unrecognised", "removed")] == [3, 3, 0]
    else:
        assert "unrecognised" not in known.counts.keys() | unknown.counts.keys()


@pytest.mark.parametrize(("party", "dataset", "fault", "other"), NAMELESS)
def test_an_empty_line_is_nobodys_row_and_keeps_nothing(take, party, dataset, fault, other):
    make = MAKERS[dataset]
    take(dataset, "full", make(1), make(2))
    made = take(dataset, "full", make(1), {})

    assert len(stored(TABLES[party][dataset])) == 1
    assert (made.counts["removed"], "unrecognised" in made.counts) == (1, False)


@pytest.mark.parametrize("party", ["isa"])
@pytest.mark.parametrize("mode", ["full", "delta"])
def test_a_row_is_taken_without_a_value_that_cannot_be_read(take, mode):
    take("persons", "full", person(1))
    made = take("persons", mode, person(1, birth_date="no day", sex=""), person(2))

    stood = {name: value for name, value in person(1).items() if name not in ("birth_date", "sex")}
    assert stored(TABLES["isa"]["persons"]) == {"P1": stood, "P2": person(2)}
    assert list(Reject.objects.values_list("line", "identifier", "action", "reasons")) == [
        (2, "P1", "value", "missing:sex;unreadable:birth_date")
    ]
    assert (made.counts["rejected"], made.counts["noted"]) == (0, 1)


@pytest.mark.parametrize("party", ["isa"])
def test_a_row_without_a_value_that_is_a_duplicate_too_is_rejected_with_all_reasons(take):
    made = take("persons", "full", person(1), person(1, sex="?"))

    assert list(Reject.objects.values_list("line", "action", "reasons")) == [
        (3, "row", "duplicate:person_id;unreadable:sex")
    ]
    assert (made.counts["rejected"], made.counts.get("noted")) == (1, None)


@pytest.mark.parametrize("party", ["isa"])
def test_a_card_may_come_before_its_person(take):
    made = take("cards", "delta", card_of(1), card_of(2))
    take("persons", "delta", person(1))
    again = take("cards", "delta", card_of(1, address="東京都架空区1-1"), card_of(3))

    assert len(stored(TABLES["isa"]["cards"])) == 3
    assert (made.counts["awaiting_person"], again.counts["awaiting_person"]) == (2, 1)


@pytest.mark.parametrize("party", ["mhlw"])
@pytest.mark.parametrize("mode", ["full", "delta"])
@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"card_number": ""}, "no_card_number"),
        ({"status_of_residence": "外交", "birth_date": "whatever"}, "not_notifiable"),
        ({"deleted_on": "2023-11-01"}, "past_retention"),
    ],
)
def test_a_notification_outside_the_agreement_is_counted_and_no_longer_kept(take, mode, fields, reason):
    take("notifications", "full", notification(1), notification(2))
    touched()
    made = take("notifications", mode, notification(1, **fields), notification(2))

    assert set(stored(TABLES["mhlw"]["notifications"])) == {"N2"}
    assert (made.counts[reason], made.counts["removed"], made.counts["rejected"]) == (1, 1, 0)
    assert touched() == {("notification", "N1")}


@pytest.mark.parametrize("party", ["mhlw"])
def test_the_ministry_keeps_of_its_permanent_residents_what_it_will_not_send(take):
    take("notifications", "full", notification(1, status_of_residence="permanent"))

    assert stored(TABLES["mhlw"]["notifications"])["N1"]["establishment_number"] == "13010000011"


@pytest.mark.parametrize("party", ["mhlw"])
def test_an_establishment_that_is_no_longer_listed_stays(take):
    take("establishments", "full", establishment(1), establishment(2))
    take("establishments", "full", establishment(2))

    assert set(stored(TABLES["mhlw"]["establishments"])) == {"13010000011", "13010000021"}


FAULTY = {
    "notifications": [
        notification(1),
        notification(2, card_number="NO SUCH NUMBER"),
        notification(3, name=""),
        notification(3),
        notification(1, birth_date="no day"),
        notification(4, card_number="", birth_date="no day"),
        notification(4),
        notification(5, status_of_residence="permanent", establishment_number="no number"),
        notification(6, name="長" * 121),
        {
            "notification_id": "N7",
            "card_number": card(7),
            "registered_on": "2026-04-10",
            "deleted_on": "R8.5.1",
        },
        {"name": "WITHOUT AN IDENTIFIER"},
        {"name": "WITHOUT AN IDENTIFIER"},
    ],
    "persons": [
        person(1),
        person(1),
        person(2, sex="x"),
        person(2, nationality="Atlantis"),
        {"person_id": "P9"},
    ],
    "cards": [card_of(1), card_of(2, issued_on=""), {**card_of(3), "card_number": "12"}, card_of(1)],
    "permissions": [
        permission(1),
        permission(2, organisation_corporate_number="1234567890123"),
        permission(1),
    ],
    "establishments": [establishment(1), establishment(1), {"establishment_number": "1-2-3"}],
}


@pytest.mark.parametrize(("party", "dataset"), OURS)
@pytest.mark.parametrize("rows_at_once", [2, 1000])
def test_batch_by_batch_takes_and_rejects_what_the_door_does_with_the_whole_file(
    node, tmp_path, monkeypatch, party, dataset, rows_at_once
):
    path = write(tmp_path / "x.parquet", dataset, *FAULTY[dataset])
    source = open_source(path, ALL[dataset])
    of_the_ministry = replace(PREPARING, cost_row=imports.NEEDED_TO_SEND)
    rules = of_the_ministry if dataset == "notifications" else RECEIVING
    whole = check(source.batches(), ALL[dataset], rules=rules)
    monkeypatch.setattr("renkei.matching.reading.BATCH_ROWS", rows_at_once)
    made = imports.import_file(path, dataset, "full", now=NOW)
    kept = (
        whole.taken.filter(pl.col("left_out").is_null()) if "left_out" in whole.taken.columns else whole.taken
    )
    found = Reject.objects.order_by("line").values_list("line", "identifier", "reasons")

    assert whole.rejects.height > 1
    assert set(stored(TABLES[party][dataset])) == set(kept[ALL[dataset].identifier.name])
    assert [(line, reasons) for line, _, reasons in found] == sorted(
        whole.rejects.select("line", "reasons").rows()
    )
    assert made.counts["read"] == len(FAULTY[dataset])


@pytest.mark.parametrize("party", ["mhlw"])
def test_the_ministry_takes_what_prepare_would_send(take, tmp_path):
    path = write(tmp_path / "x.csv", "notifications", *FAULTY["notifications"])
    sent = prepare(open_source(path, NOTIFICATIONS).batches())
    made = imports.import_file(path, "notifications", "full", now=NOW)

    # `prepare` sends rows without a value; a delivery carries none that lacks a required one.
    lacking = set(sent.rejects.filter(pl.col("action") == "value")["identifier"])
    assert lacking
    assert set(stored(TABLES["mhlw"]["notifications"])) == set(sent.annex1["notification_id"]) - lacking
    assert made.counts["rejected"] == sent.counts["rejected"] + len(lacking)
    same = ("read", "no_card_number", "not_notifiable")
    assert {name: made.counts.get(name, 0) for name in same} == {name: sent.counts[name] for name in same}


@pytest.mark.parametrize("party", ["isa"])
def test_an_identifier_that_cannot_be_read_is_named_as_written(take):
    take("cards", "full", {**card_of(1), "card_number": " 12 "})

    assert list(Reject.objects.values_list("identifier", "reasons")) == [("12", "unreadable:card_number")]


@pytest.mark.parametrize(("party", "dataset"), OURS)
@pytest.mark.parametrize("mode", ["full", "delta"])
def test_counts_add_up(take, party, dataset, mode):
    take(dataset, "full", MAKERS[dataset](1), MAKERS[dataset](7))
    counts = take(dataset, mode, *FAULTY[dataset]).counts
    outside = sum(
        counts.get(name, 0) for name in ("no_card_number", "not_notifiable", "past_retention", "gone")
    )

    assert counts["read"] == sum(counts[name] for name in ("rejected", "new", "changed", "same")) + outside


@pytest.mark.parametrize("party", ["isa"])
def test_the_same_file_again_changes_nothing(take):
    first = take("persons", "delta", person(1), name="monday.csv")
    take("persons", "delta", person(1, name="SMITH JOHN"))
    entries, again = Entry.objects.count(), take("persons", "delta", person(1), name="monday.csv")

    assert again == first
    assert stored(TABLES["isa"]["persons"])["P1"]["name"] == "SMITH JOHN"
    assert Entry.objects.count() == entries


@pytest.mark.parametrize("party", ["isa"])
def test_a_full_extract_that_was_overtaken_counts_again(take):
    first = take("persons", "full", person(1), name="monday.csv")
    take("persons", "full", person(2))
    again = take("persons", "full", person(1), name="monday.csv")

    assert again != first
    assert set(stored(TABLES["isa"]["persons"])) == {"P1"}
    assert take("persons", "full", person(1), name="monday.csv") == again


@pytest.mark.parametrize("party", ["isa"])
def test_a_record_that_comes_back_as_it_was_comes_back(take):
    take("persons", "delta", person(1), name="monday.csv")
    take("persons", "delta", {"person_id": "P1"}, name="tuesday.csv")
    take("persons", "delta", person(1), name="wednesday.csv")

    assert stored(TABLES["isa"]["persons"]) == {"P1": person(1)}


def test_the_datasets_of_the_other_party_are_not_ours(node, tmp_path, party):
    other = "persons" if party == "mhlw" else "notifications"

    with pytest.raises(NotOurs):
        imports.import_file(write(tmp_path / "x.csv", other), other, "full", now=NOW)


@pytest.mark.parametrize("party", ["isa"])
@pytest.mark.parametrize("content", ["my_number\n1\n", 'person_id,"name\n', "", None])
def test_a_file_refused_whole_leaves_nothing_behind(take, tmp_path, content):
    take("persons", "full", person(1))
    path = tmp_path / "refused.csv"
    if content is not None:
        path.write_text(content)

    with pytest.raises(RefusedFile):
        imports.import_file(path, "persons", "full", now=NOW)
    assert stored(TABLES["isa"]["persons"]) == {"P1": person(1)}
    assert Import.objects.count() == 1


@pytest.mark.parametrize("party", ["isa"])
def test_no_copy_of_the_rows_is_left_in_temporary_tables(take, node):
    take("persons", "full", person(1), person(1))

    for name in ("incoming", "refused", "outside", "difference", "suspects"):
        with pytest.raises(DatabaseError), imports.transaction.atomic():
            imports.bulk_copy.execute(f"SELECT 1 FROM {name}")


@pytest.mark.parametrize("party", ["isa"])
def test_the_trail_says_what_was_imported_and_nothing_of_its_rows(take):
    made = take("persons", "full", person(1))
    entry = Entry.objects.get(verb="FILE_IMPORTED")

    assert entry.subject == made.source
    assert entry.facts["counts"] == made.counts
    assert "NGUYEN" not in str(entry.facts)


@pytest.mark.parametrize("party", ["isa"])
@pytest.mark.parametrize(
    ("permitted_on", "due"), [("2026-01-31", "2026-02-28"), ("2026-12-01", "2027-01-31"), ("", None)]
)
def test_a_permission_knows_its_due_date(take, permitted_on, due):
    take("permissions", "full", permission(1, permitted_on=permitted_on))

    assert Permission.objects.get().due_on == due


@pytest.mark.parametrize("party", ["isa"])
def test_due_dates_follow_the_decisions(take):
    take("permissions", "full", permission(1), permission(2), permission(3, permitted_on=""))
    later = replace(DEFAULT_POLICY, grace_days=3)

    assert imports.refresh_due_dates(DEFAULT_POLICY) == 0
    assert imports.refresh_due_dates(later) == 2
    assert sorted(Permission.objects.values_list("due_on", flat=True), key=str) == [
        "2026-03-03",
        "2026-03-03",
        None,
    ]
