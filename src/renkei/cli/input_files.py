"""The files that a command matches: how they are named and opened.

This module loads Arrow; commands of the exchange must not.
"""

import os
from collections.abc import Collection, Sequence
from hashlib import file_digest, sha256
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from renkei.agreement.datasets import Dataset
from renkei.cli.arguments import UnusableArguments
from renkei.matching.reading import Encoding, Source, open_source
from renkei.matching.reading.contents import Content

if TYPE_CHECKING:
    from renkei.matching.reading.source_layouts import SourceLayout

_PIECE = 1 << 20

NotificationsOption = Annotated[
    list[Path],
    typer.Option(
        "--notifications",
        metavar="FILE",
        help="Notifications; may be given several times, one is read after the other.",
    ),
]
SheetOption = Annotated[
    str | None, typer.Option("--sheet", metavar="NAME", help="The sheet of a workbook; by default the first.")
]
MappingOption = Annotated[
    Path | None,
    typer.Option(
        "--mapping",
        metavar="FILE",
        help="TOML: a source's own CSV layout; or one that is shipped: renki_10101, renki_10191.",
    ),
]
NotificationsAreOption = Annotated[
    Literal["all", "changes"],
    typer.Option(
        "--notifications-are", help="All that stand, or a day's changes: then no Annex 3 can be said."
    ),
]


def read_mapping(mapping: Path | None, datasets: Collection[Dataset]) -> "SourceLayout | None":
    """Read a mapping, which must be for one of the datasets that the command reads.

    Raises UnusableLayout, and UnusableArguments if it is for another dataset.
    """
    if mapping is None:
        return None
    from renkei.matching.reading.source_layouts import load_layout

    layout = load_layout(mapping)
    if layout.dataset not in datasets:
        names = [dataset.name for dataset in datasets]
        raise UnusableArguments(
            f"--mapping {mapping}: it is for {layout.dataset.name}; this command reads {', '.join(names)}.",
            f"--mapping {mapping}: {layout.dataset.name}の対応表です。"
            f"このコマンドが読むのは{'、'.join(names)}です。",
        )
    return layout


def open_files(
    paths: Sequence[Path],
    dataset: Dataset,
    encoding: Encoding,
    sheet: str | None = None,
    layout: "SourceLayout | None" = None,
) -> Source:
    """Open the files of one dataset, which are read one after the other. Raises RefusedFile.

    `layout` is used if it is for this dataset.
    """
    own = layout if layout is not None and layout.dataset == dataset else None
    return open_source(paths, dataset, encoding, sheet=sheet, layout=own)


def digests(source: Source) -> list[str]:
    """Return the SHA-256 of each file of a source, as the bytes lie there."""
    return [_digest(part.content) for part in source.parts]


def _digest(content: Content) -> str:
    if content.spooled is None:
        with content.path.open("rb") as file:
            return file_digest(file, "sha256").hexdigest()
    # What came through a pipe is being read at the same time: its place in the file must not move.
    digest, place, descriptor = sha256(), 0, content.spooled.file.fileno()
    while piece := os.pread(descriptor, _PIECE, place):
        digest.update(piece)
        place += len(piece)
    return digest.hexdigest()
