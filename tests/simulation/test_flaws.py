"""The table of flaws, and rates that replace its own."""

from pathlib import Path

import pytest

from renkei.simulation import Flaw, FlawError, clean, default_flaws, load_rates, with_rates
from renkei.simulation.flaw_values import CHANGES

VERDICTS = {
    "agrees", "different", "not_reported", "not_readable", "not_comparable", "not_found", "not_sent",
    "rejected", "deleted", "omitted", "computed",
}  # fmt: skip


def test_every_flaw_has_a_rate_a_source_and_a_known_verdict():
    for flaw in default_flaws():
        assert 0 < flaw.rate <= 1
        assert flaw.source
        assert flaw.applies_to
        assert flaw.verdict in VERDICTS


def test_every_change_of_a_value_is_a_flaw_of_the_table():
    assert set(CHANGES) <= {flaw.name for flaw in default_flaws()}


def test_a_rate_can_be_replaced_by_name():
    rates = {flaw.name: flaw.rate for flaw in with_rates({"name_typo": 0.5})}

    assert rates["name_typo"] == 0.5
    assert rates["name_order"] == {flaw.name: flaw.rate for flaw in default_flaws()}["name_order"]


def test_all_stands_for_every_flaw_not_named():
    rates = {flaw.name: flaw.rate for flaw in with_rates(clean() | {"sex_wrong": 0.1})}

    assert {name for name, rate in rates.items() if rate} == {"sex_wrong"}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("name_tpyo = 0.1", "name_tpyo"),
        ("name_typo = 1.5", "name_typo"),
        ("name_typo = -0.1", "name_typo"),
        ("name_typo = true", "name_typo"),
        ('name_typo = "often"', "name_typo"),
        ("[name_typo]\nrate = 0.1", "name_typo"),
        ("name_typo = 0.6\nname_order = 0.6", "name: the rates"),
        ("all = 0.5", "card_number: the rates"),
        ("name_typo = ", "TOML"),
    ],
)
def test_a_rate_that_cannot_be_is_refused_by_name(tmp_path: Path, text: str, named: str):
    file = tmp_path / "flaws.toml"
    file.write_text(text, encoding="utf-8")

    with pytest.raises(FlawError, match=named) as refusal:
        load_rates(file)
    assert refusal.value.ja


def test_a_file_that_is_not_there_is_refused(tmp_path: Path):
    with pytest.raises(FlawError, match="cannot be read"):
        load_rates(tmp_path / "none.toml")


@pytest.mark.parametrize("flaw", default_flaws(), ids=lambda flaw: flaw.name)
def test_the_documentation_lists_every_flaw_with_its_rate(flaw: Flaw):
    page = (Path(__file__).parents[2] / "docs/simulation.md").read_text(encoding="utf-8")

    assert f"| {flaw.item} | `{flaw.name}` | {flaw.rate:g} |" in page
