"""The commands of a node: make it, serve it, run its cycle, import extracts, show its status."""

import json
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from renkei.agreement.text import Lang
from renkei.cli import extras, output
from renkei.cli.arguments import ConfirmedOption, read_day, read_reason
from renkei.cli.node_options import NodeOption, moment, start

TodayOption = Annotated[
    str | None,
    typer.Option("--today", metavar="DATE", help="Use this date as today's business day, for rehearsals."),
]

cycle = typer.Typer(help="The daily cycle.", no_args_is_help=True, rich_markup_mode=None)
medium = typer.Typer(
    help="Deliveries and receipts by medium, if the network is not available (clause 5).",
    no_args_is_help=True,
    rich_markup_mode=None,
)
MediumArgument = Annotated[Path, typer.Argument(metavar="DIR", help="The medium.")]


def init(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The node's new directory.")],
    party: Annotated[Literal["isa", "mhlw"], typer.Option("--party", help="Whose node it is.")],
    lang: output.LangOption = None,
) -> None:
    """Make a node: directory, commented configuration, database."""
    from renkei.node import init as making

    extras.require_node()  # before a directory is made
    making.make(directory, party)
    start(directory)
    making.migrate()
    words = (
        f"ノードを作成しました: {directory}。次は`renkei keys make`で鍵を作り、協定を取り込みます。",
        f"Made a node: {directory}. Next: `renkei keys make`, then adopt the agreement file.",
    )
    typer.echo(output.one_of(words, lang))


def migrate(node: NodeOption) -> None:
    """Migrate a node's database to this version: after an upgrade, before it serves again."""
    start(node)
    from renkei.node import init as making

    making.migrate()


def serve(node: NodeOption) -> None:
    """Serve the counterpart's port and the console until stopped."""
    start(node)
    from renkei.node.serve import serve as run

    run(moment)


@cycle.command("run")
def cycle_run(
    node: NodeOption,
    today: TodayOption = None,
    as_json: output.JsonOption = False,
    lang: output.LangOption = None,
) -> None:
    """Do every step that is possible today, and those of missed days; may be started at any time."""
    start(node)
    from renkei.node.cycle.runner import run

    steps = run(_today(today), moment())
    if as_json:
        typer.echo(json.dumps([_step(step) for step in steps], ensure_ascii=False, indent=2))
    else:
        _print_steps(steps, lang)


@cycle.command("retry")
def cycle_retry(
    day: Annotated[str, typer.Argument(metavar="DATE", help="The business day, as 2026-04-01.")],
    node: NodeOption,
    lang: output.LangOption = None,
) -> None:
    """Make a day's delivery again that the counterpart refused, after its cause is removed."""
    start(node)
    from renkei.node.cycle.retry import retry

    refused = retry(read_day(day), None)
    words = (
        f"{refused} を作り直します。`renkei cycle run`が次の番号で送ります。",
        f"{refused} will be made again: `renkei cycle run` sends it under the next number.",
    )
    typer.echo(output.one_of(words, lang))


@cycle.command("confirm")
def cycle_confirm(
    reason: Annotated[
        str, typer.Option("--reason", metavar="REASON", help="Why what seems implausible is right.")
    ],
    node: NodeOption,
    lang: output.LangOption = None,
) -> None:
    """Let ISA's matching or answer go on that waits for a confirmation (see `renkei status`)."""
    read_reason(reason, "--reason")
    start(node)
    from renkei.node.cycle.confirmations import confirm

    for subject in confirm(reason, None):
        words = (
            f"{subject} を確かめたものとします。`renkei cycle run`で続きます。",
            f"{subject} is confirmed: `renkei cycle run` goes on.",
        )
        typer.echo(output.one_of(words, lang))


@medium.command("export")
def medium_export(
    directory: MediumArgument,
    node: NodeOption,
    reason: Annotated[
        Literal["network_failure", "agreed"], typer.Option("--reason", help="Why not by network (clause 5).")
    ],
    agreed_by: Annotated[str, typer.Option("--agreed-by", help="Who agreed on the other side.")],
    handed_over_by: Annotated[str, typer.Option("--handed-over-by", help="Our handler.")] = "",
    taken_over_by: Annotated[str, typer.Option("--taken-over-by", help="Their handler.")] = "",
    lang: output.LangOption = None,
) -> None:
    """Write every delivery that is not accepted yet, with cover sheets, and our receipts."""
    start(node)
    from renkei.exchange.media import Export
    from renkei.node.deliveries.medium import export

    for each in export(directory, Export(reason, agreed_by, handed_over_by, taken_over_by, moment())):
        typer.echo(f"{each}")


@medium.command("import")
def medium_import(directory: MediumArgument, node: NodeOption, lang: output.LangOption = None) -> None:
    """Import the deliveries and receipts of a medium; `cycle run` then processes them."""
    start(node)
    from renkei.exchange.errors import ExchangeError
    from renkei.node.deliveries.medium import receive_all

    found = receive_all(directory, moment())
    refused = {name: each for name, each in found.items() if isinstance(each, ExchangeError)}
    for name in found.keys() - refused.keys():
        typer.echo(name)
    for name, refusal in refused.items():
        output.print_error(f"{name}: {refusal.say(output.language(lang))}")
    if refused:
        raise typer.Exit(2)


def import_(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="An extract, CSV or Parquet; of DIR/extracts, its name alone."),
    ],
    node: NodeOption,
    dataset: Annotated[
        str | None,
        typer.Option("--dataset", help="Its dataset: notifications, persons, …; by default as it is named."),
    ] = None,
    mode: Annotated[
        Literal["full", "delta"] | None,
        typer.Option("--mode", help="All rows, or only the changes; by default as the file is named."),
    ] = None,
    encoding: Annotated[
        Literal["utf-8", "cp932"] | None,
        typer.Option("--encoding", help="utf-8 (BOM or none) or cp932; by default as the file is named."),
    ] = None,
    confirmed: ConfirmedOption = None,
    as_json: output.JsonOption = False,
    lang: output.LangOption = None,
) -> None:
    """Import one extract; rejected rows are set aside and counted.

    A file of DIR/extracts, also one that waits for a confirmation, is moved to done/.
    """
    reason = read_reason(confirmed)
    start(node)
    from renkei.node.records.extracts import import_by_hand

    done = import_by_hand(file, dataset, mode, now=moment(), encoding=encoding, confirmed=reason)
    if as_json:
        typer.echo(json.dumps(done.counts, indent=2))
    else:
        output.print_counts((name, count) for name, count in done.counts.items() if count)


def status(node: NodeOption, as_json: output.JsonOption = False, lang: output.LangOption = None) -> None:
    """Show the node's status: first the alarms, which need a person, then the steps of the day."""
    start(node)
    from renkei.node.cycle import alarms
    from renkei.node.cycle.models import Day
    from renkei.node.records import extracts

    day = Day.objects.order_by("-business_day").first()
    steps = list(day.steps.select_related("day")) if day else []
    ringing = [(alarm, alarms.sentence(alarm)) for alarm in alarms.ringing()]
    waiting = extracts.extracts()
    if as_json:
        found = {
            "alarms": [{"kind": alarm.kind, "subject": alarm.subject} for alarm, _ in ringing],
            "day": str(day) if day else None,
            "steps": [_step(step) for step in steps],
            "extracts": [_extract(each) for each in waiting],
        }
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    if not ringing:
        typer.echo(output.one_of(("対応が必要なものはありません。", "Nothing needs attention."), lang))
    for _, sentence in ringing:
        typer.echo(f"! {output.one_of((sentence.ja, sentence.en), lang)}")
    _print_steps(steps, lang)
    for each in waiting:
        words = each.state.value
        about = "" if each.size < 0 else f"  {each.size:,} B  {each.age:,.0f} s"
        rows = "" if each.rows is None else f"  rows {each.rows:,}"
        typer.echo(f"extracts/{each.path.name}  {output.one_of((words.ja, words.en), lang)}{about}{rows}")
        for finding in each.findings:
            why = finding.words()
            typer.echo(f"  {output.one_of((why.ja, why.en), lang)}")


def _today(today: str | None) -> date:
    from django.utils import timezone

    return read_day(today) if today else timezone.localdate()


def _step(step: Any) -> dict[str, Any]:
    return {
        "day": str(step.day),
        "step": step.name,
        "state": step.state,
        "counts": step.counts,
        "awaited": step.awaited,
        "trouble": step.trouble,
    }


def _extract(extract: Any) -> dict[str, Any]:
    return {
        "name": extract.path.name,
        "state": extract.state.name.lower(),
        "size": extract.size,
        "age_seconds": round(extract.age),
        "rows": extract.rows,
        "implausible": [finding.as_data() for finding in extract.findings],
    }


def _print_steps(steps: Any, lang: Lang | None) -> None:
    """Print steps as a table: day, name, state, and counts or what the step waits for."""
    from django.conf import settings
    from rich.table import Table

    from renkei.cli.terminal import Console
    from renkei.node.cycle.steps import AWAITED
    from renkei.node.cycle.steps_by_party import step_labels

    names = step_labels(settings.NODE.party)
    table = Table(box=None, show_header=False, pad_edge=False)
    for step in steps:
        said = "  ".join(f"{name} {count:,}" for name, count in step.counts.items() if count)
        label = output.one_of((step.get_state_display(), step.state), lang)
        # A day of an older version may have a step that no longer exists.
        name = output.one_of(names.get(step.name, (step.name, step.name)), lang)
        waits = AWAITED.get(step.awaited)
        awaited = f"{step.awaited} ({output.one_of((waits.ja, waits.en), lang)})" if waits else step.awaited
        table.add_row(str(step.day), name, label, said or awaited or step.trouble)
    Console(highlight=False).print(table)
