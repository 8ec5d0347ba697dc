"""What each step of a party's day does, and the table of their order (`DAY`).

A step is a function of the day and the moment. It lets the applications choose, match or take rows, hands
tables to the exchange, and returns what it counted or what it waits for; it holds no rule of the agreement.
The table alone decides what follows what: 別紙1 goes first, ISA's day waits for it, and MHLW's day for the
answer. Every step may run again at any time and then does what is still missing: a delivery is made once a
day (`deliveries.sending.make`), and its rows are marked as told in the transaction that notes it.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Final

import polars as pl

from renkei.agreement.datasets import NOTIFICATIONS
from renkei.node.cases import intake as cases
from renkei.node.corrections import decisions
from renkei.node.corrections import requests as correction_requests
from renkei.node.cycle import alarms, monitoring, retention
from renkei.node.cycle.ad_hoc import Commit
from renkei.node.cycle.steps import Awaits, Context, Counts, DayStep
from renkei.node.deliveries import incoming, keystore, outgoing
from renkei.node.deliveries.models import Delivery
from renkei.node.deliveries.transport.client import Client
from renkei.node.matching_run import answers, run
from renkei.node.records import annex1, rejected_rows
from renkei.node.records import imports as records_imports

_OUT, _IN, _State = Delivery.Direction.OUT, Delivery.Direction.IN, Delivery.State


def import_extracts(context: Context) -> Counts:
    """Take in whatever extracts of the agency's own have landed."""
    imports = records_imports.import_extracts(context.now)
    return {
        "files": len(imports),
        "rows": sum(each.counts["read"] for each in imports),
        "rejected": sum(each.counts["rejected"] for each in imports),
    }


def select_annex_1(context: Context) -> Counts:
    """MHLW: choose what goes into the day's 別紙1, and the correction requests that go along."""
    rows = annex1.select(context.day)
    asked = correction_requests.corrections_to_send(context.day)
    return {"rows": sum(rows.values()), **rows, "corrections": asked.height}


def seal_annex_1(context: Context) -> Counts:
    """MHLW: seal 別紙1 as it was chosen."""

    def sealed(sequence: int) -> None:
        annex1.mark_sent(sequence, context.day)
        correction_requests.mark_corrections_sent(context.day, sequence)

    tables = {
        NOTIFICATIONS.name: annex1.changes_since_sent(context.day).drop("action"),
        correction_requests.REQUESTS: correction_requests.corrections_to_send(context.day),
    }
    return _seal("annex1", context, tables, sealed)


def match(context: Context) -> Counts:
    """ISA: match what is concerned."""
    return run.match(context.day)


def select_answers(context: Context) -> Counts:
    """ISA: choose what the day's answer carries."""
    return answers.select(context.day)


def seal_answers(context: Context) -> Counts:
    """ISA: seal the answer as it was chosen."""
    return _seal(
        "annex2-3",
        context,
        answers.to_send(context.day),
        lambda sequence: answers.mark_sent(context.day, sequence),
    )


def send(service: str) -> Callable[[Context], Counts | Awaits]:
    """Return the step that sends a service's delivery of the day."""

    def work(context: Context) -> Counts | Awaits:
        outgoing.send_due(Client(context.now), context.now)
        delivery = _of_day(_OUT, service, context.day)
        if delivery is None or delivery.state == _State.SEALED:
            return Awaits("counterpart")
        return {"deliveries": 1, "bytes": delivery.sealed_size}

    return work


def await_receipt(
    service: str, accepted: Callable[[int], object] = lambda sequence: None
) -> Callable[[Context], Counts | Awaits]:
    """Return the step that waits for the verdict on a service's delivery of the day.

    `accepted` is told the number.
    """

    def work(context: Context) -> Counts | Awaits:
        outgoing.send_due(Client(context.now), context.now)
        delivery = _of_day(_OUT, service, context.day)
        # A day is closed by `accepted` alone (§3); a refusal wants a person, and the alarm says so.
        if delivery is None or delivery.state != _State.ACCEPTED:
            return Awaits("receipt")
        accepted(delivery.sequence)
        return {"accepted": 1}

    return work


def receive(service: str) -> Callable[[Context], Counts | Awaits]:
    """Return the step that waits for a service's delivery of the day."""

    def work(context: Context) -> Counts | Awaits:
        incoming.note_received(context.now)
        delivery = _of_day(_IN, service, context.day)
        if delivery is None:
            return Awaits("delivery")
        return {"deliveries": 1, "bytes": delivery.sealed_size}

    return work


def open_day(service: str, commit: Commit) -> Callable[[Context], Counts | Awaits]:
    """Return the step that opens a service's deliveries up to the day's."""

    def work(context: Context) -> Counts | Awaits:
        take = partial(commit, now=context.now)
        while True:
            delivery = _of_day(_IN, service, context.day)
            if (
                delivery is not None
                and delivery.state == _State.OPENED
                and not incoming.owes_receipt(delivery, context.now)
            ):
                counts: Mapping[str, int] = delivery.counts
                return counts
            if incoming.open_next(service, take, now=context.now) is None:
                return Awaits("delivery")

    return work


def give_back(service: str) -> Callable[[Context], Counts]:
    """Return the step that tells the counterpart which rows of its delivery could not be taken, and why."""

    def work(context: Context) -> Counts:
        delivery = _of_day(_IN, service, context.day)
        rows = rejected_rows.rejected(service, delivery.sequence) if delivery else pl.DataFrame()
        if delivery is None or rows.is_empty():
            return {"rows": 0}
        about = rejected_rows.source(service, delivery.sequence)
        made = outgoing.make(
            "receipt", context.day, {rejected_rows.TABLE: rows}, now=context.now, about=about
        )
        return {"number": made.sequence, "rows": rows.height}

    return work


def check(context: Context) -> Counts:
    """See to it that what the day needs is there: keys, certificates, agreement. Raises `Misused`."""
    keystore.signer(context.now)
    keystore.home().recipient(context.now)
    return {"refused_files": len(monitoring.refused_files())}


def close(context: Context) -> Counts:
    """End the day."""
    return {"alarms": len(alarms.ringing())}


def _take_annex_1(sequence: int, package: Path, *, now: datetime) -> Mapping[str, int]:
    """ISA: take in 別紙1; the receipt says how many rows were set aside for which reason."""
    counts = annex1.import_annex1(sequence, package, now=now)
    asked = package / f"{decisions.REQUESTS}.csv"
    taken = (
        decisions.import_requests(pl.read_csv(asked, infer_schema=False), sequence, now)
        if asked.exists()
        else {}
    )
    # A row counts once, by the first of its reasons: what was taken and what was not add up in the receipt.
    first = rejected_rows.rejected("annex1", sequence)["reasons"].str.split(";").list.first().alias("reason")
    reasons = first.value_counts()
    refused = {f"rejected:{reason}": count for reason, count in reasons.iter_rows()}
    for name, count in taken.items():
        if name.startswith("rejected:"):
            refused[name] = refused.get(name, 0) + count
    return {"rows": counts["read"], **counts, "corrections": taken.get("taken", 0)} | refused


def _seal(
    service: str, context: Context, tables: Mapping[str, pl.DataFrame], sealed: Callable[[int], object]
) -> Counts:
    delivery = outgoing.make(service, context.day, tables, now=context.now, sealed=sealed)
    return {"number": delivery.sequence, "rows": sum(delivery.counts.values())}


def _of_day(direction: Delivery.Direction, service: str, day: date) -> Delivery | None:
    of_day = Delivery.objects.filter(direction=direction, service=service, business_day=day)
    return of_day.order_by("-revision").first()  # the last one made, where others were refused


_TAKE_IN = DayStep("take_in", "取込", "Take in", import_extracts, atomic=False)
_CHECK = DayStep("check", "検査", "Check", check)
_ERASE = DayStep("erase", "保存期間の過ぎたものの消去", "Erase", retention.erase)
_CLOSE = DayStep("close", "締め", "Close", close)
_GIVE_BACK = ("give_back", "不備の返送", "Give back")
_SEAL = ("seal", "封緘", "Seal")
_SEND = ("send", "送信", "Send")
_AWAIT = ("await_receipt", "受領証の確認", "Await receipt")
_RECEIVE = ("receive", "受信", "Receive")

#: The names of steps by those that they had before, oldest first; a row stays for as long as data do.
RENAMED: Final[Mapping[str, str]] = {}

#: What each party does on a business day, in order. Where files move, a step makes its own transactions.
DAY: Final[Mapping[str, tuple[DayStep, ...]]] = {
    "mhlw": (
        _TAKE_IN,
        _CHECK,
        DayStep("select", "送出の選別", "Select", select_annex_1),
        DayStep(*_SEAL, seal_annex_1, atomic=False),
        DayStep(*_SEND, send("annex1"), atomic=False),
        DayStep(*_AWAIT, await_receipt("annex1"), atomic=False),
        DayStep(*_RECEIVE, receive("annex2-3"), atomic=False),
        DayStep("open", "回答の取込", "Open", open_day("annex2-3", cases.import_answers), atomic=False),
        DayStep(*_GIVE_BACK, give_back("annex2-3"), atomic=False),
        _ERASE,
        _CLOSE,
    ),
    "isa": (
        _TAKE_IN,
        _CHECK,
        DayStep(*_RECEIVE, receive("annex1"), atomic=False),
        DayStep("open", "届出の取込", "Open", open_day("annex1", _take_annex_1), atomic=False),
        DayStep(*_GIVE_BACK, give_back("annex1"), atomic=False),
        DayStep("match", "突合", "Match", match),
        DayStep("answer", "回答の選別", "Answer", select_answers),
        DayStep(*_SEAL, seal_answers, atomic=False),
        DayStep(*_SEND, send("annex2-3"), atomic=False),
        DayStep(*_AWAIT, await_receipt("annex2-3", answers.accepted), atomic=False),
        _ERASE,
        _CLOSE,
    ),
}


def called(party: str) -> Mapping[str, tuple[str, str]]:
    """Return what each step of a party's day is called, in Japanese and English, by name."""
    return {row.name: (row.ja, row.en) for row in DAY[party]}
