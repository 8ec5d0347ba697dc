"""docs/cases.md, from the table of moves: `python -m renkei.node.cases.manual docs/cases.md` writes it."""

import sys
from pathlib import Path
from typing import Final

from renkei.node.cases.workflow import FIRST_LOOK_DAYS, MOVES, Move, Outcome, State

_HEAD: Final = f"""# Cases

Written from `renkei.node.cases.workflow`. Change the table, then run
`python -m renkei.node.cases.manual docs/cases.md`.

Each row of 別紙2 and 別紙3 that ISA reports is a case at MHLW, for good: a finding that is withdrawn closes
it with the reason, one that comes again opens the same case anew. A finding is looked into, never presumed
(申合せ4).

- **Number**: `R8-1124-0031` is the thirty-first case of 24 November of 令和8年.
- **Office**: the first four digits of the establishment number of the notification (別紙2), or the office
  of the corporation's establishments where all have the same (別紙3); otherwise the unassigned tray.
- **Deadline**: a new case is looked at within {FIRST_LOOK_DAYS} working days; each move sets the next. The
  terms are decisions, to be confirmed (8(2)).
- **Two officers**: whoever decides names the version looked at; the second is told who was faster.
- **Values**: what ISA provided is shown for a stated purpose alone, each reading is recorded, and it is gone
  from the case once the finding is withdrawn (申合せ7).
"""


def page() -> str:
    """Return the page as Markdown."""
    states = "\n".join(f"| {state.label} | `{state.value}` |" for state in State)
    officers = "\n".join(_row(move) for move in MOVES.values() if move.duty)
    themselves = "\n".join(_row(move) for move in MOVES.values() if not move.duty)
    outcomes = "\n".join(f"| {each.label} | `{each.value}` | {_by(each)} |" for each in Outcome)
    head = "| move | | from | to | reason | deadline, working days |\n|---|---|---|---|---|---|"
    return (
        f"{_HEAD}\n## States\n\n| | state |\n|---|---|\n{states}\n\n"
        f"## Moves of officers (duty `handle_cases`, in the case's office)\n\n{head}\n{officers}\n\n"
        f"## Moves that happen by themselves\n\n{head}\n{themselves}\n\n"
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
