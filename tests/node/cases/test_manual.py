"""The page about cases is what the table says."""

from pathlib import Path

from renkei.node.cases.manual import page
from renkei.node.cases.workflow import MOVES, Outcome, State

PAGE = Path(__file__).parents[3] / "docs/cases.md"


def test_the_page_is_current():
    assert PAGE.read_text("utf-8") == page(), "python -m renkei.node.cases.manual docs/cases.md"


def test_the_page_names_every_state_move_and_outcome():
    words = [*(state.label for state in State), *(move.ja for move in MOVES.values()), *Outcome.labels]

    assert [word for word in words if word not in page()] == []


def test_every_outcome_is_reached_by_some_move():
    assert set(Outcome) == {each for move in MOVES.values() for each in move.outcomes}
