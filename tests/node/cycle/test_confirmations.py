"""What waits for a confirmation at ISA: a delivery with too many rows set aside, too many suspicions."""

from collections.abc import Callable
from datetime import date

import pytest
from django.db import transaction

from node.records.made_up import NOW, card, card_of, notification, permission, person, write
from renkei.node.audit.models import Entry
from renkei.node.cycle import alarms, confirmations, monitoring
from renkei.node.cycle.models import Alarm
from renkei.node.cycle.steps import Awaits, Context
from renkei.node.cycle.steps_by_party import import_extracts, match, select_answers
from renkei.node.deliveries.models import Delivery
from renkei.node.errors import NothingWaits
from renkei.node.matching_run import outgoing
from renkei.node.matching_run.models import Finding, Run
from renkei.node.records import annex1
from renkei.node.records import extracts as folder
from renkei.node.records.imports import import_file
from renkei.node.records.models import Import

pytestmark = pytest.mark.django_db

FIRST, SECOND, THIRD = (date(2026, 11, day) for day in (24, 25, 26))
REASON = "相手方と電話で確かめた"


@pytest.fixture
def party() -> str:
    return "isa"


@pytest.fixture
def register(node, tmp_path) -> Callable[..., None]:
    def take(dataset: str, *rows) -> None:
        path = write(tmp_path / f"{Import.objects.count()}.csv", dataset, *rows)
        import_file(path, dataset, "delta", now=NOW)

    return take


@pytest.fixture
def deliver(node, tmp_path) -> Callable[..., str]:
    """Import notifications as a day's delivery; returns how alarms name it."""

    def take(day: date, *rows) -> str:
        number = Delivery.objects.count() + 1
        write(tmp_path / "notifications.csv", "notifications", *rows)
        with transaction.atomic():
            annex1.import_annex1(number, tmp_path, now=NOW)
        return str(
            Delivery.objects.create(
                direction="in",
                service="annex1",
                sequence=number,
                business_day=day,
                kind="data",
                state="opened",
            )
        )

    return take


def delivered(faulty: int, right: int) -> list:
    rows = [notification(number, birth_date="") for number in range(right)]
    return rows + [notification(right + number, registered_on="no day") for number in range(faulty)]


def matched(day: date = FIRST) -> bool:
    return not isinstance(match(Context(day, NOW)), Awaits)


def answered(day: date = FIRST) -> bool:
    return not isinstance(select_answers(Context(day, NOW)), Awaits)


HELD = {each for each in alarms.AlarmKind if each.name.endswith("_IMPLAUSIBLE")}


def ringing() -> dict[str, str]:
    """The alarms of implausible input, as of now: subject and Japanese sentence."""
    for kind in HELD:
        alarms.hold(kind, monitoring._CAUSES[kind](NOW), NOW)
    return {
        each.subject: alarms.sentence(each).ja
        for each in alarms.ringing()
        if alarms.AlarmKind[each.kind] in HELD
    }


# --- deliveries


@pytest.mark.parametrize(
    ("faulty", "right", "taken"), [(20, 4, True), (21, 4, False), (25, 475, True), (26, 474, False)]
)
def test_a_matching_waits_after_a_delivery_of_which_too_much_was_set_aside(deliver, faulty, right, taken):
    subject = deliver(FIRST, *delivered(faulty, right))

    assert Import.objects.get().counts["rejected"] == faulty
    assert matched() is taken
    assert set(ringing()) == (set() if taken else {subject})


def test_a_confirmed_delivery_is_matched_and_the_reason_is_kept(deliver):
    subject = deliver(FIRST, *delivered(21, 4))
    assert not matched()
    said = ringing()[subject]
    assert all(
        word in said for word in ("25行のうち21行", "限度20行", "`renkei cycle confirm --reason 理由`")
    )

    assert confirmations.confirm(REASON, None) == [subject]
    assert Import.objects.get().reason == REASON
    entry = Entry.objects.get(verb="MATCHING_CONFIRMED")
    assert (entry.subject, entry.facts) == (subject, {"reason": REASON, "counts": {"set_aside": 21}})
    assert matched()
    assert answered()
    assert ringing() == {}
    assert Alarm.objects.filter(subject=subject, cleared_at=None).count() == 0


def test_a_confirmation_is_for_one_delivery(deliver):
    deliver(FIRST, *delivered(21, 4))
    confirmations.confirm(REASON, None)
    assert matched()
    again = deliver(SECOND, *delivered(22, 4))

    assert not matched(SECOND)
    assert set(ringing()) == {again}


def test_what_was_matched_before_does_not_wait(deliver):
    deliver(FIRST, *delivered(21, 4))
    Run.objects.create(day=FIRST, rules="an earlier version", full_rematch=True)
    deliver(SECOND, *delivered(0, 4))

    assert matched(SECOND)


def test_an_earlier_day_waits_for_a_later_delivery_that_it_would_match_as_well(deliver):
    deliver(FIRST, *delivered(0, 4))
    deliver(SECOND, *delivered(21, 4))

    assert not matched(FIRST)


def test_where_nothing_waits_nothing_is_confirmed(deliver):
    deliver(FIRST, *delivered(20, 4))

    with pytest.raises(NothingWaits):
        confirmations.confirm(REASON, None)
    assert not Entry.objects.filter(verb="MATCHING_CONFIRMED").exists()


# --- suspected omissions


@pytest.fixture
def employed(register, deliver) -> Callable[[int, int], None]:
    """Have so many permissions due, and so many of them notified."""

    def make(due: int, notified: int) -> None:
        people = range(due)
        register("persons", *map(person, people))
        register("cards", *map(card_of, people))
        register("permissions", *map(permission, people))
        deliver(FIRST, *(notification(number) for number in range(notified)))

    return make


@pytest.mark.parametrize(
    ("due", "notified", "taken"),
    [(100, 50, True), (100, 49, False), (99, 0, True), (101, 51, True), (101, 50, False)],
)
def test_an_answer_with_too_many_suspicions_waits(employed, due, notified, taken):
    employed(due, notified)

    assert matched()
    assert answered() is taken
    assert set(ringing()) == (set() if taken else {FIRST.isoformat()})
    # They are matched, so that officers can see them; they are not sent.
    assert Finding.objects.count() == due - notified
    assert outgoing.to_send(FIRST)["suspected_omissions"].height == (due - notified if taken else 0)


@pytest.mark.parametrize(
    "out_of_scope",
    [
        {"contract_confirmed": "false"},
        {"status_of_residence": "student"},
        {"status_of_residence": "designated"},
        {"permitted_on": "2026-11-01"},
        {"permitted_on": "2021-03-21"},
        {"permitted_on": ""},
        {"person_id": "NOBODY"},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_only_permissions_that_are_due_count(register, out_of_scope):
    people = range(200)
    register("persons", *map(person, people))
    register("permissions", *(permission(number) for number in range(99)))
    others = [permission(number, **out_of_scope) for number in range(99, 200)]
    register("permissions", *others)

    assert matched()
    assert answered()
    register("permissions", permission(99))
    assert matched(SECOND)
    assert not answered(SECOND)


def test_a_confirmed_answer_is_selected_and_the_next_day_asks_again(employed, register):
    employed(100, 0)
    assert (matched(), answered()) == (True, False)
    assert "100件のうち100件" in ringing()[FIRST.isoformat()]

    assert confirmations.confirm(REASON, None) == ["2026-11-24"]
    assert Run.objects.get().reason == REASON
    assert Entry.objects.get(verb="MATCHING_CONFIRMED").facts == {
        "reason": REASON,
        "counts": {"suspected": 100},
    }
    assert answered()
    assert ringing() == {}
    register("persons", person(1, name="LE VAN BINH"))
    assert (matched(SECOND), answered(SECOND)) == (True, False)


def test_an_answer_that_is_selected_again_needs_no_other_confirmation(employed):
    employed(100, 0)
    matched()
    confirmations.confirm(REASON, None)
    answered()
    with transaction.atomic():
        outgoing.mark_sent(FIRST, 1)
        outgoing.revert(FIRST, 1)

    assert answered()


def test_an_answer_goes_by_itself_once_the_missing_notifications_have_come(employed, deliver):
    employed(100, 0)
    assert (matched(), answered()) == (True, False)
    deliver(SECOND, *(notification(number) for number in range(50)))
    assert matched(SECOND)

    assert answered(FIRST)
    assert answered(SECOND)
    assert ringing() == {}


# --- extracts


def test_the_day_waits_for_an_implausible_extract_and_an_alarm_rings_until_it_is_taken(node):
    rows = [person(number) for number in range(100)]
    write(node.extracts / "persons.full.1.csv", "persons", *rows)
    import_extracts(Context(FIRST, NOW))
    path = write(node.extracts / "persons.full.2.csv", "persons", *rows[:50])

    assert import_extracts(Context(SECOND, NOW)) == Awaits("confirmation")
    said = ringing()[path.name]
    command = "`renkei import persons.full.2.csv --confirmed 理由`"
    assert all(word in said for word in ("100行のうち50行", "限度20行", command))
    assert "NGUYEN" not in said
    assert card(1) not in said
    assert list(monitoring._not_whole(NOW)) == []
    folder.import_by_hand(path, None, None, now=NOW, confirmed=REASON)
    assert not isinstance(import_extracts(Context(SECOND, NOW)), Awaits)
    assert ringing() == {}


@pytest.mark.parametrize("by", ["replaced", "removed"])
def test_the_alarm_ends_when_the_file_is_replaced_or_removed(node, by):
    rows = [person(number) for number in range(100)]
    write(node.extracts / "persons.full.1.csv", "persons", *rows)
    import_extracts(Context(FIRST, NOW))
    path = write(node.extracts / "persons.full.2.csv", "persons", *rows[:50])
    assert import_extracts(Context(SECOND, NOW)) == Awaits("confirmation")
    assert set(ringing()) == {path.name}
    path.unlink() if by == "removed" else write(path, "persons", *rows)

    assert not isinstance(import_extracts(Context(SECOND, NOW)), Awaits)
    assert ringing() == {}
