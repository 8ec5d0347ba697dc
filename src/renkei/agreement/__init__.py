"""The agreement of 2021-03-18 (申合せ) as data, and the decisions that its text leaves open.

Standard library only: no clock, no settings, no logging. Everything here is read from `tables/` or stated
once; `describe` gives it all as plain data.
"""

from renkei.agreement.annexes import (
    ANNEX_1,
    ANNEX_2,
    ANNEX_3,
    ANNEXES,
    Annex,
    Condition,
    Disclosure,
    Item,
    Omission,
    annex_2,
)
from renkei.agreement.calendar import DELIVERIES, Rhythm, due_date, is_overdue, last_day_of_month
from renkei.agreement.clauses import AGREED_ON, CLAUSES, EFFECTIVE_FROM, PREAMBLE, TITLE, Clause
from renkei.agreement.datasets import (
    CARDS,
    DATASETS,
    NOTIFICATIONS,
    PERMISSIONS,
    PERSONS,
    SUSPECTED_OMISSIONS,
    Column,
    Dataset,
    Kind,
    discrepancies,
)
from renkei.agreement.decisions import DECISIONS, DEFAULT_POLICY, Decision, Policy, PolicyError, load_policy
from renkei.agreement.description import describe
from renkei.agreement.errors import RenkeiError
from renkei.agreement.nationalities import NATIONALITIES, RELATED, Nationality
from renkei.agreement.omissions import GROUNDS, REASONS, Ground, Reason
from renkei.agreement.parties import ISA, MHLW, PARTIES, Party
from renkei.agreement.purposes import ACTS, PURPOSES, Act, Purpose
from renkei.agreement.readings import READINGS, Reading
from renkei.agreement.statuses import (
    MHLW_CODES,
    MHLW_LABELS,
    PERMANENT_RESIDENT,
    STATUSES,
    Status,
    Work,
    canonical,
    common_parent,
    is_work_status,
    related,
    valid_on,
)

__all__ = [
    "ACTS",
    "AGREED_ON",
    "ANNEXES",
    "ANNEX_1",
    "ANNEX_2",
    "ANNEX_3",
    "CARDS",
    "CLAUSES",
    "DATASETS",
    "DECISIONS",
    "DEFAULT_POLICY",
    "DELIVERIES",
    "EFFECTIVE_FROM",
    "GROUNDS",
    "ISA",
    "MHLW",
    "MHLW_CODES",
    "MHLW_LABELS",
    "NATIONALITIES",
    "NOTIFICATIONS",
    "PARTIES",
    "PERMANENT_RESIDENT",
    "PERMISSIONS",
    "PERSONS",
    "PREAMBLE",
    "PURPOSES",
    "READINGS",
    "REASONS",
    "RELATED",
    "STATUSES",
    "SUSPECTED_OMISSIONS",
    "TITLE",
    "Act",
    "Annex",
    "Clause",
    "Column",
    "Condition",
    "Dataset",
    "Decision",
    "Disclosure",
    "Ground",
    "Item",
    "Kind",
    "Nationality",
    "Omission",
    "Party",
    "Policy",
    "PolicyError",
    "Purpose",
    "Reading",
    "Reason",
    "RenkeiError",
    "Rhythm",
    "Status",
    "Work",
    "annex_2",
    "canonical",
    "common_parent",
    "describe",
    "discrepancies",
    "due_date",
    "is_overdue",
    "is_work_status",
    "last_day_of_month",
    "load_policy",
    "related",
    "valid_on",
]
