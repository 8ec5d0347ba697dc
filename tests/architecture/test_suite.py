"""The parts of the suite: every test is in `make test` or `make test-long`, and none is in both."""

import re
from itertools import product
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
MARKS = ("slow", "long", "spark", "node", "postgresql", "browser")
#: The marks of tests/conftest.py: browser tests run on SQLite; only a node's tests run on PostgreSQL alone.
POSSIBLE = [
    marks
    for marks in (dict(zip(MARKS, each, strict=True)) for each in product((False, True), repeat=len(MARKS)))
    if marks["node"] >= max(marks["postgresql"], marks["browser"])
    and not (marks["postgresql"] and marks["browser"])
]


def variable(name: str) -> str:
    (chosen,) = re.findall(rf'^{name} = .* -m "([^"]+)"', MAKEFILE, re.MULTILINE)
    return chosen


def on_postgresql(target: str) -> str:
    (chosen,) = re.findall(rf'^{target}:(?:.*\n\t)+.*\$\(POSTGRESQL\) "([^"]+)"', MAKEFILE, re.MULTILINE)
    return chosen


def runs(marks: dict[str, bool]) -> tuple[list[str], list[str]]:
    """Return which runs of `make test` and of `make test-long` take a test with these marks."""
    test = {
        "fast": variable("FAST"),
        "rest": variable("REST"),
        "postgresql": on_postgresql("rest-postgresql"),
    }
    long = {"long": variable("LONG"), "postgresql": on_postgresql("long-postgresql")}

    def taking(parts: dict[str, str]) -> list[str]:
        taken = [name for name, chosen in parts.items() if eval(chosen, {}, marks)]
        # By directory: the fast part leaves out the directories of the PostgreSQL part.
        return [name for name in taken if name != ("fast" if marks["node"] else "postgresql")]

    return taking(test), taking(long)


@pytest.mark.parametrize(
    "marks", POSSIBLE, ids=lambda marks: " ".join(m for m in marks if marks[m]) or "none"
)
def test_whatever_its_marks_a_test_is_run_by_one_of_both_targets(marks: dict[str, bool]):
    test, long = runs(marks)

    assert (not test, not long) == (marks["long"], not marks["long"])
    # Once, or once on each database.
    both = ["postgresql"] if marks["node"] and not marks["browser"] else []
    alone = [name for name in (*test, *long) if name != "postgresql"]
    assert len(alone) == (not marks["postgresql"])
    assert [name for name in (*test, *long) if name == "postgresql"] == both
