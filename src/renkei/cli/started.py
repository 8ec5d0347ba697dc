"""What every command of a node does first: find the node, start Django, read the clock."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

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
