"""The directory DIR/extracts: which files are whole, their import, and where they go afterwards.

A file that is still being written has rows missing that nobody would miss (§1 of the matching: nothing is
lost without a word). So a file is taken when it is whole:

- with a control file `NAME.ok` (number of rows and SHA-256): when its SHA-256 is the one given there;
- without one: when it has not changed for a while (`extracts_settle_seconds`), no process of this machine has
  it open for writing, and it ends as its format does (CSV: a line feed).

A file that is not whole stays where it is and is named in the alarms and in `renkei status`. So does one that
is whole and cannot be true (`plausibility`): it waits until somebody confirms it, replaces it or removes it.
"""

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Final, cast

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from renkei.agreement.errors import RenkeiError
from renkei.agreement.text import Words
from renkei.matching.plausibility import Implausible, ImplausibleInput
from renkei.matching.reading import Encoding, RefusedFile
from renkei.node.audit.trail import record
from renkei.node.audit.verbs import Verb
from renkei.node.errors import NotOurs, NotWhole, Overtaken
from renkei.node.records import control_files
from renkei.node.records.imports import Mode, import_file
from renkei.node.records.models import Import, WaitingExtract
from renkei.node.records.tables import TABLES

DONE: Final = "done"
REFUSED: Final = "refused"
REFUSAL: Final = ".refusal.txt"

_NAME: Final = re.compile(
    r"(?P<dataset>[a-z_]+)\.(?P<mode>full|delta)\.(?P<label>.+?)(?P<cp932>\.cp932)?\.(?:csv|parquet)"
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
    IMPLAUSIBLE = Words("確認待ち", "implausible, waits for a confirmation")


#: What may pass by itself: the day waits for it. Any other file that is not whole is passed over.
_PASSES: Final = frozenset({State.CHANGING})
_NOT_WHOLE: Final = frozenset(State) - _PASSES - {State.WHOLE, State.IMPLAUSIBLE}


@dataclass(frozen=True, slots=True)
class Extract:
    """A file in DIR/extracts. `size` in bytes, `age` in seconds since it last changed; -1 if unreadable.

    `rows` is what its control file says, `findings` why it is implausible.
    """

    path: Path
    state: State
    size: int = -1
    age: float = -1
    rows: int | None = None
    findings: tuple[Implausible, ...] = ()


def extracts() -> list[Extract]:
    """Return the files in DIR/extracts in the order of import: datasets as in `TABLES`, then label."""
    directory = settings.NODE.extracts
    if not directory.is_dir():
        return []
    names = [path for path in directory.iterdir() if not _UNFINISHED.fullmatch(path.name)]
    files = [path for path in names if path.suffix != control_files.SUFFIX and not path.is_dir()]
    waiting_for = {each.name: each for each in WaitingExtract.objects.all()}
    looked_at = (_look(path) for path in sorted(files, key=_order))
    return [_doubt(each, waiting_for.get(each.path.name)) for each in looked_at]


def waiting() -> Iterator[str]:
    """Yield the names of files that will not become whole by themselves."""
    yield from (each.path.name for each in extracts() if each.state in _NOT_WHOLE)


def implausible() -> list[Extract]:
    """Return the files that wait for a confirmation: a day waits for it."""
    return [each for each in extracts() if each.state is State.IMPLAUSIBLE]


def import_extracts(now: datetime) -> list[Import]:
    """Import every whole file in DIR/extracts; returns the imports, in order.

    Files are named `<dataset>.full.<label>.csv` or `.parquet`, or `<dataset>.delta.…`. `.cp932.csv` gives the
    encoding. Files are imported by dataset (persons before cards), then by label, for example a date. Each
    file is moved to done/, or to refused/ with a note that says why in both languages. A file that cannot be
    true stays; changes of its dataset wait behind it, and a later full extract of the dataset takes the place
    of both. The next run imports what an interrupted one left.
    """
    found = extracts()
    WaitingExtract.objects.exclude(name__in=[each.path.name for each in found]).delete()
    imports: list[Import] = []
    behind: dict[str, list[Path]] = {}
    for each in found:
        dataset, full = _extent(each.path)
        if each.state is State.IMPLAUSIBLE or (dataset in behind and not full):
            behind.setdefault(dataset, []).append(each.path)
        elif each.state is State.WHOLE:
            try:
                made = _import(each, now)
            except ImplausibleInput as fault:
                _let_wait(each.path, fault, now)
                behind.setdefault(dataset, []).append(each.path)
                continue
            if made is None:
                continue
            if full:
                _put_away(behind.pop(dataset, []), made, now)
            _move(each.path, each.path.parent / DONE, now)
            imports.append(made)
    return imports


def import_by_hand(
    path: Path,
    dataset: str | None,
    mode: Mode | None,
    *,
    now: datetime,
    encoding: Encoding | None = None,
    confirmed: str | None = None,
) -> Import:
    """Import one file: any file, or one of DIR/extracts by its name alone, which is then moved to done/.

    What is not given (dataset, mode, encoding) is taken from the name. Raises what `import_file` raises, and
    NotWhole for a file of DIR/extracts that cannot be taken yet.
    """
    directory = settings.NODE.extracts
    if not path.exists() and path.parent == Path():
        path = directory / path
    named = _NAME.fullmatch(path.name)
    if named is None and not (dataset and mode):
        raise _nameless(path)
    dataset = dataset or (named["dataset"] if named else "")
    mode = mode or cast(Mode, named["mode"] if named else "full")
    encoding = encoding or _encoding(named)
    lies_there = path.parent.resolve() == directory.resolve() and path.exists()
    rows = None
    if lies_there:
        looked_at = _look(path)
        rows = looked_at.rows
        if looked_at.state is not State.WHOLE:
            words = looked_at.state.value
            raise NotWhole(
                f"{path.name}: {words.en}. It was not imported.",
                f"{path.name}: {words.ja}。取り込んでいません。",
            )
    made = import_file(path, dataset, mode, now=now, encoding=encoding, confirmed=confirmed, rows=rows)
    if lies_there:
        if mode == "full":
            whole = (each.path for each in extracts() if each.state in (State.WHOLE, State.IMPLAUSIBLE))
            _put_away([each for each in whole if _is_before(each, path)], made, now)
        with suppress(FileNotFoundError):  # a run at the same time has moved it
            _move(path, directory / DONE, now)
    return made


def changing() -> bool:
    """Say whether a file will become whole by itself: a day waits for it."""
    return any(each.state in _PASSES for each in extracts())


def _extent(path: Path) -> tuple[str, bool]:
    """Return the dataset that a name gives, and whether the file has all its rows."""
    named = _NAME.fullmatch(path.name)
    return (named["dataset"], named["mode"] == "full") if named else ("", False)


def _is_before(path: Path, other: Path) -> bool:
    return _extent(path)[0] == _extent(other)[0] and _order(path) < _order(other)


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


def _doubt(found: Extract, known: WaitingExtract | None) -> Extract:
    """Say of a whole file that it is implausible, if the same bytes were so under the policy in force."""
    if known is None or found.state is not State.WHOLE or known.policy != settings.NODE.decided().digest():
        return found
    with suppress(OSError):
        if known.sha256 == control_files.sha256_of(found.path):
            findings = tuple(Implausible(**each) for each in known.findings)
            return replace(found, state=State.IMPLAUSIBLE, findings=findings)
    return found


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
            raise _nameless(path)
        mode = cast(Mode, named["mode"])
        made = import_file(path, named["dataset"], mode, now=now, encoding=_encoding(named), rows=found.rows)
    except (RefusedFile, NotOurs) as fault:
        _refuse(path, fault, now)
        return None
    except (NotWhole, OSError):
        return None  # it stays where it is, and `extracts` says why
    return made


def _encoding(named: re.Match[str] | None) -> Encoding:
    return "cp932" if named and named["cp932"] else "utf-8"


def _nameless(path: Path) -> NotOurs:
    return NotOurs(
        f"{path.name}: the name does not give dataset and mode. Name it DATASET.full.LABEL.csv or "
        "DATASET.delta.LABEL.csv (or .parquet).",
        f"{path.name}: 名前から内容が分かりません。データ名.full.任意.csv または "
        "データ名.delta.任意.csv(.parquetも可)としてください。",
    )


def _let_wait(path: Path, fault: ImplausibleInput, now: datetime) -> None:
    """Keep why a file is implausible, so that it is not read at every run, and note it in the trail."""
    with transaction.atomic():
        WaitingExtract.objects.update_or_create(
            name=path.name,
            defaults={
                "sha256": control_files.sha256_of(path),
                "policy": settings.NODE.decided().digest(),
                "findings": [finding.as_data() for finding in fault.findings],
                "noticed_at": now,
            },
        )
        counts: dict[str, int] = {finding.rule: finding.count for finding in fault.findings}
        record(None, Verb.FILE_DOUBTED, path.name, counts=counts)


def _put_away(paths: list[Path], later: Import, now: datetime) -> None:
    """Move files that waited for a confirmation, and changes behind them, away: a later file says it all."""
    for path in paths:
        fault = Overtaken(
            f"{path.name}: waited, and {later.source} was imported since. Remove this file.",
            f"{path.name}: 待っている間に{later.source}を取り込みました。このファイルは取り除いてください。",
        )
        with suppress(OSError):
            _refuse(path, fault, now)


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
