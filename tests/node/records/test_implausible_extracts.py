"""Extracts that cannot be true: each limit at its edge, waiting, confirming, and what takes their place."""

from dataclasses import replace
from pathlib import Path

import pytest

from node.records.made_up import NOW, card_of, establishment, notification, permission, person, stored, write
from renkei.agreement.decisions import DEFAULT_POLICY
from renkei.matching import ImplausibleInput
from renkei.node.audit.models import Entry
from renkei.node.errors import NotOurs, NotWhole
from renkei.node.records import extracts as folder
from renkei.node.records.imports import import_file
from renkei.node.records.models import ChangedKey, Import, WaitingExtract
from renkei.node.records.tables import TABLES

pytestmark = pytest.mark.django_db
PERSONS = TABLES["isa"]["persons"]
MAKERS = {"persons": person, "cards": card_of, "permissions": permission}
REASON = "登録の整理を電話で確かめた"


@pytest.fixture
def party() -> str:
    return "isa"


@pytest.fixture
def extracts(node) -> Path:
    return node.extracts


def some(last: int, first: int = 0, of=person) -> list:
    return [of(number) for number in range(first, last)]


def land(extracts: Path, name: str, *rows) -> Path:
    return write(extracts / name, name.partition(".")[0], *rows)


def run() -> list[str]:
    return [made.source for made in folder.import_extracts(NOW)]


def waiting() -> list[str]:
    return [each.path.name for each in folder.implausible()]


def names(directory: Path) -> list[str]:
    return sorted(path.name.partition("-")[2] for path in directory.iterdir()) if directory.is_dir() else []


# --- the limits


@pytest.mark.parametrize(
    ("before", "left", "taken"),
    [
        (40, 20, True),
        (41, 20, False),
        (2_000, 1_980, True),
        (2_000, 1_979, False),
        (3_000, 2_970, True),
        (3_000, 2_969, False),
        (20_000, 20_000 - 1_899, False),
    ],
)
def test_of_the_rows_stored_few_may_be_removed(extracts, before, left, taken):
    land(extracts, "persons.full.1.csv", *some(before))
    run()
    keys = ChangedKey.objects.count()
    land(extracts, "persons.full.2.csv", *some(left))

    assert run() == (["persons.full.2.csv"] if taken else [])
    assert waiting() == ([] if taken else ["persons.full.2.csv"])
    assert PERSONS.model.objects.count() == (left if taken else before)
    assert ChangedKey.objects.count() == (keys + before - left if taken else keys)
    assert Import.objects.count() == 1 + taken


@pytest.mark.parametrize(("removed", "taken"), [(20, True), (21, False)])
def test_changes_may_remove_as_few(extracts, removed, taken):
    land(extracts, "cards.full.1.csv", *some(100, of=card_of))
    run()
    bare = [{"card_number": card_of(number)["card_number"]} for number in range(removed)]
    land(extracts, "cards.delta.2.csv", *bare, *some(300, 100, of=card_of))

    assert run() == (["cards.delta.2.csv"] if taken else [])
    assert waiting() == ([] if taken else ["cards.delta.2.csv"])


@pytest.mark.parametrize("mode", ["full", "delta"])
@pytest.mark.parametrize(
    ("faulty", "right", "taken"), [(20, 4, True), (21, 4, False), (25, 475, True), (26, 474, False)]
)
def test_few_rows_may_be_set_aside(extracts, mode, faulty, right, taken):
    bad = [person(number, card_number="none") for number in range(faulty)]
    land(extracts, f"persons.{mode}.1.csv", *bad, *some(faulty + right, faulty))

    assert bool(run()) is taken
    assert bool(waiting()) is not taken
    assert PERSONS.model.objects.count() == (right if taken else 0)


@pytest.mark.parametrize(("dataset", "taken"), [("persons", False), ("cards", False), ("permissions", True)])
@pytest.mark.parametrize("stands", [True, False])
def test_only_permissions_may_be_none(extracts, dataset, taken, stands):
    if stands:
        land(extracts, f"{dataset}.full.1.csv", MAKERS[dataset](1))
        run()
    land(extracts, f"{dataset}.full.2.csv")

    assert bool(run()) is taken
    assert bool(waiting()) is not taken


def test_changes_without_rows_are_taken(extracts):
    land(extracts, "persons.full.1.csv", person(1))
    land(extracts, "persons.delta.2.csv")

    assert run() == ["persons.full.1.csv", "persons.delta.2.csv"]


@pytest.mark.parametrize("party", ["mhlw"])
@pytest.mark.parametrize(("left", "taken"), [(270, True), (269, False), (0, False)])
def test_a_list_whose_rows_stay_may_shrink_a_little(extracts, left, taken):
    land(extracts, "establishments.full.1.csv", *some(300, of=establishment))
    run()
    land(extracts, "establishments.full.2.csv", *some(left, of=establishment))

    assert bool(run()) is taken
    assert TABLES["mhlw"]["establishments"].model.objects.count() == 300


@pytest.mark.parametrize("party", ["mhlw"])
@pytest.mark.parametrize(("lost", "taken"), [(20, True), (21, False)])
def test_notifications_that_lose_their_numbers_are_removed_too(extracts, lost, taken):
    land(extracts, "notifications.full.1.csv", *some(60, of=notification))
    run()
    without = [notification(number, card_number="") for number in range(lost)]
    land(extracts, "notifications.full.2.csv", *without, *some(60, lost, of=notification))

    assert bool(run()) is taken


def test_the_limits_are_decisions(extracts, node, settings, tmp_path):
    land(extracts, "persons.full.1.csv", *some(100))
    run()
    land(extracts, "persons.full.2.csv", *some(70))
    assert run() == []
    policy = tmp_path / "policy.toml"
    policy.write_text("removed_rows = 30\n")
    settings.NODE = replace(node, policy=policy)
    assert waiting() == []
    assert run() == []  # it shrank, too
    policy.write_text("removed_rows = 30\nshrunk_rows = 30\n")

    assert run() == ["persons.full.2.csv"]
    assert DEFAULT_POLICY.removed_rows == DEFAULT_POLICY.shrunk_rows == 20


# --- waiting


@pytest.fixture
def cut_short(extracts) -> Path:
    """A register of a hundred persons, and an extract of only half of them."""
    land(extracts, "persons.full.1.csv", *some(100))
    run()
    path = land(extracts, "persons.full.2.csv", *some(50))
    assert run() == []
    return path


def test_what_waits_stays_and_is_read_once(extracts, cut_short, monkeypatch):
    (found,) = folder.implausible()
    assert [(each.rule, each.count, each.of, each.limit) for each in found.findings] == [
        ("shrunk", 50, 100, 20),
        ("removed", 50, 100, 20),
    ]
    monkeypatch.setattr(folder, "import_file", None)

    assert run() == []
    assert cut_short.exists()
    assert list(folder.waiting()) == []
    entry = Entry.objects.get(verb="FILE_DOUBTED")
    assert (entry.subject, entry.facts) == (cut_short.name, {"counts": {"shrunk": 50, "removed": 50}})


def test_other_datasets_are_taken_meanwhile(extracts, cut_short):
    land(extracts, "cards.full.1.csv", card_of(1))

    assert run() == ["cards.full.1.csv"]


def test_a_reason_takes_it_and_is_kept(extracts, cut_short):
    made = folder.import_by_hand(Path(cut_short.name), None, None, now=NOW, confirmed=REASON)

    assert set(stored(PERSONS)) == {f"P{number}" for number in range(50)}
    assert made.reason == REASON
    assert Entry.objects.filter(verb="FILE_IMPORTED").latest("pk").facts["reason"] == REASON
    assert names(extracts / folder.DONE) == ["persons.full.1.csv", "persons.full.2.csv"]
    assert (waiting(), run()) == ([], [])
    assert not WaitingExtract.objects.exists()
    # The next day is measured by what stands now.
    land(extracts, "persons.full.3.csv", *some(49))
    assert run() == ["persons.full.3.csv"]
    assert Import.objects.get(source="persons.full.3.csv").reason == ""


@pytest.mark.parametrize("reason", [None, "", "  "])
def test_without_a_reason_it_is_not_taken_by_hand_either(cut_short, reason):
    with pytest.raises(ImplausibleInput) as refused:
        folder.import_by_hand(cut_short, None, None, now=NOW, confirmed=reason)

    command = f"renkei import {cut_short} --dataset persons --mode full --confirmed"
    assert f"`{command} REASON`" in refused.value.en
    assert f"`{command} 理由`" in refused.value.ja
    assert "NGUYEN" not in str(refused.value)
    assert refused.value.exit_status == 3
    assert cut_short.exists()


def test_a_good_file_under_its_name_is_taken(extracts, cut_short):
    land(extracts, cut_short.name, *some(101))
    assert waiting() == []

    assert run() == [cut_short.name]
    assert not WaitingExtract.objects.exists()


def test_another_bad_file_under_its_name_waits_again(extracts, cut_short):
    land(extracts, cut_short.name, *some(40))

    assert run() == []
    assert [each.findings[0].count for each in folder.implausible()] == [60]


def test_it_may_be_removed(extracts, cut_short):
    cut_short.unlink()

    assert (run(), waiting()) == ([], [])
    assert not WaitingExtract.objects.exists()


def test_changes_wait_behind_it_and_are_taken_after_it(extracts, cut_short):
    land(extracts, "persons.delta.3.csv", person(1, name="LATER"))
    assert run() == []
    folder.import_by_hand(cut_short, None, None, now=NOW, confirmed=REASON)

    assert run() == ["persons.delta.3.csv"]
    assert stored(PERSONS)["P1"]["name"] == "LATER"


def test_a_later_full_extract_takes_the_place_of_it_and_of_changes_behind_it(extracts, cut_short):
    land(extracts, "persons.delta.3.csv", person(1, name="LATER"))
    land(extracts, "persons.full.4.csv", *some(101))
    land(extracts, "persons.delta.5.csv", person(2, name="LATEST"))

    assert run() == ["persons.full.4.csv", "persons.delta.5.csv"]
    assert (stored(PERSONS)["P1"]["name"], stored(PERSONS)["P2"]["name"]) == ("NGUYEN VAN ANH", "LATEST")
    assert [name for name in names(extracts / folder.REFUSED) if name.endswith(".csv")] == [
        "persons.delta.3.csv",
        "persons.full.2.csv",
    ]
    assert waiting() == []


def test_a_later_full_extract_that_is_bad_too_takes_nobodys_place(extracts, cut_short):
    land(extracts, "persons.full.3.csv", *some(51))

    assert run() == []
    assert waiting() == ["persons.full.2.csv", "persons.full.3.csv"]
    folder.import_by_hand(Path("persons.full.3.csv"), None, None, now=NOW, confirmed=REASON)
    assert waiting() == []
    assert len(stored(PERSONS)) == 51


# --- by hand


def test_a_file_elsewhere_stays_where_it_is(node, tmp_path):
    path = write(tmp_path / "any.csv", "persons", person(1))

    assert folder.import_by_hand(path, "persons", "full", now=NOW).counts["new"] == 1
    assert path.exists()


def test_what_a_name_does_not_say_has_to_be_said(node, tmp_path):
    with pytest.raises(NotOurs, match="does not give dataset"):
        folder.import_by_hand(write(tmp_path / "any.csv", "persons", person(1)), "persons", None, now=NOW)


def test_the_encoding_is_taken_from_the_name(extracts):
    path = land(extracts, "persons.full.1.csv", person(1, address="東京都架空区"))
    (extracts / "persons.full.2.cp932.csv").write_bytes(path.read_text("utf-8").encode("cp932"))
    path.unlink()
    folder.import_by_hand(Path("persons.full.2.cp932.csv"), None, None, now=NOW)

    assert stored(PERSONS)["P1"]["address"] == "東京都架空区"


def test_a_file_that_is_not_whole_is_not_taken_by_hand(extracts):
    path = land(extracts, "persons.full.1.csv", person(1))
    path.write_bytes(path.read_bytes()[:-1])

    with pytest.raises(NotWhole):
        folder.import_by_hand(Path(path.name), None, None, now=NOW, confirmed=REASON)
    assert Import.objects.count() == 0


# --- interrupted


def test_a_process_that_ends_before_it_notes_why_leaves_it_to_the_next(extracts):
    land(extracts, "persons.full.1.csv", *some(100))
    run()
    path = land(extracts, "persons.full.2.csv", *some(50))
    with pytest.raises(ImplausibleInput):
        import_file(path, "persons", "full", now=NOW)
    assert len(stored(PERSONS)) == 100

    assert run() == []
    assert waiting() == [path.name]


def test_a_process_that_ends_after_it_was_confirmed_leaves_the_move_to_the_next(extracts, cut_short):
    import_file(cut_short, "persons", "full", now=NOW, confirmed=REASON)
    assert waiting() == []

    run()
    assert names(extracts / folder.DONE) == ["persons.full.1.csv", cut_short.name]
    assert Import.objects.count() == 2
