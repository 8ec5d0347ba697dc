"""The published tables, read once with the standard library."""

import csv
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

SOURCES = Path(__file__).parents[2] / "src" / "renkei"
AGREEMENT = SOURCES / "agreement" / "tables"
VARIANTS = SOURCES / "matching" / "tables" / "kanji_variants.csv"

INPUTS = ("notifications", "persons", "cards", "permissions")
IDENTIFIER = {
    "notifications": "notification_id",
    "persons": "person_id",
    "cards": "card_number",
    "permissions": "permission_id",
}
# 別紙1⑩–⑰, withheld for 永住者.
WITHHELD = (
    "establishment_number",
    "establishment_name",
    "establishment_postal_code",
    "establishment_address",
    "establishment_phone",
    "industry",
    "establishment_size",
    "employment_start",
    "employment_end",
)
# What a deletion carries: the identifier, ⑦, ⑱ (two dates) and ⑲.
OF_A_DELETION = ("notification_id", "card_number", "registered_on", "updated_on", "deleted_on")
NEEDED_BY_A_TOMBSTONE = ("notification_id", "card_number", "registered_on")
# Comparable items in the order of 別紙1: ⑧ comes before ⑨.
ITEMS = (
    "name",
    "status_of_residence",
    "stay_expires_on",
    "birth_date",
    "sex",
    "nationality",
    "address",
    "extra_activity_permission",
)
# Those whose difference may mean another person (§4).
IDENTITY = ("name", "birth_date", "sex", "nationality")


@dataclass(frozen=True)
class Column:
    """One row of the data dictionary; `least` and `most` are the lengths of a text, else None."""

    name: str
    label: str
    kind: str
    required: bool
    least: int | None
    most: int | None


@cache
def columns(dataset: str) -> tuple[Column, ...]:
    return tuple(_columns(dataset))


def _columns(dataset: str) -> Iterator[Column]:
    for row in _rows(AGREEMENT / "data_dictionary.csv"):
        if row["dataset"] == dataset:
            text = re.fullmatch(r"text\((\d+)\.\.(\d+)\)", row["type"])
            yield Column(
                name=row["column"],
                label=row["label_ja"],
                kind="text" if text else row["type"],
                required=row["required"] == "yes",
                least=int(text[1]) if text else None,
                most=int(text[2]) if text else None,
            )


@dataclass(frozen=True)
class Status:
    code: str
    parent: str
    name_ja: str
    name_en: str
    work_status: str
    notifiable: bool


@cache
def statuses() -> dict[str, Status]:
    return {
        row["code"]: Status(
            row["code"],
            row["parent"],
            row["name_ja"],
            row["name_en"],
            row["work_status"],
            row["notifiable"] == "yes",
        )
        for row in _rows(AGREEMENT / "status_of_residence.csv")
    }


@cache
def status_names() -> dict[str, str]:
    """Code, Japanese name and English name of every status, folded, to its code; the first row wins."""
    found: dict[str, str] = {}
    for status in statuses().values():
        for name in (status.code, status.name_ja, status.name_en):
            found.setdefault(any_case_and_width(name), status.code)
    return found


@cache
def mhlw_codes() -> dict[str, tuple[str, ...]]:
    """Two-digit MHLW code to the status codes it stands for; the reserved ones stand for none."""
    found = {
        row["mhlw_code"]: tuple(row["status_codes"].split())
        for row in _rows(AGREEMENT / "mhlw_status_codes.csv")
    }
    return {code: stands_for for code, stands_for in found.items() if stands_for}


@cache
def nationality_names() -> dict[str, str]:
    """Every accepted way to write a nationality, folded, to its code; the first row wins."""
    rows = list(_rows(AGREEMENT / "nationalities.csv"))
    found: dict[str, str] = {}
    for column in ("code", "alpha2"):
        for row in rows:
            if row[column]:
                found.setdefault(any_case_and_width(row[column]), row["code"])
    for row in rows:
        for column in ("name_ja", "name_en", "name_on_card_ja"):
            if row[column]:
                found.setdefault(any_case_and_width(row[column]), row["code"])
    return found


@cache
def compare_as() -> dict[str, str]:
    return {row["code"]: row["compare_as"] for row in _rows(AGREEMENT / "nationalities.csv")}


@cache
def kanji_variants() -> dict[str, str]:
    if not VARIANTS.exists():
        return {}
    return {row["variant"]: row["standard"] for row in _rows(VARIANTS)}


def any_case_and_width(text: str) -> str:
    return unicodedata.normalize("NFKC", text).upper()


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
