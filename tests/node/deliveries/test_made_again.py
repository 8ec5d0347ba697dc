"""A delivery that was refused is made again: what it carried, as it stands now, under the next number."""

import pytest
from django.db import transaction

from node.deliveries.over_tls import DAY, now
from node.records.made_up import card_of, notification, permission, person, write
from renkei.exchange.errors import Refused
from renkei.node.audit.models import Entry
from renkei.node.cycle import monitoring, runner
from renkei.node.cycle.models import Alarm, Step
from renkei.node.cycle.retry import retry
from renkei.node.cycle.runner import Runner
from renkei.node.cycle.steps import Context
from renkei.node.cycle.steps_by_party import DAY as STEPS
from renkei.node.deliveries import incoming, keystore, outgoing
from renkei.node.deliveries.models import Delivery
from renkei.node.errors import NothingRefused
from renkei.node.matching_run.models import Finding
from renkei.node.records import imports
from renkei.node.records.models import SentNotification

pytestmark = pytest.mark.django_db(transaction=True)
NEXT = DAY.replace(day=2)


def land(tmp_path, dataset: str, mode: str, *rows) -> None:
    imports.import_file(write(tmp_path / f"{dataset}.csv", dataset, *rows), dataset, mode, now=now())


def run(party: str, day=DAY) -> None:
    """Run the cycle; the counterpart does not answer, and the day stops where it must."""
    Runner(STEPS[party], now()).run(day)


def refuse(be, by: str, service: str, number: int = 1) -> None:
    """Let the counterpart take the delivery, refuse it, and its receipt come back."""
    other = {"isa": "mhlw", "mhlw": "isa"}[by]
    files = keystore.home().outbox().find(service, number)
    be(by)
    incoming.receive(files, now())

    def refusing(number, package):
        raise Refused("over_provided", "notifications.csv:2")

    incoming.open_next(service, refusing, now=now())
    receipts = keystore.inbox(now()).receipts(service, number)
    be(other)
    for receipt in receipts:
        outgoing.keep_receipt(receipt.data, receipt.signature, now())


@pytest.fixture
def refused(pair, be, tmp_path):
    """MHLW sent three notifications, one of them deleted since; ISA refused them."""
    be("mhlw")
    land(tmp_path, "notifications", "full", *map(notification, (1, 2, 3)))
    run("mhlw")
    land(tmp_path, "notifications", "delta", notification(2, name="TRAN THI MAI"))
    refuse(be, "isa", "annex1")


def latest() -> Delivery:
    return Delivery.objects.filter(direction="out", service="annex1").latest("sequence")


def test_its_rows_go_again_as_they_stand_now(refused):
    retry(DAY, None)
    run("mhlw")
    made = latest()

    assert (made.sequence, made.revision, made.business_day, made.state) == (2, 2, DAY, "sealed")
    assert made.counts == {"notifications": 3}
    assert set(SentNotification.objects.values_list("sequence", "refused")) == {(2, False)}
    assert SentNotification.objects.get(pk="N2").name == "TRAN THI MAI"


def test_nothing_is_made_again_by_itself(refused):
    run("mhlw")

    assert latest().sequence == 1
    assert Step.objects.get(name="await_receipt").state == "waiting"


def test_its_alarm_rings_until_it_was_made_again(refused):
    monitoring.check(now())
    rings = Alarm.objects.filter(kind="REFUSED_BY_COUNTERPART", cleared_at=None)
    before = rings.count()
    retry(DAY, None)
    run("mhlw")
    monitoring.check(now())

    assert (before, rings.count()) == (1, 0)
    assert Entry.objects.filter(verb="DELIVERY_AGAIN").count() == 1


def test_a_later_day_that_was_chosen_already_is_chosen_anew(refused, tmp_path):
    runner.open_up_to(NEXT, (), STEPS["mhlw"])
    with transaction.atomic():
        STEPS["mhlw"][2].work(Context(NEXT, now()))  # somebody's run was cut off after choosing
    Step.objects.filter(day__business_day=NEXT, position__lt=4).update(state="done")
    chosen = Step.objects.get(name="select", day__business_day=NEXT)
    retry(DAY, None)
    run("mhlw", NEXT)
    first, second = Delivery.objects.filter(direction="out", sequence__gt=1).order_by("sequence")
    chosen.refresh_from_db()

    assert (first.business_day, first.counts) == (DAY, {"notifications": 3})
    assert (second.business_day, second.kind, second.revision) == (NEXT, "empty", 1)
    assert (chosen.state, chosen.counts["rows"]) == ("done", 0)


def test_only_what_was_refused_is_made_again(pair, be, tmp_path):
    be("mhlw")
    land(tmp_path, "notifications", "full", notification(1))
    run("mhlw")

    with pytest.raises(NothingRefused):
        retry(DAY, None)


def test_asking_twice_makes_it_once(refused):
    retry(DAY, None)
    run("mhlw")

    with pytest.raises(NothingRefused):
        retry(DAY, None)


def test_a_refused_answer_is_told_again_with_what_it_withdrew(pair, be, tmp_path):
    """ISA told two findings and, the day after, withdrew one of them; that second answer is refused."""
    be("isa")
    people = (1, 2)
    for dataset, rows in {
        "persons": map(person, people),
        "cards": map(card_of, people),
        "permissions": [permission(1)],
    }.items():
        land(tmp_path, dataset, "full", *rows)
    wrong = {"birth_date": "1990-12-31"}
    receive(be, tmp_path, DAY, notification(1, **wrong), notification(2, **wrong))
    accept(be, 1)
    receive(be, tmp_path, NEXT, notification(1))
    told = Delivery.objects.get(direction="out", service="annex2-3", sequence=2)
    refuse(be, "mhlw", "annex2-3", 2)
    retry(NEXT, None)
    run("isa", NEXT)
    made = Delivery.objects.get(direction="out", service="annex2-3", sequence=3)

    assert told.counts == made.counts == {"discrepancies": 1}
    assert (made.business_day, made.revision) == (NEXT, 2)
    assert Finding.objects.filter(digest="", reported_digest="").count() == 1
    accept(be, 3)
    run("isa", NEXT)
    assert set(Finding.objects.values_list("kind", "identifier")) == {("discrepancy", "N2")}


def test_two_refused_days_are_made_again_though_the_later_was_chosen_first(pair, be, tmp_path):
    """Both answers are refused; the later is let go first, and its run is cut off before it is sealed."""
    be("isa")
    for dataset, rows in {"persons": map(person, (1, 2)), "cards": map(card_of, (1, 2))}.items():
        land(tmp_path, dataset, "full", *rows)
    wrong = {"birth_date": "1990-12-31"}
    receive(be, tmp_path, DAY, notification(1, **wrong))
    receive(be, tmp_path, NEXT, notification(2, **wrong))
    refuse(be, "mhlw", "annex2-3", 1)
    refuse(be, "mhlw", "annex2-3", 2)
    retry(NEXT, None)
    steps = {step.name: step for step in STEPS["isa"]}
    steps["answer"].work(Context(NEXT, now()))
    Step.objects.filter(day__business_day=NEXT, name="answer").update(state="done")
    retry(DAY, None)
    run("isa")
    run("isa", NEXT)
    made = Delivery.objects.filter(direction="out", service="annex2-3", sequence__gt=2).order_by("sequence")

    assert [(each.business_day, each.revision, each.state, each.counts) for each in made] == [
        (DAY, 2, "sealed", {"discrepancies": 2}),
        (NEXT, 2, "sealed", {}),
    ]


def receive(be, tmp_path, day, *rows) -> None:
    """Let MHLW send these rows on a day, and ISA answer as far as it comes."""
    from node.records.made_up import frame
    from renkei.agreement.datasets import NOTIFICATIONS

    be("mhlw")
    number = outgoing.make("annex1", day, {"notifications": frame(NOTIFICATIONS, rows)}, now=now()).sequence
    files = keystore.home().outbox().find("annex1", number)
    be("isa")
    incoming.receive(files, now())
    runner.open_up_to(day, (), STEPS["isa"])
    run("isa", day)


def accept(be, number: int) -> None:
    """Let MHLW accept an answer of ISA's, and the receipt come back."""
    files = keystore.home().outbox().find("annex2-3", number)
    be("mhlw")
    incoming.receive(files, now())
    incoming.open_next("annex2-3", lambda sequence, package: {}, now=now())
    receipts = keystore.inbox(now()).receipts("annex2-3", number)
    be("isa")
    for receipt in receipts:
        outgoing.keep_receipt(receipt.data, receipt.signature, now())
    Delivery.objects.filter(direction="out", service="annex2-3", sequence=number).update(state="accepted")
