"""What every command of a node does first: find the node, start Django, read the clock, find the officer.

A user of the machine names the officer's account, and the permissions of that account apply; the trail names
the officer. An act that needs no officer is recorded as the node's own (`system`).
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from renkei.cli.arguments import UnusableArguments

if TYPE_CHECKING:
    from renkei.node.accounts.models import Officer

NodeOption = Annotated[
    Path,
    typer.Option("--node", envvar="RENKEI_NODE", metavar="DIR", help="The node's directory."),
]
OfficerOption = Annotated[
    str, typer.Option("--officer", metavar="ACCOUNT", help="The acting officer; recorded in the trail.")
]


def start(node: Path) -> None:
    """Start Django for a node. Raises Unconfigured; `renkei.cli.main` reports missing packages."""
    from renkei.node.start import start as start_django

    start_django(node)


def moment() -> datetime:
    """Return the present time in whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)


def acting(account: str) -> "Officer":
    """Return the officer of an active account. Raises UnusableArguments if there is none."""
    from renkei.node.accounts.models import Officer

    found = Officer.objects.filter(username=account, is_active=True).first()
    if found is None:
        raise UnusableArguments(
            "--officer: no such account, or it is disabled. See `renkei officer list`.",
            "--officer: その職員がいないか、停止されています。`renkei officer list`で確かめてください。",
        )
    return found
