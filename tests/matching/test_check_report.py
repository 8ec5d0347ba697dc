"""The report of `renkei check`: sentences for every reason and kind; faults by file, row and column."""

from itertools import product
from pathlib import Path

import pytest
from builders import a_card, a_notification, a_person, write_csv

from renkei.agreement.datasets import CARDS, DATASETS, NOTIFICATIONS, PERSONS, Kind
from renkei.matching.accepted_forms import ACCEPTED_FORMS, accepted_form
from renkei.matching.check_report import HOW_TO_MEND, check_sources, in_words, sentence
from renkei.matching.labels import REJECT_REASONS
from renkei.matching.reading import RefusedFile, dataset_of, open_source
from renkei.matching.reading.headers import guess_dataset

COLUMNS = [(dataset, column) for dataset in DATASETS.values() for column in dataset.columns]


def test_every_kind_has_its_accepted_forms_and_every_reason_its_cure() -> None:
    assert (set(ACCEPTED_FORMS), set(HOW_TO_MEND)) == (set(Kind), set(REJECT_REASONS))


@pytest.mark.parametrize(("reason", "lang"), list(product(REJECT_REASONS, ("ja", "en"))))
def test_every_sentence_is_complete(reason: str, lang: str) -> None:
    for dataset, column in COLUMNS:
        said = sentence(reason, column.name, dataset, lang)
        assert not {"{", "}", "None"} & {*said.split(), *said}, said


def test_every_text_says_how_long_it_may_be() -> None:
    lengths = {str(column.max_length) for _, column in COLUMNS if column.kind is Kind.TEXT}

    assert {"120", "32", "300"} <= lengths
    for _, column in COLUMNS:
        if column.max_length is not None:
            assert str(column.max_length) in accepted_form(column).en


@pytest.mark.parametrize("dataset", DATASETS.values(), ids=lambda dataset: dataset.name)
def test_a_dataset_is_guessed_though_its_header_has_a_fault(dataset) -> None:
    labels = [column.label_ja for column in dataset.columns]

    assert guess_dataset(labels, "x.csv") == dataset
    assert guess_dataset([*labels[:-1], "余り"], "x.csv") == dataset


def test_a_header_of_nothing_known_is_refused() -> None:
    with pytest.raises(RefusedFile) as refusal:
        guess_dataset(["山田太郎", "東京都"], "x.csv")

    assert "山田太郎" not in refusal.value.en + refusal.value.ja


def test_the_dataset_of_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RefusedFile, match="no such file"):
        dataset_of(tmp_path / "none.csv")


def test_faults_are_in_order_of_files_rows_and_columns(tmp_path: Path) -> None:
    table = [a_notification(notification_id="N1", sex="?", name=""), a_notification(notification_id="N1")]
    files = [write_csv(tmp_path / name, NOTIFICATIONS, table) for name in ("b.csv", "a.csv")]

    (finding,) = check_sources([open_source(files, NOTIFICATIONS)])

    found = [(fault["file"], fault["row"], fault["column"]) for fault in in_words(finding, "en")]
    assert found == [
        ("b.csv", 2, "name"),
        ("b.csv", 2, "sex"),
        ("b.csv", 3, "notification_id"),
        ("a.csv", 2, "notification_id"),
        ("a.csv", 2, "name"),
        ("a.csv", 2, "sex"),
        ("a.csv", 3, "notification_id"),
    ]
    assert (finding.read, finding.set_aside) == (4, 3)
    assert len(in_words(finding, "ja", most=2)) == 2


def test_a_person_who_is_set_aside_is_unknown_whatever_the_order_of_files(tmp_path: Path) -> None:
    cards = write_csv(tmp_path / "cards.csv", CARDS, [a_card()])
    persons = write_csv(tmp_path / "persons.csv", PERSONS, [a_person(card_number="?")])

    findings = check_sources([open_source(cards, CARDS), open_source(persons, PERSONS)])

    assert {finding.dataset.name: finding.faults["reason"].to_list() for finding in findings} == {
        "persons": ["unreadable"],
        "cards": ["unknown_person"],
    }
