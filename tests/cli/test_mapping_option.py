"""`--mapping` of `prepare` and `reconcile`: a dataset in its source's own layout, beside the same in ours."""

import json
from pathlib import Path

import pytest
from builders import (
    CARD,
    RENKI_ROW,
    a_card,
    a_notification,
    a_permission,
    a_person,
    renki,
    write_csv,
    write_register,
)
from commands import MARK, names, run, table

from renkei.agreement.datasets import NOTIFICATIONS, PERSONS

_ROW = RENKI_ROW | {"在留資格コード": "技術・人文知識・国際業務", "在留カード番号": CARD}
RENKI = [
    _ROW | {"被保険者番号CD": str(place)} | changed
    for place, changed in enumerate(
        ({}, {"被保険者氏名（ローマ字）": f"{MARK}A"}, {"性別": "8"}, {"在留カード番号": ""}), start=1
    )
]
OFFICE = {
    "establishment_number": "13016543210", "establishment_postal_code": "1000001",
    "establishment_address": "東京都千代田区見本1-1", "establishment_phone": "03-0000-0000",
    "employment_start": "2026-04-01", "registered_on": "2026-04-10",
}  # fmt: skip
OURS = [
    a_notification(**OFFICE, notification_id=f"10101-1301-123456-{place}", **changed)
    for place, changed in enumerate(({}, {"name": f"{MARK}A"}, {"sex": "8"}, {"card_number": ""}), start=1)
]
OWN = """
dataset = "persons"
blank = ["kanji_name", "postal_code", "address"]
[columns]
person_id = "番号"
card_number = "カード"
name = "氏名"
status_of_residence = { column = "資格", values = { "A" = "engineer_humanities_intl" } }
stay_expires_on = "期限"
birth_date = { date = ["年", "月", "日"] }
sex = "性別"
nationality = { constant = "VNM" }
extra_activity_permission = { constant = "2" }
"""
PERSON = f"番号,カード,氏名,資格,期限,年,月,日,性別\nP1,{CARD},NGUYEN VAN ANH,A,2027-09-30,1998,4,21,1\n"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """The same notifications in both layouts, a register, and a mapping of persons."""
    write_csv(tmp_path / "ours.csv", NOTIFICATIONS, OURS)
    lines = renki("10101", *RENKI, numbers=True)
    (tmp_path / "renki.csv").write_bytes("\r\n".join(lines).encode("cp932"))
    tables = {"persons": [a_person()], "cards": [a_card()], "permissions": [a_permission()]}
    write_register(tmp_path / "register", tables)
    (tmp_path / "persons.toml").write_text(OWN, encoding="utf-8")
    return tmp_path


def prepare(place: Path, out: str, file: str, *more: str) -> list[object]:
    return ["prepare", "--notifications", place / file, "--out", place / out / "annex1.csv", *more]


def reconcile(place: Path, out: str, file: str, *more: str) -> list[object]:
    paths = ["--notifications", place / file, "--register", place / "register", "--out", place / out]
    return ["reconcile", *paths, "--as-of", "2026-04-13", *more]


def without_lines(path: Path) -> list[dict[str, str]]:
    return [{name: value for name, value in row.items() if name != "line"} for row in table(path)]


def the_same(one: Path, other: Path, tables: tuple[str, ...]) -> None:
    assert names(one) == names(other)
    for name in tables:
        assert (one / name).read_bytes() == (other / name).read_bytes(), name
    assert without_lines(one / "rejects.csv") == without_lines(other / "rejects.csv") != []


@pytest.mark.slow
def test_prepare_reads_a_sources_own_layout_as_it_reads_ours(place: Path) -> None:
    mapped = run(
        *prepare(place, "mapped", "renki.csv", "--mapping", "renki_10101", "--encoding", "cp932", "--json")
    )
    plain = run(*prepare(place, "plain", "ours.csv", "--json"))

    assert (mapped.returncode, mapped.stderr, mapped.stdout) == (0, "", plain.stdout)
    the_same(place / "mapped", place / "plain", ("annex1.csv",))
    # The row is the one that an editor shows, lines before the header included.
    assert [row["line"] for row in table(place / "mapped" / "rejects.csv")] == ["12"]


@pytest.mark.slow
def test_reconcile_reads_a_sources_own_layout_as_it_reads_ours(place: Path) -> None:
    file = place / "renki.csv"
    file.write_text(file.read_text("cp932"), encoding="utf-8")  # as the register is

    mapped = run(*reconcile(place, "mapped", "renki.csv", "--mapping", "renki_10101"))
    plain = run(*reconcile(place, "plain", "ours.csv"))

    assert (mapped.returncode, mapped.stderr, plain.returncode) == (0, "", 0)
    the_same(place / "mapped", place / "plain", ("annex2.csv", "annex3.csv", "matches.csv"))
    summaries = [json.loads((place / out / "summary.json").read_text("utf-8")) for out in ("mapped", "plain")]
    assert summaries[0].pop("inputs") != summaries[1].pop("inputs")
    assert summaries[0] == summaries[1]


@pytest.mark.slow
def test_a_register_in_a_layout_of_its_own_is_read_by_reconcile_and_named_by_prepare(place: Path) -> None:
    plain = run(*reconcile(place, "plain", "ours.csv"))
    (place / "register" / f"{PERSONS.name}.csv").write_text(PERSON, encoding="utf-8")
    mapping = ("--mapping", str(place / "persons.toml"))

    taken = run(*reconcile(place, "mapped", "ours.csv", *mapping))
    refused = run(*prepare(place, "out", "ours.csv", *mapping))

    assert (plain.returncode, taken.returncode, taken.stderr) == (0, 0, "")
    the_same(place / "mapped", place / "plain", ("annex2.csv", "annex3.csv", "matches.csv"))
    assert (refused.returncode, refused.stdout, names(place / "out")) == (2, "", [])
    assert "it is for persons; this command reads notifications" in refused.stderr.replace("\n", " ")


@pytest.mark.slow
@pytest.mark.parametrize("command", [prepare, reconcile])
@pytest.mark.parametrize(
    ("file", "more", "said"),
    [
        ("renki.csv", ["--encoding", "cp932"], "unknown columns"),
        ("ours.csv", ["--mapping", "renki_10101"], "[data]"),
        ("ours.csv", ["--mapping", "renki_99999"], "renki_10191"),
    ],
    ids=["no mapping", "not this layout", "no such mapping"],
)
def test_a_mapping_that_does_not_fit_the_file_is_refused(command, file, more, said, place: Path) -> None:
    ran = run(*command(place, "out", file, *more))

    assert (ran.returncode, ran.stdout, names(place / "out")) == (2, "", [])
    assert said in ran.stderr.replace("\n", " ")
    assert MARK not in ran.stderr
