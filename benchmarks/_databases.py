"""Databases that a benchmark makes for itself on the given server."""

import sys
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from _measure import Bounds, run

_DROP = """
import sys, psycopg
connection = psycopg.connect(sys.argv[1], autocommit=True)
connection.execute(f"DROP DATABASE IF EXISTS {sys.argv[2]} WITH (FORCE)")
"""
_MAKE = _DROP + 'connection.execute(f"CREATE DATABASE {sys.argv[2]}")'


#: The server settings that influence a benchmark's figures most.
_SETTINGS = ("fsync", "shared_buffers", "huge_pages")
_ASKED = ", ".join(f"current_setting('{name}')" for name in _SETTINGS)


def server(cursor: Any) -> str:
    """Return the version of a cursor's server, with the settings that a reader must know."""
    cursor.execute(f"SELECT version(), {_ASKED}")
    version, *settings = cursor.fetchone()
    said = ", ".join(f"{name} {setting}" for name, setting in zip(_SETTINGS, settings, strict=True))
    return f"{version.split(' on ')[0]} ({said})"


def beside(database: str, name: str) -> str:
    """Return the URL of another database on the same server."""
    return urlunsplit(urlsplit(database)._replace(path=f"/{name}"))


def make_anew(database: str, name: str, limits: Bounds) -> str:
    """Drop and create a database on the server of the given one; return its URL."""
    _do(_MAKE, database, name, limits)
    return beside(database, name)


def drop(database: str, name: str, limits: Bounds) -> None:
    """Drop a database on the server of the given one."""
    _do(_DROP, database, name, limits)


def _do(work: str, database: str, name: str, limits: Bounds) -> None:
    # In a separate process: the driver would enlarge this one.
    done = run([sys.executable, "-c", work, database, name], limits)
    if not done.done:
        sys.exit(f"{name}: {done.end}")
