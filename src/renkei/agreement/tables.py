"""The published tables that the agreement is read from: one reader, used once for each table."""

import csv
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

T = TypeVar("T")

_TABLES = Path(__file__).with_name("tables")


def read_text(name: str) -> str:
    """Return the text of one file of `tables/`, which is UTF-8."""
    return (_TABLES / name).read_text("utf-8")


@cache
def read_rows(name: str) -> tuple[Mapping[str, str], ...]:
    """Return the rows of one CSV of `tables/`, in file order; a blank cell is an empty string."""
    return tuple(MappingProxyType(row) for row in csv.DictReader(read_text(name).splitlines()))


def read_keyed(name: str, key: str, build: Callable[[Mapping[str, str]], T]) -> Mapping[str, T]:
    """Return the rows of one CSV by the column `key`, in file order, each built by `build`."""
    return MappingProxyType({row[key]: build(row) for row in read_rows(name)})
