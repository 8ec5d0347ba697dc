"""`renkei evaluate`: compare candidates with known answers."""

import json
from pathlib import Path
from typing import Annotated

import polars as pl
import typer

from renkei.cli import output
from renkei.cli.arguments import ResultOption, UnusableArguments, page_ending
from renkei.matching.results import open_result
from renkei.matching.writing import check_place, text_writer, write_atomic

_CANDIDATES = ("notification_id", "rank", "person_id", "probability")
_LABELS = ("notification_id", "person_id")


def evaluate(
    result: ResultOption,
    labels: Annotated[
        Path,
        typer.Option(
            metavar="FILE",
            help="notification_id and person_id, blank for nobody: truth/notifications of a simulation, or "
            "what officers decided; CSV or Parquet.",
        ),
    ],
    report: Annotated[Path | None, typer.Option(metavar="FILE", help="A page to look at, .html.")] = None,
    as_json: output.JsonOption = False,
    lang: output.LangOption = None,
) -> None:
    """Measure how often candidates are right, how many are found, and whether probabilities are true."""
    from renkei.matching.candidates.evaluation import evaluate as evaluated

    if report is not None:
        page_ending(report, "--report")
        check_place(report.parent, [report.name])
    written = open_result(result)
    if not written.has("candidates"):
        raise UnusableArguments(
            f"{result} contains no candidates. First run renkei reconcile --candidates --out.",
            f"{result} に候補者(candidates)がありません。先に renkei reconcile --candidates --out で作成"
            "してください。",
        )
    matches = written.read("matches")
    candidates = (
        written.read("candidates")
        .select(_CANDIDATES)
        .with_columns(pl.col("rank").cast(pl.UInt32), pl.col("probability").cast(pl.Float64))
    )
    not_found = matches.filter(pl.col("outcome") == "not_found")["notification_id"]
    found = evaluated(not_found, candidates, read_labels(labels))
    if report is not None:
        from renkei.matching.candidates.evaluation import render_evaluation

        write_atomic(
            report.parent, {report.name: text_writer(render_evaluation(found, output.language(lang)))}
        )
    if as_json:
        typer.echo(json.dumps(found.summary(), ensure_ascii=False, indent=2))
        return
    said = [
        (("答えの分かっている届出", "notifications with a known answer"), found.decided),
        (("うち在留管理情報にある人", "of these: somebody in the register"), found.somebody),
        (("第1候補が本人", "the first candidate is the person"), found.best_right),
        (("答えのない届出", "without a known answer"), found.undecided),
    ]
    output.print_counts([(output.one_of(words, lang), count) for words, count in said])
    columns = (("しきい値", "threshold"), ("適合率", "precision"), ("再現率", "recall"), ("F1", "F1"))
    typer.echo("  ".join(output.one_of(words, lang) for words in columns))
    for row in found.thresholds.select("threshold", "precision", "recall", "f1").iter_rows():
        typer.echo("  ".join("–" if each is None else f"{each:.4f}" for each in row))


def read_labels(path: Path) -> pl.DataFrame:
    """Read answers: unique `notification_id`, and `person_id`, null for nobody. Raises UnusableArguments."""
    if not path.is_file():
        raise UnusableArguments(
            f"{path}: file not found. Give the answers with --labels FILE.",
            f"{path}: ファイルがありません。--labels FILE で答えのファイルを指定してください。",
        )
    found = _read(path, _LABELS)
    twice = found["notification_id"].is_duplicated().sum()
    if twice:
        raise UnusableArguments(
            f"{path.name}: {twice} rows repeat a notification of another row. Keep one answer for each.",
            f"{path.name}: {twice}行が同じ届出を重ねて挙げています。届出ごとに一行にしてください。",
        )
    return found.with_columns(pl.col("person_id").replace("", None))


def _read(path: Path, columns: tuple[str, ...]) -> pl.DataFrame:
    try:
        table = pl.read_parquet(path) if path.suffix == ".parquet" else pl.read_csv(path, infer_schema=False)
    except (OSError, pl.exceptions.PolarsError):
        # The message of the reader may quote a row.
        raise UnusableArguments(
            f"{path.name}: not readable as a table.", f"{path.name}: 表として読めません。"
        ) from None
    missing = [name for name in columns if name not in table.columns]
    if missing:
        raise UnusableArguments(
            f"{path.name}: the columns {', '.join(missing)} are missing.",
            f"{path.name}: 列 {'、'.join(missing)} がありません。",
        )
    return table.select(columns).cast(pl.String)
