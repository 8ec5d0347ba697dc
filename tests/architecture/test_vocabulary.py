"""A node's applications are made of modules with known names, so that the right file opens unasked."""

from collections.abc import Iterable
from pathlib import Path

import pytest

NODE = Path(__file__).parents[2] / "src/renkei/node"

#: What any application may have (CONTRIBUTING.md says what each holds).
COMMON = {"models", "services", "queries", "intake", "outgoing", "urls", "views", "forms", "labels", "apps"}
#: Nouns of an application's own subject.
OWN = {
    "accounts": {"backends", "duties", "permissions", "purposes"},
    "audit": {"cross_checks", "export", "trail", "triggers", "verbs", "verification"},
    "candidates": {"blocking", "queue", "search"},
    "cases": {"letters", "manual", "workflow"},
    "console": {
        "access",
        "case_filters",
        "case_forms",
        "charts",
        "comparison",
        "headers",
        "incident_forms",
        "manual",
        "pages",
        "templatetags",
        "trail_labels",
    },
    "corrections": {"decisions", "requests"},
    "cycle": {
        "ad_hoc",
        "alarms",
        "confirmations",
        "monitoring",
        "retention",
        "retry",
        "runner",
        "statistics",
        "steps",
        "steps_by_party",
    },
    "deliveries": {"incoming", "keystore", "medium", "restore_check", "token", "transport"},
    "incidents": {"deadlines", "notices", "scope"},
    "matching_run": {"plausibility", "run", "scope"},
    "operations": {"archive", "backup", "databases", "doctor", "monitoring", "restore"},
    "records": {
        "control_files",
        "extracts",
        "annex1",
        "blocking_keys",
        "bulk_copy",
        "changes",
        "imports",
        "plausibility",
        "register_faults",
        "rejected_rows",
        "retention",
        "staging",
        "tables",
    },
}
#: So many of a hundred names may be met once at most: names repeat, or one has to learn each of them.
DISTINCT = 0.81


def names(application: Path) -> set[str]:
    """Return the modules and packages of an application."""
    found = {path.stem for path in application.glob("*.py")} - {"__init__"}
    return found | {path.parent.name for path in application.glob("*/__init__.py")} - {"migrations"}


def unknown(application: str, found: Iterable[str]) -> set[str]:
    return set(found) - COMMON - OWN[application]


def modules() -> list[Path]:
    return [
        path for path in NODE.rglob("*.py") if path.name != "__init__.py" and "migrations" not in path.parts
    ]


def test_every_application_is_known():
    assert {path.parent.name for path in NODE.glob("*/__init__.py")} == set(OWN)


@pytest.mark.parametrize("application", OWN)
def test_an_application_has_only_modules_with_known_names(application: str):
    assert unknown(application, names(NODE / application)) == set()


@pytest.mark.parametrize("application", OWN)
def test_a_name_on_the_list_is_in_use(application: str):
    assert OWN[application] <= names(NODE / application)


def test_names_repeat_from_application_to_application():
    found = modules()

    assert len({path.stem for path in found}) / len(found) <= DISTINCT


def test_an_unknown_name_is_seen():
    assert unknown("cases", ["models", "services", "told"]) == {"told"}
