"""Every command, and where it stands.

Nothing is loaded before it is asked for: 1 GB must pass the exchange in 64 MiB of memory, a matching is to
begin at once, and timers start a node's commands all day long.
"""

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Final

import typer

COMMANDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "simulate": "simulate.simulate",
        "prepare": "prepare.prepare",
        "reconcile": "reconcile.reconcile",
        "explain": "explain.explain",
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
"""The module below `renkei.cli` and its function, or its group of commands, in the order of the help."""


def application(*names: str) -> typer.Typer:
    """Return an application of these commands, of all by default: typer makes ready whatever it is given."""
    app = typer.Typer(
        help="Renkei: link foreigner employment notifications with residence records (申合せ 2021-03-18).",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,  # a traceback with local variables would show personal data
        rich_markup_mode=None,
    )
    # A group, though of one: the command keeps its name in `renkei reconcile --help`.
    app.callback()(lambda: None)
    for name in names or COMMANDS:
        module, attribute = COMMANDS[name].split(".")
        command = getattr(import_module(f"renkei.cli.{module}"), attribute)
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name)
        else:
            app.command(name)(command)
    return app
