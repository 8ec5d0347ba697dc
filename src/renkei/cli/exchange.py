"""The commands of the exchange, put together without loading anything of the matching.

An agency that only exchanges needs no tables engine, and 1 GB must pass in 64 MiB of memory: what a command
imports is part of that.
"""

from importlib import import_module

import typer

NAMES = ("keys", "delivery", "receipt", "evidence")


def mount(app: typer.Typer, *names: str) -> None:
    """Add these groups of commands to an application, all of them by default."""
    for name in names or NAMES:
        app.add_typer(import_module(f"renkei.cli.{name}").app, name=name)


def mount_agreement(group: typer.Typer) -> None:
    """Add `sign` and `verify` to the group `agreement`."""
    from renkei.cli import agreement_file

    group.command()(agreement_file.sign)
    group.command()(agreement_file.verify)


def alone(name: str) -> typer.Typer:
    """Return an application of one of these groups only: typer makes ready whatever is mounted."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
    mount(app, name)
    return app
