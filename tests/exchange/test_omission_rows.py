"""Rows of 別紙3 on the wire: each reason takes its own explanations, and no other's."""

import io

import pytest

from renkei.agreement.omissions import EXPLANATIONS, REASONS
from renkei.exchange.rows import rows_set_aside
from renkei.exchange.schemas import SUSPECTED_OMISSIONS_TABLE

ROW = {
    "permission_id": "K1",
    "person_id": "P1",
    "ground": "change",
    "card_number": "AB12345678CD",
    "name": "TANAKA",
    "birth_date": "1990-01-01",
    "sex": "1",
    "nationality": "VNM",
    "address": "東京都千代田区",
    "status_of_residence": "engineer_humanities_intl",
    "stay_expires_on": "2028-01-01",
    "changed_on": "2025-01-01",
    "previous_status": "student",
    "organisation_name": "株式会社甲",
    "action": "report",
}


def set_aside(**values: str) -> list[str]:
    """The reasons for which a row is set aside; none if it is taken."""
    names = SUSPECTED_OMISSIONS_TABLE.names
    line = ",".join((ROW | values).get(name, "") for name in names)
    file = io.BytesIO(f"{','.join(names)}\r\n{line}\r\n".encode())
    return [reason for row in rows_set_aside(SUSPECTED_OMISSIONS_TABLE, file) for reason in row.reasons]


@pytest.mark.parametrize("explanation", EXPLANATIONS)
def test_a_reason_takes_each_of_its_explanations_and_no_other_reason_does(explanation: str):
    own = EXPLANATIONS[explanation].reason

    assert set_aside(reason=own, explanation=explanation) == []
    for other in set(REASONS) - {own}:
        assert set_aside(reason=other, explanation=explanation) == ["forbidden:explanation"]


@pytest.mark.parametrize("reason", REASONS)
def test_no_reason_needs_an_explanation(reason: str):
    assert set_aside(reason=reason) == []
