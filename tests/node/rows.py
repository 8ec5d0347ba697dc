"""Synthetic rows of the datasets, as files would hold them."""

from pathlib import Path
from typing import Any

import polars as pl

from renkei.agreement.datasets import Dataset

RECORD = {
    "name": "EXAMPLE TARO",
    "status_of_residence": "engineer_humanities_intl",
    "stay_expires_on": "2027-03-31",
    "birth_date": "1990-01-02",
    "sex": "1",
    "nationality": "VNM",
}


def card_number(number: int) -> str:
    return f"AB{number:08d}CD"


def notification(number: int, **values: Any) -> dict[str, Any]:
    row = RECORD | {
        "notification_id": f"N{number}",
        "card_number": card_number(number),
        "establishment_number": "13010000001",
        "establishment_name": "株式会社試験",
        "employment_start": "2026-03-01",
        "registered_on": "2026-03-02",
    }
    return row | values


def person(number: int, **values: Any) -> dict[str, Any]:
    return RECORD | {"person_id": f"P{number}", "card_number": card_number(number)} | values


def card(number: int, **values: Any) -> dict[str, Any]:
    row = {"card_number": card_number(number), "person_id": f"P{number}", "issued_on": "2024-01-01"}
    return RECORD | row | values


def permission(number: int, **values: Any) -> dict[str, Any]:
    row = {
        "permission_id": f"K{number}",
        "person_id": f"P{number}",
        "ground": "change",
        "permitted_on": "2026-01-10",
        "status_of_residence": "engineer_humanities_intl",
        "previous_status": "student",
        "contract_confirmed": "true",
        "organisation_name": "株式会社試験",
    }
    return row | values


def write(path: Path, dataset: Dataset, rows: list[dict[str, Any]]) -> Path:
    """Write rows as a CSV of the dataset."""
    whole = [dict.fromkeys(dataset.names, "") | row for row in rows]
    frame = pl.DataFrame(whole, schema=dict.fromkeys(dataset.names, pl.String))
    frame.write_csv(path, quote_style="necessary")
    return path
