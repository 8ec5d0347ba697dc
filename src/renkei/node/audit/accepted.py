"""Restores that two officers accepted: heads that signed files carry and a restored trail cannot hold.

An acceptance is an entry of the trail itself, and so sealed with it: no table beside it could be changed. It
names each signed file with its head, and covers these and nothing else.
"""

from renkei.node.audit.models import Entry
from renkei.node.audit.verbs import Verb


def line(file: str, head: str) -> str:
    """Return how an acceptance names the head that a file carries."""
    return f"{file} {head}"


def lines() -> frozenset[str]:
    """Return everything that was accepted, as `line` has it."""
    entries = Entry.objects.filter(verb=Verb.RESTORE_ACCEPTED.name).values_list("facts", flat=True)
    return frozenset(each for facts in entries for each in facts["heads"])
