"""`renkei check`: what is wrong in files before they are sent, and how to mend it."""

import json
from pathlib import Path
from typing import Annotated, Literal

import typer

from renkei.agreement.datasets import DATASETS, Dataset
from renkei.cli import output
from renkei.cli.arguments import EncodingOption, UnusableArguments
from renkei.cli.input_files import MappingOption, SheetOption, open_files, read_mapping
from renkei.matching.reading import dataset_of

_MOST_SHOWN = 100
_PLACE = ("{file} {row}行目、列「{header}」: {sentence}", "{file}, row {row}, column “{header}”: {sentence}")
_MORE = (
    "ほかに{count:,}件。全件は --json か --out で出力できます。",
    "{count:,} more. --json and --out give all of them.",
)
_COUNTS = {
    "read": ("読み込んだ行", "rows read"),
    "set_aside": ("  受け取れない行", "  rows that will not be taken"),
    "faults": ("誤り", "faults"),
}


def check(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE…", help="CSV, Parquet or workbook (.xlsx), of any dataset.")
    ],
    dataset: Annotated[
        Literal["notifications", "persons", "cards", "permissions"] | None,
        typer.Option("--dataset", help="What the files hold; by default guessed from each header."),
    ] = None,
    sheet: SheetOption = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="The files as a workbook, .xlsx, faulty cells marked."),
    ] = None,
    mapping: MappingOption = None,
    encoding: EncodingOption = "utf-8",
    quiet: output.QuietOption = False,
    as_json: output.JsonOption = False,
    lang: output.LangOption = None,
) -> None:
    """Check files before they are sent: each fault by row and column, and how to mend it.

    Needs no register and no node. Rows and columns are named, values are not; only the workbook of --out
    holds them. With persons among the files, their cards and permissions are checked against them. Ends with
    status 0 when the check is done, whatever it found, and with 2 if a file is refused whole.
    """
    if out is not None and out.suffix.lower() != ".xlsx":
        raise UnusableArguments(
            f"--out {out}: must end in .xlsx.", f"--out {out}: .xlsxで終わる名前にしてください。"
        )
    if out is not None and any(out.resolve() == file.resolve() for file in files):
        raise UnusableArguments(
            f"--out {out}: is one of the files to be checked. Give another name.",
            f"--out {out}: 検査するファイルと同じです。別の名前にしてください。",
        )
    layout = read_mapping(mapping, DATASETS.values())
    if layout is not None and dataset not in (None, layout.dataset.name):
        raise UnusableArguments(
            f"--dataset {dataset}: the mapping is for {layout.dataset.name}.",
            f"--dataset {dataset}: 対応表は{layout.dataset.name}のものです。",
        )
    paths: dict[Dataset, list[Path]] = {}
    for file in files:
        if layout is not None:
            of = layout.dataset
        else:
            of = DATASETS[dataset] if dataset else dataset_of(file, encoding, sheet=sheet)
        paths.setdefault(of, []).append(file)
    sources = [open_files(each, of, encoding, sheet, layout) for of, each in paths.items()]
    from renkei.matching.check_report import check_sources, in_words, write_workbook

    findings = check_sources(sources)
    spoken = output.language(lang)
    if out is not None:
        from renkei.matching.writing import write_atomic

        write_atomic(out.parent, {out.name: lambda path: write_workbook(findings, path, spoken)})
    if as_json:
        report = [
            {
                "dataset": finding.dataset.name,
                "files": [str(path) for path in paths[finding.dataset]],
                "read": finding.read,
                "set_aside": finding.set_aside,
                "faults": in_words(finding, spoken),
            }
            for finding in findings
        ]
        typer.echo(json.dumps(report, ensure_ascii=False, indent=2))
        return
    for finding in () if quiet else findings:
        typer.echo(f"{', '.join(map(str, paths[finding.dataset]))} ({finding.dataset.name})")
        for fault in in_words(finding, spoken, _MOST_SHOWN):
            typer.echo(output.one_of(_PLACE, lang).format(**fault))
        if finding.faults.height > _MOST_SHOWN:
            typer.echo(output.one_of(_MORE, lang).format(count=finding.faults.height - _MOST_SHOWN))
        counts = {"read": finding.read, "set_aside": finding.set_aside, "faults": finding.faults.height}
        output.print_counts([(output.one_of(_COUNTS[name], lang), count) for name, count in counts.items()])
