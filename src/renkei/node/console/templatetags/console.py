"""How things are said and shown: two languages side by side, Japanese eras, thousands, tones."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from django import template
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from renkei.agreement.errors import Lang
from renkei.agreement.omissions import REASONS
from renkei.matching.spoken import column_name, value_in_words
from renkei.matching.wording import CAUSES, OUTCOMES, Meaning
from renkei.node.console.eras import in_era
from renkei.node.console.words import EVENTS, KINDS, STATES
from renkei.node.console.words import OUTCOMES as CASE_OUTCOMES

register = template.Library()


def language() -> Lang:
    """Return the page's language."""
    return "en" if get_language() == "en" else "ja"


@register.simple_tag
def say(ja: str, en: str, **values: Any) -> str:
    """Say a sentence in the page's language, `{name}` filled in; the template engine escapes it."""
    sentence = en if get_language() == "en" else ja
    return sentence.format(**values) if values else sentence


@register.filter
def spoken(thing: Any) -> str:
    """Return the name of anything that has one in both languages (`ja` and `en`, or `name_ja`, `name_en`)."""
    suffix = "en" if get_language() == "en" else "ja"
    found: str = getattr(thing, suffix, None) or getattr(thing, f"name_{suffix}")
    return found


@register.filter
def counted(number: int | None) -> str:
    """Show a number with commas; nothing known is a dash."""
    return "—" if number is None else f"{number:,}"


@register.filter
def day(value: date | None) -> SafeString | str:
    """Show a day as officers write it, the era in Japanese, with the ISO date for machines."""
    if value is None:
        return "—"
    if isinstance(value, datetime):
        value = timezone.localtime(value).date()
    shown = value.isoformat() if get_language() == "en" else in_era(value)
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), shown)


@register.filter
def short_day(value: date | None) -> SafeString | str:
    """Show a day in the cell of a table: month and day with the weekday, the whole date for machines."""
    if value is None:
        return "—"
    shown = value.isoformat() if language() == "en" else in_era(value).partition("年")[2]
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), shown)


@register.filter
def hour(value: datetime | None) -> SafeString | str:
    """Show the time of day in Japan."""
    if value is None:
        return "—"
    local = timezone.localtime(value)
    shown = local.strftime("%H:%M")
    return format_html('<time datetime="{}">{}</time>', local.isoformat(timespec="minutes"), shown)


_COUNTS: Final = {
    "files": ("ファイル", "files"),
    "rows": ("行", "rows"),
    "rejected": ("受け取れない行", "rejected rows"),
    "deliveries": ("送付", "deliveries"),
}


@register.filter
def count_name(name: str) -> str:
    """Name a count as officers do; a name that is not in the table is shown as it is."""
    ja, en = _COUNTS.get(name, (name, name))
    return en if get_language() == "en" else ja


@register.filter
def item(column: str) -> str:
    """Name a column of the data dictionary as the agreement and its forms do."""
    return column_name(column, language())


@register.simple_tag
def value(column: str, text: str | None) -> str:
    """Show a value of a column as a person reads it; blank is a dash."""
    return value_in_words(column, text, language()) if text else "—"


def _meaning(table: Mapping[str, Meaning], code: str) -> str:
    return table[code].name.say(language()) if code in table else code


@register.filter
def cause(code: str) -> str:
    """Name the likely innocent cause of a difference."""
    return _meaning(CAUSES, code)


@register.filter
def outcome(code: str) -> str:
    """Name what became of a notification."""
    return _meaning(OUTCOMES, code)


@register.filter
def omission_reason(code: str) -> str:
    """Name why no notification counts for a permission."""
    return str(spoken(REASONS[code])) if code in REASONS else code


@register.filter
def case_word(code: str) -> str:
    """Name a state, outcome, kind or event of a case; a code that no table has stands for itself."""
    for table in (STATES, CASE_OUTCOMES, KINDS, EVENTS):
        if code in table:
            return table[code].say(language())
    return code


@register.filter
def items(columns: str) -> list[str]:
    """Name what a case is about: items that differ, the reason of a suspicion, or that nothing was found."""
    return [_item(name) for name in columns.split(";") if name]


def _item(name: str) -> str:
    if name in REASONS:
        return str(spoken(REASONS[name]))
    return _meaning(OUTCOMES, name) if name in OUTCOMES else column_name(name, language())


@register.simple_tag
def case_address(case: Any) -> str:
    """Return the address of a case's page."""
    name = "discrepancy" if case.kind == "discrepancy" else "omission"
    return reverse(name, kwargs={"number": case.number})
