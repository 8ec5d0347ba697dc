"""What ISA answers becomes cases: new ones opened, known ones brought up to date, withdrawn ones closed.

In bulk, since the first answer may hold half a million; no officer's work is overwritten: state, officer,
notes and office of a known case stay, and what changed stands in its history.
"""

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Final

import polars as pl
from django.db import connection

from renkei.node.cases.models import Case, Kind
from renkei.node.cases.moves import FIRST_LOOK_DAYS, MOVES, Outcome, State
from renkei.node.deliveries.models import Delivery
from renkei.node.records import transfer
from renkei.node.working_days import after_working_days

_ANSWERED: Final = "answered"
_KNOWN: Final = f"FROM cases_case c JOIN {_ANSWERED} a ON a.kind = c.kind AND a.identifier = c.identifier"
_TABLES: Final = {Kind.DISCREPANCY: "discrepancies", Kind.SUSPECTED_OMISSION: "suspected_omissions"}
_REIWA: Final = 2018  # 令和1年 is 2019


def take_answers(sequence: int, package: Path, *, now: datetime) -> Mapping[str, int]:
    """Take the rows of an opened answer, inside the transaction that marks it opened.

    `package` is the directory of the plain data package. Returns `rows`, and the cases `opened`, `changed`,
    `reopened` and `withdrawn`.
    """
    delivery = Delivery.objects.get(direction=Delivery.Direction.IN, service="annex2-3", sequence=sequence)
    day = delivery.business_day
    rows = pl.concat(_read(package / f"{table}.csv", kind) for kind, table in _TABLES.items())
    transfer.temporary(_ANSWERED, _with_offices(rows))
    try:
        counts = {
            "rows": rows.height,
            "withdrawn": _withdraw(sequence, day, now),
            "reopened": _report_again(sequence, day, now),
            "changed": _change(sequence, now),
            "opened": _open(sequence, day, now),
        }
    finally:
        transfer.drop(_ANSWERED)
    reported = rows.filter(pl.col("action") == "report")["kind"].value_counts()
    found = dict(reported.iter_rows())
    return counts | {f"{kind.value}_reported": found.get(kind.value, 0) for kind in Kind}


def _read(path: Path, kind: Kind) -> pl.DataFrame:
    table = pl.read_csv(path, infer_schema=False)
    columns = [name for name in table.columns if name != "action"]
    word = pl.col("outcome") if kind == Kind.DISCREPANCY else pl.concat_str("ground", "reason", separator=" ")
    caution = pl.col("identity_caution") if "identity_caution" in columns else pl.lit("false")
    corporate = (
        pl.col("organisation_corporate_number")
        if "organisation_corporate_number" in columns
        else pl.lit(None, pl.String)
    )
    reported = pl.col("action") == "report"
    return table.select(
        pl.lit(kind.value).alias("kind"),
        pl.col(columns[0]).alias("identifier"),
        "action",
        word.alias("word"),
        pl.when(reported).then(pl.struct(columns).struct.json_encode()).otherwise(pl.lit("")).alias("row"),
        pl.coalesce(caution, pl.lit("false")).alias("identity_caution"),
        corporate.alias("corporate_number"),
    )


def _with_offices(rows: pl.DataFrame) -> pl.DataFrame:
    """Find the office of each row: by its notification's establishment number, else by the corporation's.

    The first four digits of an establishment number are the Hello Work office; a corporation with
    establishments in several offices is for a person to place (the unassigned tray).
    """
    transfer.temporary("asked", rows.select("identifier", "corporate_number"))
    places = transfer.read(
        "SELECT n.notification_id, n.establishment_number FROM asked a "
        "JOIN records_notification n ON n.notification_id = a.identifier",
        ("identifier", "establishment_number"),
    ).unique("identifier")
    offices = transfer.read(
        "SELECT DISTINCT e.corporate_number, "
        "COALESCE(e.hello_work_office, substr(e.establishment_number, 1, 4)) "
        "FROM records_establishment e JOIN asked a ON a.corporate_number = e.corporate_number",
        ("corporate_number", "by_corporation"),
    ).unique("corporate_number", keep="none")
    transfer.drop("asked")
    of_notification = pl.when(pl.col("kind") == Kind.DISCREPANCY.value).then("establishment_number")
    return (
        rows.join(places, on="identifier", how="left")
        .with_columns(of_notification.alias("establishment_number"))
        .join(offices, on="corporate_number", how="left")
        .with_columns(
            office=pl.coalesce(pl.col("establishment_number").str.slice(0, 4), "by_corporation", pl.lit(""))
        )
        .drop("by_corporation")
    )


def _withdraw(sequence: int, day: date, now: datetime) -> int:
    """Close what no longer stands, with the reason that the ministry's own rows give."""
    move = MOVES["withdraw"]
    states = ", ".join(f"'{state.value}'" for state in move.before)
    concerned = f"SELECT c.id {_KNOWN} WHERE a.action = 'withdraw' AND c.state IN ({states})"
    _note("withdrawn", concerned, now)
    closed = transfer.execute(
        f"UPDATE cases_case SET state = '{move.after.value}', closed_on = %s, due_on = NULL, told_in = %s, "
        "version = version + 1, outcome = CASE "
        f"WHEN kind = '{Kind.DISCREPANCY.value}' AND EXISTS (SELECT 1 FROM records_sentnotification n "
        "WHERE n.notification_id = cases_case.identifier AND n.deleted_on IS NOT NULL) "
        f"THEN '{Outcome.NOTIFICATION_DELETED.value}' "
        f"WHEN kind = '{Kind.DISCREPANCY.value}' AND EXISTS (SELECT 1 FROM records_sentnotification n "
        "JOIN deliveries_delivery d ON d.service = 'annex1' AND d.direction = 'out' "
        "AND d.sequence = n.sequence WHERE n.notification_id = cases_case.identifier "
        "AND d.business_day > cases_case.opened_on) "
        f"THEN '{Outcome.AGREES_NOW.value}' ELSE '{Outcome.NO_LONGER_STANDS.value}' END "
        f"WHERE id IN ({concerned})",
        (day, sequence),
    )
    # What was withdrawn has no purpose any more: its values go, whatever the case came to (申合せ7).
    transfer.execute(
        f"UPDATE cases_case SET row = '' WHERE id IN (SELECT c.id {_KNOWN} WHERE a.action = 'withdraw')"
    )
    return closed


def _report_again(sequence: int, day: date, now: datetime) -> int:
    """Reopen what was closed and stands again, or otherwise than when it was closed."""
    move = MOVES["report_again"]
    concerned = (
        f"SELECT c.id {_KNOWN} "
        f"WHERE a.action = 'report' AND c.state = '{State.CLOSED.value}' AND c.row <> a.row"
    )
    _note("opened", concerned, now)
    due = after_working_days(day, FIRST_LOOK_DAYS)
    return transfer.execute(
        f"UPDATE cases_case SET state = '{move.after.value}', outcome = '', closed_on = NULL, due_on = %s "
        f"WHERE id IN ({concerned})",
        (due,),
    )


def _change(sequence: int, now: datetime) -> int:
    """Bring what is known up to date; state, officer and office stay."""
    concerned = f"SELECT c.id {_KNOWN} WHERE a.action = 'report' AND c.row <> a.row"
    _note("changed", concerned, now)
    return transfer.execute(
        "UPDATE cases_case SET row = a.row, word = a.word, told_in = %s, version = version + 1, "
        f"identity_caution = {_truth('a.identity_caution')}, "
        "office = CASE WHEN cases_case.office = '' THEN a.office ELSE cases_case.office END, "
        "establishment_number = a.establishment_number, corporate_number = a.corporate_number "
        f"FROM {_ANSWERED} a WHERE a.kind = cases_case.kind AND a.identifier = cases_case.identifier "
        "AND a.action = 'report' AND cases_case.row <> a.row",
        (sequence,),
    )


def _open(sequence: int, day: date, now: datetime) -> int:
    """Open a case for each finding that is not known, numbered on from the day's last."""
    prefix = f"R{day.year - _REIWA}-{day:%m%d}-"
    used = Case.objects.filter(number__startswith=prefix).count()
    due = after_working_days(day, FIRST_LOOK_DAYS)
    opened = transfer.execute(
        "INSERT INTO cases_case (number, kind, identifier, row, word, identity_caution, office, "
        "establishment_number, corporate_number, state, opened_on, due_on, told_in) "
        f"SELECT %s || {_padded(f'row_number() OVER (ORDER BY a.kind, a.identifier) + {used}')}, "
        f"a.kind, a.identifier, a.row, a.word, {_truth('a.identity_caution')}, a.office, "
        f"a.establishment_number, a.corporate_number, '{State.NEW.value}', {_day()}, {_day()}, %s "
        f"FROM {_ANSWERED} a WHERE a.action = 'report' AND NOT EXISTS (SELECT 1 FROM cases_case c "
        "WHERE c.kind = a.kind AND c.identifier = a.identifier)",
        (prefix, day.isoformat(), due.isoformat(), sequence),
    )
    _note(
        "opened",
        f"SELECT id FROM cases_case WHERE told_in = {sequence} AND opened_on = '{day}' "
        "AND NOT EXISTS (SELECT 1 FROM cases_event e WHERE e.case_id = cases_case.id)",
        now,
    )
    return opened


def _note(what: str, cases: str, now: datetime) -> None:
    transfer.execute(
        f"INSERT INTO cases_event (case_id, at, what, note) SELECT id, %s, '{what}', '' FROM ({cases}) noted",
        (now,),
    )


def _truth(column: str) -> str:
    """Read a canonical truth value; SQLite knows them as numbers."""
    return f"({column} = 'true')"


def _day() -> str:
    return "CAST(%s AS date)" if connection.vendor == "postgresql" else "%s"


def _padded(number: str) -> str:
    """Write a running number with at least four digits."""
    if connection.vendor == "postgresql":
        text = f"CAST({number} AS text)"
        return f"lpad({text}, greatest(4, length({text})), '0')"
    return f"printf('%%04d', {number})"
