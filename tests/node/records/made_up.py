"""Synthetic rows, and files of them."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

import polars as pl
from django.utils import timezone

from renkei.agreement.datasets import DATASETS, ESTABLISHMENTS, Dataset
from renkei.node.records.tables import Table

NOW = datetime(2026, 11, 24, 6, 0, tzinfo=timezone.get_default_timezone())
ALL = {**DATASETS, ESTABLISHMENTS.name: ESTABLISHMENTS}

Row = Mapping[str, str]

_IDENTITY = {
    "name": "NGUYEN VAN ANH",
    "status_of_residence": "engineer_humanities_intl",
    "stay_expires_on": "2027-09-30",
    "birth_date": "1998-04-01",
    "sex": "1",
    "nationality": "VNM",
}


def card(number: int) -> str:
    """The number of a residence card that does not exist."""
    return f"AB{number:08d}CD"


def notification(number: int = 1, **fields: str) -> Row:
    return {
        "notification_id": f"N{number}",
        "card_number": card(number),
        **_IDENTITY,
        "establishment_number": f"1301{number:06d}1",
        "employment_start": "2026-04-01",
        "registered_on": "2026-04-10",
        **fields,
    }


def person(number: int = 1, **fields: str) -> Row:
    return {"person_id": f"P{number}", "card_number": card(number), **_IDENTITY, **fields}


def card_of(person_number: int, number: int | None = None, **fields: str) -> Row:
    return {
        "card_number": card(number or person_number),
        "person_id": f"P{person_number}",
        "issued_on": "2024-10-01",
        **_IDENTITY,
        **fields,
    }


def permission(number: int = 1, **fields: str) -> Row:
    return {
        "permission_id": f"L{number}",
        "person_id": f"P{number}",
        "ground": "coe",
        "permitted_on": "2026-01-31",
        "status_of_residence": "engineer_humanities_intl",
        "contract_confirmed": "true",
        "organisation_name": "架空商事株式会社",
        **fields,
    }


def establishment(number: int = 1, **fields: str) -> Row:
    return {
        "establishment_number": f"1301{number:06d}1",
        "establishment_name": "架空商事株式会社",
        "hello_work_office": "1301",
        "labour_bureau": "東京労働局",
        **fields,
    }


def frame(dataset: Dataset, rows: Iterable[Row]) -> pl.DataFrame:
    whole = [{**dict.fromkeys(dataset.names), **row} for row in rows]
    return pl.DataFrame(whole, schema=dict.fromkeys(dataset.names, pl.String), orient="row")


def write(path: Path, dataset: str, *rows: Row) -> Path:
    """Write rows as a CSV or, by the ending, Parquet."""
    table = frame(ALL[dataset], rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".parquet":
        table.write_parquet(path)
    else:
        table.write_csv(path)
    return path


def stored(table: Table) -> dict[str, dict[str, str | None]]:
    """The rows of a table by identifier, blank columns left out."""
    rows = table.model._default_manager.values(*table.dataset.names)
    return {row[table.key]: {name: value for name, value in row.items() if value is not None} for row in rows}
