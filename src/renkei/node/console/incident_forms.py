"""The forms of incidents, read into the arguments of the service, and the labels of its codes.

A value that cannot be read is a Misread (an IncidentRefused that names its field). The form keeps the input.
"""

import hashlib
from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import partial
from types import MappingProxyType
from typing import Any, Final, cast

from django.forms import ChoiceField, TextInput
from django.forms.boundfield import BoundField
from django.http import QueryDict
from django.utils import timezone

from renkei.agreement.text import Words
from renkei.node.console.forms import (
    ConsoleForm,
    checkbox_field,
    checkboxes_field,
    options,
    prose_field,
    radio_field,
    said,
    select_field,
    text_field,
)
from renkei.node.errors import IncidentRefused
from renkei.node.incidents import deadlines, scope
from renkei.node.incidents.models import Condition, Incident, Item, Kind
from renkei.node.incidents.scope import Concerned

_MOST_PERSONS: Final = 10**12
CONDITIONS_AMISS: Final = Words(
    "当てはまる要件を選ぶか、「いずれにも当たらない」だけを選んでください。",
    "Please choose the conditions that hold, or only “none of them”.",
)
#: The choice that none of the conditions holds.
NONE: Final = "none"


class Misread(IncidentRefused):
    """The value of a field is invalid."""

    def __init__(self, field: str, ja: str, en: str) -> None:
        super().__init__(en, ja)
        self.field = field


def statements(fields: QueryDict) -> dict[Item, str]:
    """Return the statements by item, without blank ones."""
    found = {item: fields.get(f"say-{item.value}", "").strip() for item in Item}
    return {item: text for item, text in found.items() if text}


def found_at(fields: QueryDict, now: datetime) -> datetime:
    """Return the time of discovery in Japan's time; now if nothing was typed."""
    text = fields.get("found_at", "").strip()
    if not text:
        return now
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Misread(
            "found_at",
            "判明した日時を、2026-11-24T11:20の形で入力してください。",
            "Please enter the time as 2026-11-24T11:20.",
        ) from None
    moment = moment if moment.tzinfo else timezone.make_aware(moment)
    if moment > now:
        raise Misread(
            "found_at",
            "判明日時が未来になっています。直してください。",
            "The time of discovery is in the future. Please correct it.",
        )
    return moment


def conditions(fields: QueryDict) -> list[Condition] | None:
    """Return the conditions judged to hold; None if not judged yet."""
    chosen = fields.getlist("condition")
    if chosen == [NONE]:
        return []
    if not set(chosen) <= set(Condition.values):
        raise Misread("condition", CONDITIONS_AMISS.ja, CONDITIONS_AMISS.en)
    return [Condition(each) for each in chosen] or None


def persons(fields: QueryDict) -> int | None:
    """Return the counted number of persons; None if nothing was typed."""
    text = fields.get("persons", "").strip().replace(",", "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or int(text[:20]) > _MOST_PERSONS:
        raise Misread(
            "persons", "人数は数字で入力してください。", "Please enter the number of persons in digits."
        )
    return int(text)


def deliveries(fields: QueryDict) -> Concerned | None:
    """Return the deliveries concerned, counted from trail and records; None if none is named."""
    match fields.get("way", ""):
        case "":
            return None
        case "numbers":
            service = fields.get("service", "")
            first = _number(fields, "first")
            last = _number(fields, "last") if fields.get("last", "").strip() else first
            if service not in scope.DATA:
                raise Misread("service", "業務を選んでください。", "Please choose the service.")
            found = scope.of_numbers(service, first, last)
        case "days":
            since = _day(fields, "since")
            until = _day(fields, "until") if fields.get("until", "").strip() else since
            found = scope.of_period(since, until)
        case "medium":
            found = scope.of_medium(_day(fields, "medium"))
        case _:
            raise Misread(
                "way", "送付の指定の仕方を選んでください。", "Please choose how to name the deliveries."
            )
    counted = scope.count(found)
    if not counted.deliveries:
        raise Misread(
            "way",
            "その指定に当たる送付はありません。送受信の画面で番号と日を確かめてください。",
            "There is no such delivery. Please check numbers and days on the page Deliveries.",
        )
    return counted


def _number(fields: QueryDict, name: str) -> int:
    text = fields.get(name, "").strip()
    if not (text.isascii() and text.isdigit()) or len(text) > 12:
        raise Misread(
            name,
            "送付の番号を数字で入力してください。",
            "Please enter the numbers of the deliveries in digits.",
        )
    return int(text)


def _day(fields: QueryDict, name: str) -> date:
    try:
        return date.fromisoformat(fields.get(name, "").strip())
    except ValueError:
        raise Misread(
            name, "日付を2026-11-24の形で入力してください。", "Please enter the day as 2026-11-24."
        ) from None


KINDS: Final[Mapping[str, Words]] = MappingProxyType(
    {
        Kind.LEAK.value: Words("漏えい等(漏えい・滅失・毀損)", "Leak, loss or damage of personal data"),
        Kind.OUTAGE.value: Words("障害", "Outage"),
    }
)
ITEMS: Final[Mapping[str, Words]] = MappingProxyType(
    {
        Item.OVERVIEW.value: Words("概要", "Overview"),
        Item.DATA.value: Words("対象となる情報の項目", "Data concerned"),
        Item.PERSONS.value: Words("本人の数", "Number of persons"),
        Item.CAUSE.value: Words("原因", "Cause"),
        Item.SECONDARY.value: Words("二次被害又はそのおそれ", "Secondary damage, or the risk of it"),
        Item.RESPONSE.value: Words("本人への対応", "Response to the persons"),
        Item.PUBLICATION.value: Words("公表の実施状況", "Publication"),
        Item.PREVENTION.value: Words("再発防止のための措置", "Prevention"),
        Item.OTHER.value: Words("その他参考となる事項", "Other"),
    }
)
CONDITIONS: Final[Mapping[str, Words]] = MappingProxyType(
    {
        Condition.SPECIAL_CARE.value: Words("要配慮個人情報が含まれる", "Special-care personal data"),
        Condition.PROPERTY.value: Words("財産的被害のおそれがある", "Property damage may follow"),
        Condition.MALICIOUS.value: Words("不正の目的によるおそれがある", "Malicious intent may be behind it"),
        Condition.MANY.value: Words("本人が100人を超える", "More than 100 persons"),
    }
)
#: The ways to name the deliveries concerned; one is chosen.
WAYS: Final[Mapping[str, Words]] = MappingProxyType(
    {
        "numbers": Words("送付の番号", "By number"),
        "days": Words("業務日", "By business day"),
        "medium": Words("媒体に書き出した日", "By the day written to a medium"),
    }
)
#: The longest text of one field; the total length of a notice is checked when it is recorded.
LONGEST: Final = 2000


def mark(incident: Incident) -> str:
    """Return a digest of what the officer saw; if it has changed, somebody else was faster."""
    parts = (
        incident.suspected,
        incident.conditions,
        incident.deliveries,
        incident.persons,
        incident.closed_at,
        incident.statements.count(),
        incident.reports.count(),
        incident.notices.count(),
    )
    return hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()[:16]


class _Day(TextInput):
    """A day; `incident_reading` reads it."""

    input_type = "date"


class _Moment(TextInput):
    """A day with a time."""

    input_type = "datetime-local"


class IncidentForm(ConsoleForm):
    """A form about an incident; `readings` reads its fields into the service's arguments, by name."""

    readings: Mapping[str, Callable[[QueryDict], object]] = MappingProxyType({})

    def clean(self) -> dict[str, Any]:
        """Read the service's arguments; a value that cannot be read is an error at its field."""
        read = dict(self.cleaned_data)
        for name, reading in self.readings.items():
            try:
                read[name] = reading(cast(QueryDict, self.data))
            except Misread as refusal:
                # Do not add a second error to a field.
                if refusal.field not in self.errors:
                    self.add_error(refusal.field, said(refusal.ja, refusal.en))
        return read

    def ask_for(self, item: Item, *, rows: int, required: bool = False) -> None:
        """Add the field of an item of the report."""
        self.fields[f"say-{item.value}"] = prose_field(
            said(ITEMS[item].ja, ITEMS[item].en),
            rows=rows,
            required=required,
            longest=LONGEST,
            missing=said(
                "概要が必要です。分かっている範囲で書いてください。",
                "Please write an overview of what is known so far.",
            ),
        )


class _Deliveries(IncidentForm):
    """The deliveries concerned, named in one of three ways, and the number of persons."""

    way = radio_field(
        said("対象の送付", "Deliveries concerned"),
        [("", said("今は指定しない", "Not now")), *options(WAYS)],
        required=False,
        missing=said("送付の指定の仕方を選んでください。", "Please choose how to name the deliveries."),
        help_text=said(
            "一つの方法で指定します。人数は証跡と記録から計算します。",
            "Name them in one way. The number of persons is computed from the trail and the records.",
        ),
    )
    service = select_field(
        said("業務", "Service"),
        options({code: Words(*names) for code, names in scope.DATA.items()}),
        required=False,
        missing=said("業務を選んでください。", "Please choose the service."),
    )
    first = text_field(said("番号(初)", "First number"), required=False, maxlength="12", inputmode="numeric")
    last = text_field(said("番号(終)", "Last number"), required=False, maxlength="12", inputmode="numeric")
    since = text_field(said("初日", "From"), required=False, widget=_Day)
    until = text_field(said("末日", "Until"), required=False, widget=_Day)
    medium = text_field(said("書き出した日", "Day written"), required=False, widget=_Day)
    persons = text_field(
        said("本人の数(数えた場合)", "Persons, if counted"),
        required=False,
        maxlength="16",
        inputmode="numeric",
    )


class _Conditions(IncidentForm):
    """The conditions for reporting that hold, or that none holds."""

    condition = checkboxes_field(
        said(
            "報告の要件(個人情報保護委員会)",
            "Conditions for reporting to the Personal Information Protection Commission",
        ),
        [*options(CONDITIONS), (NONE, said("いずれにも当たらない", "None of them"))],
        missing=said(CONDITIONS_AMISS.ja, CONDITIONS_AMISS.en),
    )


class DeclareForm(_Deliveries, _Conditions):
    """What is known of an incident when it is declared."""

    kind = radio_field(
        said("種別", "Kind"),
        options(KINDS),
        missing=said("種別を選んでください。", "Please choose the kind."),
    )
    suspected = radio_field(
        said("確からしさ", "Certainty"),
        [
            ("true", said("おそれ(まだ確かではない)", "Suspected (not certain yet)")),
            ("false", said("確認済み", "Certain")),
        ],
        missing=said("おそれか、確かかを選んでください。", "Please choose suspected or certain."),
    )
    found_at = text_field(said("判明した日時(日本時間)", "Time of discovery (Japan)"), widget=_Moment)
    contact = text_field(
        said("相手方からの問合せ先", "Contact for the counterpart"),
        required=False,
        longest=200,
        help_text=said(
            "空欄なら、この画面の問合せ先になります。", "If blank, the support contact of this console."
        ),
    )

    def __init__(self, now: datetime, *given: Any, **others: Any) -> None:
        super().__init__(*given, **others)
        self.fields["condition"].required = False
        self.fields["condition"].help_text = said(
            "まだ判断できなければ、何も選びません。", "Choose nothing if this cannot be judged yet."
        )
        for item in Item:
            self.ask_for(item, rows=4 if item == Item.OVERVIEW else 2, required=item == Item.OVERVIEW)
        self.fields[f"say-{Item.OVERVIEW.value}"].help_text = said(
            "いつ、どこで、何が起きたか、又は起きたおそれがあるか。",
            "When and where, and what happened or may have happened.",
        )
        self.order_fields(["kind", "suspected", "found_at", f"say-{Item.OVERVIEW.value}"])
        self.readings = {
            "found_at": partial(found_at, now=now),
            "concerned": deliveries,
            "persons": persons,
            "conditions": conditions,
            "said": statements,
        }

    @property
    def overview(self) -> BoundField:
        """What happened."""
        return self[f"say-{Item.OVERVIEW.value}"]

    @property
    def further(self) -> list[BoundField]:
        """The other items of the report."""
        return [self[f"say-{item.value}"] for item in Item if item != Item.OVERVIEW]


class ActForm(IncidentForm):
    """The fields of an act; they may depend on the incident."""

    def __init__(self, incident: Incident, *given: Any, **others: Any) -> None:
        super().__init__(*given, **others)
        self.prepare(incident)

    def prepare(self, incident: Incident) -> None:
        """Add the fields that depend on the incident."""


class AddForm(ActForm):
    """New information."""

    readings = MappingProxyType({"said": statements})

    def prepare(self, incident: Incident) -> None:
        """Ask whether it has become certain, if it is only suspected."""
        for item in Item:
            self.ask_for(item, rows=2)
        if incident.suspected:
            self.fields["suspected"] = checkbox_field(
                said("おそれではなく、確かになった", "It is now certain, no longer suspected"), "false"
            )


class DeliveriesForm(ActForm, _Deliveries):
    """The deliveries concerned, and the number of persons."""

    readings = MappingProxyType({"concerned": deliveries, "persons": persons})


class ConditionsForm(ActForm, _Conditions):
    """The conditions for reporting that hold."""

    readings = MappingProxyType({"conditions": conditions})


class ReportForm(ActForm):
    """The duties that were done."""

    reported = checkboxes_field(
        said("報告・通知したもの", "Reports and notices made"),
        missing=said("報告した義務を選んでください。", "Please choose the duty that was done."),
    )

    def prepare(self, incident: Incident) -> None:
        """Offer the duties that are open."""
        cast(ChoiceField, self.fields["reported"]).choices = [
            (each.clock.code, said(each.clock.ja, each.clock.en))
            for each in deadlines.running(incident)
            if each.done_at is None
        ]


class CloseForm(ActForm):
    """The last statements, when an incident is closed."""

    readings = MappingProxyType({"said": statements})

    def prepare(self, incident: Incident) -> None:
        """Add the items for closing."""
        for item in (Item.PREVENTION, Item.OTHER):
            self.ask_for(item, rows=3)
