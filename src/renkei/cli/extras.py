"""What `pip install 'renkei[node]'` brings beside Renkei itself: said, and no fault, where it is missing."""

import re
from importlib import metadata
from typing import Final

from renkei.cli.arguments import UnusableArguments

_REQUIREMENT: Final = re.compile(r"""([\w.-]+)[^;]*(?:;.*extra\s*==\s*["']([\w-]+)["'])?""")


def missing(extra: str | None) -> list[str]:
    """Return which packages of an extra are not installed, of Renkei's own with None.

    Renkei's own metadata name them; a source tree that was never installed has none, and nothing is missing.
    """
    try:
        requirements = metadata.requires("renkei") or []
    except metadata.PackageNotFoundError:
        return []
    found = (_REQUIREMENT.match(requirement) for requirement in requirements)
    return sorted(
        name for name, of in (each.groups() for each in found if each) if of == extra and _lacks(name)
    )


def require_node(instead: tuple[str, str] = ("", "")) -> None:
    """Refuse to begin what needs a node's packages. `instead` says, ja and en, what can be done without.

    Raises UnusableArguments, naming what is missing and how to install it.
    """
    if lacking := missing("node"):
        names = ", ".join(lacking)
        raise UnusableArguments(
            f"A node needs more packages ({names}). Install them: pip install 'renkei[node]'.{instead[1]}",
            f"ノードには追加のパッケージ({names})が要ります。"
            f"インストールしてください: pip install 'renkei[node]'{instead[0]}",
        )


def explain(fault: ModuleNotFoundError) -> None:
    """Raise UnusableArguments where a module is missing because a node's packages are; else return."""
    if (fault.name or "renkei").partition(".")[0] != "renkei" and not missing(None):
        require_node()


def _lacks(name: str) -> bool:
    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return True
    return False
