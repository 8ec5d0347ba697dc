"""The commands of the exchange, put together without loading anything of the matching.

An agency that only exchanges needs no tables engine, and 1 GB must pass in 64 MiB of memory: what a command
imports is part of that.
"""

import typer

from renkei.cli import agreement_file, delivery, evidence, keys, receipt

NAMES = ("keys", "delivery", "receipt", "evidence")


def mount(app: typer.Typer) -> None:
    """Add the commands to the whole application or to one of their own."""
    for name, module in zip(NAMES, (keys, delivery, receipt, evidence), strict=True):
        app.add_typer(module.app, name=name)


def mount_agreement(group: typer.Typer) -> None:
    """Add `sign` and `verify` to the group `agreement`."""
    group.command()(agreement_file.sign)
    group.command()(agreement_file.verify)


def alone() -> typer.Typer:
    """Return an application of these commands only."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
    mount(app)
    return app
