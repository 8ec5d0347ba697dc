"""The datasets of each service, their columns on the wire, and the rules of every row.

The columns come from the data dictionary. `annex2-3` adds `action` (`report` or `withdraw`): a finding that
is no longer valid is withdrawn by its identifier alone, because there is no purpose for its items any more
(申合せ7). This module defines the datasets outside the annexes: requests to correct the register and their
answers, rejected rows, incidents, and the receipts in every delivery.

Which items 別紙2 discloses is a decision (`disclosed_items`). So the columns of `discrepancies` follow the
policy of the party that seals or opens; both parties must have the same policy.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from types import MappingProxyType
from typing import Any

from renkei.agreement.annexes import ANNEX_1, ANNEX_3
from renkei.agreement.causes import DIFFERENCES, Found, found_by
from renkei.agreement.datasets import (
    NOTIFICATIONS,
    PERSONS,
    SUSPECTED_OMISSIONS,
    Column,
    Dataset,
    Kind,
    discrepancies,
)
from renkei.agreement.decisions import COMPARABLE_ITEMS, Policy
from renkei.agreement.omissions import EXPLANATIONS, GROUNDS, NO_NOTIFICATION, REASONS

_DATE = r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
#: The same, and the day exists: what is stored without another check must be a date.
_DAY = (
    r"(?:(?!0000)[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    r"|02-(?:0[1-9]|1[0-9]|2[0-8]))"
    r"|(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?!0000)(?:[02468][048]|[13579][26])00)-02-29)"
)
_PARTIAL_DATE = r"[0-9]{4}-(?:0[0-9]|1[0-2])-(?:0[0-9]|[12][0-9]|3[01])"
_NUMBER = "[1-9][0-9]{0,14}"
_BASE64 = "[A-Za-z0-9+/]{4,28000}={0,2}"  # two of these fit into the longest line
_LONGEST_TEXT = 300

# Kind → Table Schema type, pattern of a filled value (None: text up to the maximum length).
_KINDS: Mapping[Kind, tuple[str, str | None]] = MappingProxyType(
    {
        Kind.TEXT: ("string", None),
        Kind.PHONE: ("string", None),
        Kind.CARD_NUMBER: ("string", None),  # a malformed number is an outcome of matching, not a bad row
        Kind.DATE: ("date", _DAY),
        Kind.PARTIAL_DATE: ("string", _PARTIAL_DATE),
        Kind.SEX: ("string", "[0129]"),
        Kind.BOOLEAN: ("boolean", "true|false"),
        Kind.STATUS: ("string", "[a-z][a-z0-9_]{0,63}"),
        Kind.NATIONALITY: ("string", "[A-Z]{3}"),
        Kind.ESTABLISHMENT_NUMBER: ("string", "[0-9]{11}"),
        Kind.CORPORATE_NUMBER: ("string", "[0-9]{13}"),
        Kind.POSTAL_CODE: ("string", "[0-9]{7}"),
        Kind.GROUND: ("string", "coe|change"),
    }
)
_LENGTHS = MappingProxyType({Kind.PHONE: 40, Kind.CARD_NUMBER: 40})


@dataclass(frozen=True, slots=True)
class WireColumn:
    """One column of a CSV. `pattern`: of a filled value; None means text up to `longest` characters."""

    name: str
    label_ja: str
    required: bool
    type: str = "string"
    pattern: str | None = None
    longest: int = _LONGEST_TEXT

    def field(self) -> dict[str, Any]:
        """Describe the column as a field of a Table Schema."""
        constraints: dict[str, Any] = {"required": True} if self.required else {}
        if self.pattern is None:
            constraints["maxLength"] = self.longest
        elif self.type == "string":
            constraints["pattern"] = f"^(?:{self.pattern})$"
        found: dict[str, Any] = {
            "name": self.name,
            "title": self.label_ja,
            "title_en": self.name.replace("_", " "),
            "type": self.type,
        }
        if self.type == "boolean":
            found |= {"trueValues": ["true"], "falseValues": ["false"]}
        return found | ({"constraints": constraints} if constraints else {})


@dataclass(frozen=True, slots=True)
class Shape:
    """One allowed form of a row: columns that are blank, filled, of one pattern, or depend on another.

    - `blank`, `filled`: names of columns that must be blank or filled;
    - `exactly`: column to the pattern that replaces its own;
    - `only`: column that may be blank to a narrower pattern; a value that fits only the column's own pattern
      is over-provided;
    - `listed`: a column of column names joined by `;`; `prefix`+name may be filled only for listed names.
    """

    blank: frozenset[str] = frozenset()
    filled: frozenset[str] = frozenset()
    exactly: Mapping[str, str] = field(default_factory=dict)
    only: Mapping[str, str] = field(default_factory=dict)
    listed: str = ""
    prefix: str = ""


@dataclass(frozen=True, eq=False)
class Table:
    """One dataset on the wire. A row must fit its columns (step 7) and have one of the `shapes` (step 8).

    `optional`: left out of a package if it has no rows. `accompanies`: its rows do not count as data: a
    delivery with receipts only is `empty` (§6).
    """

    name: str
    columns: tuple[WireColumn, ...]
    shapes: tuple[Shape, ...] = (Shape(),)
    optional: bool = False
    accompanies: bool = False

    @property
    def path(self) -> str:
        """Name of its file in the data package."""
        return f"{self.name}.csv"

    @property
    def names(self) -> tuple[str, ...]:
        """Names of its columns in order: the header row."""
        return tuple(column.name for column in self.columns)

    def schema(self) -> dict[str, Any]:
        """Describe it as a Table Schema."""
        return {"fields": [column.field() for column in self.columns], "missingValues": [""]}


def _one_of(codes: Iterable[str]) -> str:
    # The pattern of a cell does not backtrack, so a code that is a prefix of another one must come after it.
    return f"(?:{'|'.join(sorted(codes, key=len, reverse=True))})"


# The cause why a number was not found says nothing about anybody's residence; it may be blank. A cause that
# is not in the list is refused here, before other code has to explain it.
_NOT_FOUND_BECAUSE = f"(?:card_number:{_one_of(found_by(Found.NUMBER, 'card_number'))})?"
_ACTION = WireColumn("action", "処理区分", required=True, pattern="report|withdraw")


def _different_because(items: Iterable[str]) -> str:
    """Pattern of `differences` with only these items, each with one of its causes; may be blank."""
    one = "|".join(f"{item}:{_one_of(DIFFERENCES[item])}" for item in items) or "(?!)"
    return f"(?:(?:{one})(?:;(?:{one}))*)?"


def _wire(column: Column, required: bool) -> WireColumn:
    kind, pattern = _KINDS[column.kind]
    # The schema on the wire is part of the format, and does not follow a new bound of the dictionary.
    longest = _LENGTHS.get(column.kind, column.max_length or _LONGEST_TEXT)
    return WireColumn(column.name, column.label_ja, required, kind, pattern, longest)


def _columns(dataset: Dataset, always: frozenset[str]) -> tuple[WireColumn, ...]:
    return tuple(_wire(column, column.name in always) for column in dataset.columns)


def _required(dataset: Dataset) -> frozenset[str]:
    return frozenset(column.name for column in dataset.columns if column.required)


def _notifications() -> Table:
    # 申合せ2(1): ⑩ to ⑰ of 永住者 are not sent, and not in a tombstone either.
    condition = next(item.withheld_when for item in ANNEX_1.items if item.withheld_when)
    holding = "|".join(sorted(condition.holds))
    withheld = frozenset(ANNEX_1.withheld_columns)
    other = {condition.column: f"(?!(?:{holding})[,\\r\\n])[a-z][a-z0-9_]{{0,63}}"}
    those = {condition.column: holding}
    live = _required(NOTIFICATIONS)
    tombstone = frozenset({"deleted_on"})
    # A day that does not exist is left to the reader of the rows: most columns cost the value, not the row.
    columns = tuple(
        replace(column, pattern=_DATE) if column.type == "date" else column
        for column in _columns(NOTIFICATIONS, frozenset({"notification_id", "card_number", "registered_on"}))
    )
    return Table(
        "notifications",
        columns,
        (
            Shape(filled=live, blank=tombstone, exactly=other),
            Shape(filled=live, blank=withheld | tombstone, exactly=those),
            Shape(filled=tombstone, exactly=other),
            Shape(filled=tombstone, blank=withheld, exactly=those),
            Shape(filled=tombstone, blank=withheld | {condition.column}),
        ),
    )


@cache
def _discrepancies(disclosed: tuple[str, ...]) -> Table:
    dataset = discrepancies(disclosed)
    always = frozenset({"notification_id", "outcome", "matched_on"})
    everything = frozenset(dataset.names)
    items = frozenset(name for name in dataset.names if name.startswith(("linked_", "latest_")))
    # A row must name an item, unless an item is not disclosed: a row that differs only there names none (§5).
    named = frozenset({"mismatched_items"}) if set(disclosed) >= set(COMPARABLE_ITEMS) else frozenset()
    return Table(
        "discrepancies",
        (*_columns(dataset, always), _ACTION),
        (
            Shape(
                filled=_required(dataset) | {"card_number"} | named,
                exactly={
                    "outcome": "mismatched",
                    "action": "report",
                    "differences": _different_because(COMPARABLE_ITEMS),
                },
                only={"differences": _different_because(disclosed)},
                listed="mismatched_items",
                prefix="linked_",
            ),
            Shape(
                filled=_required(dataset),
                blank=items | {"card_number", "mismatched_items"},
                exactly={"outcome": "not_found", "action": "report", "differences": _NOT_FOUND_BECAUSE},
            ),
            Shape(blank=everything - always, exactly={"action": "withdraw"}),
        ),
    )


def _suspected_omissions() -> Table:
    conditional = [item for item in ANNEX_3.items if item.released_when]
    always = frozenset({"permission_id", "ground", "reason"})
    everything = frozenset(SUSPECTED_OMISSIONS.names)

    def of_reason(ground: str, reason: str) -> Shape:
        kept = [item for item in conditional if item.released_when and ground not in item.released_when.holds]
        blank = frozenset(name for item in kept for name in item.columns)
        explanations = [row.code for row in EXPLANATIONS.values() if row.reason == reason]
        unexplained = frozenset() if explanations else frozenset({"explanation"})
        # No notification is behind this reason.
        unnamed = frozenset({"notification_id"}) if reason == NO_NOTIFICATION else frozenset()
        return Shape(
            filled=_required(SUSPECTED_OMISSIONS),
            blank=blank | unexplained | unnamed,
            exactly={"ground": ground, "action": "report", "reason": reason},
            only={"explanation": _one_of(explanations)} if explanations else {},
        )

    return Table(
        "suspected_omissions",
        (*_columns(SUSPECTED_OMISSIONS, always), _ACTION),
        (
            *(of_reason(ground, reason) for ground in GROUNDS for reason in REASONS),
            Shape(blank=everything - always, exactly={"action": "withdraw"}),
        ),
    )


# The sender chooses the identifier of a request; the items are columns of the register.
_REQUEST_ID = WireColumn("request_id", "訂正依頼番号", required=True, longest=32)
_ITEM = "(?:" + "|".join(sorted(PERSONS.names, key=len, reverse=True)) + ")"
_CORRECTION_REQUESTS = Table(
    "correction_requests",
    (
        _REQUEST_ID,
        WireColumn("kind", "事案の種別", required=True, pattern="discrepancy|suspected_omission"),
        WireColumn("identifier", "識別番号", required=True, longest=32),
        WireColumn("items", "項目", required=True, pattern=f"{_ITEM}(?:;{_ITEM})*"),
        WireColumn("reason", "理由", required=True),
        WireColumn("requested_on", "依頼日", required=True, type="date", pattern=_DAY),
    ),
    optional=True,
)
_CORRECTION_ANSWERS = Table(
    "correction_answers",
    (
        _REQUEST_ID,
        WireColumn("decision", "回答", required=True, pattern="accepted|rejected"),
        WireColumn("reason", "理由", required=True, pattern="[a-z_]{1,32}"),
        WireColumn("decided_on", "回答日", required=True, type="date", pattern=_DAY),
    ),
    optional=True,
)
_ROWS_OF = "annex1|annex2-3"
_REJECTED_ROWS = Table(
    "rejected_rows",
    (
        WireColumn("dataset", "データ", required=True, pattern="[a-z_]{1,32}"),
        WireColumn("service", "業務", required=True, pattern=_ROWS_OF),
        WireColumn("sequence", "番号", required=True, type="integer", pattern=_NUMBER),
        WireColumn("line", "行", required=True, type="integer", pattern=_NUMBER),
        WireColumn("identifier", "識別番号", required=False, longest=120),
        WireColumn("reasons", "理由", required=True, longest=1000),
    ),
)
#: 申合せ6: what is known, which data and deliveries are affected, and when it was found.
INCIDENTS = Table(
    "incidents",
    (
        WireColumn("incident_id", "事案番号", required=True, longest=32),
        WireColumn("kind", "種別", required=True, pattern="leak|outage"),
        WireColumn("suspected", "おそれ", required=True, type="boolean", pattern="true|false"),
        WireColumn("found_on", "判明日", required=True, type="date", pattern=_DAY),
        WireColumn("known", "判明している内容", required=True, longest=4000),
        WireColumn("data_concerned", "対象となる情報", required=True, longest=1000),
        WireColumn("deliveries_concerned", "対象となる送信", required=False, longest=4000),
        WireColumn("persons_concerned", "対象人数", required=False, type="integer", pattern="[0-9]{1,15}"),
        WireColumn("contact", "連絡先", required=True, longest=200),
    ),
)
#: Receipts issued since the sender's last delivery of the service, as stored, for a counterpart that cannot
#: ask for them (§4).
RECEIPTS = Table(
    "receipts",
    (
        WireColumn("receipt", "受領証", required=True, pattern=_BASE64),
        WireColumn("signature", "署名", required=True, pattern=_BASE64),
    ),
    optional=True,
    accompanies=True,
)

#: 別紙1 and 別紙3, which do not depend on decisions.
NOTIFICATIONS_TABLE = _notifications()
SUSPECTED_OMISSIONS_TABLE = _suspected_omissions()

#: The services by name, each with its datasets under a policy, in the order of the archive.
_SERVICES: Mapping[str, Callable[[Policy], tuple[Table, ...]]] = MappingProxyType(
    {
        "annex1": lambda policy: (NOTIFICATIONS_TABLE, _CORRECTION_REQUESTS, RECEIPTS),
        "annex2-3": lambda policy: (
            _discrepancies(policy.disclosed_items),
            SUSPECTED_OMISSIONS_TABLE,
            _CORRECTION_ANSWERS,
            RECEIPTS,
        ),
        "incident": lambda policy: (INCIDENTS, RECEIPTS),
        "receipt": lambda policy: (_REJECTED_ROWS, RECEIPTS),
    }
)
#: The names of the services.
SERVICES = tuple(_SERVICES)


def tables_of(service: str, policy: Policy) -> tuple[Table, ...]:
    """Return the datasets of a service under a party's policy, in the order of the archive.

    `policy` decides which items 別紙2 discloses. Raises KeyError for an unknown service.
    """
    return _SERVICES[service](policy)
