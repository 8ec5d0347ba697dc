"""The datasets that come in, described as Table Schemas (Frictionless) for whoever makes the files.

A schema describes the canonical forms only. What it accepts, `renkei check` accepts too; `renkei check` also
accepts the other forms of §1. `tools/data_dictionary.py` writes the schemas to `agreement/tables/schemas/`.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from renkei.agreement.datasets import NOTIFICATIONS, Column, Dataset, Kind
from renkei.agreement.nationalities import NATIONALITIES
from renkei.agreement.statuses import STATUSES
from renkei.matching.accepted_forms import accepted_form
from renkei.matching.labels import DATASET_NAMES, column_name
from renkei.matching.validation import TOMBSTONE_NEEDS

SCHEMA: Final = "https://specs.frictionlessdata.io/schemas/table-schema.json"
_CONSTRAINTS: Final[Mapping[Kind, Mapping[str, Any]]] = MappingProxyType(
    {
        Kind.PARTIAL_DATE: {"pattern": r"[0-9]{4}-(00-00|(0[1-9]|1[0-2])-(0[0-9]|[12][0-9]|3[01]))"},
        Kind.SEX: {"enum": ["0", "1", "2", "9"]},
        Kind.STATUS: {"enum": list(STATUSES)},
        Kind.NATIONALITY: {"enum": list(NATIONALITIES)},
        Kind.CARD_NUMBER: {"pattern": "[A-Z]{2}[0-9]{8}[A-Z]{2}"},
        Kind.ESTABLISHMENT_NUMBER: {"pattern": "[0-9]{11}"},
        Kind.CORPORATE_NUMBER: {"pattern": "[0-9]{13}"},
        Kind.POSTAL_CODE: {"pattern": "[0-9]{7}"},
        Kind.GROUND: {"enum": ["coe", "change"]},
    }
)
_NOT_NOTIFIABLE: Final = frozenset(code for code, status in STATUSES.items() if not status.notifiable)


def table_schema(dataset: Dataset) -> dict[str, Any]:
    """Return a dataset's Table Schema: names, labels in both languages, types and constraints."""
    names = DATASET_NAMES[dataset.name]
    return {
        "$schema": SCHEMA,
        "name": dataset.name,
        "title": names.ja,
        "title_en": names.en,
        "fields": [_field(column, dataset) for column in dataset.columns],
        "primaryKey": [dataset.identifier.name],
        "missingValues": [""],
    }


def _field(column: Column, dataset: Dataset) -> dict[str, Any]:
    forms = accepted_form(column)
    field: dict[str, Any] = {
        "name": column.name,
        "title": column.label_ja,
        "title_en": column_name(column.name, "en"),
        "description": f"{forms.ja} / {forms.en}",
        "type": {Kind.DATE: "date", Kind.BOOLEAN: "boolean"}.get(column.kind, "string"),
    }
    if column.kind is Kind.BOOLEAN:
        field |= {"trueValues": ["true"], "falseValues": ["false"]}
    constraints = dict(_CONSTRAINTS.get(column.kind, {}))
    if dataset == NOTIFICATIONS and column.name == "card_number":
        constraints = {}  # a malformed number is an outcome of matching (§4), not a fault of the row
    if dataset == NOTIFICATIONS and column.kind is Kind.STATUS:
        constraints = {"enum": [code for code in STATUSES if code not in _NOT_NOTIFIABLE]}
    if column.max_length is not None:
        constraints["maxLength"] = column.max_length
    # A tombstone needs three columns only, and a Table Schema cannot tell it from another notification.
    if column.required and (dataset != NOTIFICATIONS or column.name in TOMBSTONE_NEEDS):
        constraints["required"] = True
    return field | ({"constraints": constraints} if constraints else {})
