"""Check the documentation against the code: commands, options, targets, links."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer.main

from renkei.cli import app

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "benchmarks").glob("*.md"),
        *(ROOT / "deploy").glob("*.md"),
        *(ROOT / "tests/reference").glob("*.md"),
    ]
)
#: Pages about a subject: they explain the commands that they use.
EXPLAINING = [page for page in PAGES if page.parent == ROOT / "docs" and page.name != "commands.md"]
#: Handwritten pages about the present state: not the generated list of commands or the quoted memorandum.
WRITTEN = [page for page in PAGES if page.name not in {"commands.md", "CHANGELOG.md", "memorandum.ja.md"}]
COMMANDS = typer.main.get_command(app).commands


def options_of(command: Any) -> set[str]:
    """Return the options of a command, or of all commands of a group."""
    own = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    return own.union(*(options_of(each) for each in getattr(command, "commands", {}).values()))


OPTIONS = {name: options_of(command) for name, command in COMMANDS.items()}
CODE_BLOCK = re.compile(r"^ *```.*?^ *```|^ {4,}[^\n]*$", re.MULTILINE | re.DOTALL)
CALL = re.compile(r"^ *(?:\$ )?(?:uv run (?:--[a-z-]+ )*)?renkei ([a-z]+)((?:\\\n|[^\n])*)", re.MULTILINE)


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def anchors(page: Path) -> set[str]:
    """Return the headings of a page as link anchors."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def calls_in(text: str) -> list[tuple[str, set[str]]]:
    """Yield each call of renkei in code, with its options."""
    code = (
        "\n".join(CODE_BLOCK.findall(text))
        + "\n"
        + "\n".join(re.findall(r"`([^`\n]+)`", CODE_BLOCK.sub("", text)))
    )
    return [(command, set(re.findall(r"(?<!\S)(--[a-z-]+)", rest))) for command, rest in CALL.findall(code)]


def test_the_page_of_commands_is_what_the_commands_say():
    typer_command = str(Path(sys.executable).with_name("typer"))
    wanted = subprocess.run(
        [typer_command, "renkei.cli", "utils", "docs", "--name", "renkei", "--title", "Commands"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    found = (ROOT / "docs/commands.md").read_text(encoding="utf-8")

    assert found.strip() == wanted.strip(), "run `make docs`"


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_a_page_about_its_subject_shows_every_command(command: str):
    called = {found for page in EXPLAINING for found, _ in calls_in(page.read_text(encoding="utf-8"))}

    assert command in called


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("*.md")), ids=name)
def test_the_table_of_contents_names_each_page(page: Path):
    assert page.name == "README.md" or f"({page.name})" in (ROOT / "docs/README.md").read_text("utf-8")


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_a_page_calls_only_commands_and_options_that_exist(page: Path):
    unknown = [
        (command, option)
        for command, options in calls_in(page.read_text(encoding="utf-8"))
        for option in (options or {"--help"})
        if command not in COMMANDS or option not in OPTIONS[command] | {"--help"}
    ]

    assert unknown == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_a_page_names_only_targets_that_make_knows(page: Path):
    named = set(
        re.findall(r"`make ([a-z-]+)`|^make ([a-z-]+)", page.read_text(encoding="utf-8"), re.MULTILINE)
    )

    assert {one or other for one, other in named} <= targets()


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_a_page_links_only_to_files_that_exist(page: Path):
    links = re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))

    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", WRITTEN, ids=name)
def test_a_page_names_only_modules_that_exist(page: Path):
    """Modules are named by their path from the root or src/renkei; tests may be named by the file only."""
    tests = {path.name for path in (ROOT / "tests").rglob("*.py")}
    named = re.findall(r"`([\w./]+\.py)`", page.read_text(encoding="utf-8"))

    assert [
        each
        for each in named
        if each not in tests and not (ROOT / each).exists() and not (ROOT / "src/renkei" / each).exists()
    ] == []


@pytest.mark.parametrize("page", [page for page in WRITTEN if page.name != "glossary.md"], ids=name)
def test_a_page_has_one_word_for_a_japanese_term(page: Path):
    """Except code, link addresses and names of datasets, which stay as they are on the wire."""
    text = re.sub(r"`[^`\n]+`|\]\([^)]*\)", "", CODE_BLOCK.sub("", page.read_text(encoding="utf-8")))

    assert re.findall(r"(?i)discrepanc\w+|suspected non-\w+", text) == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_a_page_links_only_to_headings_that_exist(page: Path):
    links = re.findall(r"\]\(([^)#:\s]*)#([^)]+)\)", page.read_text(encoding="utf-8"))

    assert [
        (path, heading)
        for path, heading in links
        if heading not in anchors((page.parent / path) if path else page)
    ] == []


@pytest.mark.parametrize("page", sorted((ROOT / "docs/decisions").glob("[0-9]*.md")), ids=name)
def test_the_list_of_decisions_names_each(page: Path):
    assert f"({page.name})" in (ROOT / "docs/decisions/README.md").read_text(encoding="utf-8")


def test_make_alone_prints_the_list_of_targets():
    printed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout

    assert set(re.findall(r"^  make ([a-z-]+) ", printed, re.MULTILINE)) == targets()
    assert {"setup", "check", "test", "demo", "bench"} <= targets()


def test_continuous_integration_runs_the_commands_of_the_readme():
    steps = re.findall(r"^step (.+)$", (ROOT / ".ci/run").read_text(encoding="utf-8"), re.MULTILINE)

    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert steps == ["make check", "make test", "make test-long"]
    assert [step for step in steps[1:] if step not in readme] == []


def test_these_checks_see_what_they_look_for():
    text = (
        "`renkei reconcile --nonsense`\n```\nrenkei explain --notification X \\\n    --out DIR\n```\n"
        "1. In a list\n\n        renkei demo --wrong \\\n            --out DIR\n"
    )

    assert calls_in(text) == [
        ("explain", {"--notification", "--out"}),
        ("demo", {"--wrong", "--out"}),
        ("reconcile", {"--nonsense"}),
    ]
