"""Candidates: whom a notification probably means whose card number is in no card (docs/candidates.md).

A mistyped number makes a notification `not_found`, and its employer suspected of silence (3(1)イ). Here each
such notification is given the people it may mean, with a probability, or nobody.
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
