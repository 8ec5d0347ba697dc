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
NAME_TABLES = (AGREEMENT, VARIANTS.parent)

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
# if_unreadable is `row` for these, where the data dictionary does not say it yet.
ROW = {
    "notifications": (
        *("notification_id", "status_of_residence", "card_number"),
        *("registered_on", "deleted_on", "notice_basis"),
    ),
    "persons": ("person_id", "card_number"),
    "cards": ("card_number", "person_id"),
    "permissions": (
        *("permission_id", "person_id", "ground", "permitted_on"),
        *("status_of_residence", "contract_confirmed"),
    ),
}
# An optional column of the ministry's extract: no received notification has it.
NOT_RECEIVED = ("notice_basis",)

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
    if_unreadable: str


@cache
def columns(dataset: str) -> tuple[Column, ...]:
    return tuple(_columns(dataset))


def _columns(dataset: str) -> Iterator[Column]:
    for row in _rows(AGREEMENT / "data_dictionary.csv"):
        if row["dataset"] == dataset and row["column"] not in NOT_RECEIVED:
            text = re.fullmatch(r"text\((\d+)\.\.(\d+)\)", row["type"])
            yield Column(
                name=row["column"],
                label=row["label_ja"],
                kind="text" if text else row["type"],
                required=row["required"] == "yes",
                least=int(text[1]) if text else None,
                most=int(text[2]) if text else 30 if row["type"] == "phone" else None,
                if_unreadable=row.get("if_unreadable")
                or ("row" if row["column"] in ROW.get(dataset, ()) else "value"),
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
        for alias in re.split("[|;]", row.get("aliases") or ""):
            if alias.strip():
                found.setdefault(any_case_and_width(alias.strip()), row["code"])
    return found


@cache
def compare_as() -> dict[str, str]:
    return {row["code"]: row["compare_as"] for row in _rows(AGREEMENT / "nationalities.csv")}


@cache
def kanji_variants() -> dict[str, str]:
    if not VARIANTS.exists():
        return {}
    return {row["variant"]: row["standard"] for row in _rows(VARIANTS)}


@cache
def second_forms() -> dict[str, str]:
    """Characters that stand for two standard ones: the other of the two."""
    path = VARIANTS.with_name("kanji_second_forms.csv")
    return {row["variant"]: row["standard"] for row in _rows(path)} if path.exists() else {}


@cache
def patronymic_particles() -> tuple[str, ...]:
    return _words(
        "patronymic_particles",
        ["BIN", "IBN", "BINTI", "BINT", "S/O", "D/O", "OGLU", "OGLY", "QIZI", "UULU", "KYZY"],
        "particle",
    )


@cache
def no_names() -> tuple[str, ...]:
    return _words("no_names", ["UNKNOWN", "NO NAME", "BABY BOY", "不明", "不詳", "-"], "writing")


@cache
def titles() -> tuple[str, ...]:
    return _words("titles", ["MR", "MRS", "MS", "DR", "U", "DAW", "KO", "MA", "様", "さん", "氏"], "title")


@cache
def romanisations() -> tuple[frozenset[str], ...]:
    rows = _words("romanisations", ["MOHAMMED MUHAMMAD", "PARK PAK", "LEE YI"], "spellings")
    return tuple(frozenset(row.split()) for row in rows)


@cache
def organisation_forms() -> tuple[tuple[str, str], ...]:
    """Legal forms of organisations with the place where each may stand."""
    return tuple((row["form"], row["place"]) for row in _rows(AGREEMENT / "organisation_forms.csv"))


@cache
def prefectures() -> frozenset[str]:
    return frozenset(row["prefecture"] for row in _rows(AGREEMENT / "municipalities.csv"))


@cache
def municipalities() -> frozenset[str]:
    return frozenset(row["municipality"] for row in _rows(AGREEMENT / "municipalities.csv"))


def _words(table: str, otherwise: list[str], column: str) -> tuple[str, ...]:
    """The column of a table of the package, or the examples that the specification gives."""
    for folder in NAME_TABLES:
        if (path := folder / f"{table}.csv").exists():
            return tuple(row.get(column) or next(iter(row.values())) for row in _rows(path))
    return tuple(otherwise)


IGNORABLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]"
)


def visible(text: str) -> str:
    """Without the characters that nobody can see (Default_Ignorable_Code_Point)."""
    return IGNORABLE.sub("", text)


def is_dash(character: str) -> bool:
    return unicodedata.category(character) == "Pd" or character == "−"


def any_case_and_width(text: str) -> str:
    return unicodedata.normalize("NFKC", text).upper()


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
