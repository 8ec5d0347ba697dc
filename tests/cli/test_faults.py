"""An unexpected fault is printed with its class and place, and without anything of a row."""

import os
import sys

import pytest

from renkei import cli
from renkei.cli import rehearsal

MARK = "QXMARKED NAME"


@pytest.fixture
def breaks(monkeypatch: pytest.MonkeyPatch):
    """A command that breaks down over a row."""

    def reading(row: str) -> None:
        raise ValueError(f"could not read {row!r}")

    monkeypatch.setattr(cli, "_loaded", lambda: lambda: reading(MARK))
    monkeypatch.setattr(sys, "argv", ["renkei", "reconcile", "--lang", "en"])


def test_a_fault_nobody_foresaw_tells_where_and_not_what(breaks, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as ended:
        cli.main()
    said = capsys.readouterr().err

    assert ended.value.code == 1
    assert "ValueError" in said
    assert "test_faults.py" in said
    assert "reading" in said
    assert MARK not in said
    assert ended.value.__suppress_context__


def test_in_japanese_too(breaks, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setattr(sys, "argv", ["renkei", "reconcile", "--lang", "ja"])
    with pytest.raises(SystemExit):
        cli.main()

    assert "想定外の障害です(ValueError)" in capsys.readouterr().err


@pytest.mark.slow
def test_a_nodes_command_that_fails_within_the_demonstration_is_quoted(tmp_path):
    with pytest.raises(rehearsal.CommandFailed) as refused:
        rehearsal.run(os.environ | {"LC_ALL": "en_US.UTF-8"}, "status", "--node", str(tmp_path))

    for lang in ("ja", "en"):
        assert "renkei status" in refused.value.say(lang)
        assert f"{tmp_path} holds no renkei.toml" in refused.value.say(lang)


@pytest.mark.parametrize("name", ["renkei.nothing", "nothing"])
def test_a_module_that_no_package_of_ours_lacks_stays_a_fault(monkeypatch, capsys, name):
    def missing() -> None:
        raise ModuleNotFoundError(MARK, name=name)

    monkeypatch.setattr(cli, "_loaded", lambda: missing)
    monkeypatch.setattr(sys, "argv", ["renkei", "status", "--lang", "en"])
    with pytest.raises(SystemExit) as ended:
        cli.main()

    assert ended.value.code == 1
    assert "ModuleNotFoundError" in capsys.readouterr().err
