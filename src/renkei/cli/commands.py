"""The list of commands and the module of each.

A command's module is loaded only if the command is run: the exchange must process 1 GB in 64 MiB of memory, a
matching must begin at once, and timers start a node's commands all day long.
"""

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Annotated, Final

import typer

COMMANDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "simulate": "simulate.simulate",
        "check": "check.check",
        "prepare": "prepare.prepare",
        "reconcile": "reconcile.reconcile",
        "explain": "explain.explain",
        "compare": "compare.compare",
        "evaluate": "evaluate.evaluate",
        "learn": "learn.learn",
        "demo": "demo.demo",
        "agreement": "agreement.app",
        "keys": "keys.app",
        "delivery": "delivery.app",
        "receipt": "evidence.receipt_app",
        "evidence": "evidence.app",
        "init": "node.init",
        "migrate": "node.migrate",
        "serve": "node.serve",
        "import": "node.import_",
        "status": "node.status",
        "cycle": "node.cycle",
        "medium": "node.medium",
        "rejects": "rejects.app",
        "candidates": "candidates.app",
        "audit": "audit.app",
        "incident": "incident.app",
        "doctor": "doctor.doctor",
        "backup": "backup.backup",
        "restore": "backup.restore",
        "restored": "backup.restored",
        "officer": "officer.app",
    }
)
"""Command to the module below `renkei.cli` and its function or group, in the order of the help."""


def _print_version(asked: bool) -> None:
    if asked:
        from renkei import __version__

        typer.echo(f"renkei {__version__}")
        raise typer.Exit


def _general(
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True),
    ] = False,
) -> None:
    """Options before a command."""


def application(*names: str) -> typer.Typer:
    """Return an application of these commands, by default of all: typer prepares every command it gets."""
    app = typer.Typer(
        help="Renkei: link foreigner employment notifications with residence records (申合せ 2021-03-18).",
        no_args_is_help=True,
        pretty_exceptions_enable=False,  # a traceback with local variables would show personal data
        rich_markup_mode=None,
    )
    # A callback makes it a group, even with one command: `renkei reconcile --help` keeps the command's name.
    app.callback()(_general)
    for name in names or COMMANDS:
        module, attribute = COMMANDS[name].split(".")
        command = getattr(import_module(f"renkei.cli.{module}"), attribute)
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name)
        else:
            app.command(name)(command)
    return app
