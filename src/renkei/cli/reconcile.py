"""`renkei reconcile`: match notifications with the register, once."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from renkei.agreement.datasets import CARDS, DATASETS, NOTIFICATIONS, PERSONS
from renkei.cli import output
from renkei.cli.arguments import (
    EncodingOption,
    PolicyOption,
    page_ending,
    read_day,
    read_policy,
    register_file,
)
from renkei.cli.loading import gc_paused
from renkei.matching.reading import open_source
from renkei.matching.report.disclosure_control import SMALLEST_CELL

if TYPE_CHECKING:
    from renkei.matching.candidates import Parameters


def reconcile(
    notifications: Annotated[Path, typer.Option(metavar="FILE", help="Annex 1, CSV or Parquet.")],
    register: Annotated[
        Path, typer.Option(metavar="DIR", help="Contains persons, cards and permissions, .csv or .parquet.")
    ],
    as_of: Annotated[str, typer.Option("--as-of", metavar="DATE", help="The day of the matching.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="The directory for the annexes and counts.")],
    policy: PolicyOption = None,
    engine: Annotated[Literal["polars", "spark"], typer.Option(help="The engine.")] = "polars",
    spark_master: Annotated[
        str, typer.Option(metavar="URL", help="With --engine spark: the cluster; by default this machine.")
    ] = "local[*]",
    spark_buckets: Annotated[
        int,
        typer.Option(
            min=1, help="With --engine spark: number of parts, several for each core of the cluster."
        ),
    ] = 8,
    out_format: Annotated[
        Literal["csv", "parquet"], typer.Option("--format", help="Format of the tables written.")
    ] = "csv",
    encoding: EncodingOption = "utf-8",
    candidates: Annotated[
        bool, typer.Option("--candidates", help="For numbers on no card, also find the probable persons.")
    ] = False,
    candidate_parameters: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The parameters of candidates, .toml; implies --candidates."),
    ] = None,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A report page with counts only, .html.")
    ] = None,
    report_smallest: Annotated[
        int, typer.Option(min=1, help="Smaller counts by nationality or status are merged in the report.")
    ] = SMALLEST_CELL,
    quiet: output.QuietOption = False,
    as_json: output.JsonOption = False,
    lang: output.LangOption = None,
) -> None:
    """Match notifications with residence records; write Annex 2 and 3, every outcome, rejects and counts."""
    day, decisions = read_day(as_of), read_policy(policy)
    if report is not None:
        page_ending(report, "--report")
    weighed_by = _parameters(candidate_parameters) if candidates or candidate_parameters else None
    # The columns of every file are checked before any file is read: a refusal should not take minutes.
    paths = {
        dataset: register_file(register, dataset)
        for dataset in DATASETS.values()
        if dataset is not NOTIFICATIONS
    }
    sources = {
        dataset: open_source(path, dataset, encoding)
        for dataset, path in {NOTIFICATIONS: notifications, **paths}.items()
    }
    # The files needed first are read from now on, on another core, while the engine is loaded.
    first = (PERSONS, CARDS, NOTIFICATIONS) if engine == "polars" else ()
    begun = {dataset: sources[dataset].batches() for dataset in first}
    with gc_paused():
        from renkei.matching.reconciliation import reconcile_batches
        from renkei.matching.writing import reconciliation_files, text_writer, write_atomic
    with output.progress(quiet) as tell:
        # Modules that only some runs need are loaded only by those.
        if engine == "spark":
            from renkei.matching.spark.engine import reconcile_on_spark
            from renkei.matching.spark.session import start

            session = start(spark_master, spark_buckets)
            result = reconcile_on_spark(
                sources,
                session,
                as_of=day,
                policy=decisions,
                candidates=weighed_by,
                buckets=spark_buckets,
            )
        else:
            result = reconcile_batches(
                lambda dataset: begun.pop(dataset, None) or sources[dataset].batches(),
                as_of=day,
                policy=decisions,
                candidates=weighed_by,
                progress=tell,
            )
        if report is not None:
            from renkei.matching.report.report import render_report

            page = render_report(result.statistics, output.language(lang), fewest=report_smallest)
            # The report is written first: it contains no personal data, so nothing needs protection if a
            # later step fails.
            write_atomic(report.parent, {report.name: text_writer(page)})
        if result.candidates is None:
            # An earlier run's candidates must not lie beside this run's matches.
            (out / f"candidates.{out_format}").unlink(missing_ok=True)
        write_atomic(out, reconciliation_files(result, out_format))
    summary = result.statistics.summary()
    if as_json:
        typer.echo(json.dumps(summary, ensure_ascii=False, indent=2))
    elif not quiet:
        output.print_summary(summary, out, lang)


def _parameters(file: Path | None) -> "Parameters":
    from renkei.matching.candidates import default_parameters, load_parameters

    return default_parameters() if file is None else load_parameters(file)
