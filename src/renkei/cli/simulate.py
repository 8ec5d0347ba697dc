"""`renkei simulate`: a synthetic world, with its answer key in a separate directory."""

import json
from pathlib import Path
from typing import Annotated, Literal

import typer

from renkei.cli import output
from renkei.cli.arguments import read_day
from renkei.matching.writing import check_place
from renkei.simulation import Plan, default_flaws, load_rates, with_rates, write_world
from renkei.simulation.cards import MOST_RESIDENTS

_TABLES = {
    "persons": ("外国人(最新の記録)", "persons"),
    "cards": ("在留カード", "residence cards"),
    "permissions": ("許可", "permissions"),
    "notifications": ("雇用状況届出(別紙1にする前)", "notifications, before Annex 1"),
    "days": ("その後の日数", "days after the first"),
}


def simulate(
    out: Annotated[Path, typer.Option(metavar="DIR", help="The output directory.")],
    residents: Annotated[int, typer.Option(min=1, max=MOST_RESIDENTS, help="People with a residence card.")],
    notifications: Annotated[int, typer.Option(min=0, help="Notifications in the ministry's extract.")],
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same bytes.")] = 1,
    as_of: Annotated[
        str, typer.Option("--as-of", metavar="DATE", help="The day of the register and the notifications.")
    ] = "2026-04-01",
    form: Annotated[
        Literal["csv", "parquet"], typer.Option("--format", help="Format of the register.")
    ] = "csv",
    days: Annotated[int, typer.Option(min=0, max=366, help="Days of changes after that day.")] = 0,
    flaws: Annotated[
        Path | None, typer.Option(metavar="FILE", help="TOML with rates of flaws; all = 0 gives none.")
    ] = None,
    quiet: output.QuietOption = False,
    as_json: output.JsonOption = False,
    lang: output.LangOption = None,
) -> None:
    """Draw a synthetic register and the notifications about it; the answer key goes to DIR/truth."""
    check_place(out)
    plan = Plan(residents, notifications, seed, read_day(as_of))
    known = default_flaws() if flaws is None else with_rates(load_rates(flaws))
    with output.progress(quiet) as tell:
        counts = write_world(plan, known, out, form, days, tell)
    if as_json:
        typer.echo(json.dumps(counts, indent=2))
    elif not quiet:
        output.print_counts([(output.one_of(words, lang), counts[name]) for name, words in _TABLES.items()])
        typer.echo(f"{output.one_of(('出力先', 'written to'), lang)}: {out}")
