"""Two homes of the exchange; a trail with some entries."""

from collections.abc import Callable

import pytest
from django.db import transaction

from node.deliveries.conftest import be, made, pair  # noqa: F401  fixtures
from renkei.node.audit.models import Entry
from renkei.node.audit.trail import record
from renkei.node.audit.verbs import Verb


@pytest.fixture
def written() -> Callable[[int], list[Entry]]:
    """Write entries of the system."""

    def write(count: int) -> list[Entry]:
        with transaction.atomic():
            return [record(None, Verb.FILE_IMPORTED, f"{number}.csv", rows=number) for number in range(count)]

    return write
