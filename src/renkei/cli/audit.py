"""`renkei audit`: verify the trail, also against the counterpart's files, export it, accept a restore."""

import json
from pathlib import Path
from typing import Annotated, Literal

import typer

from renkei.cli import output
from renkei.cli.arguments import read_day
from renkei.cli.node_options import NodeOption, OfficerOption, acting, moment, start

app = typer.Typer(help="The audit trail: verify it, export it.", no_args_is_help=True, rich_markup_mode=None)


@app.command()
def verify(
    node: NodeOption,
    against: Annotated[
        Path | None,
        typer.Option(
            "--against",
            metavar="DIR",
            help="The counterpart's exchange directory, or a copy of it: check that our manifests and "
            "receipts there agree with our trail.",
        ),
    ] = None,
    officer: Annotated[
        str | None,
        typer.Option(
            "--officer", metavar="ACCOUNT", help="Who verifies; by default the node itself (its timer)."
        ),
    ] = None,
    as_json: output.JsonOption = False,
    lang: output.LangOption = None,
) -> None:
    """Verify the chain, and compare it with what was sent to the counterpart; status 2 if it is broken."""
    start(node)
    from django.conf import settings

    from renkei.exchange.home import Home
    from renkei.node.accounts.permissions import Act, require
    from renkei.node.audit import cross_checks, verification
    from renkei.node.errors import TrailBroken

    now = moment()
    by = acting(officer) if officer else None
    if by:
        require(by, Act.VERIFY_TRAIL, now=now)
    found = verification.verify_all(now, by)
    theirs = None
    if against is not None:
        terms = Home(settings.NODE.exchange).terms()
        theirs = cross_checks.compare(against, terms, terms.party)
    differing = [*found.differing, *(theirs.differing if theirs else ())]
    if as_json:
        said = {
            "entries": found.entries,
            "head": found.head,
            "broken_at": found.broken_at,
            "why": found.why,
            "compared": found.compared,
            "confirmed": found.confirmed,
            "differing": differing,
            "counterpart_back": found.counterpart_back,
            "compared_there": theirs.compared if theirs else None,
        }
        typer.echo(json.dumps(said, indent=2))
    else:
        words = (
            f"連鎖 {found.entries:,}件、封印 {found.head}\n"
            f"送信済みの封印 {found.compared:,}件と照合、うち相手方の受領証で確認 {found.confirmed:,}件",
            f"{found.entries:,} entries in one chain, head {found.head}\n"
            f"compared with {found.compared:,} heads sent, {found.confirmed:,} confirmed by receipts",
        )
        typer.echo(output.one_of(words, lang))
        if theirs:
            there = (
                f"相手方の控え {theirs.compared:,}件と照合",
                f"compared with {theirs.compared:,} heads at the counterpart",
            )
            typer.echo(output.one_of(there, lang))
        for name in (*differing, *found.counterpart_back):
            output.print_error(name)
    if found.broken_at is not None:
        raise TrailBroken(
            f"The trail's chain is broken at entry {found.broken_at} ({found.why}). Keep the database as it "
            "is and tell the auditors.",
            f"証跡の連鎖が{found.broken_at}番で切れています({found.why})。データベースをそのまま保全し、"
            "監査担当に連絡してください。",
        )
    if differing or found.counterpart_back:
        raise TrailBroken(
            "The trail does not agree with the signed files named above. Keep both and tell the auditors.",
            "証跡が上記の署名済みファイルと一致しません。双方を保全し、監査担当に連絡してください。",
        )


@app.command()
def export(
    node: NodeOption,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where to write; FILE.head beside it.")],
    officer: OfficerOption,
    since: Annotated[str | None, typer.Option("--from", metavar="DATE", help="The first day.")] = None,
    until: Annotated[str | None, typer.Option("--until", metavar="DATE", help="The last day.")] = None,
    lang: output.LangOption = None,
) -> None:
    """Write the trail, one JSON object per line; it can be verified without Renkei (docs/incidents.md)."""
    start(node)
    from renkei.node.accounts.permissions import Act, require
    from renkei.node.audit.export import export as write

    by, now = acting(officer), moment()
    require(by, Act.READ_TRAIL, now=now)
    made = write(
        out,
        now,
        since=read_day(since) if since else None,
        until=read_day(until) if until else None,
        actor=by,
    )
    words = (
        f"{made.entries:,}件を書き出しました。封印 {made.head}",
        f"{made.entries:,} entries, {made.head}",
    )
    typer.echo(output.one_of(words, lang))


@app.command()
def head(node: NodeOption, as_json: output.JsonOption = False) -> None:
    """Print the number and the seal of the trail's last entry; nothing is written."""
    start(node)
    from renkei.node.audit import trail
    from renkei.node.audit.models import Entry

    last = Entry.objects.order_by("-number").first()
    number, seal = (last.number, last.sha256) if last else (0, trail.FIRST_PREVIOUS)
    typer.echo(json.dumps({"number": number, "head": seal}) if as_json else f"{number} {seal}")


@app.command("accept-restore")
def accept_restore(
    node: NodeOption,
    of: Annotated[Literal["isa", "mhlw"], typer.Option("--of", help="Whose trail was restored.")],
    seal: Annotated[
        str, typer.Option("--head", metavar="SHA256", help="The seal of the entry to which it was restored.")
    ],
    number: Annotated[int, typer.Option("--number", min=1, help="The number of that entry.")],
    reason: Annotated[
        str, typer.Option("--reason", metavar="CODE", help="Why; a wrong code prints the allowed ones.")
    ],
    reference: Annotated[
        str,
        typer.Option(
            "--reference",
            metavar="NUMBER",
            help="The incident, such as I-2026-015, or the letter about the restore.",
        ),
    ],
    officer: OfficerOption,
    lang: output.LangOption = None,
) -> None:
    """Ask to accept a trail as restored from a backup; another officer confirms.

    Prints the signed files that it covers. Only their heads are accepted; other differences keep the alarm.
    """
    start(node)
    from renkei.node.audit import services

    asked = services.ask(of, seal, number, reason, reference, acting(officer), now=moment())
    for each in asked.facts["heads"]:
        typer.echo(each)
    words = (
        f"申請しました。別の職員が1日以内に`renkei audit confirm-restore {asked.number}`で確認します。",
        f"Asked. Another officer confirms within a day: `renkei audit confirm-restore {asked.number}`.",
    )
    typer.echo(output.one_of(words, lang))


@app.command("confirm-restore")
def confirm_restore(
    asked: Annotated[int, typer.Argument(metavar="NUMBER", help="The number that `accept-restore` printed.")],
    node: NodeOption,
    officer: OfficerOption,
    lang: output.LangOption = None,
) -> None:
    """Confirm, as the second officer, that a trail was restored; its alarm is cleared by the next cycle."""
    start(node)
    from renkei.node.audit import services

    made = services.confirm(asked, acting(officer), now=moment())
    words = (
        f"{made.subject} 番への復元を認めました。警報は次の`renkei cycle run`で解けます。",
        f"Accepted: restored to entry {made.subject}. The alarm is cleared by the next `renkei cycle run`.",
    )
    typer.echo(output.one_of(words, lang))
