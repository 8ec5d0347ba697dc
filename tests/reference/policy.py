"""The decisions of clause 8(2) on which the reference depends, with their defaults."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .tables import IDENTITY, ITEMS

DEFAULTS: dict[str, object] = {
    "compared_items": [item for item in ITEMS if item != "address"],
    "disclosed_items": list(ITEMS),
    "due_months": {"default": 1, "titp_1b": 3, "esd": 3},
    "grace_days": 0,
    "in_scope_from": "2021-03-22",
    "credited_by": "any_employer",
    "blank_start_credits": True,
    "explain_omissions": True,
    "report_continuing": True,
    "identity_items": list(IDENTITY),
    "identity_conflict_at": 2,
}


@dataclass(frozen=True)
class Policy:
    compared: tuple[str, ...]
    disclosed: tuple[str, ...]
    due_months: Mapping[str, int]
    grace_days: int
    in_scope_from: str
    credited_by: str
    blank_start_credits: bool
    explain_omissions: bool
    report_continuing: bool
    identity: tuple[str, ...]
    identity_conflict_at: int

    @classmethod
    def of(cls, given: Mapping[str, object]) -> "Policy":
        chosen = {**DEFAULTS, **given}

        def some_of(allowed: tuple[str, ...], key: str) -> tuple[str, ...]:
            value = chosen[key]
            assert isinstance(value, Sequence)
            return tuple(item for item in allowed if item in value)

        due_months = chosen["due_months"]
        assert isinstance(due_months, Mapping)
        assert chosen["credited_by"] in ("any_employer", "contract_organisation")
        return cls(
            compared=some_of(ITEMS, "compared_items"),
            disclosed=some_of(ITEMS, "disclosed_items"),
            due_months={str(status): int(months) for status, months in due_months.items()},
            grace_days=int(str(chosen["grace_days"])),
            in_scope_from=str(chosen["in_scope_from"]),
            credited_by=str(chosen["credited_by"]),
            blank_start_credits=bool(chosen["blank_start_credits"]),
            explain_omissions=bool(chosen["explain_omissions"]),
            report_continuing=bool(chosen["report_continuing"]),
            identity=some_of(IDENTITY, "identity_items"),
            identity_conflict_at=int(str(chosen["identity_conflict_at"])),
        )
