"""The refusal of a whole file. It names files, records and columns; no values, which are personal data."""

from renkei.agreement.errors import RenkeiError


class RefusedFile(RenkeiError):
    """A file that is refused as a whole: no row of it was accepted (reconciliation §1)."""


def refused(name: str, en: str, ja: str) -> RefusedFile:
    """Return the refusal of the file `name`: what is wrong and what to do, in both languages."""
    return RefusedFile(f"{name}: refused whole: {en}", f"{name}: 全体を拒否。{ja}")


def refused_at(name: str, record: int, line: int, en: str, ja: str) -> RefusedFile:
    """Return the refusal of a CSV file by record (the header is 1) and line (as a text editor counts)."""
    return RefusedFile(
        f"{name}, line {line}, record {record}: refused whole: {en}",
        f"{name} {line}行目・{record}件目(見出しを1とする): 全体を拒否。{ja}",
    )
