"""The manual: every task has words and a picture; `make pictures` makes them anew from these tests."""

import io
import os
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.urls import reverse
from PIL import Image

from node.console.cases_shown import PLACE, cases_of_a_place, number_of, stated
from node.console.conftest import SERVICE
from renkei.node.accounts.duties import Duty
from renkei.node.accounts.models import Assignment, Officer
from renkei.node.cases.models import Case
from renkei.node.console import manual
from renkei.node.console.pages import PAGES, navigation
from renkei.node.incidents.models import Incident

SIZE = {"width": 1100, "height": 700}
PICTURES = Path(manual.__file__).parent / "static/console/manual"
OF_PARTY = [(party, task.slug) for party in SERVICE for task in manual.tasks_of(party)]
#: What of a page the picture shows, where it is not its beginning.
SHOWN = {"medium": "#medium", "no-receipt": "#proofs", "discrepancy": "#items"}
#: What the README shows as well.
TOUR = Path(__file__).parents[3] / "docs/images"
SHOWN_IN_TOUR = {("mhlw", "today"), ("mhlw", "discrepancy")}


def place(task: manual.Task, party: str) -> str:
    case = number_of("N1") if party == "mhlw" else ""
    asked = (
        f"subject={case}&next=/discrepancies/" if case else "subject=discrepancy+N0000000001&next=/findings/"
    )
    return {
        "delivery": f"/deliveries/out/{SERVICE[party]}/1/",
        "purpose": f"/purpose/?{asked}",
        "day": "/days/2026-04-02/",
        "case_move": f"/cases/{case}/moves/request_correction/",
        "finding": "/findings/discrepancy/N0000000001/",
        "correction": "/findings/corrections/R8-1124-0001-1/",
        "candidate": "/findings/candidates/N0000000003/",
        "officer": "/officers/sato/",
        "discrepancy": f"/discrepancies/{case}/",
        "omission": f"/omissions/{case and Case.objects.get(kind='suspected_omission').number}/",
        "establishment": f"/establishments/{PLACE}/",
        "letter": f"/letters/?number={case}",
        "incident": f"/incidents/{Incident.objects.get().pk}/",
    }.get(task.page) or reverse(task.page)


def keep(picture: bytes, path: Path) -> None:
    """Write a screenshot in the few colours that a console has: a third of its size."""
    shades = Image.open(io.BytesIO(picture)).convert("RGB")
    shades.quantize(64, dither=Image.Dither.NONE).save(path, optimize=True)


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.parametrize(("party", "slug"), OF_PARTY)
def test_what_a_task_shows_is_there_to_be_pictured(visit, shown, officer, party, slug, tmp_path):
    if party == "mhlw":
        cases_of_a_place(tmp_path / "answers")
        Case.objects.filter(identifier="N1").update(state="checking", assigned_to=officer)
        stated(officer, list(Case.objects.values_list("number", flat=True)))
    page = visit(place(manual.TASKS[slug], party), SIZE)
    target = page.locator(SHOWN.get(slug, "h1")).first
    target.scroll_into_view_if_needed()

    assert target.is_visible()
    if os.environ.get("RENKEI_MANUAL"):
        if slug in SHOWN:
            target.evaluate("heading => heading.scrollIntoView()")
        for folder in (PICTURES, TOUR)[: 1 + ((party, slug) in SHOWN_IN_TOUR)]:
            keep(page.screenshot(), folder / f"{party}-{slug}.png")


@pytest.mark.django_db
@pytest.mark.parametrize(("party", "slug"), OF_PARTY)
def test_a_task_has_words_and_a_picture(client, node, party, slug):
    officer = Officer.objects.create_user("visitor")
    Assignment.objects.create(officer=officer, duty="operate")
    client.force_login(officer)
    page = client.get(reverse("manual_task", args=[slug])).content.decode()

    assert manual.TASKS[slug].page in PAGES
    assert "<ol>" in page
    assert f"{party}-{slug}.png" in page
    assert finders.find(f"console/manual/{party}-{slug}.png")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("party", "slug", "status"),
    [("isa", "correction", 200), ("mhlw", "correction", 404), ("isa", "nothing", 404)],
)
def test_a_task_of_the_other_agency_is_not_here(client, node, party, slug, status):
    officer = Officer.objects.create_user("visitor")
    Assignment.objects.create(officer=officer, duty="operate")
    client.force_login(officer)

    assert client.get(f"/manual/{slug}/").status_code == status


@pytest.mark.parametrize("party", SERVICE)
def test_every_page_of_the_navigation_has_a_task(party):
    told = {PAGES[task.page].within or task.page for task in manual.tasks_of(party)}

    assert {page.name for page in navigation(party, frozenset(Duty))} - {"manual"} <= told


@pytest.mark.parametrize(("folder", "pictured"), [(PICTURES, OF_PARTY), (TOUR, SHOWN_IN_TOUR)])
def test_every_picture_is_there_and_small_and_none_is_left_over(folder, pictured):
    sizes = {path.stem: path.stat().st_size for path in folder.glob("*.png")}

    assert set(sizes) == {f"{party}-{slug}" for party, slug in pictured}
    assert max(sizes.values()) < 60_000  # a page of the manual has 150 kB for all it consists of
