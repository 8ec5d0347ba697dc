"""Check the rows of one CSV while it is read: the columns of its table (step 7), then the rule of its rows
(step 8).

A table becomes one regular expression over whole lines, so that one call in C checks a block of thousands of
rows: row by row in Python, a gigabyte would take minutes. A value contains no line break, so a row is a
line. Text with a comma or quotation mark is quoted as in RFC 4180.
"""

import csv
import hashlib
import re
from functools import cache

from renkei.exchange.errors import Refused
from renkei.exchange.schemas import Shape, Table, WireColumn

_LONGEST_LINE = 64 * 1024
_PLAIN = r'[^",\x00-\x1f\x7f]'
_QUOTED = r'(?:[^"\x00-\x1f\x7f]|"")'


class RowChecker:
    """Checks a CSV in blocks, counts and hashes it, and refuses its first bad row by line and column.

    A row that breaks only the agreement's item rule (step 8) is kept in `over_provided`, not refused at once:
    the hashes and counts of step 7 are checked first.
    """

    def __init__(self, table: Table) -> None:
        self.table = table
        self.rows = 0
        self.size = 0
        self._hash = hashlib.sha256()
        self._rest = b""
        self._header = False
        self._strict = _strict(table)
        self.over_provided: Refused | None = None

    @property
    def sha256(self) -> str:
        """SHA-256 of all bytes so far."""
        return self._hash.hexdigest()

    def feed(self, block: bytes) -> None:
        """Check the next block, of any size."""
        self._hash.update(block)
        self.size += len(block)
        end = block.rfind(b"\n") + 1
        if not end:
            self._rest += block
            if len(self._rest) > _LONGEST_LINE:
                raise self._refused("line too long")
            return
        lines, self._rest = self._rest + block[:end], block[end:]
        if len(self._rest) > _LONGEST_LINE:
            raise self._refused("line too long")
        if not self._header:
            lines = self._take_header(lines)
        self._take(lines)

    def finish(self) -> None:
        """End the file; its last line must be complete."""
        if self._rest or not self._header:
            raise self._refused("the last line does not end")

    def _take_header(self, lines: bytes) -> bytes:
        header, _, rest = lines.partition(b"\n")
        if header.removesuffix(b"\r") != ",".join(self.table.names).encode():
            raise Refused("package_schema", f"{self.table.path}: header")
        self._header = True
        return rest

    def _take(self, lines: bytes) -> None:
        try:
            text = lines.decode("utf-8")
        except UnicodeDecodeError:
            raise self._refused("not UTF-8") from None
        rest, count = self._strict.subn("", text)
        if rest:
            self._find(text)
            count = text.count("\n")
        self.rows += count

    def _find(self, text: str) -> None:
        """Find the bad row of a block and the reason: slow, and done only for bad blocks."""
        loose = _loose(self.table)
        for place, line in enumerate(text.split("\n")[:-1]):
            if self._strict.fullmatch(line + "\n"):
                continue
            number = self.rows + place + 2  # the header is line 1
            if not loose.fullmatch(line + "\n"):
                raise Refused("row_unreadable", f"{self.table.path}:{number} {self._bad_column(line)}")
            if self.over_provided is None:
                self.over_provided = Refused("over_provided", f"{self.table.path}:{number}")

    def _bad_column(self, line: str) -> str:
        values = next(csv.reader([line]), [])
        if len(values) != len(self.table.columns):
            return f"{len(values)} columns"
        for column, value in zip(self.table.columns, values, strict=True):
            pattern = column.pattern or f"[^\\x00-\\x1f\\x7f]{{1,{column.longest}}}"
            if not (re.fullmatch(pattern, value) if value else not column.required):
                return column.name
        return "incomplete"

    def _refused(self, why: str) -> Refused:
        return Refused("row_unreadable", f"{self.table.path}:{self.rows + 2} {why}")


def _cell(column: WireColumn, pattern: str | None) -> str:
    """Pattern of a filled cell."""
    if pattern is not None:
        return f"(?>{pattern})"
    return f'(?>{_PLAIN}{{1,{column.longest}}}|"{_QUOTED}{{1,{column.longest}}}")'


def _row(table: Table, shape: Shape, mark: str) -> str:
    """Pattern of one row of this shape; `mark` is the prefix of this shape's groups."""
    watched = set(shape.only_if.values())
    cells = []
    for column in table.columns:
        agreed = shape.only.get(column.name, shape.exactly.get(column.name, column.pattern))
        filled = _cell(column, agreed)
        follows = shape.only_if.get(column.name)
        if shape.prefix and column.name.startswith(shape.prefix):
            follows = column.name.removeprefix(shape.prefix)
        if column.name in shape.blank:
            cell = ""
        elif column.name == shape.listed:
            listed = _list(table, shape, mark)
            cell = listed if column.name in shape.filled else f"(?:{listed})?+"
        elif follows:
            cell = f"(?({mark}{follows})(?:{filled})?+|)"
        elif column.name in watched:
            cell = f"(?P<{mark}{column.name}>{filled})?"
        elif column.required or column.name in shape.filled or column.name in shape.exactly:
            cell = filled
        else:
            cell = f"(?:{filled})?+"
        cells.append(cell)
    return ",".join(cells)


def _list(table: Table, shape: Shape, mark: str) -> str:
    """Pattern of a list of columns joined by `;`, each at most once, in the order of the table."""
    items = [name.removeprefix(shape.prefix) for name in table.names if name.startswith(shape.prefix)]
    ordered = "".join(f"(?P<{mark}{item}>{item}(?:;|(?=,)))?+" for item in items)
    return f"(?!,){ordered}(?<!;)"


@cache
def _strict(table: Table) -> re.Pattern[str]:
    shapes = "|".join(_row(table, shape, f"s{place}_") for place, shape in enumerate(table.shapes))
    return re.compile(rf"^(?>{shapes})\r?\n", re.MULTILINE)


@cache
def _loose(table: Table) -> re.Pattern[str]:
    """The same shapes without their blank columns: a row that fits only this one is over-provided."""
    kept = [Shape(filled=shape.filled, exactly=shape.exactly) for shape in table.shapes]
    shapes = "|".join(_row(table, shape, f"l{place}_") for place, shape in enumerate(kept))
    return re.compile(rf"^(?>{shapes})\r?\n", re.MULTILINE)
