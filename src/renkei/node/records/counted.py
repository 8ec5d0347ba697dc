"""How many rows a table has, counted once and carried on: to count millions takes longer than a day's search.

Within a turn (`turns`), in which all that changes the table stays with what is carried on.
"""

from django.db import models
from django.db.models import F

from renkei.node.records.models import Counted


def rows(of: type[models.Model]) -> int:
    """Return how many rows a table has, exactly; counted where nobody did before."""
    known = Counted.objects.filter(table=of._meta.db_table).first()
    return count(of) if known is None else known.rows


def count(of: type[models.Model]) -> int:
    """Count a table anew, whatever was carried on; returns how many rows it has."""
    found = of._default_manager.count()
    Counted.objects.update_or_create(table=of._meta.db_table, defaults={"rows": found})
    return found


def carry(table: str, more: int) -> None:
    """Carry a table's number on by what was added, less what was removed, where somebody counted it."""
    Counted.objects.filter(table=table).update(rows=F("rows") + more)
