"""What officers of a node do in the days that `keep_version.py` lives; run as a process of that node.

python officers_at_work.py first|second      (between the cycles of the first and the second day)
"""

import sys
from datetime import timedelta

import django


def first_of_mhlw() -> None:
    """Cases: taken, noted, asked about, a correction requested, a letter written, a list saved."""
    from django.utils import timezone

    from renkei.node.accounts import purposes
    from renkei.node.accounts.models import Officer
    from renkei.node.cases import letters, services
    from renkei.node.cases.models import Case, SavedList

    now, officer = timezone.now(), Officer.objects.get(username="tanaka")
    cases = list(Case.objects.filter(kind="discrepancy").order_by("pk"))
    numbers = [case.number for case in cases]
    purposes.declare(officer, "labour_market", numbers, now=now)
    services.assign(numbers, officer, officer, now=now)
    asked, disputed = (Case.objects.get(number=number) for number in numbers[:2])
    asked = services.move(asked, "take", officer, version=asked.version, now=now)
    services.note(asked, "架空の事業主に電話した", officer, now=now)
    services.attach(asked, "copy.pdf", b"%PDF-1.7 synthetic", officer, now=now)
    services.acknowledge(asked, officer, now=now)
    services.place(asked, "1302", officer, version=asked.version, now=now)
    disputed = services.move(disputed, "take", officer, version=disputed.version, now=now)
    services.move(
        disputed,
        "request_correction",
        officer,
        version=disputed.version,
        now=now,
        reason="旅券の写しと一致する",
        items=("name", "birth_date"),
    )
    letters.reword("inquiry", "", letters.supplied("inquiry") + "架空の一行\n", officer, version=0, now=now)
    letters.write(
        numbers[:1], "inquiry", officer, reply_by=timezone.localdate(now) + timedelta(days=14), now=now
    )
    SavedList.objects.create(officer=officer, kind="discrepancy", name="架空の一覧", query="state=new")


def first_of_isa() -> None:
    """Candidates: the first that waits is decided on."""
    from django.utils import timezone

    from renkei.node.accounts import purposes
    from renkei.node.accounts.models import Officer
    from renkei.node.candidates import services as candidate_services
    from renkei.node.candidates.models import Candidate

    now, officer = timezone.now(), Officer.objects.get(username="tanaka")
    meant = Candidate.objects.get(rank=1)
    subject = candidate_services.subject_of(meant.notification_id).name
    purposes.declare(officer, "residence", [subject], now=now)
    candidate_services.decide(meant.notification_id, "slip_of_the_pen", officer, now=now, rank=1)


def second_of_mhlw() -> None:
    """The delivery that is out may leave by medium: one officer asks, another confirms."""
    from django.utils import timezone

    from renkei.node.accounts.models import Officer
    from renkei.node.deliveries import medium
    from renkei.node.deliveries.models import Delivery

    now = timezone.now()
    asks, confirms = (Officer.objects.get(username=name) for name in ("tanaka", "sato"))
    delivery = Delivery.objects.filter(direction="out", service="annex1").order_by("sequence").last()
    assert delivery is not None
    names = {"agreed_by": "試験 花子", "handed_over_by": "試験 一郎", "taken_over_by": "試験 二郎"}
    handover = medium.ask(delivery, asks, reason="agreed", now=now, **names)
    medium.confirm(handover, confirms, now=now)


def second_of_isa() -> None:
    """The correction request is accepted."""
    from django.utils import timezone

    from renkei.node.accounts import purposes
    from renkei.node.accounts.models import Officer
    from renkei.node.corrections import decisions
    from renkei.node.corrections.models import ReceivedRequest

    now, officer = timezone.now(), Officer.objects.get(username="tanaka")
    request = ReceivedRequest.objects.get()
    purposes.declare(officer, "residence", [request.pk], now=now)
    decisions.decide(request.pk, "accepted", "being_corrected", officer, now=now)


def retention_work() -> None:
    """Files that were taken in long ago are erased with a certificate; then holds forbid it."""
    from django.conf import settings
    from django.utils import timezone

    from renkei.node.accounts.models import Officer
    from renkei.node.records import extracts, retention
    from renkei.node.records.models import Hold

    now, officer = timezone.now(), Officer.objects.get(username="tanaka")
    done = settings.NODE.extracts / extracts.DONE
    done.mkdir(exist_ok=True)
    (done / "20200106T000000000000-notifications.delta.old.csv").write_text("synthetic\n")
    assert retention.erase(now, officer) is not None
    lifted = retention.hold(Hold.Covers.EVERYTHING, "", "架空第1号", actor=officer, now=now)
    retention.lift(lifted, actor=officer, now=now)
    retention.hold(Hold.Covers.NOTIFICATION, "N1", "架空第2号", actor=officer, now=now)


if __name__ == "__main__":
    django.setup()
    from django.conf import settings

    (day,) = sys.argv[1:]
    {
        "mhlw first": first_of_mhlw,
        "isa first": first_of_isa,
        "mhlw second": second_of_mhlw,
        "isa second": second_of_isa,
    }[f"{settings.NODE.party} {day}"]()
    if day == "first":
        retention_work()
