"""Starting a node for a command: Django is loaded by those commands alone that need it."""

from pathlib import Path

from renkei.cli.arguments import UnusableArguments


def start(node: Path) -> None:
    """Start Django for a node. Raises UnusableArguments where the node's packages are not installed."""
    try:
        from renkei.node.start import start
    except ModuleNotFoundError:
        raise UnusableArguments(
            "A node needs more packages: pip install 'renkei[node]'.",
            "ノードには追加のパッケージが要ります: pip install 'renkei[node]'",
        ) from None
    start(node)
