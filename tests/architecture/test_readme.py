"""The README as a new user follows it: its commands in order, its Python code, its length of one screen."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from renkei.cli import app

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
NODE = ("init", "status")  # each starts Django in a separate process
LONGEST = 65


def typed(text: str) -> list[list[str]]:
    """Return the commands of the blocks without a language, in order, without comments."""
    blocks = "".join(block for language, block in BLOCK.findall(text) if not language)
    return [shlex.split(line, comments=True) for line in blocks.splitlines()]


def in_prose(text: str) -> list[str]:
    """Return the commands that are named outside of blocks."""
    return re.findall(r"`((?:renkei|make|\.) [^`]+)`", BLOCK.sub("", text))


def calls(*, of_a_node: bool) -> list[list[str]]:
    return [words for words in typed(README) if words[0] == "renkei" and (words[1] in NODE) == of_a_node]


def ignored() -> set[str]:
    """Return the names in the top directory that git ignores."""
    return {line.strip("/") for line in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()}


def test_the_first_commands_are_those_that_a_fresh_machine_needs():
    assert typed(README)[:2] == [["make", "demo"], ["make", "test"]]
    assert {words[0] for words in typed(README)[2:]} == {"renkei"}


def test_there_are_ten_commands_at_most_and_they_fit_one_screen():
    named = [*map(shlex.join, typed(README)), *in_prose(README)]

    assert len({" ".join(each.split()[:3]) for each in named}) <= 10
    assert len(README.splitlines()) <= LONGEST


def test_files_then_python_run_in_the_order_in_which_they_stand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    printed = ""
    for words in calls(of_a_node=False):
        done = CliRunner().invoke(app, words[1:])
        assert done.exit_code == 0, f"{shlex.join(words)}\n{done.output}"
        printed = done.stdout
    for code in (block for language, block in BLOCK.findall(README) if language == "python"):
        exec(code, {})  # the README's own code
    shown = capsys.readouterr().out

    assert {left.name for left in tmp_path.iterdir()} <= ignored(), "or the hook refuses what it wrote"
    assert "T012058501" in printed
    assert "mismatched" in printed, "a case that shows something"
    assert "mismatched" in shown
    assert "differences" in shown


@pytest.mark.slow
def test_the_commands_of_a_node_run_in_the_order_in_which_they_stand(tmp_path: Path):
    assert [words[1] for words in calls(of_a_node=True)] == list(NODE)
    for words in calls(of_a_node=True):
        done = subprocess.run(
            [sys.executable, "-m", *words],
            cwd=tmp_path,
            env={**os.environ, "LANG": "en_US.UTF-8"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, ""), shlex.join(words)

    assert {left.name for left in tmp_path.iterdir()} <= ignored()


def test_these_checks_see_what_they_look_for():
    text = "`make x` and\n```\nmake demo  # why\n```\n```python\nprint()\n```\n"

    assert typed(text) == [["make", "demo"]]
    assert in_prose(text) == ["make x"]
