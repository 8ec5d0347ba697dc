"""A synthetic world to try the matching on: a register, the ministry's extract, and the answer key apart.

Nothing here is about anybody. It is drawn from published statistics and from assumptions that are marked as
such (docs/simulation.md), and the same seed gives the same bytes. The matching does not know this package,
and must never be given what lies in `truth/`.
"""

from renkei.simulation.chunks import Plan
from renkei.simulation.flaws import Flaw, FlawError, clean, default_flaws, load_rates, with_rates
from renkei.simulation.world import write_world

__all__ = [
    "Flaw",
    "FlawError",
    "Plan",
    "clean",
    "default_flaws",
    "load_rates",
    "with_rates",
    "write_world",
]
