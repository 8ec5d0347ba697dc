"""`renkei candidates`: notifications whose card number is not found, and officers' decisions on them.

An officer decides under their own name, with their duty, for a purpose of clause 7. Values can be read only
in the console.
"""

import csv
import sys
from typing import Annotated

import typer

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
    start(node)
    from renkei.node.candidates.models import NotFound

    _decide(notification, NotFound.State.CONFIRMED, reason, officer, purpose, rank)
    typer.echo(output.one_of(("本人と確認しました。", "Confirmed."), lang))


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
    start(node)
    from renkei.node.candidates.models import NotFound

    _decide(notification, NotFound.State.REJECTED, reason, officer, purpose, None)
    typer.echo(output.one_of(("該当する候補者なしとしました。", "Recorded: none of them."), lang))


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
    start(node)
    from renkei.node.candidates.models import NotFound

    _decide(notification, NotFound.State.WAITING, reason, officer, purpose, None)
    typer.echo(output.one_of(("判断を取り消しました。", "Withdrawn."), lang))


def _decide(notification: str, state: str, reason: str, officer: str, purpose: str, rank: int | None) -> None:
    from renkei.node.accounts import purposes
    from renkei.node.accounts.models import Officer
    from renkei.node.candidates import services
    from renkei.node.candidates.models import NotFound

    offered = [code for code, each in services.REASONS.items() if each.state == state]
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
