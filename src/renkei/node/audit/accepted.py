"""Restores that two officers accepted: heads that signed files carry and a restored trail cannot hold.

An acceptance is an entry of the trail, and names each signed file with its head: it covers these and nothing
else. It bears the signature of the party's signing key, and counts with that alone: whoever owns the database
can rewrite a trail, but not write an acceptance of it.
"""

import base64
import json
from collections.abc import Mapping
from typing import Any

from renkei.exchange.errors import ExchangeError
from renkei.exchange.evidence import signed_at
from renkei.exchange.trust import Terms
from renkei.node.audit.models import Entry
from renkei.node.audit.verbs import Verb

SIGNATURE = "signature"


def line(file: str, head: str) -> str:
    """Return how an acceptance names the head that a file carries."""
    return f"{file} {head}"


def statement(subject: str, facts: Mapping[str, Any]) -> bytes:
    """Return what is signed of an acceptance: its subject and facts but the signature, as canonical JSON."""
    said = {"subject": subject, **{name: fact for name, fact in facts.items() if name != SIGNATURE}}
    return json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def lines(terms: Terms) -> frozenset[str]:
    """Return everything that was accepted, as `line` has it; `terms` are this node's own."""
    entries = Entry.objects.filter(verb=Verb.RESTORE_ACCEPTED.name)
    return frozenset(each for entry in entries if _is_signed(entry, terms) for each in entry.facts["heads"])


def _is_signed(entry: Entry, terms: Terms) -> bool:
    """Whether our key signed it, pinned at that time in any version of the agreement file."""
    data = statement(entry.subject, entry.facts)
    try:
        signature = base64.b64decode(entry.facts.get(SIGNATURE, ""))
        at = signed_at(signature, data)
    except (ExchangeError, ValueError):
        return False
    for agreement in reversed(terms.agreements):
        try:
            terms.check_signed(data, signature, terms.party, at, agreement)
        except ExchangeError:
            continue
        return True
    return False
