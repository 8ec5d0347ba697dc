"""The data package: one CSV for each dataset of the service, and `datapackage.json` that describes them.

A Frictionless Data Package. The description is last in the archive, so that counts and hashes can be written
in one pass. A reader does not need it first: the schema of a service is agreed beforehand
(`schemas.tables_of`), and the description must repeat it.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from renkei.exchange.errors import Refused
from renkei.exchange.schemas import Table

DESCRIPTION: Final = "datapackage.json"
#: Beside an opened package from which rows were set aside: their dataset, line, identifier and reasons.
SET_ASIDE: Final = "set_aside.csv"
SET_ASIDE_COLUMNS: Final = ("dataset", "line", "identifier", "reasons")
MOST_DESCRIPTION: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class FileFacts:
    """Rows, bytes and hash of one CSV as it was sealed, counted while it was read.

    `set_aside`: how many of its rows are set aside when it is opened, by their first reason.
    """

    table: Table
    rows: int
    size: int
    sha256: str
    set_aside: Mapping[str, int] = field(default_factory=dict)


def entry_names(tables: Sequence[Table]) -> tuple[str, ...]:
    """Return the file names of a package of these tables, in the order of the archive."""
    return (*(table.path for table in tables), DESCRIPTION)


def describe(service: str, facts: Iterable[FileFacts]) -> bytes:
    """Write `datapackage.json`."""
    found = {
        "name": f"renkei-{service}",
        "profile": "tabular-data-package",
        "resources": [_resource(fact) for fact in facts],
    }
    return (json.dumps(found, ensure_ascii=False, indent=2, sort_keys=True) + "\n").encode()


def _resource(fact: FileFacts) -> dict[str, Any]:
    return {
        "name": fact.table.name,
        "path": fact.table.path,
        "profile": "tabular-data-resource",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": fact.size,
        "hash": f"sha256:{fact.sha256}",
        "rows": fact.rows,
        "schema": fact.table.schema(),
    }


def check_description(data: bytes, service: str, facts: list[FileFacts], kind: str) -> None:
    """Refuse a description that is not the agreed one or does not fit the files beside it (step 7)."""
    try:
        found = json.loads(data)
        resources = found["resources"]
        if len(resources) != len(facts):
            raise Refused("package_schema", DESCRIPTION)
        for resource, fact in zip(resources, facts, strict=True):
            _check_resource(resource, fact)
        if found.get("name") != f"renkei-{service}":
            raise Refused("package_schema", DESCRIPTION)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Refused("package_schema", DESCRIPTION) from None
    check_kind(facts, kind)


def check_kind(facts: list[FileFacts], kind: str) -> None:
    """Refuse an `empty` delivery with rows, and another one without; rows of receipts do not count."""
    if (sum(fact.rows for fact in facts if not fact.table.accompanies) == 0) != (kind == "empty"):
        raise Refused("package_count", kind)


def _check_resource(resource: dict[str, Any], fact: FileFacts) -> None:
    described = _resource(fact)
    if resource.get("hash") != described["hash"] or resource.get("bytes") != fact.size:
        raise Refused("package_hash", fact.table.path)
    if resource.get("rows") != fact.rows:
        raise Refused("package_count", fact.table.path)
    for key in ("name", "path", "encoding", "schema"):
        if resource.get(key) != described[key]:
            raise Refused("package_schema", f"{fact.table.path}: {key}")
