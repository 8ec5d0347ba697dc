"""`renkei reconcile`: notifications against the register, once."""

import json
from pathlib import Path
from typing import Annotated, Literal

import typer

from renkei.agreement.datasets import DATASETS, NOTIFICATIONS
from renkei.cli import speech
from renkei.cli.arguments import (
    EncodingOption,
    PolicyOption,
    batches,
    page_ending,
    read_day,
    read_policy,
    register_file,
)
from renkei.matching.outputs import reconciliation_files, text_writer, write_whole
from renkei.matching.reconciliation import reconcile_batches
from renkei.matching.report import SMALLEST_CELL, render_report


def reconcile(
    notifications: Annotated[Path, typer.Option(metavar="FILE", help="Annex 1, CSV or Parquet.")],
    register: Annotated[
        Path, typer.Option(metavar="DIR", help="Holds persons, cards and permissions, .csv or .parquet.")
    ],
    as_of: Annotated[str, typer.Option("--as-of", metavar="DATE", help="The day of the matching.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where the annexes and counts go.")],
    policy: PolicyOption = None,
    engine: Annotated[Literal["polars", "spark"], typer.Option(help="What computes.")] = "polars",
    encoding: EncodingOption = "utf-8",
    report: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A page to look at, counts only, .html.")
    ] = None,
    report_smallest: Annotated[
        int, typer.Option(min=1, help="Smaller counts by nationality or status are merged in the report.")
    ] = SMALLEST_CELL,
    quiet: speech.QuietOption = False,
    as_json: speech.JsonOption = False,
    lang: speech.LangOption = None,
) -> None:
    """Match notifications with residence records; write Annex 2 and 3, every outcome, rejects and counts."""
    day, decisions = read_day(as_of), read_policy(policy)
    if report is not None:
        page_ending(report, "--report")
    # Every file's columns are looked at before any is read: a refusal should not cost minutes.
    paths = {
        dataset: register_file(register, dataset)
        for dataset in DATASETS.values()
        if dataset is not NOTIFICATIONS
    }
    sources = {
        dataset: batches(path, dataset, encoding)
        for dataset, path in {NOTIFICATIONS: notifications, **paths}.items()
    }
    with speech.progress(quiet) as tell:
        result = reconcile_batches(sources.__getitem__, as_of=day, policy=decisions, progress=tell)
        if report is not None:
            page = render_report(result.statistics, speech.language(lang), fewest=report_smallest)
            # The page first: it names nobody, so that a run that fails after it leaves nothing to guard.
            write_whole(report.parent, {report.name: text_writer(page)})
        write_whole(out, reconciliation_files(result))
    summary = result.statistics.summary()
    if as_json:
        typer.echo(json.dumps(summary, ensure_ascii=False, indent=2))
    elif not quiet:
        speech.print_summary(summary, out, lang)
