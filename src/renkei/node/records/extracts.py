"""The directory DIR/extracts: which files are whole, their import, and where they go afterwards.

A file that is still being written has rows missing that nobody would miss (§1 of the matching: nothing is
lost without a word). So a file is taken when it is whole:

- with a control file `NAME.ok` (number of rows and SHA-256): when its SHA-256 is the one given there;
- without one: when it has not changed for a while (`extracts_settle_seconds`), no process of this machine has
  it open for writing, and it ends as its format does (CSV: a line feed).

A file that is not whole stays where it is and is named in the alarms and in `renkei status`.
"""

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Final, cast

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from renkei.agreement.errors import RenkeiError
from renkei.agreement.text import Words
from renkei.matching.reading import Encoding, RefusedFile
from renkei.node.audit.trail import record
from renkei.node.audit.verbs import Verb
from renkei.node.errors import NotOurs, NotWhole, TooMuchGone
from renkei.node.records import control_files
from renkei.node.records.imports import Mode, import_file
from renkei.node.records.models import Import
from renkei.node.records.tables import TABLES

DONE: Final = "done"
REFUSED: Final = "refused"
REFUSAL: Final = ".refusal.txt"

_NAME: Final = re.compile(
    r"(?P<dataset>[a-z_]+)\.(?P<mode>full|delta)\.(?P<label>.+?)(?P<confirmed>\.confirmed)?(?P<cp932>\.cp932)?"
    r"\.(?:csv|parquet)"
)
# Names of files that are still being written; they are ignored until they are renamed.
_UNFINISHED: Final = re.compile(r"\..*|.*\.(?:part|tmp)")
#: The last bytes of a complete file, by its ending.
_LAST: Final = {".csv": b"\n", ".parquet": b"PAR1"}


class State(Enum):
    """Whether a file can be taken, in the words of `renkei status`."""

    WHOLE = Words("取込み可", "whole")
    CHANGING = Words("書込み中の可能性", "still changing, or open for writing")
    CUT_SHORT = Words("末尾が途中で切れている", "its end is missing")
    DIFFERS = Words("制御ファイルと一致しない", "differs from its control file")
    NO_CONTROL = Words("制御ファイルを読めない", "its control file gives no number of rows and SHA-256")
    UNREADABLE = Words("読み取れない", "cannot be read")


#: What may pass by itself: the day waits for it. Any other file that is not whole is passed over.
_PASSES: Final = frozenset({State.CHANGING})


@dataclass(frozen=True, slots=True)
class Extract:
    """A file in DIR/extracts. `size` in bytes, `age` in seconds since it last changed; -1 if unreadable.

    `rows` is what its control file says.
    """

    path: Path
    state: State
    size: int = -1
    age: float = -1
    rows: int | None = None


def extracts() -> list[Extract]:
    """Return the files in DIR/extracts in the order of import: datasets as in `TABLES`, then label."""
    directory = settings.NODE.extracts
    if not directory.is_dir():
        return []
    names = [path for path in directory.iterdir() if not _UNFINISHED.fullmatch(path.name)]
    files = [path for path in names if path.suffix != control_files.SUFFIX and not path.is_dir()]
    return [_look(path) for path in sorted(files, key=_order)]


def waiting() -> Iterator[str]:
    """Yield the names of files that will not become whole by themselves."""
    for each in extracts():
        if each.state not in _PASSES | {State.WHOLE}:
            yield each.path.name


def import_extracts(now: datetime) -> list[Import]:
    """Import every whole file in DIR/extracts; returns the imports, in order.

    Files are named `<dataset>.full.<label>.csv` or `.parquet`, or `<dataset>.delta.…`. `.cp932.csv` gives the
    encoding; `.confirmed` before it confirms that a full extract may remove many rows. Files are imported by
    dataset (persons before cards), then by label, for example a date. Each file is moved to done/, or to
    refused/ with a note that says why in both languages. The next run imports what an interrupted one left.
    """
    found = [each for each in extracts() if each.state is State.WHOLE]
    return [made for each in found if (made := _import(each, now))]


def changing() -> bool:
    """Say whether a file will become whole by itself: a day waits for it."""
    return any(each.state in _PASSES for each in extracts())


def _order(path: Path) -> tuple[int, str, bool, str]:
    ours = list(TABLES[settings.NODE.party])
    named = _NAME.fullmatch(path.name)
    if named is None or named["dataset"] not in ours:
        return len(ours), "", False, path.name
    return ours.index(named["dataset"]), named["label"], named["mode"] == "delta", path.name


# --- whether a file is whole


def _look(path: Path) -> Extract:
    try:
        found = path.stat()
        age = timezone.now().timestamp() - found.st_mtime
        has_control = control_files.of(path).exists()
        control = control_files.read(path) if has_control else None
        if control is not None and control_files.sha256_of(path) == control.sha256:
            state = State.WHOLE
        elif age < settings.NODE.extracts_settle_seconds or _is_open_for_writing(path):
            state = State.CHANGING
        elif has_control:
            state = State.NO_CONTROL if control is None else State.DIFFERS
        else:
            state = State.WHOLE if _ends(path) else State.CUT_SHORT
    except OSError:
        return Extract(path, State.UNREADABLE)
    return Extract(path, state, found.st_size, age, control.rows if control else None)


def _ends(path: Path) -> bool:
    last = _LAST.get(path.suffix.lower(), b"")
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(size - len(last), 0))
        return file.read() == last if last else True


def _is_open_for_writing(path: Path) -> bool:
    # The kernel grants a read lease only on a file that no process of this machine has open for writing.
    # It does so to the file's owner alone, and not on every file system: else the open files are looked at.
    with path.open("rb") as file:
        try:
            fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        except BlockingIOError:
            return True
        except OSError:
            return _is_among_open_files(path.stat())
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_UNLCK)
        return False


def _is_among_open_files(wanted: os.stat_result) -> bool:
    for descriptor in Path("/proc").glob("[0-9]*/fd/*"):
        with suppress(OSError):  # another user's process, or one that has ended
            there = descriptor.stat()
            if (there.st_dev, there.st_ino) == (wanted.st_dev, wanted.st_ino) and _writes(descriptor):
                return True
    return False


def _writes(descriptor: Path) -> bool:
    about = (descriptor.parents[1] / "fdinfo" / descriptor.name).read_text("ascii")
    flags = next(line.split()[1] for line in about.splitlines() if line.startswith("flags:"))
    return int(flags, 8) & os.O_ACCMODE != os.O_RDONLY


# --- import


def _import(found: Extract, now: datetime) -> Import | None:
    path = found.path
    try:
        named = _NAME.fullmatch(path.name)
        if named is None:
            raise NotOurs(
                f"{path.name}: the name does not give dataset and mode. Name it DATASET.full.LABEL.csv or "
                "DATASET.delta.LABEL.csv (or .parquet).",
                f"{path.name}: 名前から内容が分かりません。データ名.full.任意.csv または "
                "データ名.delta.任意.csv(.parquetも可)としてください。",
            )
        encoding: Encoding = "cp932" if named["cp932"] else "utf-8"
        mode = cast(Mode, named["mode"])
        confirmed = named["confirmed"] is not None
        made = import_file(
            path, named["dataset"], mode, now=now, encoding=encoding, confirmed=confirmed, rows=found.rows
        )
    except (RefusedFile, NotOurs, TooMuchGone) as fault:
        _refuse(path, fault, now)
        return None
    except (NotWhole, OSError):
        return None  # it stays where it is, and `extracts` says why
    _move(path, path.parent / DONE, now)
    return made


def _refuse(path: Path, fault: RenkeiError, now: datetime) -> None:
    moved = _move(path, path.parent / REFUSED, now)
    moved.with_name(moved.name + REFUSAL).write_text(f"{fault.ja}\n\n{fault}\n", encoding="utf-8")
    with transaction.atomic():
        record(None, Verb.FILE_REFUSED, path.name, fault=type(fault).__name__)


def _move(path: Path, directory: Path, now: datetime) -> Path:
    """Move a file, and its control file with it; returns where it is now."""
    # The timestamp keeps two files of one name apart, and tells retention how old they are.
    directory.mkdir(exist_ok=True)
    moved = path.rename(directory / f"{now:%Y%m%dT%H%M%S%f}-{path.name}")
    with suppress(FileNotFoundError):
        control_files.of(path).rename(control_files.of(moved))
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return moved
