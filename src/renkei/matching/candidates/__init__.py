"""Candidates: whom a notification may mean if no card has its card number (docs/candidates.md).

A mistyped number makes a notification `not_found`, and can lead to a suspected omission (3(1)イ). Here each
such notification gets the persons whom it may mean, with probabilities, or nobody.
"""

from renkei.matching.candidates.em_training import learn
from renkei.matching.candidates.parameters import (
    Parameters,
    ParametersError,
    default_parameters,
    load_parameters,
    written,
)
from renkei.matching.candidates.search import CANDIDATES, find

__all__ = [
    "CANDIDATES",
    "Parameters",
    "ParametersError",
    "default_parameters",
    "find",
    "learn",
    "load_parameters",
    "written",
]
