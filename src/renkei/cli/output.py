"""Output of the command line: language, progress and errors. Results go to stdout, the rest to stderr.

`rich` is loaded only by the functions that draw with it. The commands of the exchange do not, so they start
faster and use less memory.
"""

import os
import select
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any
from unicodedata import east_asian_width

import typer

from renkei.agreement.outcomes import OUTCOMES
from renkei.agreement.text import Lang, Words

_PLACES = 12

LangOption = Annotated[
    Lang | None,
    typer.Option("--lang", help="Language of messages; by default that of the locale."),
]
QuietOption = Annotated[bool, typer.Option("--quiet", help="Print errors only.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")]


def language(chosen: Lang | None = None) -> Lang:
    """Return the chosen language, else the locale's: Japanese in a Japanese one, otherwise English."""
    if chosen is not None:
        return chosen
    names = (os.environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    return "ja" if next(filter(None, names), "").startswith("ja") else "en"


def chosen_language(arguments: Sequence[str]) -> Lang:
    """Find `--lang` in raw arguments, for errors before the command has read its options."""
    for place, argument in enumerate(arguments):
        value = argument.removeprefix("--lang=") if argument.startswith("--lang=") else None
        if argument == "--lang" and place + 1 < len(arguments):
            value = arguments[place + 1]
        if value in ("ja", "en"):
            return "ja" if value == "ja" else "en"
    return language()


def print_error(sentence: str) -> None:
    """Print an error on stderr."""
    typer.echo(f"renkei: {sentence}", err=True)


def is_closed() -> bool:
    """Write what is left of the output; say whether nobody reads it any more, and then drop the rest."""
    out = sys.__stdout__
    if out is None or out.closed:
        return False
    try:
        out.flush()
        state = select.poll()
        state.register(out, select.POLLOUT)
        closed = any(events & select.POLLERR for _, events in state.poll(0))
    except BrokenPipeError:
        closed = True
    if closed:
        # The interpreter would complain on its way out.
        os.dup2(os.open(os.devnull, os.O_WRONLY), out.fileno())
    return closed


def fault(unforeseen: BaseException, lang: Lang) -> str:
    """Describe an unexpected fault by its class and the lines it passed through, never by its text.

    The text of a library's exception may quote a row.
    """
    places = traceback.extract_tb(unforeseen.__traceback__)[-_PLACES:]
    # Enough of the path to find the file, but not the user's home directory.
    lines = [f"  {'/'.join(Path(each.filename).parts[-3:])}:{each.lineno} {each.name}" for each in places]
    said = one_of(
        (
            f"想定外の障害です({type(unforeseen).__name__})。次の行を添えて開発者に知らせてください。"
            "個人情報は含まれません。",
            f"Unexpected fault ({type(unforeseen).__name__}). Please send the lines below to the developers. "
            "They contain no personal data.",
        ),
        lang,
    )
    return "\n".join([said, *lines])


@contextmanager
def progress(quiet: bool) -> Iterator[Callable[[str, int], None]]:
    """Show the rows read of each dataset, on a terminal only; yields the function that reports them."""
    if quiet or not sys.stderr.isatty():
        yield lambda what, rows: None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TextColumn("{task.completed:>12,}"))
    with Progress(*columns, TimeElapsedColumn(), console=console, transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def tell(what: str, rows: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=None)
            bars.advance(tasks[what], rows)

        yield tell


def one_of(words: tuple[str, str], chosen: Lang | None) -> str:
    """Return the Japanese or the English text of a pair."""
    return words[0] if language(chosen) == "ja" else words[1]


def print_counts(rows: Iterable[tuple[str, int]]) -> None:
    """Print labelled counts as two columns."""
    counts = [(label, f"{count:,}") for label, count in rows]
    left = max((_columns(label) for label, _ in counts), default=0)
    right = max((len(count) for _, count in counts), default=0)
    for label, count in counts:
        typer.echo(f"{label}{' ' * (left - _columns(label))}  {count:>{right}}")


def _columns(text: str) -> int:
    """Return the number of columns of a text on a terminal."""
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


_DATASETS = {
    "notifications": Words("雇用状況届出", "notifications"),
    "persons": Words("外国人(最新の記録)", "persons"),
    "cards": Words("在留カード", "cards"),
    "permissions": Words("許可", "permissions"),
}
_COUNTS = {
    "read": Words("読込", "read"),
    "rejected": Words("受け取れない行", "set aside"),
    **{outcome.code: outcome.name for outcome in OUTCOMES.values()},
}


def print_summary(summary: dict[str, Any], out: Path, chosen: Lang | None) -> None:
    """Print a reconciliation's counts and the directory of its files."""
    rows = [
        (f"{one_of(_DATASETS[name], chosen)}: {one_of(label, chosen)}", counts[key])
        for name, counts in summary["datasets"].items()
        for key, label in _COUNTS.items()
        if key in counts
    ]
    annexes = {
        ("別紙2 不一致等", "Annex 2, mismatches and not found"): sum(summary["annex2"].values()),
        ("別紙3 未届の疑い", "Annex 3, suspected omissions"): sum(summary["annex3"].values()),
    }
    print_counts([*rows, *((one_of(words, chosen), count) for words, count in annexes.items())])
    left_out = summary.get("candidates", {}).get("left_out", {})
    if left_out:
        from renkei.matching.candidates.evidence import left_out_in_words  # few runs leave anybody out

        persons = {reason: counts["persons"] for reason, counts in left_out.items()}
        for sentence in left_out_in_words(persons, language(chosen)):
            typer.echo(f"{one_of(('候補者', 'candidates'), chosen)}: {sentence}")
    typer.echo(f"{one_of(('出力先', 'written to'), chosen)}: {out}")
