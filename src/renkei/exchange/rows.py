"""Check the rows of one CSV while it is read, and set aside those that cannot be taken (steps 7 and 8).

A table becomes one regular expression over whole lines, so that one call in C checks a block of thousands of
rows: row by row in Python, a gigabyte would take minutes. Only a block with a line that does not fit is read
record by record (RFC 4180). There a row that does not fit its table is set aside with its reasons, and its
neighbours are taken. A file that is not RFC 4180, or whose records have another number of fields, is refused.
"""

import codecs
import hashlib
import re
from collections.abc import Callable, Set
from dataclasses import dataclass
from functools import cache
from typing import BinaryIO, Final

from renkei.exchange.archive import BLOCK
from renkei.exchange.errors import Refused
from renkei.exchange.schemas import Shape, Table, WireColumn

_LONGEST_LINE = 64 * 1024
_PLAIN = r'[^",\x00-\x1f\x7f]'
_QUOTED = r'(?:[^"\x00-\x1f\x7f]|"")'
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
#: The codes with which `refusal_of` tells a sender of a row.
ROW_CODES: Final = frozenset({"row_unreadable", "over_provided"})
#: No column takes a longer value, so no more of a field is kept.
_MOST_KEPT: Final = 30_000
_MOST_REASONS: Final = 1000  # the length of `reasons` in `rejected_rows`


@dataclass(frozen=True, slots=True)
class SetAside:
    """A row that was not taken: the number of its record (the header is 1), and the sorted reasons.

    `identifier` is the value of its first column, blank where that is no identifier or does not fit. Reasons:
    `missing:COLUMN`, `unreadable:COLUMN`, and `forbidden:COLUMN` for an item that the agreement withholds.
    """

    line: int
    identifier: str
    reasons: tuple[str, ...]

    @property
    def joined(self) -> str:
        """The reasons joined by `;`, as many as `rejected_rows` can carry."""
        found = self.reasons[0]
        for reason in self.reasons[1:]:
            if len(found) + 1 + len(reason) > _MOST_REASONS:
                break
            found += f";{reason}"
        return found


class RowChecker:
    """Checks a CSV in blocks, counts and hashes it, and gives back the bytes of the rows that are taken.

    `note` is called with every row that is set aside. `rows`, `size` and `sha256` are of the whole file, with
    the rows that are set aside; `set_aside` counts those by their first reason.
    """

    def __init__(self, table: Table, note: Callable[[SetAside], object] = lambda row: None) -> None:
        self.table = table
        self.rows = 0
        self.size = 0
        self.set_aside: dict[str, int] = {}
        self._note = note
        self._hash = hashlib.sha256()
        self._rest = b""
        self._header = False
        self._open: _Record | None = None
        self._names = table.names
        self._strict = _strict(table)

    @property
    def sha256(self) -> str:
        """SHA-256 of all bytes so far."""
        return self._hash.hexdigest()

    def feed(self, block: bytes) -> bytes:
        """Check the next block, of any size; return the lines of the rows that are taken.

        Raises `Refused` with a code of step 7 for a file that is not RFC 4180 or has another header.
        """
        self._hash.update(block)
        self.size += len(block)
        data, self._rest = self._rest + block, b""
        taken: list[bytes] = []
        if self._open:
            data = self._read_on(self._open, data, taken)
        end = data.rfind(b"\n") + 1
        if end:
            taken.append(self._take(data[:end]))
        rest = data[end:]
        if len(rest) > _LONGEST_LINE and not self._open:
            if not self._header:
                raise self._wrong_header()
            self._open = self._record()
        if self._open and rest:
            self._read_on(self._open, rest, taken)
        else:
            self._rest += rest
        return b"".join(taken)

    def finish(self) -> None:
        """End the file; its last line must be complete."""
        if self._rest or self._open or not self._header:
            raise self._refused("the last line does not end")

    def _take(self, lines: bytes) -> bytes:
        try:
            text = lines.decode("utf-8")
        except UnicodeDecodeError:
            raise self._refused("not UTF-8") from None
        place = 0 if self._header else self._take_header(text)
        rest, count = self._strict.subn("", text[place:])
        if not rest:
            self.rows += count
            return lines
        return self._one_by_one(text, place)

    def _take_header(self, text: str) -> int:
        header = self._record()
        end = header.read(text, 0)
        if end is None or header.fields != list(self.table.names):
            raise self._wrong_header()
        self._header = True
        return end

    def _one_by_one(self, text: str, place: int) -> bytes:
        """Take the rows of a block with a line that does not fit: slow, and done only for such blocks."""
        taken = [text[:place].encode()]
        while place < len(text):
            if found := self._strict.match(text, place):
                taken.append(found[0].encode())
                self.rows += 1
                place = found.end()
                continue
            record = self._record()
            end = record.read_plain(text, place) or record.read(text, place)
            if end is None:  # goes on in the next block
                self._open = record
                break
            taken.append(self._judge(record))
            place = end
        return b"".join(taken)

    def _read_on(self, record: "_Record", data: bytes, taken: list[bytes]) -> bytes:
        """Read on in a record that an earlier block began; return what comes after it."""
        try:
            text, used = codecs.utf_8_decode(data, "strict", False)
        except UnicodeDecodeError:
            raise self._refused("not UTF-8") from None
        end = record.read(text, 0)
        if end is None:
            self._rest = data[used:]  # the beginning of a character
            return b""
        self._open = None
        taken.append(self._judge(record))
        return text[end:].encode() + data[used:]

    def _judge(self, record: "_Record") -> bytes:
        """Return the line of a row that fits in another spelling, or set the row aside."""
        if len(record.fields) != len(self.table.columns):
            raise self._refused(f"{len(record.fields)} columns")
        self.rows += 1
        line = ",".join(map(_spelled, record.fields)) + "\n"
        if not record.cut and self._strict.fullmatch(line):
            return line.encode()
        values = dict(zip(self._names, record.fields, strict=True))
        cut = frozenset(self._names[place] for place in record.cut)
        reasons = tuple(sorted(_reasons(self.table, values, cut)))
        key = self._names[0]
        named = key.endswith("_id") and f"unreadable:{key}" not in reasons
        self._note(SetAside(self.rows + 1, values[key] if named else "", reasons))
        self.set_aside[reasons[0]] = self.set_aside.get(reasons[0], 0) + 1
        return b""

    def _record(self) -> "_Record":
        return _Record(len(self.table.columns), self._refused)

    def _wrong_header(self) -> Refused:
        return Refused("package_schema", f"{self.table.path}: header")

    def _refused(self, why: str) -> Refused:
        return Refused("row_unreadable", f"{self.table.path}:{self.rows + 2} {why}")


def rows_set_aside(table: Table, source: BinaryIO) -> list[SetAside]:
    """Return the rows of a CSV that the check would set aside. Raises `Refused` as `RowChecker.feed` does."""
    found: list[SetAside] = []
    checker = RowChecker(table, found.append)
    while block := source.read(BLOCK):
        checker.feed(block)
    checker.finish()
    return found


def refusal_of(table: Table, row: SetAside) -> Refused:
    """Return the error with which a sender is told of a row that the check sets aside: line and columns."""
    over = [reason for reason in row.reasons if reason.startswith("forbidden:")]
    columns = ", ".join(reason.partition(":")[2] for reason in over or row.reasons)
    return Refused("over_provided" if over else "row_unreadable", f"{table.path}:{row.line} {columns}")


# --- one record of RFC 4180 ---------------------------------------------------------------------------------

_PLAIN_PART = re.compile(r'[^",\r\n\0]*')
_NOT_PLAIN = re.compile(r'["\r\0]')
_QUOTED_PART = re.compile(r'[^"]*')


class _Record:
    """Reads one record piece by piece, of any length, and keeps of each field as much as the check needs.

    `fields` are the values, `cut` the places of those that are longer than what was kept.
    """

    def __init__(self, most: int, refused: Callable[[str], Refused]) -> None:
        self.fields = [""]
        self.cut: set[int] = set()
        self._most = most
        self._refused = refused
        self._state = "begin"

    def read_plain(self, text: str, place: int) -> int:
        """Read a record of ordinary length without quotation marks; return 0 for any other."""
        end = text.find("\n", place)
        line = text[place:end].removesuffix("\r")
        fields = line.split(",")
        if end < 0 or len(line) > _MOST_KEPT or len(fields) != self._most or _NOT_PLAIN.search(line):
            return 0
        self.fields = fields
        return end + 1

    def read(self, text: str, place: int) -> int | None:
        """Read on from a place; return the place after the record, None where the text ends before it."""
        while place < len(text):
            if self._state in ("plain", "quoted"):
                part = _PLAIN_PART if self._state == "plain" else _QUOTED_PART
                end = part.match(text, place).end()  # type: ignore[union-attr]
                self._keep(text[place:end])
                place = end
                if place == len(text):
                    return None
            character = text[place]
            if self._state == "begin" and character not in ',\r\n"':
                self._state = "plain"
                continue
            place += 1
            if character == '"' and self._state in ("begin", "quoted", "closed"):
                if self._state == "closed":
                    self._keep('"')
                self._state = "closed" if self._state == "quoted" else "quoted"
            elif self._state == "return":
                if character == "\n":
                    return place
                raise self._refused("not RFC 4180")
            elif character == ",":
                if len(self.fields) == self._most:
                    raise self._refused("too many columns")
                self.fields.append("")
                self._state = "begin"
            elif character == "\n":
                return place
            elif character == "\r":
                self._state = "return"
            else:
                raise self._refused("not RFC 4180")
        return None

    def _keep(self, part: str) -> None:
        free = _MOST_KEPT - len(self.fields[-1])
        if len(part) > free:
            self.cut.add(len(self.fields) - 1)
        self.fields[-1] += part[:free]


def _spelled(value: str) -> str:
    """Write a value as the format does: quoted only where it must be."""
    return '"' + value.replace('"', '""') + '"' if '"' in value or "," in value else value


# --- why a row does not fit ---------------------------------------------------------------------------------


def _reasons(table: Table, values: dict[str, str], cut: frozenset[str]) -> set[str]:
    """Return why a row does not fit: what is wrong with its values, and how it differs
    from the nearest shape.
    """
    unreadable = cut | {
        column.name
        for column in table.columns
        if values[column.name] and not _readable(column, values[column.name])
    }
    missing = {column.name for column in table.columns if column.required and not values[column.name]}
    found = {f"unreadable:{name}" for name in unreadable} | {f"missing:{name}" for name in missing}
    known = unreadable | missing
    of_shapes = [_differences(table, shape, values, known) for shape in table.shapes]
    nearest = min(of_shapes, key=lambda each: (*each[:2], len(each[2])))
    return found | nearest[2] or {f"unreadable:{table.names[0]}"}


def _differences(
    table: Table, shape: Shape, values: dict[str, str], known: Set[str]
) -> tuple[int, int, set[str]]:
    """Return how a row differs from a shape, after how many columns say that it is of another shape.

    First those whose value is the mark of another shape (`action`), then those that are filled in one shape
    and blank in another (`deleted_on`).
    """
    marked, told, found = 0, 0, set()
    listed = values[shape.listed].split(";") if shape.listed and values[shape.listed] else []
    unlisted = shape.listed in known or (not listed and shape.listed in shape.filled)
    telling = _telling(table)
    for name, value in values.items():
        reason = ""
        if name in shape.blank:
            reason = "forbidden" if value else ""
        elif name in known:
            continue
        elif name in shape.exactly and not _fits(shape.exactly[name], value):
            reason = "unreadable" if value else "missing"
            marked += bool(value)
        elif not value:
            reason = "missing" if name in shape.filled else ""
        elif (name in shape.only and not _fits(shape.only[name], value)) or (
            name == shape.listed and not _in_order(table, shape, listed)
        ):
            reason = "forbidden"
        elif shape.prefix and name.startswith(shape.prefix) and not unlisted:
            reason = "" if name.removeprefix(shape.prefix) in listed else "forbidden"
        if reason:
            found.add(f"{reason}:{name}")
            told += name in telling
    return marked, told, found


def _in_order(table: Table, shape: Shape, listed: list[str]) -> bool:
    """Whether a list names columns of the table, each once and in their order."""
    possible = (name.removeprefix(shape.prefix) for name in table.names if name.startswith(shape.prefix))
    return listed == [item for item in possible if item in listed]


@cache
def _telling(table: Table) -> frozenset[str]:
    """Columns that one shape demands and another forbids: they tell the shapes apart (`deleted_on`)."""
    filled = frozenset[str]().union(*(shape.filled for shape in table.shapes))
    return filled & frozenset[str]().union(*(shape.blank for shape in table.shapes))


def _readable(column: WireColumn, value: str) -> bool:
    if column.pattern is not None:
        return _fits(column.pattern, value)
    return len(value) <= column.longest and not _CONTROL.search(value)


def _fits(pattern: str, value: str) -> bool:
    """Whether a pattern fits a whole value. Some look ahead to the comma after the cell."""
    return _whole(pattern).fullmatch(f"{value},") is not None


@cache
def _whole(pattern: str) -> re.Pattern[str]:
    return re.compile(f"(?>{pattern}),")


# --- the pattern of a table ---------------------------------------------------------------------------------


def _cell(column: WireColumn, pattern: str | None) -> str:
    """Pattern of a filled cell."""
    if pattern is not None:
        return f"(?>{pattern})"
    return f'(?>{_PLAIN}{{1,{column.longest}}}|"{_QUOTED}{{1,{column.longest}}}")'


def _row(table: Table, shape: Shape, mark: str) -> str:
    """Pattern of one row of this shape; `mark` is the prefix of this shape's groups."""
    cells = []
    for column in table.columns:
        agreed = shape.only.get(column.name, shape.exactly.get(column.name, column.pattern))
        filled = _cell(column, agreed)
        if column.name in shape.blank:
            cell = ""
        elif column.name == shape.listed:
            listed = _list(table, shape, mark)
            cell = listed if column.name in shape.filled else f"(?:{listed})?+"
        elif shape.prefix and column.name.startswith(shape.prefix):
            cell = f"(?({mark}{column.name.removeprefix(shape.prefix)})(?:{filled})?+|)"
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
    # The line end is within the group: a row that begins as one shape does may be of another.
    return re.compile(rf"^(?>(?:{shapes})\r?\n)", re.MULTILINE)
