"""Certificates of eligibility and changes of status, and the organisations that applied (申合せ3(1)イ)."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from renkei.simulation.cards import person_ids
from renkei.simulation.draws import Draws, Ints, scattered
from renkei.simulation.employers import DISPATCH_INDUSTRY, SCHOOL_INDUSTRY, Employers
from renkei.simulation.employments import Employments, ended_training
from renkei.simulation.residents import STAGES, People
from renkei.simulation.tables import BLANK_DAY, codes, day_text, padded, pick, status_codes, table, whole

_NOT_LANDED = 0.012  # assumption: a former resident has a certificate and has not landed yet
_NEVER_STARTED = 0.03  # assumption: the employment in the application never began
_DISPATCHED_ELSEWHERE = 0.02  # assumption: a 派遣先 although the employer is not a dispatching business
_KEPT_SINCE = 18_262  # 2020-01-01, assumption: older applications are not in the extract
_AWAITED = ("engineer_humanities_intl", "ssw_1")


@dataclass(frozen=True)
class Permissions:
    """Permissions as numbers, and their rows with the dataset's columns."""

    person: Ints
    stage: Ints  # -1 if the person has not landed yet
    permitted: Ints
    status: Ints
    previous: Ints  # -1 if the permission is a landing
    contract: Ints  # 1 if the application shows one
    designated: Ints  # 1 work designated, 0 not, -1 not applicable
    organisation: Ints
    client: Ints  # the organisation to which the person is dispatched; -1 if none
    rows: pl.DataFrame

    def __len__(self) -> int:
        return len(self.person)


def permission_ids(order: Ints) -> pl.Series:
    """Return identifiers of permissions: unique for each number."""
    place = scattered(order, 10**9, 271_828_183, 577_215_664)
    return pl.DataFrame(
        {
            "p": pick(codes(("K",)), place * 0),
            "a": pick(padded(3), place // 10**6),
            "b": pick(padded(6), place % 10**6),
        }
    ).select(pl.concat_str(pl.all()))["p"]


def draw_permissions(
    people: People, employments: Employments, employers: Employers, draws: Draws, *, awaiting: bool = True
) -> Permissions:
    """Draw the permissions for all statuses, and for some persons who have not landed yet."""
    size = len(people)
    kept = whole("statuses", "permission_kept_percent")
    held = [
        np.flatnonzero(
            (stage < people.stages)
            & _kept(people.status[:, stage], kept, draws)
            & (people.begins[:, stage] >= _KEPT_SINCE)
        )
        for stage in range(STAGES)
    ]
    expected = np.flatnonzero(draws.chance(_NOT_LANDED * awaiting, size))
    person = np.concatenate([*held, expected])
    stage = np.concatenate(
        [*(np.full(len(one), number) for number, one in enumerate(held)), np.full(len(expected), -1)]
    )
    order = np.lexsort((stage, person))
    person, stage = person[order], stage[order]
    count = len(person)
    landed = stage >= 0
    awaited = np.array([status_codes().index(code) for code in _AWAITED])
    status = np.where(landed, people.status[person, np.maximum(stage, 0)], awaited[draws.below(2, count)])
    permitted = np.where(landed, people.begins[person, np.maximum(stage, 0)], BLANK_DAY)
    before = people.status[person, np.maximum(stage - 1, 0)]
    change = (stage > 0) & ~(employments.returned[person] & ended_training(before, status))
    previous = np.where(change, before, -1)
    employed = employments.employer[person] >= 0
    shown = draws.below(100, count) < whole("statuses", "contract_percent")[status]
    contract = shown & (employed | draws.chance(_NEVER_STARTED, count) | ~landed)
    anchor = employments.anchor[person]
    establishment = np.select(
        [employed & (stage == anchor), employed & (stage > anchor)],
        [employments.contract[person], employments.employer[person]],
        employers.draw(people.prefecture[person], draws),
    )
    schools = employers.of_industry(SCHOOL_INDUSTRY)
    studies = status == status_codes().index("student")
    establishment = np.where(studies, schools[draws.below(len(schools), count)], establishment)
    designated = np.where(
        status == status_codes().index("designated"),
        (draws.below(100, count) < whole("statuses", "work_designated_percent")[status]).astype(np.int64),
        -1,
    )
    dispatching = table("industries")["industry"].to_list().index(DISPATCH_INDUSTRY)
    dispatched = contract & (
        (employers.industry[establishment] == dispatching) | draws.chance(_DISPATCHED_ELSEWHERE, count)
    )
    client = np.where(
        dispatched, employers.organisation[employers.draw(people.prefecture[person], draws)], -1
    )
    organisations = employers.organisations
    of = employers.organisation[establishment]
    columns = {name: pick(organisations[name], of) for name in organisations.columns}
    clients = {
        f"dispatch_{part}": pick(organisations[f"organisation_{part}"], client)
        for part in ("name", "address", "phone")
    }
    rows = pl.DataFrame(
        {
            "permission_id": permission_ids((people.first + person) * (STAGES + 1) + stage + 1),
            "person_id": person_ids(people.number)[person],
            "ground": pick(codes(("coe", "change")), change.astype(np.int64)),
            "permitted_on": day_text(permitted),
            "status_of_residence": pick(codes(status_codes()), status),
            "previous_status": pick(codes(status_codes()), previous),
            "work_designated": pick(codes(("false", "true")), designated),
            "contract_confirmed": pick(codes(("false", "true")), contract.astype(np.int64)),
            "contract_starts_on": pl.repeat(None, count, dtype=pl.String, eager=True),
            **columns,
            **clients,
        }
    )
    return Permissions(
        person=person,
        stage=stage,
        permitted=permitted,
        status=status,
        previous=previous,
        contract=contract.astype(np.int64),
        designated=designated,
        organisation=of,
        client=client,
        rows=rows,
    )


def _kept(status: Ints, percent: Ints, draws: Draws) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    return (status >= 0) & (draws.below(100, len(status)) < percent[status])
