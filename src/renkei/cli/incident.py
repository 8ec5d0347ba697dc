"""`renkei incident`: record suspected leaks and outages, notify the counterpart, show legal deadlines."""

import json
import sys
from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from renkei.agreement.text import Lang
from renkei.cli import output
from renkei.cli.arguments import UnusableArguments, read_day
from renkei.cli.node_options import NodeOption, OfficerOption, acting, start
from renkei.cli.node_options import moment as now_is

if TYPE_CHECKING:
    from renkei.node.incidents.models import Condition, Incident, Item
    from renkei.node.incidents.scope import Concerned

app = typer.Typer(
    help="Incidents of clause 6: suspected leaks and outages.", no_args_is_help=True, rich_markup_mode=None
)

NumberArgument = Annotated[
    str, typer.Argument(metavar="NUMBER", help="I-2026-015; the counterpart's as isa:I-2026-015.")
]
SayOption = Annotated[
    list[str] | None,
    typer.Option(
        "--say",
        metavar="ITEM=TEXT",
        help="What is known about an item: overview, data, persons, cause, secondary, response, publication, "
        "prevention, other. With `-` as TEXT it is read from standard input. May be repeated.",
    ),
]
ConditionOption = Annotated[
    list[str] | None,
    typer.Option(
        "--condition",
        metavar="WHICH",
        help="The condition that makes it reportable: special_care, property, malicious, many (over 100); "
        "`none` if no condition holds. May be repeated.",
    ),
]
PersonsOption = Annotated[int | None, typer.Option("--persons", min=0, help="How many people, if known.")]
ServiceOption = Annotated[
    Literal["annex1", "annex2-3"] | None, typer.Option("--service", help="Deliveries of this service.")
]
NumbersOption = Annotated[
    str | None, typer.Option("--numbers", metavar="N[-M]", help="Its deliveries by number.")
]
SinceOption = Annotated[
    str | None, typer.Option("--from", metavar="DATE", help="Deliveries from this day on.")
]
UntilOption = Annotated[
    str | None, typer.Option("--until", metavar="DATE", help="Deliveries up to this day.")
]
MediumOption = Annotated[
    str | None, typer.Option("--medium", metavar="DATE", help="Deliveries written to a medium on this day.")
]


@app.command()
def declare(
    node: NodeOption,
    officer: OfficerOption,
    kind: Annotated[
        Literal["leak", "outage"], typer.Option("--kind", help="What happened or may have happened.")
    ],
    say: SayOption = None,
    found_at: Annotated[
        str | None, typer.Option("--found-at", metavar="TIME", help="2026-11-24T11:20; by default now.")
    ] = None,
    confirmed: Annotated[
        bool, typer.Option("--confirmed", help="It is certain, not only suspected.")
    ] = False,
    condition: ConditionOption = None,
    persons: PersonsOption = None,
    service: ServiceOption = None,
    numbers: NumbersOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    medium: MediumOption = None,
    contact: Annotated[str, typer.Option("--contact", help="The contact for the counterpart.")] = "",
    lang: output.LangOption = None,
) -> None:
    """Record an incident and notify the counterpart at once."""
    start(node)
    from renkei.node.incidents import notices, services
    from renkei.node.incidents.models import Kind

    by, now = acting(officer), now_is()
    made = services.declare(
        Kind(kind),
        _said(say),
        found_at=_moment(found_at) if found_at else now,
        suspected=not confirmed,
        concerned=_concerned(service, numbers, since, until, medium),
        persons=persons,
        conditions=_conditions(condition),
        contact=contact,
        by=by,
        now=now,
    )
    notices.tell(now)
    _print(made, lang)


@app.command("list")
def list_(
    node: NodeOption,
    officer: OfficerOption,
    as_json: output.JsonOption = False,
    lang: output.LangOption = None,
) -> None:
    """List all incidents, ours and the counterpart's, the newest first."""
    start(node)
    from renkei.node.incidents import services

    by = acting(officer)

    found = list(services.listed(by, now_is()))
    if as_json:
        typer.echo(json.dumps([_as_json(each) for each in found], ensure_ascii=False, indent=2))
        return
    if not found:
        typer.echo(output.one_of(("漏えい等の記録はありません。", "No incident is on record."), lang))
    for each in found:
        typer.echo(_headline(each, lang))


@app.command()
def show(
    number: NumberArgument,
    node: NodeOption,
    officer: OfficerOption,
    as_json: output.JsonOption = False,
    lang: output.LangOption = None,
) -> None:
    """Show an incident: deadlines first, then what is known, in the order of the report."""
    start(node)
    from renkei.node.incidents import services

    by = acting(officer)

    found = services.find(number, by, now_is())
    if as_json:
        typer.echo(json.dumps(_as_json(found), ensure_ascii=False, indent=2))
    else:
        _print(found, lang)


@app.command()
def add(
    number: NumberArgument,
    node: NodeOption,
    officer: OfficerOption,
    say: SayOption = None,
    reported: Annotated[
        list[str] | None,
        typer.Option(
            "--reported",
            metavar="DUTY",
            help="A duty that is done: preliminary, final, final_malicious, persons.",
        ),
    ] = None,
    confirmed: Annotated[
        bool | None, typer.Option("--confirmed/--suspected", help="Whether it is certain now.")
    ] = None,
    condition: ConditionOption = None,
    persons: PersonsOption = None,
    service: ServiceOption = None,
    numbers: NumbersOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    medium: MediumOption = None,
    lang: output.LangOption = None,
) -> None:
    """Add new facts and completed duties; `notify` then sends them to the counterpart."""
    start(node)
    from renkei.node.incidents import services

    by, now = acting(officer), now_is()
    found = services.add(
        services.find(number, by, now),
        _said(say),
        reported=reported or (),
        conditions=_conditions(condition),
        suspected=None if confirmed is None else not confirmed,
        concerned=_concerned(service, numbers, since, until, medium),
        persons=persons,
        by=by,
        now=now,
    )
    _print(found, lang)


@app.command()
def notify(
    number: NumberArgument, node: NodeOption, officer: OfficerOption, lang: output.LangOption = None
) -> None:
    """Notify the counterpart of what is known now, in a separate delivery."""
    start(node)
    from renkei.node.incidents import notices, services

    by, now = acting(officer), now_is()
    found = services.find(number, by, now)
    services.notify(found, by=by, now=now)
    notices.tell(now)
    _print(found, lang)


@app.command()
def close(
    number: NumberArgument,
    node: NodeOption,
    officer: OfficerOption,
    say: SayOption = None,
    lang: output.LangOption = None,
) -> None:
    """Close an incident; the counterpart must have received it, and every duty must be done."""
    start(node)
    from renkei.node.incidents import services

    by, now = acting(officer), now_is()
    found = services.find(number, by, now)
    services.close(found, _said(say), by=by, now=now)
    typer.echo(_headline(found, lang))


def _moment(text: str) -> datetime:
    from django.utils import timezone

    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise UnusableArguments(
            "--found-at: not a time. Write it as 2026-11-24T11:20.",
            "--found-at: 日時ではありません。2026-11-24T11:20のように書いてください。",
        ) from None
    return found if found.tzinfo else timezone.make_aware(found)


def _said(options: list[str] | None) -> dict["Item", str]:
    from renkei.node.incidents.models import Item

    found = {}
    for option in options or ():
        item, _, text = option.partition("=")
        if item not in Item.values or not text:
            raise UnusableArguments(
                f"--say: ITEM=TEXT is expected, ITEM one of {', '.join(Item.values)}.",
                f"--say: ITEM=TEXTの形で、ITEMは{', '.join(Item.values)}のいずれかにしてください。",
            )
        found[Item(item)] = sys.stdin.read() if text == "-" else text
    return found


def _conditions(options: list[str] | None) -> list["Condition"] | None:
    from renkei.node.incidents.models import Condition

    if not options:
        return None
    if options == ["none"]:
        return []
    if not set(options) <= set(Condition.values):
        raise UnusableArguments(
            f"--condition: any of {', '.join(Condition.values)}, or `none` alone.",
            f"--condition: {', '.join(Condition.values)}のうち当てはまるもの、又は`none`だけにしてください。",
        )
    return [Condition(each) for each in options]


def _concerned(
    service: str | None, numbers: str | None, since: str | None, until: str | None, medium: str | None
) -> "Concerned | None":
    """Return the affected deliveries, given by number, by days or by medium; None without these options."""
    from renkei.node.incidents import scope

    first, _, last = (numbers or "").partition("-")
    wrong = UnusableArguments(
        "Name the deliveries in one way: --service with --numbers N[-M]; --from and --until, with or without "
        "--service; or --medium.",
        "対象の送付は一通りで指定してください: --serviceと--numbers N[-M]、--fromと--until(--serviceは任意)、"
        "又は--medium。",
    )
    ways = sum((numbers is not None, since is not None or until is not None, medium is not None))
    if not ways and service is None:
        return None
    if ways != 1:
        raise wrong
    if medium:
        return scope.count(scope.of_medium(read_day(medium)))
    if numbers:
        if service is None or not first.isdigit() or not (last or first).isdigit():
            raise wrong
        return scope.count(scope.of_numbers(service, int(first), int(last or first)))
    days: list[date] = [read_day(day) for day in (since or until, until or since) if day]
    return scope.count(scope.of_period(days[0], days[1], service))


def _headline(incident: "Incident", lang: Lang | None) -> str:
    from django.utils import timezone

    kind = output.one_of((incident.get_kind_display(), incident.kind), lang)
    doubt = output.one_of(("(おそれ)", " (suspected)"), lang) if incident.suspected else ""
    closed = output.one_of(("  終結", "  closed"), lang) if incident.closed_at else ""
    found = output.one_of(("認知", "known"), lang)
    at = timezone.localtime(incident.known_at)
    return f"{incident}  {kind}{doubt}  {found} {at:%Y-%m-%d %H:%M}{closed}"


def _print(incident: "Incident", lang: Lang | None) -> None:
    from renkei.node.incidents import deadlines, services

    typer.echo(_headline(incident, lang))
    for notice in incident.notices.all():
        typer.echo(f" {_told(notice, lang)}")
    for each in deadlines.running(incident):
        name = output.one_of((each.clock.ja, each.clock.en), lang)
        span = (
            f"{each.due_from} – {each.due_by}"
            if each.due_by
            else output.one_of(("速やかに", "promptly"), lang)
        )
        marks = [
            words
            for holds, words in (
                (each.done_at, ("済", "done")),
                (not each.clock.verified, ("期限は目安", "guideline, not verified")),
                (each.provisional, ("要件未判断", "conditions not judged")),
            )
            if holds
        ]
        typer.echo(f" {name}  {span}  " + ", ".join(output.one_of(words, lang) for words in marks))
    counts = (
        (("対象の送付", "Deliveries"), incident.deliveries),
        (("本人の数(行数、多くとも)", "Persons at most, by rows"), incident.rows),
        (("本人の数(記録、少なくとも)", "Persons at least, by records"), incident.at_least),
        (("本人の数", "Persons, as counted"), incident.persons),
        (("連絡先", "Contact"), incident.contact),
    )
    for words, value in counts:
        if value not in (None, ""):
            typer.echo(f" {output.one_of(words, lang)}: {value}")
    for item, text in services.current(incident).items():
        typer.echo(f" {output.one_of((item.label, item.value), lang)}: {text}")


def _told(notice: Any, lang: Lang | None) -> str:
    from django.utils import timezone

    from renkei.node.incidents import notices

    sent = notices.delivery(notice)
    told = output.one_of(("相手方への連絡", "Notice to the counterpart"), lang)
    if sent is None or sent.sent_at is None:
        return f"{told}: " + output.one_of(("未着", "not received yet"), lang)
    state = output.one_of((sent.get_state_display(), sent.state), lang)
    return f"{told}: {timezone.localtime(sent.sent_at):%Y-%m-%d %H:%M} ({state})"


def _as_json(incident: "Incident") -> Mapping[str, Any]:
    from renkei.node.incidents import deadlines, notices, services

    told = [(notice, notices.delivery(notice)) for notice in incident.notices.all()]
    return {
        "number": str(incident),
        "kind": incident.kind,
        "suspected": incident.suspected,
        "found_at": incident.found_at.isoformat(),
        "known_at": incident.known_at.isoformat(),
        "closed_at": incident.closed_at and incident.closed_at.isoformat(),
        "conditions": incident.conditions,
        "deliveries": incident.deliveries,
        "rows": incident.rows,
        "at_least": incident.at_least,
        "persons": incident.persons,
        "contact": incident.contact,
        "items": {item.value: text for item, text in services.current(incident).items()},
        "notices": [
            {
                "wanted_at": notice.wanted_at.isoformat(),
                "sequence": notice.sequence,
                "state": sent.state if sent else None,
                "received_at": sent.sent_at.isoformat() if sent and sent.sent_at else None,
                "settled_at": sent.settled_at.isoformat() if sent and sent.settled_at else None,
            }
            for notice, sent in told
        ],
        "clocks": [
            {
                "duty": each.clock.code,
                "due_from": each.due_from.isoformat(),
                "due_by": each.due_by.isoformat() if each.due_by else None,
                "done_at": each.done_at.isoformat() if each.done_at else None,
                "provisional": each.provisional,
                "basis": each.clock.basis,
                "verified": each.clock.verified,
            }
            for each in deadlines.running(incident)
        ],
    }
