"""What every command of a node does first: find the node, start Django, read the clock."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from renkei.cli.arguments import UnusableArguments

# MERGED renkei.cli.node_options: Acting as an officer from the command line: who holds the machine names the account, the gate decides.
#
# The trail then names that officer. What no officer is needed for is done by the node itself (`system`).

if TYPE_CHECKING:
    from renkei.node.accounts.models import Officer

OfficerOption = Annotated[
    str, typer.Option("--officer", metavar="ACCOUNT", help="Who acts; the trail names them.")
]


def acting(account: str) -> "Officer":
    """Return the officer of an account. Raises UnusableArguments where there is none that may enter."""
    from renkei.node.accounts.models import Officer

    found = Officer.objects.filter(username=account, is_active=True).first()
    if found is None:
        raise UnusableArguments(
            "--officer: no such account, or it is disabled. See `renkei officer list`.",
            "--officer: その職員がいないか、停止されています。`renkei officer list`で確かめてください。",
        )
    return found


NodeOption = Annotated[
    Path,
    typer.Option("--node", envvar="RENKEI_NODE", metavar="DIR", help="The node's directory."),
]


def start(node: Path) -> None:
    """Start Django for a node. Raises Unconfigured; `renkei.cli.main` says where its packages are missing."""
    from renkei.node.start import start as start_django

    start_django(node)


def moment() -> datetime:
    """Return the present moment, in whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)
