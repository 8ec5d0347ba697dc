"""Synthetic rows to build cases from: a notification, and the records of the person it names.

By default everything agrees. A test changes only what it tests.
"""

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import polars as pl

from renkei.agreement.datasets import CARDS, DATASETS, NOTIFICATIONS, PERMISSIONS, PERSONS, Dataset
from renkei.agreement.decisions import DEFAULT_POLICY, Policy
from renkei.matching import Reconciliation, reconcile
from renkei.matching.frames import table_batches
from renkei.matching.outcomes import NO_FAULTY
from renkei.matching.prepare import Preparation, prepare
from renkei.matching.reading.source_layouts import load_layout
from renkei.matching.validation import NotificationsAre

Row = dict[str, str]

AS_OF = date(2026, 4, 13)
CARD = "AB12345678CD"
OTHER_CARD = "EF87654321GH"

_IDENTITY = {
    "name": "NGUYEN VAN ANH",
    "status_of_residence": "engineer_humanities_intl",
    "stay_expires_on": "2027-09-30",
    "birth_date": "1998-04-21",
    "sex": "1",
    "nationality": "VNM",
    "extra_activity_permission": "false",
}


def _row(dataset: Dataset, defaults: Mapping[str, str], values: Mapping[str, str]) -> Row:
    unknown = [name for name in values if name not in dataset.names]
    assert not unknown, f"{dataset.name} has no {unknown}"
    return {name: values.get(name, defaults.get(name, "")) for name in dataset.names}


def a_notification(**values: str) -> Row:
    defaults = _IDENTITY | {"notification_id": "N1", "card_number": CARD, "registered_on": "2026-04-01"}
    return _row(NOTIFICATIONS, defaults, values)


def a_tombstone(**values: str) -> Row:
    defaults = {
        "notification_id": "N1",
        "card_number": CARD,
        "registered_on": "2026-04-01",
        "deleted_on": "2026-04-10",
    }
    return _row(NOTIFICATIONS, defaults, values)


def a_person(**values: str) -> Row:
    return _row(PERSONS, _IDENTITY | {"person_id": "P1", "card_number": CARD}, values)


def a_card(**values: str) -> Row:
    defaults = _IDENTITY | {"card_number": CARD, "person_id": "P1", "issued_on": "2024-10-01"}
    return _row(CARDS, defaults, values)


def a_permission(**values: str) -> Row:
    defaults = {
        "permission_id": "K1",
        "person_id": "P1",
        "ground": "coe",
        "permitted_on": "2026-02-10",
        "status_of_residence": "engineer_humanities_intl",
        "contract_confirmed": "true",
        "organisation_name": "見本商事株式会社",
    }
    return _row(PERMISSIONS, defaults, values)


def a_table(dataset: Dataset, rows: Iterable[Row]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=dict.fromkeys(dataset.names, pl.String))


def reconciled(
    *,
    notifications: Sequence[Row] = (),
    persons: Sequence[Row] | None = None,
    cards: Sequence[Row] | None = None,
    permissions: Sequence[Row] = (),
    as_of: date = AS_OF,
    policy: Policy = DEFAULT_POLICY,
    notifications_are: NotificationsAre = "all",
    faulty: pl.DataFrame = NO_FAULTY,
) -> Reconciliation:
    """Reconcile rows; by default the register has one person and one card."""
    return reconcile(
        a_table(NOTIFICATIONS, notifications),
        a_table(PERSONS, [a_person()] if persons is None else persons),
        a_table(CARDS, [a_card()] if cards is None else cards),
        a_table(PERMISSIONS, permissions),
        as_of=as_of,
        policy=policy,
        notifications_are=notifications_are,
        confirmed="small cases: of few rows many are odd, and no register is complete",
        faulty=faulty,
    )


def prepared(*notifications: Row) -> Preparation:
    batches = table_batches(a_table(NOTIFICATIONS, notifications), NOTIFICATIONS)
    return prepare(batches, confirmed="a small case")


def rows(table: pl.DataFrame) -> list[Row]:
    """The rows of an output table, blank as empty text."""
    return table.fill_null("").to_dicts()


def the_row(table: pl.DataFrame) -> Row:
    (row,) = rows(table)
    return row


def a_match(
    notification: Row,
    *,
    persons: Sequence[Row] | None = None,
    cards: Sequence[Row] | None = None,
    policy: Policy = DEFAULT_POLICY,
) -> Row:
    """The row of `matches.csv` of one notification."""
    result = reconciled(notifications=[notification], persons=persons, cards=cards, policy=policy)
    return the_row(result.matches)


def write_csv(path: Path, dataset: Dataset, table: Iterable[Row]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, dataset.names)
        writer.writeheader()
        writer.writerows(table)
    return path


def write_register(directory: Path, tables: Mapping[str, Iterable[Row]]) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    for name in ("persons", "cards", "permissions"):
        write_csv(directory / f"{name}.csv", DATASETS[name], tables.get(name, ()))
    return directory


def renki(form: str, *table: Mapping[str, str], numbers: bool = False) -> list[str]:
    """The lines of a file of 連記式; with `numbers`, it has the column of card numbers."""
    layout = load_layout(Path(f"renki_{form}"))
    needed = [one for rule in layout.rules.values() if rule.kind != "heading" for one in rule.sources]
    needed = [one for one in needed if numbers or one != "在留カード番号"]
    columns = [*dict.fromkeys([*needed, *sorted(layout.ignored), *layout.must_be_blank])]
    office = [
        "事業所番号",
        "親番号（郵便番号）",
        "子番号（郵便番号）",
        "事業所所在地",
        "事業所名称",
        "電話番号",
    ]
    return [
        "都市区符号,事業所記号,ＦＤ通番,作成年月日,代表届書コード,連記式項目バージョン",
        "13,見本,001,20260410,22223,05",
        "[kanri]",
        "社会保険労務士氏名,事業所情報数",
        ",001",
        ",".join(office),
        "12345,100,0001,東京都千代田区見本1-1,見本商事,03-0000-0000",
        "[data]",
        ",".join(columns),
        *(",".join(values.get(column, "") for column in columns) for values in table),
    ]


RENKI_ROW = {
    "被保険者番号4桁": "1301", "被保険者番号6桁": "123456", "被保険者番号CD": "7",
    "被保険者氏名": "グエン", "被保険者氏名（ローマ字）": "NGUYEN VAN ANH", "性別": "1",
    "生年月日（元号）": "4", "生年月日（年）": "10", "生年月日（月）": "4", "生年月日（日）": "21",
    "事業所番号（安定所番号）": "1301", "事業所番号（一連番号）": "654321", "事業所番号（CD）": "0",
    "資格取得年月日（元号）": "5", "資格取得年月日（年）": "8", "資格取得年月日（月）": "4",
    "資格取得年月日（日）": "1", "国籍・地域": "ベトナム", "在留資格コード": "17",
    "在留期間（年）": "2027", "在留期間（月）": "9", "在留期間（日）": "30", "資格外活動許可の有無": "2",
}  # fmt: skip


@dataclass(frozen=True)
class Case:
    """Rows of a small world of its own."""

    notifications: Sequence[Row] = ()
    persons: Sequence[Row] = field(default_factory=lambda: [a_person()])
    cards: Sequence[Row] = field(default_factory=lambda: [a_card()])
    permissions: Sequence[Row] = ()


@dataclass(frozen=True)
class Said:
    """The result of a case."""

    matches: list[Row]
    annex3: list[Row]


def all_reconciled(cases: Sequence[Case], policy: Policy = DEFAULT_POLICY) -> list[Said]:
    """Reconcile many cases in one run, independent of each other: one case takes as long as hundreds."""

    def together(name: str) -> list[Row]:
        return [_apart(place, row) for place, case in enumerate(cases) for row in getattr(case, name)]

    result = reconciled(**{name: together(name) for name in DATASETS}, policy=policy)
    matches, annex3 = rows(result.matches), rows(result.annex3)
    return [
        Said(
            [match for match in matches if match["notification_id"].startswith(f"{place}.")],
            [row for row in annex3 if row["permission_id"].startswith(f"{place}.")],
        )
        for place in range(len(cases))
    ]


def _apart(place: int, row: Row) -> Row:
    """Make a row's identifiers and numbers unique to its case; malformed ones stay malformed."""
    renamed = {
        name: f"{place}.{row[name]}"
        for name in ("notification_id", "person_id", "permission_id")
        if row.get(name)
    }
    number = row.get("card_number", "")
    formed = re.fullmatch("([A-Z]{2})([0-9]{4})[0-9]{4}([A-Z]{2})", number)
    if number:
        renamed["card_number"] = (
            f"{formed[1]}{formed[2]}{place:04}{formed[3]}" if formed else f"{number}{place:04}"
        )
    return row | renamed
