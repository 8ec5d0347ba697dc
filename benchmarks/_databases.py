"""Databases of a benchmark's own beside the one that it was given."""

import sys
from urllib.parse import urlsplit, urlunsplit

from _measure import Bounds, run

_DROP = """
import sys, psycopg
connection = psycopg.connect(sys.argv[1], autocommit=True)
connection.execute(f"DROP DATABASE IF EXISTS {sys.argv[2]} WITH (FORCE)")
"""
_MAKE = _DROP + 'connection.execute(f"CREATE DATABASE {sys.argv[2]}")'


def beside(database: str, name: str) -> str:
    """Return the URL of another database on the same server."""
    return urlunsplit(urlsplit(database)._replace(path=f"/{name}"))


def make_anew(database: str, name: str, limits: Bounds) -> str:
    """Make an empty database beside the one given, in place of what was there; returns its URL."""
    _do(_MAKE, database, name, limits)
    return beside(database, name)


def drop(database: str, name: str, limits: Bounds) -> None:
    """Drop a database beside the one given."""
    _do(_DROP, database, name, limits)


def _do(work: str, database: str, name: str, limits: Bounds) -> None:
    # In a process of its own: the driver would make this one big.
    done = run([sys.executable, "-c", work, database, name], limits)
    if not done.done:
        sys.exit(f"{name}: {done.end}")
