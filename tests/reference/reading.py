"""§1: rows taken and rows set aside; §2: what the ministry sends."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from . import values
from .tables import (
    IDENTIFIER,
    NEEDED_BY_A_TOMBSTONE,
    OF_A_DELETION,
    WITHHELD,
    Column,
    columns,
    statuses,
)

Raw = Mapping[str, str]
Row = dict[str, str]


@dataclass(frozen=True)
class Taken:
    """One accepted row in canonical form. `codes`: every status its status may stand for."""

    line: int
    row: Row
    codes: frozenset[str]
    malformed: bool = False

    def __getitem__(self, column: str) -> str:
        return self.row[column]


@dataclass
class File:
    """One file read: what was taken, what was not, how many rows there were."""

    dataset: str
    read: int = 0
    taken: list[Taken] = field(default_factory=list)
    rejects: list[Row] = field(default_factory=list)


def read_file(dataset: str, rows: Sequence[Raw], persons: Collection[str] | None = None) -> File:
    """Take what can be taken. `persons`: the identifiers of the persons taken, for cards and permissions."""
    file = File(dataset, read=len(rows))
    seen: set[str] = set()
    for line, raw in enumerate(rows, start=2):
        _take_or_reject(file, line, raw, seen, persons)
    return file


def _take_or_reject(
    file: File, line: int, raw: Raw, seen: set[str], persons: Collection[str] | None = None
) -> None:
    dataset = file.dataset
    identifier_column = IDENTIFIER[dataset]
    written = {column.name: raw[column.name].strip() for column in columns(dataset)}
    is_notification = dataset == "notifications"
    withheld = WITHHELD if is_notification and is_permanent_resident(written) else ()

    row: Row = {}
    reasons: list[str] = []
    malformed = False
    for column in columns(dataset):
        text = written[column.name]
        if column.name in withheld and text:
            reasons.append(f"forbidden:{column.name}")
        elif not text:
            row[column.name] = ""
            if _is_required(column, is_notification, written):
                reasons.append(f"missing:{column.name}")
        else:
            try:
                row[column.name] = values.read(column, text)
            except values.UnreadableError:
                if is_notification and column.name == "card_number":
                    row[column.name] = text
                    malformed = True
                else:
                    reasons.append(f"unreadable:{column.name}")

    identifier = row.get(identifier_column, "")
    if identifier and identifier in seen:
        reasons.append(f"duplicate:{identifier_column}")
    seen.add(identifier)

    person = row.get("person_id", "")
    if persons is not None and person and person not in persons:
        reasons.append("unknown_person")

    if reasons:
        file.rejects.append(
            {
                "dataset": dataset,
                "line": str(line),
                "identifier": identifier or written[identifier_column],
                "reasons": ";".join(sorted(reasons)),
            }
        )
    else:
        status = written.get("status_of_residence", "")
        codes = values.status_set(status) if status else frozenset()
        file.taken.append(Taken(line, row, codes, malformed))


def _is_required(column: Column, is_notification: bool, written: Raw) -> bool:
    if is_notification and written["deleted_on"]:
        return column.name in NEEDED_BY_A_TOMBSTONE
    return column.required


def is_permanent_resident(written: Raw) -> bool:
    return _status(written) == "permanent"


def _status(written: Raw) -> str:
    """The canonical status, or nothing where it is blank or cannot be read."""
    try:
        return values.status_code(written["status_of_residence"].strip())
    except values.UnreadableError:
        return ""


@dataclass(frozen=True)
class Prepared:
    """What goes to the other agency, in the order of the extract, and what does not."""

    sent: list[Row]
    rejects: list[Row]
    counts: dict[str, int]


def prepare(rows: Sequence[Raw]) -> Prepared:
    """§2: leave out what is outside the agreement, blank what is withheld, reduce deletions."""
    file = File("notifications", read=len(rows))
    seen: set[str] = set()
    left_out: Counter[str] = Counter(no_card_number=0, not_notifiable=0)
    for line, raw in enumerate(rows, start=2):
        status = _status(raw)
        if not raw["card_number"].strip():
            left_out["no_card_number"] += 1
            seen.add(raw["notification_id"].strip())
        elif status and not statuses()[status].notifiable:
            left_out["not_notifiable"] += 1
            seen.add(raw["notification_id"].strip())
        else:
            blanked = dict.fromkeys(WITHHELD, "") if status == "permanent" else {}
            _take_or_reject(file, line, {**raw, **blanked}, seen)
    sent = [_as_sent(taken.row) for taken in file.taken]
    counts = {"read": file.read, "sent": len(sent), "rejected": len(file.rejects), **left_out}
    return Prepared(sent, file.rejects, counts)


def _as_sent(row: Row) -> Row:
    if not row["deleted_on"]:
        return row
    return {column: value if column in OF_A_DELETION else "" for column, value in row.items()}
