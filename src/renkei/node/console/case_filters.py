"""The filters of a list in its query string: read, shown as chips, and written again without one of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final, cast

from django.conf import settings
from django.forms import ChoiceField
from django.http import QueryDict

from renkei.agreement.omissions import REASONS
from renkei.agreement.outcomes import OUTCOMES
from renkei.agreement.text import Words
from renkei.matching.labels import column_name
from renkei.node.accounts.models import Officer
from renkei.node.cases.models import Kind
from renkei.node.cases.queries import Filters
from renkei.node.cases.workflow import State
from renkei.node.console.comparison import COMPARED
from renkei.node.console.forms import FilterForm, checkbox_field, options, said, select_field, text_field
from renkei.node.console.labels import STATES

#: The fields of the form, in its order; anything else in the query string is ignored.
FIELDS: Final = ("state", "item", "office", "officer", "due", "age", "caution", "closed")
DUE: Final[Mapping[str, tuple[int, Words]]] = {
    "overdue": (-1, Words("期限超過", "overdue")),
    "today": (0, Words("今日まで", "due by today")),
    "week": (7, Words("7日以内", "due within 7 days")),
}
AGES: Final[Mapping[str, tuple[int, Words]]] = {
    "30": (30, Words("受領から30日以上", "received 30 days ago or more")),
    "60": (60, Words("受領から60日以上", "received 60 days ago or more")),
    "90": (90, Words("受領から90日以上", "received 90 days ago or more")),
}
OFFICERS: Final[Mapping[str, Words]] = {
    "me": Words("自分", "mine"),
    "nobody": Words("担当未定", "unassigned"),
}
NO_OFFICE: Final = "none"
CAUTION: Final = Words("別人の可能性あり", "possibly another person")
CLOSED: Final = Words("終了した事案", "closed cases")
_ALL: Final = ("", said("すべて", "all"))


class CaseFilters(FilterForm):
    """The form of the filters; `filters_of` reads what it sends."""

    state = select_field(said("状態", "State"), lambda: [_ALL, *options(open_states())], required=False)
    item = select_field("", required=False)
    office = text_field(
        said("労働局(2桁)・安定所(4桁)", "Bureau (2) or office (4 digits)"),
        required=False,
        maxlength="4",
        inputmode="numeric",
    )
    officer = select_field(said("担当", "Officer"), [_ALL, *options(OFFICERS)], required=False)
    due = select_field(
        said("期限", "Due"),
        [_ALL, *options({code: words for code, (_, words) in DUE.items()})],
        required=False,
    )
    age = select_field(
        said("経過日数", "Age"),
        [_ALL, *options({code: words for code, (_, words) in AGES.items()})],
        required=False,
    )
    caution = checkbox_field(said("別人の可能性あり", "Possibly another person"))
    closed = checkbox_field(said("終了した事案", "Closed cases"))

    def __init__(self, kind: Kind, *given: Any, **others: Any) -> None:
        super().__init__(*given, **others)
        item = cast(ChoiceField, self.fields["item"])
        item.choices = [_ALL, *options(items_of(kind))]
        item.label = said("相違項目", "Item") if kind == Kind.DISCREPANCY else said("該当理由", "Reason")


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is on, in words, and the query string without it."""

    words: Words
    without: str


def items_of(kind: Kind) -> dict[str, Words]:
    """Return the values of the filter for a kind of cases: differing items, or reasons."""
    if kind == Kind.SUSPECTED_OMISSION:
        return {code: Words(reason.name_ja, reason.name_en) for code, reason in REASONS.items()}
    columns = {name: Words(column_name(name, "ja"), column_name(name, "en")) for _, name in COMPARED}
    policy = settings.NODE.decided()
    # If only items differ that 別紙2 does not disclose, the case has only its outcome.
    hidden = not set(policy.compared_items) <= set(policy.disclosed_items)
    outcomes = ("not_found", "mismatched") if hidden else ("not_found",)
    return columns | {code: OUTCOMES[code].name for code in outcomes}


def filters_of(kind: Kind, given: QueryDict, officer: Officer, today: date) -> Filters:
    """Read a list's filters; values that our form does not send are ignored."""
    due, age, who = DUE.get(given.get("due", "")), AGES.get(given.get("age", "")), given.get("officer", "")
    office, item = given.get("office", "").strip(), given.get("item", "")
    return Filters(
        kind=kind.value,
        states=tuple(state for state in given.getlist("state") if state in _open_states()),
        item=item if item in items_of(kind) else "",
        office=office if office.isascii() and office.isdigit() else "",
        unassigned_tray=office == NO_OFFICE,
        officer=officer if who == "me" else None,
        nobodys=who == "nobody",
        identity_caution=given.get("caution") == "on",
        due_by=today + timedelta(days=due[0]) if due else None,
        opened_by=today - timedelta(days=age[0]) if age else None,
        closed=given.get("closed") == "on",
    )


def query_of(given: QueryDict) -> str:
    """Return the filters as a query string, without blanks, pages and other parameters."""
    return _written([(name, value) for name in FIELDS for value in given.getlist(name) if value])


def chips(kind: Kind, given: QueryDict) -> Iterator[Chip]:
    """Return a chip for each filter that is on."""
    pairs = [(name, value) for name in FIELDS for value in given.getlist(name) if value]
    for place, (name, value) in enumerate(pairs):
        if words := _named(kind, name, value):
            yield Chip(words, _written(pairs[:place] + pairs[place + 1 :]))


def open_states() -> dict[str, Words]:
    """Return the states of open cases by code."""
    return {code: STATES[code] for code in _open_states()}


def _open_states() -> list[str]:
    return [state.value for state in State if state != State.CLOSED]


def _named(kind: Kind, name: str, value: str) -> Words | None:
    tables: dict[str, Mapping[str, Words]] = {
        "state": open_states(),
        "item": items_of(kind),
        "officer": OFFICERS,
        "due": {code: words for code, (_, words) in DUE.items()},
        "age": {code: words for code, (_, words) in AGES.items()},
        "caution": {"on": CAUTION},
        "closed": {"on": CLOSED},
    }
    if name == "office":
        if value == NO_OFFICE:
            return Words("所管未定", "no office yet")
        return Words(f"所管 {value}", f"office {value}") if value.isascii() and value.isdigit() else None
    return tables[name].get(value)


def _written(pairs: list[tuple[str, str]]) -> str:
    written = QueryDict(mutable=True)
    for name, value in pairs:
        written.appendlist(name, value)
    return written.urlencode()
