"""The published data dictionary: current, and valid Table Schemas that agree with `renkei check`."""

import csv
import json
from pathlib import Path

import pytest
from builders import a_card, a_notification, a_permission, a_person, a_tombstone, write_csv
from frictionless import Resource, Schema

import data_dictionary
from renkei.agreement.datasets import CARDS, DATASETS, NOTIFICATIONS, PERMISSIONS, PERSONS, Dataset
from renkei.matching.check_report import check_sources
from renkei.matching.reading import open_source

BUILDERS = {
    NOTIFICATIONS: a_notification, PERSONS: a_person, CARDS: a_card, PERMISSIONS: a_permission,
}  # fmt: skip


def schema(dataset: Dataset) -> Schema:
    text = (data_dictionary.SCHEMAS / f"{dataset.name}.json").read_text(encoding="utf-8")
    return Schema.from_descriptor(json.loads(text))


def faults(dataset: Dataset, tmp_path: Path, *rows: dict[str, str]) -> tuple[set[str], set[str]]:
    """The columns that Frictionless and `renkei check` find faults in."""
    file = write_csv(tmp_path / "table.csv", dataset, rows)
    with file.open(encoding="utf-8", newline="") as opened:
        data = list(csv.reader(opened))
    report = Resource(data=data, schema=schema(dataset)).validate()
    (finding,) = check_sources([open_source(file, dataset)])
    columns = {name for (name,) in report.flatten(["fieldName"])}
    return columns, set(finding.faults["column"])


def test_the_page_and_the_schemas_are_current() -> None:
    stale = [
        path.name
        for path, text in data_dictionary.files().items()
        if path.read_text(encoding="utf-8") != text
    ]

    assert stale == [], "run make docs"


@pytest.mark.parametrize("dataset", DATASETS.values(), ids=lambda dataset: dataset.name)
def test_a_schema_has_the_columns_and_labels_of_its_dataset(dataset: Dataset) -> None:
    fields = schema(dataset).fields

    assert [(field.name, field.title) for field in fields] == [
        (column.name, column.label_ja) for column in dataset.columns
    ]


@pytest.mark.parametrize("dataset", DATASETS.values(), ids=lambda dataset: dataset.name)
def test_a_row_in_canonical_form_has_no_fault(dataset: Dataset, tmp_path: Path) -> None:
    rows = [BUILDERS[dataset](), *([a_tombstone(notification_id="N2")] if dataset == NOTIFICATIONS else [])]

    assert faults(dataset, tmp_path, *rows) == (set(), set())


@pytest.mark.parametrize(
    ("dataset", "column", "value"),
    [
        (NOTIFICATIONS, "registered_on", "2026-02-30"),
        (NOTIFICATIONS, "birth_date", "1998-13-01"),
        (NOTIFICATIONS, "sex", "5"),
        (NOTIFICATIONS, "status_of_residence", "special_permanent_resident"),
        (NOTIFICATIONS, "nationality", "XXQ"),
        (NOTIFICATIONS, "establishment_number", "123"),
        (NOTIFICATIONS, "name", "A" * 121),
        (NOTIFICATIONS, "notification_id", ""),
        (PERSONS, "card_number", "12345"),
        (PERSONS, "name", ""),
        (CARDS, "postal_code", "12"),
        (CARDS, "extra_activity_permission", "maybe"),
        (PERMISSIONS, "ground", "other"),
        (PERMISSIONS, "organisation_corporate_number", "12"),
    ],
)
def test_a_fault_is_one_for_both(dataset: Dataset, column: str, value: str, tmp_path: Path) -> None:
    by_schema, by_check = faults(dataset, tmp_path, BUILDERS[dataset](**{column: value}))

    assert (column in by_schema, column in by_check) == (True, True)
