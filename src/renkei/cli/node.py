"""The commands of a node: make it, serve it, run its day, take in extracts, see how it stands."""

import json
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from renkei.agreement.text import Lang
from renkei.cli import extras, output
from renkei.cli.arguments import EncodingOption, read_day
from renkei.cli.node_options import NodeOption, moment, start

TodayOption = Annotated[
    str | None,
    typer.Option("--today", metavar="DATE", help="Take this for today's business day: to rehearse."),
]

cycle = typer.Typer(help="The daily cycle.", no_args_is_help=True, rich_markup_mode=None)
medium = typer.Typer(
    help="Deliveries and receipts by medium, when the network cannot (clause 5).",
    no_args_is_help=True,
    rich_markup_mode=None,
)
MediumArgument = Annotated[Path, typer.Argument(metavar="DIR", help="The medium.")]


def init(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Where the node is to be.")],
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
    """Bring a node's database to this version: after an upgrade, before it serves again."""
    start(node)
    from renkei.node import init as making

    making.migrate()


def serve(node: NodeOption) -> None:
    """Serve the carrier and the console until told to stop."""
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
    """Do what can be done of the day, and of any day missed; safe to start as often as wanted."""
    start(node)
    from renkei.node.cycle.run import run

    worked = run(_today(today), moment())
    if as_json:
        typer.echo(json.dumps([_step(step) for step in worked], ensure_ascii=False, indent=2))
    else:
        _print_steps(worked, lang)


@cycle.command("retry")
def cycle_retry(
    day: Annotated[str, typer.Argument(metavar="DATE", help="The business day, as 2026-04-01.")],
    node: NodeOption,
    lang: output.LangOption = None,
) -> None:
    """Let a day's delivery that the counterpart refused be made again, once the cause is gone."""
    start(node)
    from renkei.node.cycle.retry import retry

    refused = retry(read_day(day), None)
    words = (
        f"{refused} を作り直します。`renkei cycle run`が次の番号で送ります。",
        f"{refused} is made again: `renkei cycle run` sends it under the next number.",
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
    """Write every delivery that is still out, with cover sheets, and the receipts that we gave."""
    start(node)
    from renkei.exchange.media import Export
    from renkei.node.deliveries.medium import export

    for each in export(directory, Export(reason, agreed_by, handed_over_by, taken_over_by, moment())):
        typer.echo(f"{each}")


@medium.command("import")
def medium_import(directory: MediumArgument, node: NodeOption, lang: output.LangOption = None) -> None:
    """Take in the deliveries and receipts of a medium; `cycle run` then goes on with them."""
    start(node)
    from renkei.exchange.errors import ExchangeError
    from renkei.node.deliveries.medium import receive_all

    found = receive_all(directory, moment())
    refused = {name: each for name, each in found.items() if isinstance(each, ExchangeError)}
    for name in found.keys() - refused.keys():
        typer.echo(name)
    for name, refusal in refused.items():
        output.complain(f"{name}: {refusal.say(output.language(lang))}")
    if refused:
        raise typer.Exit(2)


def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An extract, CSV or Parquet.")],
    node: NodeOption,
    dataset: Annotated[str, typer.Option("--dataset", help="What it holds: notifications, persons, …")],
    mode: Annotated[Literal["full", "delta"], typer.Option("--mode", help="All there is, or what changed.")],
    encoding: EncodingOption = "utf-8",
    as_json: output.JsonOption = False,
    lang: output.LangOption = None,
) -> None:
    """Take in one extract; rows that cannot be taken are set aside and counted."""
    start(node)
    from renkei.node.records.imports import import_file

    done = import_file(file, dataset, mode, now=moment(), encoding=encoding)
    if as_json:
        typer.echo(json.dumps(done.counts, indent=2))
    else:
        output.print_counts((name, count) for name, count in done.counts.items() if count)


def status(node: NodeOption, as_json: output.JsonOption = False, lang: output.LangOption = None) -> None:
    """Say how the node stands: what wants a person first, then the day and the deliveries that are out."""
    start(node)
    from renkei.node.cycle import alarms
    from renkei.node.cycle.models import Day

    day = Day.objects.order_by("-business_day").first()
    steps = list(day.steps.select_related("day")) if day else []
    ringing = [(alarm, alarms.sentence(alarm)) for alarm in alarms.ringing()]
    if as_json:
        found = {
            "alarms": [{"kind": alarm.kind, "subject": alarm.subject} for alarm, _ in ringing],
            "day": str(day) if day else None,
            "steps": [_step(step) for step in steps],
        }
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    if not ringing:
        typer.echo(output.one_of(("対応が必要なものはありません。", "Nothing needs attention."), lang))
    for _, sentence in ringing:
        typer.echo(f"! {output.one_of((sentence.ja, sentence.en), lang)}")
    _print_steps(steps, lang)


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


def _print_steps(steps: Any, lang: Lang | None) -> None:
    """Print steps as a table: day, name, state, counts or what it waits for."""
    from django.conf import settings
    from rich.console import Console
    from rich.table import Table

    from renkei.node.cycle.steps_by_party import step_labels

    names = step_labels(settings.NODE.party)
    table = Table(box=None, show_header=False, pad_edge=False)
    for step in steps:
        said = "  ".join(f"{name} {count:,}" for name, count in step.counts.items() if count)
        label = output.one_of((step.get_state_display(), step.state), lang)
        # A day of an older version may have had a step that is no more.
        name = output.one_of(names.get(step.name, (step.name, step.name)), lang)
        table.add_row(str(step.day), name, label, said or step.awaited or step.trouble)
    Console(highlight=False).print(table)
