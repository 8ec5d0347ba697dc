"""Packages of `pip install 'renkei[node]'`: if one is missing, the user gets an instruction, not a fault."""

import re
from importlib import metadata
from typing import Final

from renkei.cli.arguments import UnusableArguments

_REQUIREMENT: Final = re.compile(r"""([\w.-]+)[^;]*(?:;.*extra\s*==\s*["']([\w-]+)["'])?""")


def missing(extra: str | None) -> list[str]:
    """Return the packages of an extra that are not installed; with None, Renkei's own dependencies.

    The names come from Renkei's metadata. A source tree that was never installed has no metadata; then the
    result is empty.
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
    """Raise UnusableArguments if a node's packages are missing, with their names and how to install them.

    `instead`: what the user can do without them, in Japanese and English.
    """
    if lacking := missing("node"):
        names = ", ".join(lacking)
        raise UnusableArguments(
            f"A node needs more packages ({names}). Install them: pip install 'renkei[node]'.{instead[1]}",
            f"ノードには追加のパッケージ({names})が要ります。"
            f"インストールしてください: pip install 'renkei[node]'{instead[0]}",
        )


def explain(fault: ModuleNotFoundError) -> None:
    """Raise UnusableArguments if a module is missing because a node's packages are; otherwise return."""
    if (fault.name or "renkei").partition(".")[0] != "renkei" and not missing(None):
        require_node()


def _lacks(name: str) -> bool:
    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return True
    return False
