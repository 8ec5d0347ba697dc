"""Strict RFC 4180: cuts the bytes of a CSV file into pieces of whole records; finds what breaks the rules.

What counts as what (§1; `docs/matching.md`):

- A record ends with CRLF or LF outside quotation marks; the last one may lack it. Files may mix the two.
- A line with nothing in it is no record: it is passed over and not counted.
- A CR alone outside quotation marks ends nothing and is refused. Within them every line break is text.
- A quotation mark opens only at the beginning of a field, and after the closing one only a comma or a line
  end may follow. A NUL character is refused.

Works on UTF-8 and on CP932, whose second bytes are never a comma, a quotation mark or a line end.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from renkei.matching.reading.refusals import RefusedFile, refused_at

BLOCK_BYTES = 1 << 22
LONGEST_RECORD: Final = 1 << 26

_LF, _CR, _QUOTE, _COMMA, _NUL = (ord(character) for character in '\n\r",\0')
Places = NDArray[np.intp]

# What is wrong, in both languages. The keys are used only here.
_FAULTS: Final = {
    "open": (
        'a quotation mark (") is opened and never closed. Write the file again according to RFC 4180.',
        '引用符(")が閉じていません。RFC 4180に従って書き出し直してください。',
    ),
    "after": (
        'text after a closing quotation mark ("). Within quotation marks, write a quotation mark twice.',
        '閉じる引用符(")の後に文字があります。引用符で囲んだ値の中の引用符は二つ重ねてください。',
    ),
    "within": (
        'a quotation mark (") inside a field that does not begin with one. Quote the whole field and write '
        "the quotation mark twice.",
        '引用符(")で始まらない項目の中に引用符があります。項目全体を囲み、中の引用符は二つ重ねてください。',
    ),
    "cr": (
        "a carriage return (CR) without a line feed. End lines with CRLF or LF, and quote values with line "
        "breaks.",
        "改行がCRだけです。行末はCRLFかLFにし、改行を含む値は引用符で囲んでください。",
    ),
    "nul": (
        "a NUL character. The file is damaged or no text; write it again.",
        "NUL文字があります。ファイルが壊れているか、テキストではありません。書き出し直してください。",
    ),
    "long": (
        "longer than 64 MiB. A quotation mark there is probably not closed.",
        "一件が64 MiBを超えています。引用符が閉じていない可能性があります。",
    ),
}


@dataclass(frozen=True, slots=True)
class Piece:
    """Whole records of a file. `records`: their number, lines with nothing in them left out."""

    data: bytes
    record: int
    """The number of its first record; the header is 1."""
    line: int
    """The line on which it begins."""
    records: int
    lines: int
    quoted: bool

    def place(self, offset: int) -> tuple[int, int]:
        """Return the number of the record and of the line in which a byte stands."""
        ends = _record_ends(self.data[:offset])
        full = _filled_ends(self.data, ends)
        return self.record + len(full), self.line + self.data.count(b"\n", 0, offset)

    def record_bytes(self, offset: int) -> bytes:
        """Return the bytes of the record in which a byte stands."""
        ends = _record_ends(self.data)
        after = int(np.searchsorted(ends, offset))
        start = int(ends[after - 1]) + 1 if after else 0
        return self.data[start : int(ends[after]) + 1 if after < len(ends) else len(self.data)]

    def ragged(self, fields: int) -> tuple[int, int] | None:
        """Return the offset and the number of fields of the first record that has not so many."""
        array = np.frombuffer(self.data, np.uint8)
        ends = _filled_ends(self.data, _all_ends(self.data))
        commas = _outside(array, np.flatnonzero(array == _COMMA))
        counts = np.diff(np.searchsorted(commas, ends), prepend=0) + 1
        odd = np.flatnonzero(counts != fields)
        # The offset of the record's last byte, which stands in it whatever stands before it.
        return (max(int(ends[odd[0]]) - 1, 0), int(counts[odd[0]])) if len(odd) else None


def pieces(file: BinaryIO, name: str, line: int = 1) -> Iterator[Piece]:
    """Yield the rest of a file, which begins at `line`, in order, as pieces.

    Raises RefusedFile for what breaks RFC 4180.
    """
    rest, record = b"", 1
    while True:
        # Twice as much each time: a record longer than a block is not scanned again and again.
        block = file.read(max(BLOCK_BYTES, len(rest)))
        data, last = rest + block, not block
        if not data:
            return
        piece = _cut(data, last, record, line, name)
        if piece is not None:
            yield piece
            record, line = record + piece.records, line + piece.lines
            rest = data[len(piece.data) :]
        else:
            rest = data
            if len(rest) > LONGEST_RECORD:
                raise _fault("long", name, record, line)
        if last:
            return


def _cut(data: bytes, last: bool, record: int, line: int, name: str) -> Piece | None:
    if b'"' in data:
        return _cut_quoted(data, last, record, line, name)
    array = np.frombuffer(data, np.uint8)
    line_ends = np.flatnonzero(array == _LF)
    returns = int(np.count_nonzero(array == _CR))
    before = array[np.maximum(line_ends - 1, 0)]
    if returns != np.count_nonzero((before == _CR) & (line_ends > 0)) or b"\0" in data:
        _refuse_bytes(data, last, record, line, name)
    end = len(data) if last else (int(line_ends[-1]) + 1 if len(line_ends) else 0)
    if end == 0:
        return None
    whole = data[:end]
    ends = line_ends if whole.endswith(b"\n") else np.append(line_ends, end)
    return Piece(whole, record, line, len(_filled_ends(whole, ends)), len(ends), quoted=False)


def _refuse_bytes(data: bytes, last: bool, record: int, line: int, name: str) -> None:
    """Refuse NUL and lone CR; of text with quotation marks, only outside them."""
    array = np.frombuffer(data, np.uint8)
    faults: list[tuple[int, str]] = []
    if (nul := data.find(b"\0")) >= 0:
        faults.append((nul, "nul"))
    if b"\r" in data:
        returns = _outside(array, np.flatnonzero(array == _CR))
        if len(returns) and returns[-1] == len(data) - 1:
            if last:
                faults.append((int(returns[-1]), "cr"))
            returns = returns[:-1]
        alone = returns[array[returns + 1] != _LF]
        if len(alone):
            faults.append((int(alone[0]), "cr"))
    _refuse_first(faults, data, record, line, name)


def _cut_quoted(data: bytes, last: bool, record: int, line: int, name: str) -> Piece | None:
    array = np.frombuffer(data, np.uint8)
    quotes = np.flatnonzero(array == _QUOTE)
    # Up to the first fault quotation marks open and close in turn; a doubled one closes and opens again.
    opening, closing = quotes[0::2], quotes[1::2]
    faults: list[tuple[int, str]] = []
    before = array[np.maximum(opening - 1, 0)]
    begins = (before == _COMMA) | (before == _LF) | (before == _QUOTE) | (opening == 0)
    if not begins.all():
        faults.append((int(opening[~begins][0]), "within"))
    followed = closing[closing < len(data) - 1]
    after = array[followed + 1]
    ends = (after == _COMMA) | (after == _LF) | (after == _CR) | (after == _QUOTE)
    if not ends.all():
        faults.append((int(followed[~ends][0]), "after"))
    if last and len(quotes) % 2:
        faults.append((int(quotes[-1]), "open"))
    _refuse_first(faults, data, record, line, name)
    _refuse_bytes(data, last, record, line, name)
    record_ends = _record_ends(data)
    end = len(data) if last else (int(record_ends[-1]) + 1 if len(record_ends) else 0)
    if end == 0:
        return None
    whole = data[:end]
    full = _filled_ends(whole, _all_ends(whole))
    lines = whole.count(b"\n") + (not whole.endswith(b"\n"))
    return Piece(whole, record, line, len(full), lines, quoted=True)


def _refuse_first(faults: list[tuple[int, str]], data: bytes, record: int, line: int, name: str) -> None:
    if faults:
        offset, kind = min(faults)
        place = Piece(data, record, line, 0, 0, quoted=True).place(offset)
        raise _fault(kind, name, *place)


def _fault(kind: str, name: str, record: int, line: int) -> RefusedFile:
    return refused_at(name, record, line, *_FAULTS[kind])


def _outside(array: NDArray[np.uint8], places: Places) -> Places:
    """Return those places that are outside quotation marks."""
    quotes = np.flatnonzero(array == _QUOTE)
    if len(quotes) == 0:
        return places
    outside: Places = places[np.searchsorted(quotes, places) % 2 == 0]
    return outside


def _record_ends(data: bytes) -> Places:
    array = np.frombuffer(data, np.uint8)
    return _outside(array, np.flatnonzero(array == _LF))


def _all_ends(data: bytes) -> Places:
    """Return the ends of all records; without a line end, the last one's is the end of the data."""
    ends = _record_ends(data)
    return ends if data.endswith(b"\n") or not data else np.append(ends, len(data))


def _filled_ends(data: bytes, ends: Places) -> Places:
    """Return the ends of records with something in them."""
    if not len(ends):
        return ends
    array = np.frombuffer(data, np.uint8)
    widths = np.diff(ends, prepend=-1) - 1
    only_cr = (widths == 1) & (array[np.maximum(ends - 1, 0)] == _CR)
    filled: Places = ends[(widths > 0) & ~only_cr]
    return filled
