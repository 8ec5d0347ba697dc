"""Run commands through their real entry point, and read their output files."""

import csv
import gc
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

from renkei.cli import main

MARK = "ヒミツノナマエ"  # used in names; no output may contain it


def _environment(lang: str, columns: int) -> dict[str, str]:
    others = ("FORCE_COLOR", "LC_ALL", "LC_MESSAGES")
    plain = {name: value for name, value in os.environ.items() if name not in others}
    return plain | {"LANG": lang, "PYTHONUTF8": "1", "COLUMNS": str(columns)}


def run_alone(
    *arguments: object, lang: str = "en_US.UTF-8", columns: int = 80
) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "renkei", *map(str, arguments)],
        env=_environment(lang, columns),
        capture_output=True,
        text=True,
        check=False,
    )


def run(*arguments: object, lang: str = "en_US.UTF-8", columns: int = 80) -> subprocess.CompletedProcess[str]:
    """Run a command on files in this process: one of its own would mostly load what is loaded here.

    All that is written to the descriptors of stdout and stderr counts, by whatever library.
    """
    words = ["renkei", *map(str, arguments)]
    before = dict(os.environ)
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        try:
            os.environ.clear()
            os.environ.update(_environment(lang, columns))
            with _goes_to(out, 1, "stdout"), _goes_to(err, 2, "stderr"):
                status = _status(words)
        finally:
            os.environ.clear()
            os.environ.update(before)
            gc.unfreeze()  # a command freezes what it has loaded
        written = [(file.seek(0), file.read().decode())[1] for file in (out, err)]
    return subprocess.CompletedProcess(words, status, *written)


def _status(words: list[str]) -> int:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", words)
        try:
            main()
        except SystemExit as ended:
            return int(ended.code or 0)
    return 0


@contextmanager
def _goes_to(file: IO[bytes], descriptor: int, name: str) -> Iterator[None]:
    """Let what is written to a descriptor, and to its stream in `sys`, go to a file."""
    kept = os.dup(descriptor)
    os.dup2(file.fileno(), descriptor)
    try:
        with (
            open(descriptor, "w", encoding="utf-8", closefd=False) as stream,
            pytest.MonkeyPatch.context() as patch,
        ):
            patch.setattr(sys, name, stream)
            patch.setattr(sys, f"__{name}__", stream)
            yield
    finally:
        os.dup2(kept, descriptor)
        os.close(kept)


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir()) if directory.exists() else []


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
