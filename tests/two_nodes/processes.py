"""Run a node's commands in processes that are forked after the libraries are loaded.

A cycle takes a second and a half, two thirds of it to load modules; these tests run hundreds.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from multiprocessing import get_context
from pathlib import Path
from typing import Final

#: Modules that commands load and that need no node; none starts a thread before the fork.
_LOADED: Final = (
    "django.contrib.auth.hashers",
    "django.core.management",
    "django.forms",
    "holidays",
    "polars",
    "psycopg",
    "pyarrow.csv",
    "renkei.cli.node",
    "renkei.exchange.home",
    "renkei.matching.candidates",
    "renkei.matching.reading",
    "renkei.matching.reconciliation",
    "renkei.node.logs",
    "requests",
    "typer._adapters",
)


def run(command: Sequence[str], environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a Renkei command to its end and return the result of `subprocess.run`."""
    with tempfile.TemporaryDirectory() as directory:
        said = [Path(directory, name) for name in ("stdout", "stderr")]
        process = _SERVER.Process(target=_begin, args=(tuple(command), dict(environment), said))
        process.start()
        process.join()
        stdout, stderr = (file.read_text("utf-8") for file in said)
    assert process.exitcode is not None
    return subprocess.CompletedProcess(command, process.exitcode, stdout, stderr)


def _begin(command: Sequence[str], environment: Mapping[str, str], said: Sequence[Path]) -> None:
    """Run as the command: with its arguments, its environment, and its output in files."""
    os.environ.clear()
    os.environ.update(environment)
    for descriptor, file in enumerate(said, start=1):
        os.dup2(os.open(file, os.O_CREAT | os.O_WRONLY, 0o600), descriptor)
    sys.argv = ["renkei", *command]
    from renkei.cli import main

    main()


_SERVER: Final = get_context("forkserver")
_SERVER.set_forkserver_preload(list(_LOADED))
