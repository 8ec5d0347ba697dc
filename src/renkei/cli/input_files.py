"""The files that a command matches: how they are named and opened.

This module loads Arrow; commands of the exchange must not.
"""

import os
from collections.abc import Sequence
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Annotated, Literal

import typer

from renkei.agreement.datasets import Dataset
from renkei.matching.reading import Encoding, Source, open_source
from renkei.matching.reading.contents import Content

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
NotificationsAreOption = Annotated[
    Literal["all", "changes"],
    typer.Option(
        "--notifications-are", help="All that stand, or a day's changes: then no Annex 3 can be said."
    ),
]


def open_files(
    paths: Sequence[Path], dataset: Dataset, encoding: Encoding, sheet: str | None = None
) -> Source:
    """Open the files of one dataset, which are read one after the other. Raises RefusedFile."""
    return open_source(paths, dataset, encoding, sheet=sheet)


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
