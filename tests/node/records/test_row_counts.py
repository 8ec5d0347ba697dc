"""A table's row count: counted once, then updated, and always equal to a real count."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from node.records.made_up import NOW, person, write
from renkei.node.records import changes, imports
from renkei.node.records.models import Person

pytestmark = pytest.mark.django_db


@pytest.fixture
def party() -> str:
    return "isa"


def test_rows_counted_once_are_carried_on_with_every_extract(node, tmp_path):
    def take(mode: str, *rows) -> None:
        imports.import_file(write(tmp_path / "persons.csv", "persons", *rows), "persons", mode, now=NOW)

    take("full", person(1), person(2))
    before = changes.row_count(Person)
    take("delta", person(2, address="東京都架空区1-1"), person(3), person(4), {"person_id": "P1"})

    with CaptureQueriesContext(connection) as asked:
        after = changes.row_count(Person)

    assert (before, after) == (2, 3)
    assert len(asked) == 1  # the stored count; the table itself is not read
    take("full", person(3), person(4), person(5), person(6))
    assert changes.row_count(Person) == changes.recount(Person) == 4
