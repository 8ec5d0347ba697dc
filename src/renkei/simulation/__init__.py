"""A synthetic world to test the matching: a register, the ministry's extract, and a separate answer key.

Nothing here is about a real person. The world is drawn from published statistics and from assumptions that
are marked as such (docs/simulation.md); the same seed gives the same bytes. The matching does not import this
package, and must never get the files of `truth/`.
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
