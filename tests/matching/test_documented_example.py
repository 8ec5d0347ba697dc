"""The worked example in the documentation of `reconcile` works."""

import doctest

from renkei.matching import reconciliation


def test_the_worked_example_works():
    outcome = doctest.testmod(reconciliation)

    assert outcome.attempted > 5
    assert outcome.failed == 0
