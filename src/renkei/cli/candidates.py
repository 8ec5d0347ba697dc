"""`renkei candidates`: notifications whose card number is not found, and officers' decisions on them.

An officer decides under their own name, with their duty, for a purpose of clause 7. Values can be read only
in the console.
"""

import csv
import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from renkei.agreement.text import Lang
from renkei.cli import output
from renkei.cli.arguments import UnusableArguments
from renkei.cli.node_options import NodeOption, moment, start

app = typer.Typer(
    help="Who may be meant by a notification whose card number is not found (ISA).",
    no_args_is_help=True,
    rich_markup_mode=None,
)
NotificationArgument = Annotated[str, typer.Argument(metavar="NOTIFICATION", help="Its identifier.")]
OfficerOption = Annotated[str, typer.Option("--officer", metavar="NAME", help="Who decides.")]
PurposeOption = Annotated[
    str, typer.Option("--purpose", metavar="CODE", help="For which purpose of clause 7, such as residence.")
]
ReasonOption = Annotated[
    str, typer.Option("--reason", metavar="CODE", help="Why; a wrong code prints the allowed ones.")
]


@app.command("list")
def list_(
    node: NodeOption,
    decided: Annotated[bool, typer.Option("--decided", help="List those already decided instead.")] = False,
) -> None:
    """List, as CSV, the notifications with candidates: identifiers and probabilities, no personal data.

    `left_out` says how many persons the search left out, and which values too many of them share.
    """
    start(node)
    from renkei.node.matching_run import queries

    fields = (
        "notification_id",
        "best_probability",
        "no_match_probability",
        "state",
        "decision_reason",
        "left_out",
    )
    rows = csv.writer(sys.stdout, lineterminator="\n")
    rows.writerow(("notification_id", "best", "nobody", "state", "decision_reason", "left_out"))
    rows.writerows(queries.candidates(waiting=not decided).values_list(*fields))


@app.command()
def confirm(
    notification: NotificationArgument,
    node: NodeOption,
    rank: Annotated[int, typer.Option("--rank", min=1, help="Which candidate; 1 is the most probable.")],
    reason: ReasonOption,
    officer: OfficerOption,
    purpose: PurposeOption,
    lang: output.LangOption = None,
) -> None:
    """Confirm one candidate: from the next matching on, the notification belongs to that person."""
    _decide("CONFIRMED", notification, node, reason, officer, purpose, lang, rank)


@app.command()
def reject(
    notification: NotificationArgument,
    node: NodeOption,
    reason: ReasonOption,
    officer: OfficerOption,
    purpose: PurposeOption,
    lang: output.LangOption = None,
) -> None:
    """Decide that none of the candidates is the person."""
    _decide("REJECTED", notification, node, reason, officer, purpose, lang)


@app.command()
def reopen(
    notification: NotificationArgument,
    node: NodeOption,
    reason: ReasonOption,
    officer: OfficerOption,
    purpose: PurposeOption,
    lang: output.LangOption = None,
) -> None:
    """Withdraw a decision; the next matching searches for candidates again."""
    _decide("WAITING", notification, node, reason, officer, purpose, lang)


_DECIDED: Final = {
    "CONFIRMED": ("本人と確認しました。", "Confirmed."),
    "REJECTED": ("該当する候補者なしとしました。", "Recorded: none of them."),
    "WAITING": ("判断を取り消しました。", "Withdrawn."),
}
"""By the state that a decision leads to, what is said of it."""


def _decide(
    state: str,
    notification: str,
    node: Path,
    reason: str,
    officer: str,
    purpose: str,
    lang: Lang | None,
    rank: int | None = None,
) -> None:
    start(node)
    from renkei.node.accounts import purposes
    from renkei.node.accounts.models import Officer
    from renkei.node.candidates import services
    from renkei.node.candidates.models import NotFound

    offered = [code for code, each in services.REASONS.items() if each.state == NotFound.State[state]]
    if reason not in offered:
        raise UnusableArguments(
            f"--reason: give one of {', '.join(offered)}.",
            f"--reason: 次のいずれかです: {'、'.join(offered)}",
        )
    decider = Officer.objects.filter(username=officer).first()
    if decider is None or not NotFound.objects.filter(pk=notification).exists():
        raise UnusableArguments(
            "There is no such officer, or that notification has no candidates. See `renkei officer list` and "
            "`renkei candidates list`.",
            "その職員がいないか、その届出に候補者がありません。`renkei officer list`と"
            "`renkei candidates list`で確かめてください。",
        )
    now = moment()
    purposes.declare(decider, purpose, [services.subject_of(notification).name], now=now)
    services.decide(notification, reason, decider, now=now, rank=rank)
    typer.echo(output.one_of(_DECIDED[state], lang))
