"""How things are said and shown: two languages side by side, Japanese eras, thousands, tones."""

from datetime import date, datetime
from typing import Any, Final

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from renkei.node.console.eras import in_era

register = template.Library()


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
