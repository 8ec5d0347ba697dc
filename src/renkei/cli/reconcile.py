"""`renkei reconcile`: match notifications with the register, once."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from renkei import __version__
from renkei.agreement.datasets import CARDS, DATASETS, NOTIFICATIONS, PERSONS
from renkei.cli import output
from renkei.cli.arguments import (
    ConfirmedOption,
    EncodingOption,
    PolicyOption,
    page_ending,
    read_day,
    read_policy,
    read_reason,
    register_file,
)
from renkei.cli.input_files import (
    MappingOption,
    NotificationsAreOption,
    NotificationsOption,
    SheetOption,
    digests,
    open_files,
    read_mapping,
)
from renkei.cli.loading import gc_paused
from renkei.matching.report.disclosure_control import SMALLEST_CELL

if TYPE_CHECKING:
    from renkei.matching.candidates import Parameters


def reconcile(
    notifications: NotificationsOption,
    register: Annotated[Path, typer.Option(metavar="DIR", help="Contains persons, cards and permissions.")],
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
        Literal["csv", "parquet", "xlsx"], typer.Option("--format", help="Format of the tables written.")
    ] = "csv",
    encoding: EncodingOption = "utf-8",
    sheet: SheetOption = None,
    mapping: MappingOption = None,
    notifications_are: NotificationsAreOption = "all",
    compared_with: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="What an earlier run wrote: a table that shrank is implausible."),
    ] = None,
    confirmed: ConfirmedOption = None,
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
    """Match notifications with residence records; write Annex 2 and 3, every outcome, rejects and counts.

    What an earlier run wrote into the directory is replaced. Input that cannot be true ends with status 3,
    and nothing is written.
    """
    day, decisions, reason = read_day(as_of), read_policy(policy), read_reason(confirmed)
    if report is not None:
        page_ending(report, "--report")
    layout = read_mapping(mapping, DATASETS.values())
    weighed_by = _parameters(candidate_parameters) if candidates or candidate_parameters else None
    # The columns of every file are checked before any file is read: a refusal should not take minutes.
    paths = {
        dataset: register_file(register, dataset)
        for dataset in DATASETS.values()
        if dataset is not NOTIFICATIONS
    }
    sources = {NOTIFICATIONS: open_files(notifications, NOTIFICATIONS, encoding, sheet, layout)} | {
        dataset: open_files([path], dataset, encoding, sheet, layout) for dataset, path in paths.items()
    }
    # The files needed first are read from now on, on another core, while the engine is loaded.
    first = (PERSONS, CARDS, NOTIFICATIONS) if engine == "polars" else ()
    begun = {dataset: sources[dataset].batches() for dataset in first}
    with gc_paused():
        from renkei.matching.reconciliation import reconcile_batches
        from renkei.matching.results import last_said
        from renkei.matching.writing import (
            RESULT_FILES,
            check_place,
            reconciliation_files,
            text_writer,
            write_atomic,
        )
    check_place(out, RESULT_FILES)
    if report is not None:
        check_place(report.parent, [report.name])
    before = None if compared_with is None else last_said(compared_with)
    with output.progress(quiet) as tell, ThreadPoolExecutor(1) as thread:
        hashes = thread.submit(lambda: {each.name: digests(source) for each, source in sources.items()})
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
                notifications_are=notifications_are,
                last_said=before,
                confirmed=reason,
            )
        else:
            result = reconcile_batches(
                lambda dataset: begun.pop(dataset, None) or sources[dataset].batches(),
                as_of=day,
                policy=decisions,
                candidates=weighed_by,
                notifications_are=notifications_are,
                last_said=before,
                confirmed=reason,
                progress=tell,
            )
        summary = result.statistics.summary() | {
            "notifications_are": notifications_are,
            "confirmed": None
            if reason is None
            else {"reason": reason, "implausible": [finding.as_data() for finding in result.implausible]},
            "version": __version__,
            "inputs": hashes.result(),
        }
        if report is not None:
            from renkei.matching.report.report import render_report

            page = render_report(result.statistics, output.language(lang), fewest=report_smallest)
            # The report is written first: it contains no personal data, so nothing needs protection if a
            # later step fails.
            write_atomic(report.parent, {report.name: text_writer(page)})
        write_atomic(out, reconciliation_files(result, out_format, summary), RESULT_FILES)
    if as_json:
        typer.echo(json.dumps(summary, ensure_ascii=False, indent=2))
    elif not quiet:
        output.print_summary(summary, out, lang)


def _parameters(file: Path | None) -> "Parameters":
    from renkei.matching.candidates import default_parameters, load_parameters

    return default_parameters() if file is None else load_parameters(file)
