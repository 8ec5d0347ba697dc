"""Rules for every module: size, names, no open TODOs, no printing, complete `__all__` of packages."""

import ast
import re
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LIBRARY = sorted((ROOT / "src/renkei").rglob("*.py"))
MODULES = LIBRARY + sorted(
    p for folder in ("tests", "tools", "benchmarks") for p in (ROOT / folder).rglob("*.py")
)
LIBRARY_PACKAGES = [ROOT / "src/renkei" / package / "__init__.py" for package in ("matching", "simulation")]

LONGEST = 600
NO_NAME_AT_ALL = {"utils", "util", "helpers", "helper", "common", "base", "misc", "tools", "lib"}
LOOSE_END = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b(?!.*(#\d+|decisions?[ /]\d{4}))")


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@cache
def tree_of(path: Path) -> ast.Module:
    """Return a module's syntax tree; each is parsed once for all checks."""
    return ast.parse(text_of(path))


def loose_ends(text: str) -> list[int]:
    return [number for number, line in enumerate(text.splitlines(), start=1) if LOOSE_END.search(line)]


def printing(tree: ast.Module) -> list[int]:
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]


def clocks(tree: ast.Module) -> list[int]:
    """Return the lines that read the clock for the date."""
    asking = {"today", "now", "utcnow", "time", "monotonic", "perf_counter"}
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in asking
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id in {"date", "datetime", "dt", "time"}
    ]


def offered(tree: ast.Module) -> list[str] | None:
    """Return the value of `__all__`."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(
            isinstance(t, ast.Name) and t.id == "__all__" for t in node.targets
        ):
            return list(ast.literal_eval(node.value))
    return None


def public_names(tree: ast.Module) -> set[str]:
    """Return the public names that a package's `__init__` imports from Renkei or defines.

    Names that are imported only for the type checker and loaded lazily are included.
    """
    names: set[str] = set()
    inner = [node for each in tree.body if isinstance(each, ast.If) for node in each.body]
    for node in [*tree.body, *inner]:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("renkei."):
            names |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return {each for each in names if not each.startswith("_")}


def by_kind(one: str) -> tuple[int, str]:
    """Sort key: constants, then classes, then functions, as ruff sorts them."""
    return (0 if one.isupper() else 1 if one[0].isupper() else 2), one


# Each rule is one test for all modules: two thousand tests of a millisecond would take ten times as long.
def found_in(modules: Iterable[Path], faults_of: Callable[[Path], object]) -> dict[str, object]:
    """Return what is wrong in each module, by name; `faults_of` returns something empty for nothing."""
    return {name(path): faults for path in modules if (faults := faults_of(path))}


def test_a_module_fits_in_the_head():
    lengths = {name(path): len(text_of(path).splitlines()) for path in MODULES}

    assert {path: lines for path, lines in lengths.items() if lines > LONGEST} == {}


def test_a_module_is_named_for_what_it_does():
    def no_names(path: Path) -> set[str]:
        return {*path.parent.relative_to(ROOT / "src").parts, path.stem} & NO_NAME_AT_ALL

    assert found_in(LIBRARY, no_names) == {}


def test_a_loose_end_names_the_issue_or_decision_that_ties_it():
    others = [path for path in MODULES if path != Path(__file__)]

    assert found_in(others, lambda path: loose_ends(text_of(path))) == {}


def test_the_library_does_not_print():
    assert found_in(LIBRARY, lambda path: printing(tree_of(path))) == {}


def test_the_core_reads_no_clock():
    core = [path for path in LIBRARY if "cli" not in path.parts]

    assert found_in(core, lambda path: clocks(tree_of(path))) == {}


@pytest.mark.parametrize("path", LIBRARY_PACKAGES, ids=name)
def test_a_package_offers_all_it_shows_and_sorts_it(path: Path):
    tree = tree_of(path)
    names = offered(tree)

    assert names is not None
    assert set(names) == public_names(tree)
    assert names == sorted(names, key=by_kind)


def test_these_checks_see_what_they_look_for():
    tree = ast.parse('from renkei.matching.compare import RULES, Rule\n__all__ = ["Rule"]\nprint("a name")')

    assert loose_ends("# TODO: later\n# TODO #12: later\n# FIXME see decisions/0001") == [1]
    assert printing(tree) == [3]
    assert clocks(ast.parse("day = date.today()")) == [1]
    assert offered(tree) == ["Rule"]
    assert public_names(tree) == {"RULES", "Rule"}
