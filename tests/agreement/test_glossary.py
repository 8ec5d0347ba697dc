"""The words of docs/glossary.md against the code, and the memorandum's page against the text."""

import re
from pathlib import Path

import pytest

from renkei.agreement.clauses import CLAUSES
from renkei.agreement.tables import read_rows, read_text

ROOT = Path(__file__).parents[2]
GLOSSARY = (ROOT / "docs/glossary.md").read_text(encoding="utf-8")
SOURCES = {path: path.read_text(encoding="utf-8") for path in sorted((ROOT / "src/renkei").rglob("*.py"))}
AGREEMENT = {path: text for path, text in SOURCES.items() if path.parent.name == "agreement"}
DICTIONARY = " ".join(row["column"] + " " + row["label_ja"] for row in read_rows("data_dictionary.csv"))

TERMS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in GLOSSARY.splitlines()
    if line.startswith("| ") and not line.startswith(("| ---", "| Japanese"))
]


def test_one_japanese_term_has_one_english_word():
    assert len(TERMS) > 30
    assert len({japanese for japanese, *_ in TERMS}) == len(TERMS)
    assert len({english for _, english, *_ in TERMS}) == len(TERMS)


@pytest.mark.parametrize(
    ("english", "where"), [(english, where) for _, english, where, *_ in TERMS if where], ids=lambda one: one
)
def test_a_term_lives_where_the_glossary_says(english, where):
    name = where.strip("`")

    assert re.search(rf"\b{re.escape(name)}", " ".join(SOURCES.values()) + DICTIONARY), english


@pytest.mark.parametrize("avoided", [word for row in TERMS for word in row[3].split(", ") if word])
def test_a_word_that_is_not_used_is_not_used(avoided):
    assert [
        path.name for path, text in AGREEMENT.items() if re.search(rf"\b{avoided}\b", text, re.IGNORECASE)
    ] == []


@pytest.mark.parametrize(
    "japanese", ["別紙", "在留カード番号", "突合", "不一致", "就労資格", "永住者", "漏えい等"]
)
def test_the_central_terms_of_the_text_are_explained(japanese):
    assert any(japanese in clause.text for clause in CLAUSES.values())
    assert japanese in [term for term, *_ in TERMS]


def test_the_page_of_the_memorandum_says_what_the_text_says():
    page = (ROOT / "docs/memorandum.ja.md").read_text(encoding="utf-8")
    body = page[page.index("## 申合せ\n") :]
    added = re.compile(r"^## .*$|^\| --- \| --- \|$|^#+ |^- |[|\s]", re.MULTILINE)
    stamps = re.compile(r"^(?:西|昌|印|1957年12月|國立中央圖書館|藏書)$", re.MULTILINE)

    printed = added.sub("", stamps.sub("", read_text("memorandum.ja.txt")))
    assert added.sub("", body).replace("○", "") == printed.replace("○", "")
