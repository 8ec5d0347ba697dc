"""The steps of each party's day, and the table of their order (`DAY`).

A step is a function of the day and the time. It has the applications select, match or import rows, hands
tables to the exchange, and returns what it counted or what it waits for; it has no rule of the agreement.

Only the table decides the order: MHLW sends 別紙1, ISA's day waits for it, and MHLW's day waits for the
answer. Every step may run again at any time and then does what is still missing: a delivery is made once a
day (`deliveries.outgoing.make`), and its rows are marked as sent in the transaction that records the
delivery.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Final

import polars as pl

from renkei.agreement.datasets import NOTIFICATIONS
from renkei.node.cases import intake as case_intake
from renkei.node.corrections import decisions as correction_decisions
from renkei.node.corrections import requests as correction_requests
from renkei.node.cycle import alarms, confirmations, monitoring, retention
from renkei.node.cycle.ad_hoc import Commit
from renkei.node.cycle.steps import Awaits, Context, Counts, DayStep
from renkei.node.deliveries import incoming, keystore, outgoing
from renkei.node.deliveries.models import Delivery
from renkei.node.deliveries.transport.client import Client
from renkei.node.matching_run import outgoing as answers
from renkei.node.matching_run import run as matching_run
from renkei.node.records import annex1, extracts, rejected_rows

_OUT, _IN, _State = Delivery.Direction.OUT, Delivery.Direction.IN, Delivery.State


def import_extracts(context: Context) -> Counts | Awaits:
    """Import the agency's own extracts in DIR/extracts.

    Wait while one of them is still being written, or is implausible and not confirmed.
    """
    if extracts.changing():
        return Awaits("extracts")
    made = extracts.import_extracts(context.now)
    if extracts.implausible():
        return Awaits("confirmation")
    return {
        "files": len(made),
        "rows": sum(each.counts["read"] for each in made),
        "rejected": sum(each.counts["rejected"] for each in made),
    }


def select_annex_1(context: Context) -> Counts:
    """MHLW: select the rows of the day's 別紙1, and the correction requests that are sent with it."""
    rows = annex1.select(context.day)
    asked = correction_requests.corrections_to_send(context.day)
    return {"rows": sum(rows.values()), **rows, "corrections": asked.height}


def seal_annex_1(context: Context) -> Counts:
    """MHLW: seal 別紙1 as it was selected."""

    def mark_sent(sequence: int) -> None:
        annex1.mark_sent(sequence, context.day)
        correction_requests.mark_corrections_sent(context.day, sequence)

    tables = {
        NOTIFICATIONS.name: annex1.changes_since_sent(context.day).drop("action"),
        correction_requests.REQUESTS: correction_requests.corrections_to_send(context.day),
    }
    return _seal("annex1", context, tables, mark_sent)


def match(context: Context) -> Counts | Awaits:
    """ISA: match what is in scope; wait while a delivery is implausible and not confirmed."""
    if confirmations.deliveries():
        return Awaits("confirmation")
    return matching_run.match(context.day)


def select_answers(context: Context) -> Counts | Awaits:
    """ISA: select the rows of the day's answer; wait while it is implausible and not confirmed."""
    if confirmations.answers():
        return Awaits("confirmation")
    return answers.select(context.day)


def seal_answers(context: Context) -> Counts:
    """ISA: seal the answer as it was selected."""
    return _seal(
        "annex2-3",
        context,
        answers.to_send(context.day),
        lambda sequence: answers.mark_sent(context.day, sequence),
    )


def send(service: str) -> Callable[[Context], Counts | Awaits]:
    """Return the step that sends a service's delivery of the day."""

    def send_delivery(context: Context) -> Counts | Awaits:
        outgoing.send_due(Client(context.now), context.now)
        delivery = _of_day(_OUT, service, context.day)
        if delivery is None or delivery.state == _State.SEALED:
            return Awaits("counterpart")
        return {"deliveries": 1, "bytes": delivery.sealed_size}

    return send_delivery


def await_receipt(
    service: str, accepted: Callable[[int], object] = lambda sequence: None
) -> Callable[[Context], Counts | Awaits]:
    """Return the step that waits for the receipt of a service's delivery of the day.

    `accepted` is called with the delivery's sequence number once the delivery is accepted.
    """

    def check_receipt(context: Context) -> Counts | Awaits:
        outgoing.send_due(Client(context.now), context.now)
        delivery = _of_day(_OUT, service, context.day)
        # Only `accepted` closes a day (§3); a refusal raises an alarm, and an officer must act.
        if delivery is None or delivery.state != _State.ACCEPTED:
            return Awaits("receipt")
        accepted(delivery.sequence)
        return {"accepted": 1}

    return check_receipt


def receive(service: str) -> Callable[[Context], Counts | Awaits]:
    """Return the step that waits for a service's delivery of the day."""

    def check_received(context: Context) -> Counts | Awaits:
        incoming.note_received(context.now)
        delivery = _of_day(_IN, service, context.day)
        if delivery is None:
            return Awaits("delivery")
        return {"deliveries": 1, "bytes": delivery.sealed_size}

    return check_received


def open_day(service: str, commit: Commit) -> Callable[[Context], Counts | Awaits]:
    """Return the step that opens a service's deliveries up to the day's."""

    def open_deliveries(context: Context) -> Counts | Awaits:
        commit_now = partial(commit, now=context.now)
        while True:
            delivery = _of_day(_IN, service, context.day)
            if (
                delivery is not None
                and delivery.state == _State.OPENED
                and not incoming.owes_receipt(delivery, context.now)
            ):
                counts: Mapping[str, int] = delivery.counts
                return counts
            if incoming.open_next(service, commit_now, now=context.now) is None:
                return Awaits("delivery")

    return open_deliveries


def return_rejected(service: str) -> Callable[[Context], Counts]:
    """Return the step that returns the rejected rows of a delivery to the counterpart, with the reasons."""

    def return_rows(context: Context) -> Counts:
        delivery = _of_day(_IN, service, context.day)
        rows = rejected_rows.rejected(service, delivery.sequence) if delivery else pl.DataFrame()
        if delivery is None or rows.is_empty():
            return {"rows": 0}
        about = rejected_rows.source(service, delivery.sequence)
        made = outgoing.make(
            "receipt", context.day, {rejected_rows.TABLE: rows}, now=context.now, about=about
        )
        return {"number": made.sequence, "rows": rows.height}

    return return_rows


def check(context: Context) -> Counts:
    """Check that keys, certificates and agreement are there. Raises `Misused`."""
    keystore.signer(context.now)
    keystore.home().recipient(context.now)
    return {"refused_files": len(monitoring.refused_files())}


def close(context: Context) -> Counts:
    """End the day."""
    return {"alarms": len(alarms.ringing())}


def _import_annex_1(sequence: int, package: Path, *, now: datetime) -> Mapping[str, int]:
    """ISA: import 別紙1; the receipt gives the number of rejected rows by reason."""
    counts = annex1.import_annex1(sequence, package, now=now)
    requests = package / f"{correction_decisions.REQUESTS}.csv"
    taken = (
        correction_decisions.import_requests(pl.read_csv(requests, infer_schema=False), sequence, now)
        if requests.exists()
        else {}
    )
    # A row counts once, by its first reason, so that accepted and rejected rows add up in the receipt.
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


_TAKE_IN = DayStep("take_in", "取込", "Import", import_extracts, atomic=False)
_CHECK = DayStep("check", "検査", "Check", check)
_ERASE = DayStep("erase", "保存期間の過ぎたものの消去", "Erase", retention.erase)
_CLOSE = DayStep("close", "締め", "Close", close)
_GIVE_BACK = ("give_back", "不備の返送", "Return rejected rows")
_SEAL = ("seal", "封緘", "Seal")
_SEND = ("send", "送信", "Send")
_AWAIT = ("await_receipt", "受領証の確認", "Await receipt")
_RECEIVE = ("receive", "受信", "Receive")

#: Today's names of steps by their former names, oldest first; a row is kept as long as the data.
RENAMED: Final[Mapping[str, str]] = {}

#: What each party does on a business day, in order. Steps that send or receive files have own transactions.
DAY: Final[Mapping[str, tuple[DayStep, ...]]] = {
    "mhlw": (
        _TAKE_IN,
        _CHECK,
        DayStep("select", "送出の選別", "Select", select_annex_1),
        DayStep(*_SEAL, seal_annex_1, atomic=False),
        DayStep(*_SEND, send("annex1"), atomic=False),
        DayStep(*_AWAIT, await_receipt("annex1"), atomic=False),
        DayStep(*_RECEIVE, receive("annex2-3"), atomic=False),
        DayStep("open", "回答の取込", "Open", open_day("annex2-3", case_intake.import_answers), atomic=False),
        DayStep(*_GIVE_BACK, return_rejected("annex2-3"), atomic=False),
        _ERASE,
        _CLOSE,
    ),
    "isa": (
        _TAKE_IN,
        _CHECK,
        DayStep(*_RECEIVE, receive("annex1"), atomic=False),
        DayStep("open", "届出の取込", "Open", open_day("annex1", _import_annex_1), atomic=False),
        DayStep(*_GIVE_BACK, return_rejected("annex1"), atomic=False),
        DayStep("match", "突合", "Match", match),
        DayStep("answer", "回答の選別", "Answer", select_answers),
        DayStep(*_SEAL, seal_answers, atomic=False),
        DayStep(*_SEND, send("annex2-3"), atomic=False),
        DayStep(*_AWAIT, await_receipt("annex2-3", answers.accepted), atomic=False),
        _ERASE,
        _CLOSE,
    ),
}


def step_labels(party: str) -> Mapping[str, tuple[str, str]]:
    """Return the Japanese and English label of each step of a party's day, by name."""
    return {row.name: (row.ja, row.en) for row in DAY[party]}
