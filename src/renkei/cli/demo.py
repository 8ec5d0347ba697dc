"""`renkei demo`: match a synthetic world from end to end and compare the result with its answer key."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Annotated

import polars as pl
import typer
from rich.table import Table

from renkei.agreement.text import Lang
from renkei.cli import extras, output
from renkei.cli.prepare import prepare
from renkei.cli.reconcile import reconcile
from renkei.cli.terminal import Console
from renkei.matching.writing import check_place
from renkei.simulation import Plan, default_flaws, write_world
from renkei.simulation.evaluation import Evaluation, evaluate

_RESIDENTS, _NOTIFICATIONS, _SEED, _AS_OF = 100_000, 60_000, 1, date(2026, 4, 1)
_MEASURED = ("different", "not_found", "computed", "rejected", "not_sent", "deleted")

_NODES_RESIDENTS, _NODES_NOTIFICATIONS = 5_000, 3_000
_WITHOUT_NODES = ("。ノードなしでよければ --no-nodes", " Or go without nodes: --no-nodes.")
_STEPS = {
    "nodes": (
        "二つのノードの五日間(TLS、四日目は媒体)",
        "Five days between two nodes (TLS; the fourth day by medium)",
    ),
    "simulate": ("架空の登録簿と届出を作る", "Draw a synthetic register and notifications"),
    "prepare": ("別紙1を準備する(厚生労働省)", "Prepare Annex 1 (MHLW)"),
    "reconcile": ("突合する(出入国在留管理庁)", "Match (ISA)"),
}
_PLACES = {
    "report.html": ("報告(まずこれを開く)", "the report; open it first"),
    "result/": (
        "別紙2・3、突合結果、受け取れなかった行、件数",
        "Annex 2, Annex 3, outcomes, rejects, counts",
    ),
    "annex1.csv": ("別紙1", "Annex 1"),
    "world/": ("架空の届出と登録簿", "the synthetic notifications and register"),
    "world/truth/": ("答え", "the answer key"),
    "nodes/": ("二つのノード(renkei status --node …)", "the two nodes (renkei status --node …)"),
}
# The last lines of the demonstration: every suspicion, then those left.
_OMISSIONS = (
    (
        "未届の疑い {told}件のうち、実際に届け出られていないもの {right}件(実際の未届は{all}件)。"
        "申合せ3(1)イの文言は、届出の誤りや在学中からの雇用も含みます。",
        "Of {told} suspected omissions, {right} are true omissions (of {all} in the world). The wording of "
        "3(1)イ also includes mistakes in notifications and people hired while students.",
    ),
    (
        "引き続き雇用とみられる {continuing}件と、番号の一致しない届出がある {probable}件を分けると、"
        "残りは {left}件。このうち実際の未届は {truly_left}件(適合率 {precision})。",
        "Without the {continuing} where the same employment went on and the {probable} with a probable "
        "notification under another number, {left} are left; {truly_left} of them are true omissions "
        "(precision {precision}).",
    ),
)


def demo(
    out: Annotated[Path, typer.Option(metavar="DIR", help="The output directory.")],
    residents: Annotated[int, typer.Option(min=1, help="People with a residence card.")] = _RESIDENTS,
    notifications: Annotated[int, typer.Option(min=0, help="In the extract.")] = _NOTIFICATIONS,
    nodes: Annotated[bool, typer.Option(help="Also run two nodes for five days.")] = True,
    serve: Annotated[
        bool | None, typer.Option(help="Serve both consoles at the end; by default on a terminal.")
    ] = None,
    lang: output.LangOption = None,
) -> None:
    """Simulate two agencies' files, match, report, check the answers; then run two nodes for five days."""
    check_place(out)
    if nodes:
        extras.require_node(_WITHOUT_NODES)
    world, annex1, result, page = out / "world", out / "annex1.csv", out / "result", out / "report.html"
    with _step("simulate", lang):
        write_world(Plan(residents, notifications, _SEED, _AS_OF), default_flaws(), world, "parquet")
    with _step("prepare", lang):
        prepare([world / "notifications.csv"], annex1, lang=lang)
    with _step("reconcile", lang):
        reconcile([annex1], world, _AS_OF.isoformat(), result, candidates=True, report=page, lang=lang)
    evaluation = evaluate(
        pl.read_parquet(world / "truth/notifications.parquet"),
        pl.read_parquet(world / "truth/permissions.parquet"),
        pl.read_csv(result / "matches.csv", infer_schema=False),
        pl.read_csv(result / "annex3.csv", infer_schema=False),
        candidates=True,
    )
    chosen = output.language(lang)
    _print_evaluation(evaluation, chosen)
    _print_places(out, chosen)
    conclude = partial(_print_omissions, evaluation, chosen)
    if not nodes:
        conclude()
        return
    with _step("nodes", lang):
        serves = sys.stdout.isatty() if serve is None else serve
        _play(out / "days", out / "nodes", chosen, serve=serves, conclude=conclude)


def _play(world: Path, directory: Path, lang: Lang, *, serve: bool, conclude: Callable[[], None]) -> None:
    from renkei.cli.rehearsal import FIRST, SIMULATED_DAYS, play  # Django: loaded only if it is needed

    plan = Plan(_NODES_RESIDENTS, _NODES_NOTIFICATIONS, _SEED, FIRST)
    write_world(plan, default_flaws(), world, "csv", SIMULATED_DAYS)
    play(world, directory, lang, serve=serve, conclude=conclude)


@contextmanager
def _step(name: str, lang: Lang | None) -> Iterator[None]:
    began = monotonic()
    typer.echo(f"== {output.one_of(_STEPS[name], lang)}")
    yield
    typer.echo(f"   {monotonic() - began:.1f} s\n")


def _print_evaluation(evaluation: Evaluation, lang: Lang) -> None:
    typer.echo(f"== {output.one_of(('答えとの比較', 'Comparison with the answer key'), lang)}")
    words = (
        "答えどおりの届出: {right:,} / {all:,}",
        "notifications with the expected outcome: {right:,} of {all:,}",
    )
    typer.echo(output.one_of(words, lang).format(right=evaluation.as_expected, all=evaluation.notifications))
    heads = (
        ("入れた誤り", "injected flaw"),
        ("件数", "rows"),
        ("再現率", "recall"),
        ("適合率", "precision"),
    )
    table = Table(*(output.one_of(head, lang) for head in heads), box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    measured = evaluation.by_flaw.filter(pl.col("verdict").is_in(_MEASURED) & (pl.col("rows") > 0))
    for flaw, _, rows, recall, precision in measured.iter_rows():
        table.add_row(flaw, f"{rows:,}", _share(recall), _share(precision))
    harmless = evaluation.by_flaw.filter(~pl.col("verdict").is_in(_MEASURED) & (pl.col("rows") > 0))
    label = output.one_of(("(不一致にならない書き方 {n}種)", "({n} ways to write the same)"), lang)
    rows = int(harmless["rows"].sum())
    recall = float((harmless["recall"] * harmless["rows"]).sum()) / rows if rows else None
    table.add_row(label.format(n=harmless.height), f"{rows:,}", _share(recall), "")
    Console().print(table)
    typer.echo()


def _print_omissions(evaluation: Evaluation, lang: Lang) -> None:
    counts = {
        "told": evaluation.suspected,
        "right": evaluation.truly_suspected,
        "all": evaluation.truly_omitted,
        "continuing": evaluation.continuing,
        "probable": evaluation.probable,
        "left": evaluation.left,
        "truly_left": evaluation.truly_left,
    }
    share = evaluation.truly_left / evaluation.left if evaluation.left else None
    numbers = {name: f"{count:,}" for name, count in counts.items()} | {"precision": _share(share) or "–"}
    head = ("未届の疑い(突合したファイル)", "Suspected omissions (of the files matched)")
    typer.echo(f"\n== {output.one_of(head, lang)}")
    for sentence in _OMISSIONS:
        typer.echo(output.one_of(sentence, lang).format_map(numbers))


def _share(share: float | None) -> str:
    return "" if share is None else f"{share:.1%}"


def _print_places(out: Path, lang: Lang) -> None:
    typer.echo(f"== {output.one_of(('できたもの', 'Output'), lang)}")
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, words in _PLACES.items():
        table.add_row(f"{out}/{name}", output.one_of(words, lang))
    Console().print(table)
    case = _a_case(out / "result")
    if case is not None:
        words = ("一件の説明", "one case explained")
        typer.echo(
            f"{output.one_of(words, lang)}: renkei explain --notification {case} --result {out / 'result'}"
        )


def _a_case(result: Path) -> str | None:
    """Return the notification with the most mismatched items, as an example to explain."""
    cases = (
        pl.scan_csv(result / "matches.csv", infer_schema=False)
        .filter(pl.col("outcome") == "mismatched")
        .sort(pl.col("differences").str.count_matches(";"), "notification_id", descending=[True, False])
        .head(1)
        .collect()
    )
    return None if cases.is_empty() else str(cases["notification_id"].item())
