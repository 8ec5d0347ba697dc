"""A small file that people can read, and that is refused by name where it is wrong."""

from pathlib import Path

import pytest

from renkei.matching.candidates import ParametersError, default_parameters, load_parameters, written


def test_what_is_written_is_read_again(tmp_path: Path):
    file = tmp_path / "parameters.toml"
    file.write_text(written(default_parameters()), "utf-8")

    assert load_parameters(file) == default_parameters()
    assert len(file.read_text("utf-8").splitlines()) < 120


def test_shares_of_a_level_are_shares():
    for item in default_parameters().items:
        assert sum(item.right) == pytest.approx(1, abs=1e-3)
        assert sum(item.wrong) == pytest.approx(1, abs=1e-3)
        # The best level speaks for one person, the last for two.
        assert item.right[0] > item.wrong[0]
        assert item.right[-1] < item.wrong[-1]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (("prior = ", "prior = 1.5 #"), "prior"),
        (("sharpness = ", "sharpness = 0 #"), "sharpness"),
        (("version = ", "verzion = "), "verzion"),
        (("learned_on = ", "learned_on = 'once' #"), "learned_on"),
        (("look_alike = [", "look_alike = [0.0, 1.0] #"), "items.card_number.levels"),
        (("look_alike = ", "looks_alike = "), "items.card_number.levels"),
        (("[items.sex]", '[items.sex]\nkind = "gender"'), "items.sex.kind"),
        (('["birth_date", "name"]', '["birth_date", "my_number"]'), "passes"),
        (("prior = ", "prior : "), "the file"),
    ],
)
def test_what_cannot_be_is_refused_by_name(tmp_path: Path, change: tuple[str, str], named: str):
    file = tmp_path / "parameters.toml"
    file.write_text(written(default_parameters()).replace(*change, 1), "utf-8")

    with pytest.raises(ParametersError) as refusal:
        load_parameters(file)
    assert refusal.value.en.startswith(f"parameters.toml: {named} must be")
    assert refusal.value.ja.startswith("parameters.toml: ")
