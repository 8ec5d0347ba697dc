"""Two homes of the exchange; ISA's carrier; what a test declares."""

from datetime import UTC, datetime

import pytest

from node.deliveries.conftest import be, made, pair  # noqa: F401  fixtures
from renkei.node.incidents import services
from renkei.node.incidents.models import Incident, Item, Kind

FOUND = datetime(2026, 11, 24, 2, 20, tzinfo=UTC)


@pytest.fixture
def declared():
    """Declare a suspected leak as the node's own command line does."""

    def declare(kind: Kind = Kind.LEAK, text: str = "媒体一枚が見当たらない", **more) -> Incident:
        given = {"found_at": FOUND, "by": None, "now": FOUND} | more
        return services.declare(kind, {Item.OVERVIEW: text}, **given)

    return declare
