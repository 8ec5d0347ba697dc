"""Write docs/cases.md from the table of moves: `python -m renkei.node.cases.manual docs/cases.md`."""

import sys
from pathlib import Path
from typing import Final

from renkei.node.cases.workflow import FIRST_LOOK_DAYS, MOVES, Move, Outcome, State

_HEAD: Final = f"""# Cases

Written from `renkei.node.cases.workflow`. Change the table, then run
`python -m renkei.node.cases.manual docs/cases.md`.

Each row of 別紙2 and 別紙3 that ISA reports becomes a permanent case at MHLW. If ISA withdraws the finding,
the case is closed with the reason. If ISA reports it again, the same case is reopened. A finding is a reason
to check, not a conclusion (申合せ4).

- **Number**: `R8-1124-0031` is the thirty-first case of 24 November of 令和8年.
- **Office**: the first four digits of the establishment number of the notification (別紙2), or the office
  of the corporation's establishments where all have the same (別紙3); otherwise the unassigned tray.
- **Deadline**: a new case is checked within {FIRST_LOOK_DAYS} working days; each move sets the next deadline.
  These periods are decisions, to be confirmed (8(2)).
- **Two officers**: a decision names the version that the officer saw. The second officer is told who was
  faster.
- **Values**: what ISA provided is shown only for a stated purpose, and each reading is recorded. It is
  removed from the case once the finding is withdrawn (申合せ7).
"""


def page() -> str:
    """Return the page as Markdown."""
    states = "\n".join(f"| {state.label} | `{state.value}` |" for state in State)
    officers = "\n".join(_row(move) for move in MOVES.values() if move.duty)
    automatic = "\n".join(_row(move) for move in MOVES.values() if not move.duty)
    outcomes = "\n".join(f"| {each.label} | `{each.value}` | {_by(each)} |" for each in Outcome)
    head = "| move | | from | to | reason | deadline, working days |\n|---|---|---|---|---|---|"
    return (
        f"{_HEAD}\n## States\n\n| | state |\n|---|---|\n{states}\n\n"
        f"## Moves of officers (duty `handle_cases`, in the case's office)\n\n{head}\n{officers}\n\n"
        f"## Automatic moves\n\n{head}\n{automatic}\n\n"
        f"## Outcomes\n\n| | outcome | by |\n|---|---|---|\n{outcomes}\n"
    )


def _row(move: Move) -> str:
    before = "、".join(state.label for state in State if state in move.before)
    due = {None: "unchanged", 0: "none"}.get(move.due_days, str(move.due_days))
    reason = "needed" if move.needs_reason else ""
    return f"| {move.ja} | {move.en} | {before} | {move.after.label} | {reason} | {due} |"


def _by(outcome: Outcome) -> str:
    return ", ".join(f"`{move.name}`" for move in MOVES.values() if outcome in move.outcomes)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), "utf-8")
