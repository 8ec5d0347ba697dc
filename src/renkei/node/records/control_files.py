"""Control files: `NAME.ok` beside an extract says how many rows it has, and its SHA-256.

Whoever exports an extract writes its control file last, so that a file with a fitting one is complete. Needs
no Django, so that any export can use `write`.
"""

import hashlib
import re
from pathlib import Path
from typing import Final, NamedTuple

SUFFIX: Final = ".ok"
_LONGEST: Final = 4096
_SHA256: Final = re.compile(r"(?<![0-9a-fA-F])[0-9a-fA-F]{64}(?![0-9a-fA-F])")
_ROWS: Final = re.compile(r"(?:rows|件数)[^0-9]{0,3}(?P<rows>[0-9]{1,12})(?![0-9])", re.IGNORECASE)


class Control(NamedTuple):
    """What a control file says: rows without the header, and SHA-256 in lower-case hexadecimal."""

    rows: int
    sha256: str


def of(path: Path) -> Path:
    """Return the path of an extract's control file."""
    return path.with_name(path.name + SUFFIX)


def write(path: Path, rows: int) -> Path:
    """Write the control file of a complete extract with that many rows; returns the extract's path."""
    of(path).write_text(f"rows={rows}\nsha256={sha256_of(path)}\n", "ascii")
    return path


def read(path: Path) -> Control | None:
    """Read an extract's control file; None where it does not give both. Raises OSError."""
    with of(path).open("rb") as file:
        text = file.read(_LONGEST).decode("utf-8", "replace")
    rows, sha256 = _ROWS.search(text), _SHA256.search(text)
    return Control(int(rows["rows"]), sha256[0].lower()) if rows and sha256 else None


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
