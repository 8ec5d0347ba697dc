"""`renkei learn`: learn the parameters for candidates from an agency's own records."""

from math import log2
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from renkei.agreement.datasets import CARDS, NOTIFICATIONS, PERSONS, Dataset
from renkei.agreement.decisions import DEFAULT_POLICY
from renkei.cli import output
from renkei.cli.arguments import (
    ConfirmedOption,
    EncodingOption,
    UnusableArguments,
    read_day,
    read_reason,
    register_file,
)
from renkei.cli.evaluate import read_labels
from renkei.cli.input_files import NotificationsOption, open_files
from renkei.matching.hash_index import HashIndex
from renkei.matching.outcomes import link
from renkei.matching.plausibility import RowCounts, implausible, require_plausible
from renkei.matching.reconciliation import kept_columns
from renkei.matching.validation import Checked, check
from renkei.matching.writing import check_place, text_writer, write_atomic

if TYPE_CHECKING:
    from renkei.matching.candidates import Parameters
    from renkei.matching.candidates.parameters import Item


def learn(
    notifications: NotificationsOption,
    register: Annotated[Path, typer.Option(metavar="DIR", help="Holds persons and cards.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="The file for the parameters, .toml.")],
    version: Annotated[str, typer.Option(metavar="TEXT", help="The name of this set of parameters.")],
    learned_from: Annotated[str, typer.Option(metavar="TEXT", help="The source of learning, in one line.")],
    on: Annotated[str, typer.Option("--on", metavar="DATE", help="The day of learning.")],
    labels: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Decisions: notification_id, person_id or blank.")
    ] = None,
    start: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Parameters to begin with; by default those shipped.")
    ] = None,
    encoding: EncodingOption = "utf-8",
    confirmed: ConfirmedOption = None,
    quiet: output.QuietOption = False,
    lang: output.LangOption = None,
) -> None:
    """Learn the weight of each comparison level, from notifications whose number is on no card."""
    from renkei.matching import candidates
    from renkei.matching.candidates.search import not_found

    if out.suffix != ".toml" or any(sign in version + learned_from for sign in '"\\\n'):
        raise UnusableArguments(
            "--out must end in .toml; --version and --learned-from: one line without quotes or backslashes.",
            "--out は .toml に、--version と --learned-from は引用符と逆斜線のない一行にしてください。",
        )
    day = read_day(on)
    begin = candidates.default_parameters() if start is None else candidates.load_parameters(start)
    decided = None if labels is None else read_labels(labels)
    reason = read_reason(confirmed)
    check_place(out.parent, [out.name])
    sources = {NOTIFICATIONS: open_files(notifications, NOTIFICATIONS, encoding)} | {
        dataset: open_files([register_file(register, dataset)], dataset, encoding)
        for dataset in (PERSONS, CARDS)
    }
    with output.progress(quiet) as tell:

        def taken(dataset: Dataset, known: Checked | None = None) -> Checked:
            return check(
                sources[dataset].batches(),
                dataset,
                keep=kept_columns(dataset, DEFAULT_POLICY),
                known_persons=None if known is None else lambda: HashIndex(known.taken["person_id"]),
                progress=lambda rows: tell(dataset.name, rows),
            )

        persons = taken(PERSONS)
        tables = (persons, taken(CARDS, persons), taken(NOTIFICATIONS))
        counts = [RowCounts(one.dataset.name, one.read, one.set_aside) for one in tables]
        require_plausible(implausible(counts), reason)
        _, cards, sent = (one.taken for one in tables)
        unplaced = not_found(link(sent, cards, DEFAULT_POLICY))
    learned = candidates.learn(
        unplaced, cards, begin, version=version, learned_on=day, learned_from=learned_from, labels=decided
    )
    write_atomic(out.parent, {out.name: text_writer(candidates.written(learned))})
    if not quiet:
        words = ("学習に用いた届出", "notifications learned from")
        output.print_counts([(output.one_of(words, lang), unplaced.height)])
        _print_weights(begin, learned)
        typer.echo(f"{output.one_of(('出力先', 'written to'), lang)}: {out}")


def _print_weights(before: "Parameters", after: "Parameters") -> None:
    """Print the weight of each level in bits, before and after learning."""
    for old, new in zip(before.items, after.items, strict=True):
        typer.echo(new.name)
        for level, was, now in zip(new.kind.levels, _bits(old), _bits(new), strict=True):
            typer.echo(f"  {level.name:<20}{was:+8.2f} → {now:+.2f}")


def _bits(item: "Item") -> list[float]:
    return [log2(right / wrong) for right, wrong in zip(item.right, item.wrong, strict=True)]
