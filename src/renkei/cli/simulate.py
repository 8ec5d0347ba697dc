"""`renkei simulate`: a synthetic world with its answer key apart."""

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from renkei.cli import speech
from renkei.simulation.flaws import default_flaws
from renkei.simulation.world import Plan, write_world

_TABLES = {
    "persons": ("外国人(最新の記録)", "persons"),
    "cards": ("在留カード", "residence cards"),
    "permissions": ("許可", "permissions"),
    "notifications": ("雇用状況届出(抽出前)", "notifications, before preparation"),
}


def simulate(
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where the world goes.")],
    residents: Annotated[int, typer.Option(min=1, max=8_000_000, help="People with a residence card.")],
    notifications: Annotated[int, typer.Option(min=0, help="Notifications in the ministry's extract.")],
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same bytes.")] = 1,
    as_of: Annotated[
        datetime, typer.Option(formats=["%Y-%m-%d"], help="The day on which the world stands.")
    ] = datetime(2026, 4, 1),  # noqa: DTZ001 - a day, typer has no type for one
    form: Annotated[Literal["csv", "parquet"], typer.Option("--format", help="Of the register.")] = "csv",
    quiet: speech.QuietOption = False,
    as_json: speech.JsonOption = False,
    lang: speech.LangOption = None,
) -> None:
    """Draw a synthetic register and the notifications about it, from published statistics."""
    plan = Plan(residents, notifications, seed, as_of.date())
    with speech.progress(quiet) as tell:
        counts = write_world(plan, default_flaws(), out, form, lambda people: tell("persons", people))
    if as_json:
        typer.echo(json.dumps(counts, indent=2))
    elif not quiet:
        speech.print_counts([(speech.one_of(words, lang), counts[name]) for name, words in _TABLES.items()])
