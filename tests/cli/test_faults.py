"""A fault that nobody foresaw: said with its class and place, and with nothing of a row."""

import sys

import pytest

from renkei import cli

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
