"""No circular imports, also not for types only or within functions."""

import ast
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src"


def modules(source: Path) -> dict[str, str]:
    """Return the source of every module below a directory by its dotted name, packages included."""
    found = {}
    for path in source.rglob("*.py"):
        parts = path.relative_to(source).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path.read_text(encoding="utf-8")
    return found


def imports(text: str) -> Iterator[tuple[str, ...]]:
    """Yield every import of a module, also inside functions: the possible names, the most specific first."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from ((alias.name,) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "imports are absolute, so that this check sees them"
            yield from ((f"{node.module}.{alias.name}", str(node.module)) for alias in node.names)


def circle(texts: Mapping[str, str]) -> list[str]:
    """Return the modules of one circle, each importing the next; an empty list if there is none."""
    graph = {}
    for name, text in texts.items():
        meant = (next((each for each in import_ if each in texts), name) for import_ in imports(text))
        graph[name] = {*meant} - {name}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as fault:
        return list(fault.args[1])
    return []


def test_no_module_imports_itself_by_way_of_others():
    assert circle(modules(SOURCE)) == []


@pytest.mark.parametrize(
    ("imports_of_a", "imports_of_b"),
    [
        ("from package import b", "import package.a"),
        ("from package.b import Thing", "if TYPE_CHECKING:\n    from package.a import Other"),
        ("def work():\n    from package import b", "from package.a import Other"),
    ],
    ids=["modules", "a type", "within a function"],
)
def test_this_check_sees_what_it_looks_for(imports_of_a: str, imports_of_b: str):
    texts = {
        "package": "",
        "package.a": imports_of_a,
        "package.b": imports_of_b,
        "package.c": "import package.a",
    }

    assert set(circle(texts)) == {"package.a", "package.b"}
    assert circle(texts | {"package.b": "import re"}) == []
