"""Whether a node lives, and whether it can work: what a supervisor asks every few seconds.

Not what is wrong: that is for `renkei doctor`, and for people. Strangers learn one word for each part.
"""

import shutil
from collections.abc import Callable, Mapping
from typing import Final

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from renkei.node.deliveries import keystore

_LEAST_FREE: Final = 2**30  # bytes, without which the next delivery may not find room


def _database() -> bool:
    connection.ensure_connection()
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def _agreement() -> bool:
    return bool(keystore.home().agreements())


def _disk() -> bool:
    return shutil.disk_usage(settings.NODE.directory).free >= _LEAST_FREE


#: What must be in order for a node to work, quick enough to be asked all the time.
PARTS: Final[Mapping[str, Callable[[], bool]]] = {
    "database": _database,
    "agreement": _agreement,
    "disk": _disk,
}


def ready() -> Mapping[str, bool]:
    """Say of each part whether it is in order; whatever goes wrong in asking is a no."""
    return {name: _is(part) for name, part in PARTS.items()}


def _is(part: Callable[[], bool]) -> bool:
    try:
        return part()
    except Exception:  # whatever it is: the answer is no, and the doctor says why
        return False
