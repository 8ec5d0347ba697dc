"""What a file really is, when it is not what its name or the options say: named, with what to do (§1)."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from renkei.agreement.datasets import Dataset
from renkei.matching.reading.headers import known_headers, normalise
from renkei.matching.reading.refusals import RefusedFile, refused, refused_at

HEAD_BYTES = 1 << 16


class Format(NamedTuple):
    """A kind of file, by its first bytes, and what to do with it."""

    name: str
    start: bytes
    en: str
    ja: str
    holds: bytes = b""


_AS_CSV = ("Save it as CSV in UTF-8.", "UTF-8のCSVで保存してください。")
_UNPACK = ("Unpack it first.", "先に展開してください。")
_AS_XLSX = ("Save it as .xlsx or as CSV.", ".xlsxかCSVで保存してください。")
# The first that fits. Of files that begin alike, the one with a distinguishing part comes first.
FORMATS = (
    Format("UTF-32", b"\xff\xfe\0\0", *_AS_CSV),
    Format("UTF-32", b"\0\0\xfe\xff", *_AS_CSV),
    Format("UTF-16", b"\xff\xfe", *_AS_CSV),
    Format("UTF-16", b"\xfe\xff", *_AS_CSV),
    Format("gzip", b"\x1f\x8b", "Give it a name that ends in .csv.gz.", "名前を.csv.gzにしてください。"),
    Format("Parquet", b"PAR1", "Give it a name that ends in .parquet.", "名前を.parquetにしてください。"),
    Format("encrypted Parquet", b"PARE", "Decrypt it first.", "先に復号してください。"),
    Format("OpenDocument workbook (.ods)", b"PK", *_AS_XLSX, holds=b"opendocument.spreadsheet"),
    Format("Excel workbook (.xlsb)", b"PK", *_AS_XLSX, holds=b"xl/workbook.bin"),
    Format(
        "Excel workbook (.xlsx)",
        b"PK",
        "Give it a name that ends in .xlsx, or save it as CSV.",
        "名前を.xlsxにするか、CSVで保存してください。",
        holds=b"xl/",
    ),
    Format("ZIP", b"PK\x03\x04", *_UNPACK),
    Format(
        "Excel workbook with a password",
        b"\xd0\xcf\x11\xe0",
        "Save it without a password as .xlsx, or as CSV.",
        "パスワードを外して.xlsxで保存するか、CSVで保存してください。",
        holds="EncryptedPackage".encode("utf-16-le"),
    ),
    Format("old Excel workbook (.xls)", b"\xd0\xcf\x11\xe0", *_AS_XLSX),
    Format("bzip2", b"BZh", *_UNPACK),
    Format("xz", b"\xfd7zXZ\0", *_UNPACK),
    Format("Zstandard", b"\x28\xb5\x2f\xfd", *_UNPACK),
    Format("7z", b"7z\xbc\xaf\x27\x1c", *_UNPACK),
    Format("Arrow IPC", b"ARROW1", "Write it as Parquet or CSV.", "ParquetかCSVで書き出してください。"),
    Format("PDF", b"%PDF", *_AS_CSV),
)
_DELIMITERS = ((";", "semicolon", "セミコロン"), ("\t", "tab", "タブ"), ("|", "bar", "縦線"))
_KNOWN_SHARE = (
    4  # UTF-16 without a mark: one byte in four of its text, at least, is NUL in every second place
)


def recognise(head: bytes, tail: bytes = b"") -> Format | None:
    """Recognise a format that is not text by the first bytes of a file (and its last), None if it is none."""
    for one in FORMATS:
        if head.startswith(one.start) and (one.holds in head or one.holds in tail):
            return one
    if b"\0" in head:
        half = max(len(head) // 2, 1)
        for start in (0, 1):
            if head[start::2].count(0) * _KNOWN_SHARE > half > head[1 - start :: 2].count(0) * _KNOWN_SHARE:
                return Format("UTF-16", b"", *_AS_CSV)
    return None


def refuse_other_format(name: str, found: Format, expected: str) -> RefusedFile:
    """Return the refusal of a file that is of another format than its name says."""
    return refused(
        name,
        f"not {expected}: it is {found.name}. {found.en}",
        f"{expected}ではなく、{found.name}です。{found.ja}",
    )


def refuse_other_delimiter(name: str, headers: Sequence[str], dataset: Dataset) -> None:
    """Raise RefusedFile if a header becomes one of the dataset when cut at another delimiter."""
    if len(headers) != 1:
        return
    known = known_headers(dataset)
    for delimiter, en, ja in _DELIMITERS:
        parts = headers[0].split(delimiter)
        many = len(parts) * 2 > len(dataset.names)
        if many or sum(normalise(part.strip('"')) in known for part in parts) > 1:
            raise refused_at(
                name,
                1,
                1,
                f"the fields are separated by {en}s, not by commas. Write it with commas.",
                f"項目の区切りがコンマではなく{ja}です。コンマ区切りで書き出してください。",
            )


# --- encodings ---------------------------------------------------------------------------------------

# Bytes that half-width kana alone does not have: a byte outside A1–DF, or a Latin letter beside one.
_NOT_KANA_ALONE = re.compile(rb"[\x80-\xa0\xe0-\xff]|[A-Za-z][\xa1-\xdf]|[\xa1-\xdf][A-Za-z]")
_OTHER_ENCODINGS = (("cp932", "CP932 (Shift_JIS)"), ("euc_jp", "EUC-JP"), ("cp1252", "Windows-1252"))


def is_certainly_utf8(data: bytes) -> bool:
    """Say whether bytes that are valid UTF-8 cannot have been meant as CP932.

    Half-width kana in CP932 can be valid UTF-8 by accident; such text with nothing else is left alone.
    """
    return bool(_NOT_KANA_ALONE.search(data))


def refuse_encoding(name: str, record: int, line: int, bad: bytes, encoding: str) -> RefusedFile:
    """Return the refusal of bytes (one record) that are not of the encoding; it says what they may be."""
    if encoding == "cp932":
        return (
            utf8_as_cp932(name, record, line)
            if _decodes(bad, "utf-8")
            else refused_at(
                name,
                record,
                line,
                "not CP932. Try --encoding utf-8, or save the file as CSV in UTF-8.",
                "CP932ではありません。--encoding utf-8 を試すか、UTF-8のCSVで保存し直してください。",
            )
        )
    likely = next((words for codec, words in _OTHER_ENCODINGS if _decodes(bad, codec)), "damaged")
    return refused_at(
        name,
        record,
        line,
        f"not UTF-8 (it may be {likely}). Try --encoding cp932, or save the file as CSV in UTF-8.",
        f"UTF-8ではありません({likely}の可能性)。--encoding cp932 を試すか、UTF-8のCSVで保存し直して"
        "ください。",
    )


def utf8_as_cp932(name: str, record: int, line: int) -> RefusedFile:
    """Return the refusal of UTF-8 that was to be read as CP932."""
    return refused_at(
        name,
        record,
        line,
        "it is UTF-8, not cp932. Leave out --encoding cp932 (or say --encoding utf-8).",
        "CP932ではなくUTF-8です。--encoding cp932 を外してください(--encoding utf-8)。",
    )


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
