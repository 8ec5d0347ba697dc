"""`renkei compare`: what differs between the findings of two runs."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from renkei.agreement.text import Lang, Words
from renkei.cli import output
from renkei.cli.arguments import table_ending
from renkei.matching.result_comparison import ResultComparison, compare_results
from renkei.matching.results import open_result
from renkei.matching.writing import check_place, table_writer, write_atomic

_TABLES = {
    "matches": Words("突合結果", "outcomes"),
    "annex2": Words("別紙2", "Annex 2"),
    "annex3": Words("別紙3", "Annex 3"),
}
_KINDS = {
    "new": Words("新規", "new"),
    "gone": Words("消滅", "gone"),
    "changed": Words("変更", "changed"),
    "same": Words("同じ", "the same"),
}
_WHY = {
    "as_of": Words("突合の日", "the day of the matching"),
    "version": Words("Renkeiの版", "the version of Renkei"),
    "notifications_are": Words("届出の渡し方", "what the notifications are"),
    "policy": Words("決定事項", "decisions"),
    # Told where no decision of a policy file differs, but what Renkei ships does.
    "policy_digest": Words("決定事項の要約値", "the digest of the decisions"),
    "inputs": Words("入力ファイル", "the input files"),
}
_SAME = Words("実行の条件はすべて同じです。", "Both runs had the same input, decisions, day and version.")


def compare(
    before: Annotated[Path, typer.Argument(metavar="RESULT1", help="What an earlier reconcile wrote.")],
    after: Annotated[Path, typer.Argument(metavar="RESULT2", help="What a later reconcile wrote.")],
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Each change with its identifier, .csv, .parquet or .xlsx."),
    ] = None,
    quiet: output.QuietOption = False,
    as_json: output.JsonOption = False,
    lang: output.LangOption = None,
) -> None:
    """Compare what two runs of reconcile wrote: new, gone and changed findings, and why.

    The formats of the two may differ. Values of persons are not shown.
    """
    if out is not None:
        table_ending(out, "--out")
        check_place(out.parent, [out.name])
    found = compare_results(open_result(before), open_result(after))
    if out is not None:
        write_atomic(out.parent, {out.name: table_writer(found.changes)})
    if as_json:
        typer.echo(json.dumps(found.as_data(), ensure_ascii=False, indent=2))
    elif not quiet:
        _print(found, output.language(lang))
        if out is not None:
            typer.echo(f"{output.one_of(('出力先', 'written to'), lang)}: {out}")


def _print(found: ResultComparison, lang: Lang) -> None:
    rows = []
    for table, counts in found.counts.items():
        name = _TABLES[table].say(lang)
        rows += [(f"{name}: {_KINDS[kind].say(lang)}", count) for kind, count in counts.items()]
        rows += [(f"    {column}", count) for column, count in found.columns[table].items()]
    output.print_counts(rows)
    typer.echo(Words("異なる条件:", "What differs between the runs:").say(lang) if found.why else "")
    for key, what in found.why.items():
        if key != "policy_digest" or "policy" not in found.why:
            typer.echo(f"  {_WHY[key].say(lang)}: {_told(what)}")
    if not found.why:
        typer.echo(_SAME.say(lang))


def _told(what: Any) -> str:
    """Write what differs: names, or before and after, or these of several names."""
    if not isinstance(what, dict):
        return ", ".join(what)
    if "before" in what and "after" in what:
        one, other = (
            ", ".join(value) if isinstance(value, list) else value
            for value in (what["before"], what["after"])
        )
        return f"{one} → {other}"
    return "; ".join(f"{key}: {_told(pair)}" for key, pair in what.items())
