"""Template tags and filters: texts in two languages, labels of codes, days in eras, numbers."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from django import template
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from renkei.agreement.omissions import REASONS
from renkei.agreement.outcomes import OUTCOMES
from renkei.agreement.text import Lang, Words
from renkei.exchange.errors import NOTICES
from renkei.exchange.keys import spoken as in_groups
from renkei.matching.labels import column_name, left_out, value_in_words
from renkei.node.console.forms import Problem, Shown
from renkei.node.console.incident_forms import ITEMS
from renkei.node.console.labels import (
    CASE_OUTCOMES,
    DATASETS,
    DELIVERY_STATES,
    DUTIES,
    EVENTS,
    KINDS,
    STATES,
    count_in_words,
    in_era,
    reason_in_words,
)
from renkei.node.console.trail_labels import fact_in_words

register = template.Library()


def language() -> Lang:
    """Return the page's language."""
    return "en" if get_language() == "en" else "ja"


@register.simple_tag
def say(ja: str, en: str, **values: Any) -> str:
    """Return a text in the page's language, with `{name}` filled in; the template engine escapes it."""
    sentence = en if get_language() == "en" else ja
    return sentence.format(**values) if values else sentence


@register.simple_tag(takes_context=True)
def problems_of(context: template.Context) -> list[Problem]:
    """Return the errors of a page: the view's refusal and the errors of every form on the page."""
    values: list[Any] = list(context.flatten().values())
    refused = context.get("refused")
    found = [Problem(str(spoken(refused)))] if refused else []
    shown = {id(each): each for each in values if isinstance(each, Shown)}
    return found + [problem for form in shown.values() for problem in form.problems()]


@register.filter
def spoken(thing: Any) -> str:
    """Return the name of an object in the page's language (`ja` and `en`, or `name_ja` and `name_en`)."""
    suffix = "en" if get_language() == "en" else "ja"
    found: str = getattr(thing, suffix, None) or getattr(thing, f"name_{suffix}")
    return found


@register.filter
def counted(number: int | None) -> str:
    """Show a number with commas; None is a dash."""
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


@register.filter
def count_name(name: str) -> str:
    """Return the label of a count; an unknown name is shown as it is."""
    return count_in_words(name, language())


@register.filter
def rejection(reason: str) -> str:
    """Return why rows were rejected; an unknown reason is shown as it is."""
    return reason_in_words(reason, language())


@register.filter
def reasons(joined: str) -> list[str]:
    """Split the reasons of a row."""
    return joined.split(";")


@register.filter
def what_was_left_out(row: Any) -> str:
    """Say whether the row or only the value was left out, of a row with `action` and `reasons`."""
    return left_out(row.action, row.reasons).say(language())


@register.filter
def dataset(name: str) -> str:
    """Name a dataset; an unknown name is shown as it is."""
    return DATASETS[name].say(language()) if name in DATASETS else name


@register.filter
def item(column: str) -> str:
    """Name a column of the data dictionary as the agreement and its forms do."""
    return _item(column)


@register.simple_tag
def value(column: str, text: str | None) -> str:
    """Show a value of a column as a person reads it; blank is a dash."""
    return value_in_words(column, text, language()) if text else "—"


@register.filter
def outcome(code: str) -> str:
    """Return the label of a notification's outcome."""
    return OUTCOMES[code].name.say(language())


@register.filter
def omission_reason(code: str) -> str:
    """Return the label of a reason for a suspected omission."""
    return str(spoken(REASONS[code]))


#: The labels of the services.
_SERVICES: Final = {
    "annex1": Words("別紙1", "Annex 1"),
    "annex2-3": Words("別紙2・3", "Annexes 2 and 3"),
    "incident": Words("漏えい等", "Incident"),
    "receipt": Words("返送", "Return"),
}
_KINDS: Final = {
    "data": Words("データあり", "data"),
    "empty": Words("該当なし", "empty day"),
    "incident": Words("事案の連絡", "incident"),
}


def _worded(table: Mapping[str, Words], code: str) -> str:
    return table[code].say(language()) if code in table else code


@register.filter
def service(code: str) -> str:
    """Return the label of a service of the exchange."""
    return _worded(_SERVICES, code)


@register.filter
def delivery_state(code: str) -> str:
    """Return the label of a delivery's state."""
    return _worded(DELIVERY_STATES, code)


@register.filter
def delivery_kind(code: str) -> str:
    """Return the label of a delivery's kind."""
    return _worded(_KINDS, code)


#: How the memorandum's page marks the source of an item, and how certain a law is.
_DISCLOSURES: Final = {
    "公表": Words("公表", "published"),
    "非開示": Words("非開示", "not disclosed"),
    "想定": Words("想定", "assumed"),
}
_CONFIDENCES: Final = {
    "agreement": Words("申合せによる", "from the memorandum"),
    "law text": Words("条文で確認", "read in the law"),
    "source": Words("公表資料による", "from published material"),
    "unverified": Words("未確認", "unverified"),
}


@register.filter
def disclosure(word: str) -> str:
    """Return the label of how an item of an annex is known."""
    return _worded(_DISCLOSURES, word)


@register.filter
def confidence(code: str) -> str:
    """Return the label of how certain a law is."""
    return _worded(_CONFIDENCES, code)


@register.filter
def annex(number: str) -> str:
    """Return the name of an annex."""
    return number.replace("別紙", "Annex ") if language() == "en" else number


@register.filter
def refusal(code: str) -> str:
    """Return what the code of a refusal means and what to do; an unknown code is shown as it is."""
    notice = NOTICES.get(code)
    if notice is None:
        return code
    return f"{notice.en} {notice.next_en}" if language() == "en" else f"{notice.ja} {notice.next_ja}"


@register.filter
def grouped(digest: str) -> str:
    """Write a fingerprint in groups of four, so that it can be read out."""
    return in_groups(digest) if digest else "—"


@register.filter
def total(counts: Mapping[str, int]) -> str:
    """Add up the rows of a delivery by dataset."""
    return counted(sum(counts.values())) if counts else "—"


_USES: Final = {
    "tls": Words("通信(TLS)", "TLS"),
    "signing": Words("署名", "signing"),
    "decryption": Words("復号", "decryption"),
    "issuer": Words("発行者", "issuer"),
}


@register.filter
def duty(code: str) -> str:
    """Return the label of a duty."""
    return _worded(DUTIES, code)


@register.filter
def key_use(code: str) -> str:
    """Return the label of a certificate's use."""
    return _worded(_USES, code)


@register.filter
def plain(number: float) -> str:
    """Write a number for SVG, the same in both languages."""
    return f"{number:g}"


@register.filter
def percent(share: float | None) -> str:
    """Show a probability in percent, limited to 0.1 and 99.9: it is never certain or impossible."""
    if share is None:
        return "—"
    return f"{min(max(share, 0.001), 0.999):.1%}"


#: The sign of a step's state, because not everybody can see the colour.
_STEP_SIGNS: Final = {"done": "✓", "running": "▶", "stopped": "✕", "waiting": "…"}


@register.filter
def step_sign(state: str) -> str:
    """Return the sign of a step's state."""
    return _STEP_SIGNS[state]


@register.filter
def bits(weight: float) -> str:
    """Show a weight of evidence with its sign."""
    return f"{weight:+.1f}"


@register.filter
def facts(entry: Any) -> list[str]:
    """Return the facts of an entry of the trail as texts."""
    return [fact_in_words(entry.verb, name, value, language()) for name, value in entry.facts.items()]


#: The labels of the first word of a purpose's subject, if it is not a case number.
_SUBJECTS: Final = {
    "discrepancy": Words("不一致", "mismatch"),
    "suspected_omission": Words("未届の疑い", "suspected omission"),
    "candidates": Words("候補者", "candidates of"),
    **_SERVICES,
}


@register.filter
def subject(text: str) -> str:
    """Return the name of a case, finding or delivery; anything else is shown as it is."""
    kind, space, rest = text.partition(" ")
    return f"{_worded(_SUBJECTS, kind)}{space}{rest}"


@register.filter
def case_word(code: str) -> str:
    """Return the label of a state, outcome, kind or event of a case; an unknown code is shown as it is."""
    for table in (STATES, CASE_OUTCOMES, KINDS, EVENTS):
        if code in table:
            return table[code].say(language())
    return code


@register.filter
def items(columns: str) -> list[str]:
    """Return what a case is about: the items that differ, the reason of a suspected omission, an outcome."""
    return [_item(name) for name in columns.split(";") if name]


def _item(name: str) -> str:
    if name in REASONS:
        return str(spoken(REASONS[name]))
    return OUTCOMES[name].name.say(language()) if name in OUTCOMES else column_name(name, language())


@register.simple_tag
def case_address(case: Any) -> str:
    """Return the address of a case's page."""
    name = "discrepancy" if case.kind == "discrepancy" else "omission"
    return reverse(name, kwargs={"number": case.number})


@register.filter
def incident_item(code: str) -> str:
    """Return the label of an item of an incident's report."""
    return ITEMS[code].say(language())
