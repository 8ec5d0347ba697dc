"""Tables by code: published tables, read from `tables/`, and closed lists, in which every code has a row."""

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Protocol, TypeVar

from renkei.agreement.errors import UnknownCode
from renkei.agreement.text import Words


class Row(Protocol):
    """A row of a closed list."""

    @property
    def code(self) -> str:
        """The key of the row."""


T = TypeVar("T")
R = TypeVar("R", bound=Row)

_TABLES = Path(__file__).with_name("tables")
_CODE = re.compile(r"[a-z][a-z0-9_]{0,39}")


class Closed(Mapping[str, R]):
    """A closed list: rows by their `code`, in their order.

    Every look-up of a code without a row raises UnknownCode, `get` included. If there may be no code at all,
    check that first.
    """

    def __init__(self, name: Words, rows: Iterable[R]) -> None:
        self.name = name
        self._rows: dict[str, R] = {}
        for row in rows:
            if row.code in self._rows:
                raise ValueError(f"{row.code}: two rows in the list of {name.en}")
            self._rows[row.code] = row

    def __getitem__(self, code: str) -> R:
        try:
            return self._rows[code]
        except KeyError:
            raise self._unknown(code) from None

    def __contains__(self, code: object) -> bool:
        return code in self._rows

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def _unknown(self, code: str) -> UnknownCode:
        # A value from a file may be anything: it is repeated only if it has the form of a code.
        shown = code if _CODE.fullmatch(code) else "…"
        return UnknownCode(
            f"{shown}: no such code in the list of {self.name.en}. It was written by another version, or "
            "the data are damaged.",
            f"{shown}: {self.name.ja}の一覧にない符号です。別の版で書かれたか、データが壊れています。",
        )


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
