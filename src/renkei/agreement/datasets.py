"""The data dictionary as typed data: what each column is called, holds and allows.

Read once from `tables/data_dictionary.csv`. Four datasets come in (`notifications` from the ministry;
`persons`, `cards` and `permissions` from the agency's register), two go out (`discrepancies` is 別紙2,
`suspected_omissions` is 別紙3). `establishments` is ours (`tables/own_datasets.csv`): the ministry's own list
of employers. It never leaves the ministry.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from types import MappingProxyType

from renkei.agreement.tables import read_rows


class Kind(Enum):
    """What a column holds; the value is the word of the data dictionary."""

    TEXT = "text"
    DATE = "date"
    PARTIAL_DATE = "partial date"
    SEX = "sex"
    BOOLEAN = "boolean"
    STATUS = "status code"
    NATIONALITY = "nationality code"
    CARD_NUMBER = "card number"
    ESTABLISHMENT_NUMBER = "establishment number"
    CORPORATE_NUMBER = "corporate number"
    POSTAL_CODE = "postal code"
    PHONE = "phone"
    GROUND = "coe | change"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a dataset.

    `item` is where the agreement names it ("別紙1①"), "technical" if the agreement does not, or blank.
    `max_length` counts characters and is known for text only. `required`: a blank is a reason (`missing`).
    `costs_row`: a reason in this column costs the whole row, otherwise only the value (§1).
    """

    dataset: str
    name: str
    item: str
    label_ja: str
    kind: Kind
    max_length: int | None
    required: bool
    costs_row: bool
    rule: str

    @property
    def optional(self) -> bool:
        """Say whether a file may lack the column; it then is blank."""
        return self.rule.startswith("optional column")


@dataclass(frozen=True, slots=True)
class Dataset:
    """A table that comes in or goes out, its columns in order."""

    name: str
    columns: tuple[Column, ...]

    @property
    def identifier(self) -> Column:
        """The column that identifies a row: the first."""
        return self.columns[0]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all columns, in order."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """Return the column of that name; KeyError if there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.name} has no column {name}")


_MOST_OF_PHONE = 30
_BOUNDED_TEXT = re.compile(r"text\(\d+\.\.(?P<most>\d+)\)")
_KINDS = frozenset(kind.value for kind in Kind)
# Codes of closed lists, and lists of names, are only written by us and never read: here they are text.
_COMPOSED = frozenset(
    {
        "as the item",
        "item:cause pairs joined by ;",
        "list of item columns joined by ;",
    }
)
_ONE_OF = re.compile(r"[a-z_]+(?: \| [a-z_]+)+")


def _kind(words: str) -> tuple[Kind, int | None]:
    if bounded := _BOUNDED_TEXT.fullmatch(words):
        return Kind.TEXT, int(bounded["most"])
    if words in _KINDS:
        return Kind(words), _MOST_OF_PHONE if words == Kind.PHONE.value else None
    if words in _COMPOSED or _ONE_OF.fullmatch(words):
        return Kind.TEXT, None
    raise ValueError(f"{words}: not a type of the data dictionary")


def _column(row: Mapping[str, str]) -> Column:
    kind, max_length = _kind(row["type"])
    return Column(
        dataset=row["dataset"],
        name=row["column"],
        item=row["item"],
        label_ja=row["label_ja"],
        kind=kind,
        max_length=max_length,
        required=row["required"] == "yes",
        costs_row=row["if_unreadable"] == "row",
        rule=row["rule"],
    )


def _dataset(name: str, table: str = "data_dictionary.csv") -> Dataset:
    rows = read_rows(table)
    return Dataset(name, tuple(_column(row) for row in rows if row["dataset"] == name))


NOTIFICATIONS = _dataset("notifications")
PERSONS = _dataset("persons")
CARDS = _dataset("cards")
PERMISSIONS = _dataset("permissions")
DATASETS: Mapping[str, Dataset] = MappingProxyType(
    {dataset.name: dataset for dataset in (NOTIFICATIONS, PERSONS, CARDS, PERMISSIONS)}
)

SUSPECTED_OMISSIONS = _dataset("suspected_omissions")
# The annexes have no employer key in common; this list, which the agreement does not mention, joins them.
ESTABLISHMENTS = _dataset("establishments", "own_datasets.csv")

_DISCREPANCIES = _dataset("discrepancies")
_EACH_ITEM = "<item>"
_SIDE_LABELS = MappingProxyType({"linked_": "在留カードにひも付く", "latest_": "最新の"})


def discrepancies(disclosed: Sequence[str]) -> Dataset:
    """Return 別紙2's dataset for the disclosed items: `linked_<item>` for all, then `latest_<item>` for all.

    Each column has the kind of its item in the register. The items are columns of `persons`; KeyError
    names an unknown one. They are an argument because the items that 別紙2 lists are blacked out.
    """
    columns: list[Column] = []
    for column in _DISCREPANCIES.columns:
        if _EACH_ITEM in column.name:
            columns.extend(_for_item(column, PERSONS.column(item)) for item in disclosed)
        else:
            columns.append(column)
    return Dataset(_DISCREPANCIES.name, tuple(columns))


def _for_item(column: Column, item: Column) -> Column:
    side = column.name.removesuffix(_EACH_ITEM)
    return replace(
        column,
        name=side + item.name,
        label_ja=_SIDE_LABELS[side] + item.label_ja,
        kind=item.kind,
        max_length=item.max_length,
    )
