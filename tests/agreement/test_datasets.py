"""The data dictionary, and that it and the annexes say the same."""

import re

import pytest

from renkei.agreement.annexes import ANNEX_1, ANNEX_3, ANNEXES, annex_2
from renkei.agreement.datasets import (
    CARDS,
    DATASETS,
    ESTABLISHMENTS,
    NOTIFICATIONS,
    PERMISSIONS,
    PERSONS,
    SUSPECTED_OMISSIONS,
    Kind,
    discrepancies,
)
from renkei.agreement.decisions import COMPARABLE_ITEMS, DEFAULT_POLICY
from renkei.agreement.tables import read_rows

ALL = (*DATASETS.values(), discrepancies(DEFAULT_POLICY.disclosed_items), SUSPECTED_OMISSIONS)
BY_ANNEX = [
    (ANNEX_1, NOTIFICATIONS),
    (annex_2(DEFAULT_POLICY.disclosed_items), discrepancies(DEFAULT_POLICY.disclosed_items)),
    (ANNEX_3, SUSPECTED_OMISSIONS),
]
IDS = ["別紙1", "別紙2", "別紙3"]


def test_every_row_of_the_dictionary_is_in_a_dataset():
    named = {
        (column.dataset, re.sub("^(linked|latest)_.*", r"\1_<item>", column.name))
        for dataset in ALL
        for column in dataset.columns
    }

    assert named == {(row["dataset"], row["column"]) for row in read_rows("data_dictionary.csv")}


@pytest.mark.parametrize("dataset", ALL, ids=lambda dataset: dataset.name)
def test_the_columns_of_a_dataset_have_names_and_labels_of_their_own(dataset):
    labels = [column.label_ja for column in dataset.columns]

    assert len(set(dataset.names)) == len(dataset.names)
    assert len(set(labels)) == len(labels)  # a header may use either
    assert {column.dataset for column in dataset.columns} == {dataset.name}


@pytest.mark.parametrize(
    ("dataset", "identifier"),
    [
        (NOTIFICATIONS, "notification_id"),
        (PERSONS, "person_id"),
        (CARDS, "card_number"),
        (PERMISSIONS, "permission_id"),
        (SUSPECTED_OMISSIONS, "permission_id"),
        (discrepancies(()), "notification_id"),
    ],
)
def test_a_dataset_is_identified_by_its_first_column(dataset, identifier):
    assert dataset.identifier.name == identifier
    assert dataset.identifier.required


@pytest.mark.parametrize(
    ("dataset", "name", "kind", "max_length", "required"),
    [
        (NOTIFICATIONS, "name", Kind.TEXT, 120, True),
        (NOTIFICATIONS, "address", Kind.TEXT, 300, False),
        (NOTIFICATIONS, "birth_date", Kind.PARTIAL_DATE, None, True),
        (NOTIFICATIONS, "stay_expires_on", Kind.DATE, None, False),
        (NOTIFICATIONS, "card_number", Kind.CARD_NUMBER, None, True),
        (NOTIFICATIONS, "establishment_number", Kind.ESTABLISHMENT_NUMBER, None, False),
        (NOTIFICATIONS, "establishment_phone", Kind.PHONE, 30, False),
        (NOTIFICATIONS, "postal_code", Kind.POSTAL_CODE, None, False),
        (NOTIFICATIONS, "industry", Kind.TEXT, 8, False),
        (PERSONS, "sex", Kind.SEX, None, True),
        (PERSONS, "nationality", Kind.NATIONALITY, None, True),
        (CARDS, "status_of_residence", Kind.STATUS, None, True),
        (CARDS, "extra_activity_permission", Kind.BOOLEAN, None, False),
        (PERMISSIONS, "ground", Kind.GROUND, None, True),
        (PERMISSIONS, "organisation_corporate_number", Kind.CORPORATE_NUMBER, None, False),
        (SUSPECTED_OMISSIONS, "reason", Kind.TEXT, None, True),
        (discrepancies(()), "matched_on", Kind.DATE, None, True),
        (discrepancies(()), "differences", Kind.TEXT, None, False),
    ],
)
def test_a_column_is_typed_as_the_dictionary_says(dataset, name, kind, max_length, required):
    column = dataset.column(name)

    assert (column.kind, column.max_length, column.required) == (kind, max_length, required)


def test_a_column_that_is_not_there_is_an_error():
    with pytest.raises(KeyError, match="notifications has no column my_number"):
        NOTIFICATIONS.column("my_number")


def test_discrepancies_hold_all_linked_items_and_then_all_latest_ones():
    dataset = discrepancies(["birth_date", "name"])

    assert dataset.names == (
        "notification_id",
        "outcome",
        "matched_on",
        "card_number",
        "mismatched_items",
        "linked_birth_date",
        "linked_name",
        "latest_birth_date",
        "latest_name",
        "identity_caution",
        "differences",
    )
    assert dataset.column("linked_birth_date").kind is Kind.PARTIAL_DATE
    assert dataset.column("linked_birth_date").label_ja == "在留カードにひも付く生年月日"
    assert dataset.column("latest_name").label_ja == "最新の氏名"
    assert not dataset.column("latest_name").required


@pytest.mark.parametrize(("annex", "dataset"), BY_ANNEX, ids=IDS)
def test_what_travels_is_what_the_annex_names_and_its_technical_columns(annex, dataset):
    assert annex.dataset == dataset.name
    assert set(annex.columns) | set(annex.technical) == set(dataset.names)
    assert not set(annex.columns) & set(annex.technical)
    assert len(set(annex.columns)) == len(annex.columns)


@pytest.mark.parametrize(("annex", "dataset"), BY_ANNEX, ids=IDS)
def test_the_dictionary_gives_each_column_the_number_of_its_item(annex, dataset):
    said = {column.name: column.item for column in dataset.columns}
    number_of = {name: item.number for item in annex.items for name in item.columns}

    assert {name: said[name] for name in annex.columns} == {
        name: annex.number + number for name, number in number_of.items()
    }


@pytest.mark.parametrize(("annex", "dataset"), BY_ANNEX, ids=IDS)
def test_a_column_that_is_no_item_is_said_to_be_something_else(annex, dataset):
    assert not [name for name in annex.technical if dataset.column(name).item.startswith("別紙")]


def test_every_annex_is_tied_to_a_dataset():
    assert [annex.number for annex, _ in BY_ANNEX] == list(ANNEXES)


def test_the_comparable_items_are_those_of_annex_1_that_the_register_holds_too_in_its_order():
    held = [name for name in ANNEX_1.columns if name in PERSONS.names and name in CARDS.names]

    # The number is what links the two; the postal code goes with the address.
    assert [name for name in held if name not in ("card_number", "postal_code")] == list(COMPARABLE_ITEMS)


@pytest.mark.parametrize("item", COMPARABLE_ITEMS)
def test_an_item_is_of_one_kind_wherever_it_stands(item):
    kinds = {
        (dataset.column(item).kind, dataset.column(item).max_length)
        for dataset in (NOTIFICATIONS, PERSONS, CARDS)
    }

    assert len(kinds) == 1


def test_the_list_of_establishments_is_ours_and_leaves_in_no_annex():
    assert ESTABLISHMENTS.identifier.name == "establishment_number"
    assert {column.item for column in ESTABLISHMENTS.columns} == {"technical"}
    assert ESTABLISHMENTS.name not in {annex.dataset for annex in ANNEXES.values()} | set(DATASETS)
    assert len({column.label_ja for column in ESTABLISHMENTS.columns}) == len(ESTABLISHMENTS.columns)
