"""MHLW's node, to which ISA answers."""

from pathlib import Path

import pytest

from node.cases.made_up import Answering, a_discrepancy, case_of
from renkei.node.accounts.duties import Duty
from renkei.node.accounts.models import Assignment, Officer
from renkei.node.cases.models import Case


@pytest.fixture
def party() -> str:
    """Cases are MHLW's alone."""
    return "mhlw"


@pytest.fixture
def answer(db, node, tmp_path: Path) -> Answering:
    """Let ISA answer with rows."""
    return Answering(tmp_path / "answers")


@pytest.fixture
def officer(db) -> Officer:
    """田中 of the Hello Work office 1301, who handles cases there."""
    officer = Officer.objects.create_user("tanaka", display_name="田中 一郎")
    Assignment.objects.create(officer=officer, duty=Duty.HANDLE_CASES, office="1301")
    return officer


@pytest.fixture
def case(answer) -> Case:
    """A case that lies with the office 1301."""
    answer(a_discrepancy(1))
    Case.objects.update(office="1301")
    return case_of("N1")


@pytest.fixture
def colleague(db) -> Officer:
    found = Officer.objects.create_user("sato", display_name="佐藤 次郎")
    Assignment.objects.create(officer=found, duty=Duty.HANDLE_CASES, office="")
    return found
