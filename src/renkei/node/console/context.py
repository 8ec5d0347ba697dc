"""What every page shows: agency, officer, navigation, environment, number, version."""

from importlib.metadata import version
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest

from renkei.agreement.parties import PARTIES
from renkei.node.console.pages import Page, navigation

VERSION: Final = version("renkei")


def frame(request: HttpRequest) -> dict[str, Any]:
    """Return the frame's values; a page that was refused has no number of its own."""
    node = settings.NODE
    page: Page | None = getattr(request, "page", None)
    return {
        "party": PARTIES[node.party],
        "production": node.environment == "production",
        "directory": bool(node.oidc.client_id),
        "support": node.console.support,
        "version": VERSION,
        "page": page,
        "navigation": navigation(node.party, getattr(request, "duties", frozenset())),
    }
