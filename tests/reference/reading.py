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
    visible,
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
    unreadable: frozenset[str] = frozenset()

    def __getitem__(self, column: str) -> str:
        return self.row[column]


@dataclass
class File:
    """One file read: what was taken, what was not, how many rows there were."""

    dataset: str
    read: int = 0
    taken: list[Taken] = field(default_factory=list)
    rejects: list[Row] = field(default_factory=list)
    set_aside: list[Row] = field(default_factory=list)
    """Of each row set aside, the values that could be read."""


def read_file(
    dataset: str, rows: Sequence[Raw], persons: Collection[str] | None = None, changes: bool = False
) -> File:
    """Take what can be taken. `persons`: the identifiers of the persons taken, for cards and permissions.

    `changes`: a day's changes, in which the last row of an identifier stands.
    """
    file = File(dataset, read=len(rows))
    seen: set[str] = set()
    numbered = list(enumerate(rows, start=2))
    for line, raw in reversed(numbered) if changes else numbered:
        _take_or_reject(file, line, raw, seen, persons, "superseded" if changes else "duplicate")
    return file


def _take_or_reject(
    file: File,
    line: int,
    raw: Raw,
    seen: set[str],
    persons: Collection[str] | None = None,
    repeated: str = "duplicate",
    received: bool = True,
) -> None:
    dataset = file.dataset
    identifier_column = IDENTIFIER[dataset]
    written = {column.name: _cleaned(column, raw.get(column.name, "")) for column in columns(dataset)}
    is_notification = dataset == "notifications"
    withheld = WITHHELD if is_notification and is_permanent_resident(written) else ()
    if is_notification and received and is_not_notifiable(written):
        withheld = (*withheld, "status_of_residence")

    row: Row = dict.fromkeys(written, "")
    of_the_row: list[str] = []
    of_values: list[str] = []
    unreadable: set[str] = set()
    malformed = False
    for column in columns(dataset):
        text = written[column.name]
        reasons = of_the_row if column.if_unreadable == "row" else of_values
        if column.name in withheld and text:
            of_the_row.append(f"forbidden:{column.name}")
        elif not text:
            if _is_required(column, is_notification, written) or _lacks_its_date(dataset, column, row):
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
                    unreadable.add(column.name)
            else:
                if column.kind == "corporate number" and values.has_wrong_check_digit(row[column.name]):
                    of_values.append(f"check_digit:{column.name}")

    identifier = row[identifier_column]
    if identifier and identifier in seen:
        of_the_row.append(f"{repeated}:{identifier_column}")
    seen.add(identifier)

    person = row.get("person_id", "")
    if persons is not None and person and person not in persons:
        of_the_row.append("unknown_person")

    if of_the_row or of_values:
        file.rejects.append(
            {
                "dataset": dataset,
                "line": str(line),
                "identifier": identifier or written[identifier_column],
                "action": "row" if of_the_row else "value",
                "reasons": ";".join(sorted(of_the_row + of_values)),
            }
        )
    if of_the_row:
        file.set_aside.append(row)
        return
    status = row.get("status_of_residence", "")
    codes = values.status_set(written["status_of_residence"]) if status else frozenset()
    file.taken.append(Taken(line, row, codes, malformed, frozenset(unreadable)))


def _cleaned(column: Column, text: str) -> str:
    return text.strip() if column.kind == "text" else visible(text).strip()


def _is_required(column: Column, is_notification: bool, written: Raw) -> bool:
    if is_notification and written["deleted_on"]:
        return column.name in NEEDED_BY_A_TOMBSTONE
    return column.required


def _lacks_its_date(dataset: str, column: Column, row: Row) -> bool:
    """A change has been permitted on some day; a CoE may wait for its holder to land."""
    return dataset == "permissions" and column.name == "permitted_on" and row["ground"] == "change"


def is_permanent_resident(written: Raw) -> bool:
    return _status(written) == "permanent"


def is_not_notifiable(written: Raw) -> bool:
    status = _status(written)
    return bool(status) and not statuses()[status].notifiable


def _status(written: Raw) -> str:
    """The canonical status, or nothing where it is blank or cannot be read."""
    try:
        return values.status_code(visible(written["status_of_residence"]).strip())
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
        if not any(character.isdigit() for character in raw["card_number"]):
            left_out["no_card_number"] += 1
            seen.add(raw["notification_id"].strip())
        elif status and not statuses()[status].notifiable:
            left_out["not_notifiable"] += 1
            seen.add(raw["notification_id"].strip())
        else:
            blanked = dict.fromkeys(WITHHELD, "") if status == "permanent" else {}
            _take_or_reject(file, line, {**raw, **blanked}, seen, received=False)
    sent = [_as_sent(taken.row) for taken in file.taken]
    counts = {"read": file.read, "sent": len(sent), "rejected": len(file.set_aside), **left_out}
    return Prepared(sent, file.rejects, counts)


def _as_sent(row: Row) -> Row:
    if not row["deleted_on"]:
        return row
    return {column: value if column in OF_A_DELETION else "" for column, value in row.items()}
