"""The directory DIR/extracts: order, names, where files are moved, interrupted runs."""

import pytest

from node.records.made_up import NOW, card_of, person, stored, write
from renkei.node.audit.models import Entry
from renkei.node.records import imports
from renkei.node.records.models import ChangedKey, Import
from renkei.node.records.tables import TABLES

pytestmark = pytest.mark.django_db
PERSONS, CARDS = TABLES["isa"]["persons"], TABLES["isa"]["cards"]


@pytest.fixture
def party() -> str:
    return "isa"


@pytest.fixture
def extracts(node):
    return node.extracts


def names(directory) -> list[str]:
    """The names of the files of a directory, without the time of the move."""
    return sorted(path.name.partition("-")[2] for path in directory.iterdir()) if directory.is_dir() else []


def test_an_inbox_that_is_not_there_is_empty(node):
    assert imports.import_extracts(NOW) == []


def test_files_are_taken_by_dataset_then_by_label_and_go_to_done(extracts):
    write(extracts / "cards.full.20261124.csv", "cards", card_of(1))
    write(extracts / "persons.delta.20261125.csv", "persons", person(1, name="LATER"))
    write(extracts / "persons.full.20261124.parquet", "persons", person(1))
    taken = imports.import_extracts(NOW)

    assert [made.source for made in taken] == [
        "persons.full.20261124.parquet",
        "persons.delta.20261125.csv",
        "cards.full.20261124.csv",
    ]
    assert taken[2].counts["awaiting_person"] == 0
    assert stored(PERSONS)["P1"]["name"] == "LATER"
    assert names(extracts / imports.DONE) == sorted(made.source for made in taken)
    assert [path.name for path in extracts.iterdir()] == [imports.DONE]


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("persons.csv", "NotOurs"),
        ("persons.full.csv", "NotOurs"),
        ("persons.some.x.csv", "NotOurs"),
        ("persons.full.x.xlsx", "NotOurs"),
        ("notifications.full.x.csv", "NotOurs"),
        ("cards.full.x.csv", "RefusedFile"),
    ],
)
def test_a_file_that_cannot_be_taken_goes_to_refused_with_a_note_and_the_others_are_taken(
    extracts, name, fault
):
    write(extracts / name, "persons", person(1))
    write(extracts / "persons.full.20261124.csv", "persons", person(2))
    imports.import_extracts(NOW)
    note = next((extracts / imports.REFUSED).glob(f"*{imports.REFUSAL}")).read_text("utf-8")

    assert set(stored(PERSONS)) == {"P2"}
    assert names(extracts / imports.REFUSED) == [name, name + imports.REFUSAL]
    assert "ください" in note
    assert "NGUYEN" not in note
    assert [entry.facts for entry in Entry.objects.filter(verb="FILE_REFUSED")] == [{"fault": fault}]


@pytest.mark.parametrize("name", [".persons.full.x.csv", "persons.full.x.csv.part", "persons.full.x.csv.tmp"])
def test_a_file_that_is_still_being_written_is_left_alone(extracts, name):
    path = write(extracts / "x.csv", "persons", person(1)).rename(extracts / name)

    assert imports.import_extracts(NOW) == []
    assert path.exists()


def test_the_encoding_stands_in_the_name(extracts):
    path = write(extracts / "x.csv", "persons", person(1, address="東京都架空区"))
    (extracts / "persons.full.x.cp932.csv").write_bytes(path.read_text("utf-8").encode("cp932"))
    path.unlink()
    imports.import_extracts(NOW)

    assert stored(PERSONS)["P1"]["address"] == "東京都架空区"


def test_a_file_whose_rows_were_committed_before_a_crash_is_only_moved(extracts):
    path = write(extracts / "persons.delta.1.csv", "persons", person(1))
    imports.import_file(path, "persons", "delta", now=NOW)
    imports.import_extracts(NOW)

    assert Import.objects.count() == 1
    assert names(extracts / imports.DONE) == ["persons.delta.1.csv"]


def test_a_full_extract_that_was_cut_short_waits_for_somebody_to_confirm_it(extracts):
    write(extracts / "persons.full.1.csv", "persons", *(person(number) for number in range(2_000)))
    imports.import_extracts(NOW)
    write(extracts / "persons.full.2.csv", "persons", *(person(number) for number in range(900)))
    assert imports.import_extracts(NOW) == []
    assert (len(stored(PERSONS)), ChangedKey.objects.count()) == (2_000, 2_000)

    write(extracts / "persons.full.2.confirmed.csv", "persons", *(person(number) for number in range(900)))
    imports.import_extracts(NOW)

    assert len(stored(PERSONS)) == 900
    assert names(extracts / imports.REFUSED) == ["persons.full.2.csv", "persons.full.2.csv" + imports.REFUSAL]


@pytest.mark.parametrize(("left", "taken"), [(1_000, True), (999, False)])
def test_of_a_small_register_a_thousand_may_go_at_once(extracts, left, taken):
    write(extracts / "persons.full.1.csv", "persons", *(person(number) for number in range(2_000)))
    write(extracts / "persons.full.2.csv", "persons", *(person(number) for number in range(left)))

    assert len(imports.import_extracts(NOW)) == 1 + taken


def test_two_files_of_one_name_are_both_kept(extracts):
    write(extracts / "persons.full.x.csv", "persons", person(1))
    imports.import_extracts(NOW)
    write(extracts / "persons.full.x.csv", "persons", person(2))
    imports.import_extracts(NOW.replace(hour=7))

    assert names(extracts / imports.DONE) == ["persons.full.x.csv"] * 2
