"""The directory DIR/extracts: order, names, where files are moved, interrupted runs."""

import os
import time
from dataclasses import replace
from types import SimpleNamespace

import pytest

from node.records.made_up import NOW, card_of, person, stored, write
from renkei.node.audit.models import Entry
from renkei.node.records import control_files, imports
from renkei.node.records import extracts as folder
from renkei.node.records.imports import import_file
from renkei.node.records.models import Import
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
    assert folder.import_extracts(NOW) == []


def test_files_are_taken_by_dataset_then_by_label_and_go_to_done(extracts):
    write(extracts / "cards.full.20261124.csv", "cards", card_of(1))
    write(extracts / "persons.delta.20261125.csv", "persons", person(1, name="LATER"))
    write(extracts / "persons.full.20261124.parquet", "persons", person(1))
    taken = folder.import_extracts(NOW)

    assert [made.source for made in taken] == [
        "persons.full.20261124.parquet",
        "persons.delta.20261125.csv",
        "cards.full.20261124.csv",
    ]
    assert taken[2].counts["awaiting_person"] == 0
    assert stored(PERSONS)["P1"]["name"] == "LATER"
    assert names(extracts / folder.DONE) == sorted(made.source for made in taken)
    assert [path.name for path in extracts.iterdir()] == [folder.DONE]


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
    folder.import_extracts(NOW)
    note = next((extracts / folder.REFUSED).glob(f"*{folder.REFUSAL}")).read_text("utf-8")

    assert set(stored(PERSONS)) == {"P2"}
    assert names(extracts / folder.REFUSED) == [name, name + folder.REFUSAL]
    assert "ください" in note
    assert "NGUYEN" not in note
    assert [entry.facts for entry in Entry.objects.filter(verb="FILE_REFUSED")] == [{"fault": fault}]


@pytest.mark.parametrize("name", [".persons.full.x.csv", "persons.full.x.csv.part", "persons.full.x.csv.tmp"])
def test_a_file_that_is_still_being_written_is_left_alone(extracts, name):
    path = write(extracts / "x.csv", "persons", person(1)).rename(extracts / name)

    assert folder.import_extracts(NOW) == []
    assert path.exists()


def test_the_encoding_stands_in_the_name(extracts):
    path = write(extracts / "x.csv", "persons", person(1, address="東京都架空区"))
    (extracts / "persons.full.x.cp932.csv").write_bytes(path.read_text("utf-8").encode("cp932"))
    path.unlink()
    folder.import_extracts(NOW)

    assert stored(PERSONS)["P1"]["address"] == "東京都架空区"


def test_a_file_whose_rows_were_committed_before_a_crash_is_only_moved(extracts):
    path = write(extracts / "persons.delta.1.csv", "persons", person(1))
    import_file(path, "persons", "delta", now=NOW)
    folder.import_extracts(NOW)

    assert Import.objects.count() == 1
    assert names(extracts / folder.DONE) == ["persons.delta.1.csv"]


def test_two_files_of_one_name_are_both_kept(extracts):
    write(extracts / "persons.full.x.csv", "persons", person(1))
    folder.import_extracts(NOW)
    write(extracts / "persons.full.x.csv", "persons", person(2))
    folder.import_extracts(NOW.replace(hour=7))

    assert names(extracts / folder.DONE) == ["persons.full.x.csv"] * 2


# --- files that are still being written


def landed(extracts, name: str = "persons.full.x.csv", *, rows: int = 3):
    return write(extracts / name, "persons", *(person(number) for number in range(rows)))


def cut(path, by: int) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) - by])


def states(node) -> dict[str, str]:
    return {each.path.name: each.state.name for each in folder.extracts()}


@pytest.mark.parametrize("name", ["persons.full.x.csv", "persons.full.x.parquet"])
@pytest.mark.parametrize("by", [0, 1, 40])
def test_a_file_whose_end_is_missing_is_left_and_named(extracts, node, name, by):
    cut(landed(extracts, name), by)
    taken = folder.import_extracts(NOW)

    assert [made.counts["read"] for made in taken] == ([3] if by == 0 else [])
    assert list(folder.waiting()) == ([] if by == 0 else [name])
    assert states(node) == ({} if by == 0 else {name: "CUT_SHORT"})


def test_a_file_that_a_process_has_open_for_writing_is_waited_for(extracts, node):
    path = landed(extracts)
    with path.open("ab"):
        assert states(node) == {path.name: "CHANGING"}
        assert folder.changing()
        assert folder.import_extracts(NOW) == []
    with path.open("rb"):  # a reader is no matter
        assert len(folder.import_extracts(NOW)) == 1


def test_open_files_are_found_where_the_kernel_grants_no_lease(extracts, monkeypatch):
    path = landed(extracts)
    monkeypatch.setattr(folder.fcntl, "fcntl", refuse_leases)
    with path.open("r+b"):
        assert folder.changing()
    with path.open("rb"):
        assert not folder.changing()


def refuse_leases(*arguments):
    raise PermissionError


def test_a_file_that_changed_a_moment_ago_is_waited_for(extracts, node, settings):
    settings.NODE = replace(node, extracts_settle_seconds=60)
    path = landed(extracts)
    assert states(node) == {path.name: "CHANGING"}

    os.utime(path, (0, time.time() - 61))

    assert states(node) == {path.name: "WHOLE"}


@pytest.mark.parametrize("settle", [0, 3600])
def test_a_control_file_lets_a_file_be_taken_at_once(extracts, node, settings, settle):
    settings.NODE = replace(node, extracts_settle_seconds=settle)
    path = control_files.write(landed(extracts), rows=3)
    assert [(each.rows, each.size) for each in folder.extracts()] == [(3, path.stat().st_size)]

    assert len(folder.import_extracts(NOW)) == 1
    assert names(extracts / folder.DONE) == [path.name, path.name + ".ok"]


@pytest.mark.parametrize(
    ("control", "state"),
    [
        ("rows=3\nsha256=" + "0" * 64, "DIFFERS"),
        ("rows=3\n", "NO_CONTROL"),
        ("", "NO_CONTROL"),
        ("sha256=" + "0" * 64, "NO_CONTROL"),
    ],
)
def test_a_file_that_does_not_fit_its_control_file_is_left_and_named(extracts, node, control, state):
    path = landed(extracts)
    control_files.of(path).write_text(control)

    assert folder.import_extracts(NOW) == []
    assert states(node) == {path.name: state}
    assert list(folder.waiting()) == [path.name]


def test_a_control_file_may_be_written_in_other_words(extracts):
    path = landed(extracts)
    control_files.of(path).write_text(f"{control_files.sha256_of(path).upper()}  {path.name}\nRows: 3\n")

    assert len(folder.import_extracts(NOW)) == 1


def test_a_file_with_other_rows_than_its_control_file_says_is_refused(extracts):
    path = control_files.write(landed(extracts), rows=4)

    assert folder.import_extracts(NOW) == []
    assert Import.objects.count() == 0
    assert path.name in names(extracts / folder.REFUSED)


def test_a_file_that_changes_while_it_is_read_is_not_taken(extracts, node, monkeypatch):
    path = landed(extracts)
    whole = path.read_bytes()
    cut(path, len(whole.splitlines(keepends=True)[-1]))
    read = imports.open_source

    def then_written(*arguments, **options):
        opened = read(*arguments, **options)
        batches = list(opened.batches())
        path.write_bytes(whole)
        return SimpleNamespace(batches=lambda: iter(batches))

    monkeypatch.setattr(imports, "open_source", then_written)
    assert folder.import_extracts(NOW) == []
    assert Import.objects.count() == 0
    monkeypatch.undo()

    assert [made.counts["read"] for made in folder.import_extracts(NOW)] == [3]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_cannot_be_read_is_named_and_passed_over(extracts, node):
    landed(extracts, "persons.full.a.csv").chmod(0)
    landed(extracts, "persons.full.b.csv")

    assert len(folder.import_extracts(NOW)) == 1
    assert list(folder.waiting()) == ["persons.full.a.csv"]


def test_a_broken_link_is_named_and_passed_over(extracts, node):
    extracts.mkdir()
    (extracts / "persons.full.a.csv").symlink_to(extracts / "nowhere")
    landed(extracts, "persons.full.b.csv")

    assert len(folder.import_extracts(NOW)) == 1
    assert list(folder.waiting()) == ["persons.full.a.csv"]
