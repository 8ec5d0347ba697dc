"""ISA's node and its days, as the matching run's tests have them."""

from node.matching_run.conftest import deliver, officer, party, register, run_day

__all__ = ["deliver", "officer", "party", "register", "run_day"]
