"""P-01: ask for the purpose of clause 7 before personal data is opened, for one or more cases."""

from collections.abc import Sequence
from typing import ClassVar, Final, cast

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from renkei.node.accounts import purposes
from renkei.node.accounts.models import Officer
from renkei.node.accounts.permissions import Act, Subject, entitled
from renkei.node.candidates.models import NotFound
from renkei.node.cases.models import Case
from renkei.node.console.access import page
from renkei.node.console.forms import ConsoleForm, Text, radio_field, said
from renkei.node.corrections.models import ReceivedRequest
from renkei.node.errors import NoSuchPurpose
from renkei.node.matching_run.models import Finding, Outcome

#: The most subjects of one purpose, which lapses after half an hour.
MOST: Final = 100


def _offered() -> list[tuple[str, Text]]:
    return [(each.code, said(each.text_ja, each.name_en)) for each in purposes.offered()]


class PurposeForm(ConsoleForm):
    """The purpose of use; no choice is preselected."""

    about: ClassVar = {NoSuchPurpose: "purpose"}

    purpose = radio_field(
        said("利用目的", "Purpose"),
        _offered,
        missing=said("利用目的を一つ選んでください。", "Please choose one purpose."),
    )


@page("purpose")
def purpose(request: HttpRequest) -> HttpResponse:
    """Ask for the purpose once for all named subjects; no choice is preselected or remembered."""
    given = request.POST if request.method == "POST" else request.GET
    officer = cast(Officer, request.user)
    subjects = list(dict.fromkeys(given.getlist("subject")))
    if not 0 < len(subjects) <= MOST or not _may_be_asked_for(officer, subjects):
        raise Http404
    onwards = _within(request, given.get("next", ""))
    form = PurposeForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            purposes.declare(officer, form.cleaned_data["purpose"], subjects, now=timezone.now())
            return redirect(onwards)
        except NoSuchPurpose as refusal:
            form.refuse(refusal)
    return render(
        request,
        "console/purpose.html",
        {
            "subjects": subjects,
            "form": form,
            "next": onwards,
            "minutes": int(purposes.LASTS.total_seconds() // 60),
        },
        status=400 if form.errors else 200,
    )


def _within(request: HttpRequest, address: str) -> str:
    """Return the page to continue with; only a page of ours, to prevent an open redirect."""
    ours = url_has_allowed_host_and_scheme(address, {request.get_host()}, request.is_secure())
    return address if ours else reverse("today")


def _may_be_asked_for(officer: Officer, subjects: Sequence[str]) -> bool:
    """Whether each subject exists and the officer may open it: no other text gets into the trail."""
    if settings.NODE.party == "mhlw":
        offices = dict(Case.objects.filter(number__in=subjects).values_list("number", "office"))
        return len(offices) == len(subjects) and all(
            entitled(officer, Act.READ_CASE, Subject(number, office)) for number, office in offices.items()
        )
    return entitled(officer, Act.READ_FINDING) and all(_is_finding(subject) for subject in subjects)


def _is_finding(subject: str) -> bool:
    kind, _, identifier = subject.partition(" ")
    if kind == "candidates":
        return NotFound.objects.filter(pk=identifier).exists()
    return (
        Finding.objects.filter(kind=kind, identifier=identifier).exists()
        or Outcome.objects.filter(pk=identifier).exists()
        or ReceivedRequest.objects.filter(pk=subject).exists()
    )
