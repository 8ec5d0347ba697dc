"""The URLs of the pages, made from the pages' table; every page must have a view, and every view a page."""

from datetime import date

from django.urls import URLPattern, path, register_converter
from django.urls.converters import StringConverter
from django.views.i18n import set_language

from renkei.node.console.pages import PAGES
from renkei.node.console.views import (
    candidates,
    cases,
    corrections,
    days,
    deliveries,
    findings,
    incidents,
    keys,
    letters,
    lists,
    memorandum,
    officers,
    purposes,
    rejects,
    today,
    trail,
)
from renkei.node.matching_run.models import Kind


class DayConverter:
    """A business day in a URL, as 2026-04-01."""

    regex = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"

    def to_python(self, value: str) -> date:
        """Read it; ValueError (and so 404) for a day that does not exist."""
        return date.fromisoformat(value)

    def to_url(self, value: date) -> str:
        """Write it."""
        return value.isoformat()


class CaseConverter:
    """A case number in a URL, as R8-1124-0031."""

    regex = r"R[0-9]+-[0-9]{4}-[0-9]{4,}"

    def to_python(self, value: str) -> str:
        """Read it."""
        return value

    def to_url(self, value: str) -> str:
        """Write it."""
        return value


class KindConverter:
    """The kind of a finding in a URL."""

    regex = "|".join(Kind.values)

    def to_python(self, value: str) -> Kind:
        """Read it."""
        return Kind(value)

    def to_url(self, value: str) -> str:
        """Write it."""
        return Kind(value).value


class WayConverter(StringConverter):
    """The direction of a delivery in a URL."""

    regex = "out|in"


register_converter(DayConverter, "day")
register_converter(WayConverter, "way")
register_converter(KindConverter, "kind")
register_converter(CaseConverter, "case")

_VIEWS = {
    "today": today.today,
    "today_strip": today.strip,
    "trends": today.trends,
    "days": days.days,
    "day": days.day,
    "discrepancies": lists.discrepancies,
    "discrepancy": cases.discrepancy,
    "omissions": lists.omissions,
    "omission": cases.omission,
    "case_move": cases.case_move,
    "case_act": cases.case_act,
    "case_document": cases.case_document,
    "case_search": lists.case_search,
    "case_assign": lists.case_assign,
    "case_export": lists.case_export,
    "saved_lists": lists.saved_lists,
    "card_search": lists.card_search,
    "establishment": lists.establishment,
    "letter": letters.letter,
    "letter_template": letters.letter_template,
    "findings": findings.findings,
    "finding": findings.finding,
    "shared_numbers": findings.shared_numbers,
    "sharing": findings.sharing,
    "identity_conflicts": findings.identity_conflicts,
    "held": findings.held,
    "corrections": corrections.corrections,
    "correction": corrections.correction,
    "candidates": candidates.candidates,
    "candidate": candidates.candidate,
    "deliveries": deliveries.deliveries,
    "delivery": deliveries.delivery,
    "rejects": rejects.rejects,
    "incidents": incidents.incidents,
    "incident_new": incidents.incident_new,
    "incident": incidents.incident,
    "incident_act": incidents.incident_act,
    "trail": trail.trail,
    "restored_trail": trail.restored_trail,
    "officers": officers.officers,
    "officer": officers.officer,
    "own_account": officers.own_account,
    "keys": keys.keys,
    "purpose": purposes.purpose,
    "manual": memorandum.manual,
    "manual_task": memorandum.task,
    "memorandum": memorandum.memorandum,
}

urlpatterns: list[URLPattern] = [
    *(path(page.path, _VIEWS[name], name=name) for name, page in PAGES.items()),
    path("enter/", officers.Enter.as_view(), name="enter"),
    path("leave/", officers.Leave.as_view(), name="leave"),
    path("language/", set_language, name="set_language"),
]
