"""The whole agreement as plain data (for JSON): lists and dicts of text, numbers, booleans and null."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from typing import Any

from renkei.agreement import clauses
from renkei.agreement.allowed_values import Allowed, MonthsByStatus
from renkei.agreement.annexes import ANNEX_1, ANNEX_3, Annex, annex_2
from renkei.agreement.calendar import DELIVERIES
from renkei.agreement.datasets import DATASETS, SUSPECTED_OMISSIONS, discrepancies
from renkei.agreement.decisions import DECISIONS, Policy
from renkei.agreement.nationalities import NATIONALITIES, RELATED
from renkei.agreement.omissions import EXPLANATIONS, GROUNDS, REASONS, SCOPES
from renkei.agreement.parties import PARTIES, Party
from renkei.agreement.purposes import ACTS, PURPOSES
from renkei.agreement.readings import READINGS
from renkei.agreement.statuses import MHLW_CODES, MHLW_LABELS, STATUSES


def annexes_under(policy: Policy) -> tuple[Annex, ...]:
    """Return the three annexes, 別紙2 with the items that the policy discloses."""
    return ANNEX_1, annex_2(policy.disclosed_items), ANNEX_3


def describe(policy: Policy) -> dict[str, Any]:
    """Return everything that this package states, with the policy's decisions and their defaults."""
    outputs = (discrepancies(policy.disclosed_items), SUSPECTED_OMISSIONS)
    return {
        "title": clauses.TITLE,
        "agreed_on": clauses.AGREED_ON.isoformat(),
        "effective_from": clauses.EFFECTIVE_FROM.isoformat(),
        "preamble": clauses.PREAMBLE,
        "parties": [_members(party) for party in PARTIES.values()],
        "clauses": _plain(clauses.CLAUSES),
        "annexes": [_plain(annex) for annex in annexes_under(policy)],
        "grounds": _plain(GROUNDS),
        "reasons": _plain(REASONS),
        "explanations": _plain(EXPLANATIONS),
        "scopes": _plain(SCOPES),
        "purposes": _plain(PURPOSES),
        "acts": _plain(ACTS),
        "deliveries": _plain(DELIVERIES),
        "decisions": [_decision(key, policy) for key in DECISIONS],
        "readings": _plain(READINGS),
        "datasets": [_plain(dataset) for dataset in (*DATASETS.values(), *outputs)],
        "statuses": _plain(STATUSES),
        "mhlw_status_codes": [
            {"code": code, "label_ja": label, "statuses": list(MHLW_CODES.get(code, ()))}
            for code, label in MHLW_LABELS.items()
        ],
        "nationalities": _plain(NATIONALITIES),
        "related_nationalities": _plain(RELATED),
    }


def _decision(key: str, policy: Policy) -> dict[str, Any]:
    row = _members(DECISIONS[key])
    row["default"] = row["value"]
    row["value"] = _plain(getattr(policy, key))
    row["overridden"] = key in policy.overridden()
    days = policy.confirmed(key)
    row["confirmed"] = all(days.values())
    row["confirmed_on"] = {party: _plain(day) for party, day in days.items()}
    return row


def _members(record: Any) -> dict[str, Any]:
    return {field.name: _plain(getattr(record, field.name)) for field in fields(record)}


def _plain(value: Any) -> Any:
    match value:
        case Party():
            return value.code
        case Allowed():
            return {"ja": value.ja, "en": value.en}
        case Enum():
            return value.value
        case MonthsByStatus():
            return value.plain()
        case date():
            return value.isoformat()
        case frozenset():
            return sorted(_plain(one) for one in value)
        case tuple():
            return [_plain(one) for one in value]
        case Mapping():  # the key of every mapping here is a field of its rows
            return [_plain(one) for one in value.values()]
        case _ if is_dataclass(value):
            return _members(value)
        case _:
            return value
