"""How the command line speaks: language, progress and errors. Results go to stdout, the rest to stderr."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.console import Console

from renkei.agreement.errors import Lang

LangOption = Annotated[
    Literal["ja", "en"] | None,
    typer.Option("--lang", help="Language of messages; by default the locale's."),
]
QuietOption = Annotated[bool, typer.Option("--quiet", help="Say nothing but errors.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")]


def language(chosen: Lang | None = None) -> Lang:
    """Return the chosen language, else the locale's: Japanese in a Japanese one, otherwise English."""
    if chosen is not None:
        return chosen
    names = (os.environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    return "ja" if next(filter(None, names), "").startswith("ja") else "en"


def chosen_language(arguments: Sequence[str]) -> Lang:
    """Find `--lang` in raw arguments, for errors that end a command before it could say."""
    for place, argument in enumerate(arguments):
        value = argument.removeprefix("--lang=") if argument.startswith("--lang=") else None
        if argument == "--lang" and place + 1 < len(arguments):
            value = arguments[place + 1]
        if value in ("ja", "en"):
            return "ja" if value == "ja" else "en"
    return language()


def complain(sentence: str) -> None:
    """Say on stderr what was refused and what to do."""
    Console(stderr=True, highlight=False, soft_wrap=True).print(f"renkei: {sentence}", markup=False)


@contextmanager
def progress(quiet: bool) -> Iterator[Callable[[str, int], None]]:
    """Show the rows read of each dataset, on a terminal only; yields what to tell them to."""
    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield lambda what, rows: None
        return
    from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TextColumn("{task.completed:>12,}"))
    with Progress(*columns, TimeElapsedColumn(), console=console, transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def tell(what: str, rows: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=None)
            bars.advance(tasks[what], rows)

        yield tell


def one_of(words: tuple[str, str], chosen: Lang | None) -> str:
    """Return the Japanese or the English of two."""
    return words[0] if language(chosen) == "ja" else words[1]


def print_counts(rows: Iterable[tuple[str, int]]) -> None:
    """Print labelled counts as two columns."""
    from rich.table import Table

    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column()
    table.add_column(justify="right")
    for label, count in rows:
        table.add_row(label, f"{count:,}")
    Console().print(table)


_DATASETS = {
    "notifications": ("雇用状況届出", "notifications"),
    "persons": ("外国人(最新の記録)", "persons"),
    "cards": ("在留カード", "cards"),
    "permissions": ("許可", "permissions"),
}
_COUNTS = {
    "read": ("読込", "read"),
    "rejected": ("受け取れない行", "set aside"),
    "matched": ("一致", "matched"),
    "mismatched": ("不一致", "mismatched"),
    "not_found": ("突合できず", "not found"),
    "deleted": ("削除", "deleted"),
}


def print_summary(summary: dict[str, Any], out: Path, chosen: Lang | None) -> None:
    """Print a reconciliation's counts and where its files lie."""
    rows = [
        (f"{one_of(_DATASETS[name], chosen)}: {one_of(label, chosen)}", counts[key])
        for name, counts in summary["datasets"].items()
        for key, label in _COUNTS.items()
        if key in counts
    ]
    annexes = {
        ("別紙2 不一致等", "Annex 2, discrepancies"): sum(summary["annex2"].values()),
        ("別紙3 未届の疑い", "Annex 3, suspected omissions"): sum(summary["annex3"].values()),
    }
    print_counts([*rows, *((one_of(words, chosen), count) for words, count in annexes.items())])
    typer.echo(f"{one_of(('出力先', 'written to'), chosen)}: {out}")
