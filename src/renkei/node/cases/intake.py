"""Import ISA's answers as cases: open new cases, update known ones, close withdrawn ones.

It works in bulk, because the first answer may hold half a million rows. It never overwrites an officer's
work: the state, officer, notes and documents of a known case stay, and each change is added to its history.
"""

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Final

import polars as pl
from django.db import connection
from django.utils import timezone

from renkei.agreement.text import REIWA
from renkei.node.audit.trail import SYSTEM, record
from renkei.node.audit.verbs import Verb
from renkei.node.cases.models import Case, Kind
from renkei.node.cases.workflow import FIRST_LOOK_DAYS, MOVES, Outcome, State
from renkei.node.corrections import requests
from renkei.node.corrections.models import CorrectionRequest
from renkei.node.records import bulk_copy, rejected_rows
from renkei.node.records.bulk_copy import advisory_lock
from renkei.node.records.models import Import
from renkei.node.working_days import after_working_days

# --- case numbers: R8-1124-0031 is the thirty-first case of 24 November of 令和8年 --------------------------

_DIGITS: Final = 4


def prefix_of(day: date) -> str:
    """Return the beginning of the case numbers of a day."""
    return f"{REIWA.letter}{day.year - REIWA.before_first}-{day:%m%d}-"


def running(number: str) -> str:
    """Return the SQL that formats a running number with at least four digits."""
    if connection.vendor == "postgresql":
        text = f"CAST({number} AS text)"
        return f"lpad({text}, greatest({_DIGITS}, length({text})), '0')"
    return f"printf('%%0{_DIGITS}d', {number})"  # doubled: the statement has parameters


# --- the office of a case: the Hello Work office of the establishment that notified, or should have ---------
#
# 別紙2 names a notification, whose establishment number begins with the office's four digits. 別紙3 names a
# corporation, which is looked up in MHLW's own list of establishments. If a corporation has establishments in
# several offices, an officer places the case: it goes to the unassigned tray.

_ASKED = "asked"


def with_places(rows: pl.DataFrame) -> pl.DataFrame:
    """Add `establishment_number`, `office` (blank where unknown) and `sent_in` to rows of findings.

    `rows` hold `kind`, `identifier` and `corporate_number`. `sent_in` is the number of the last delivery that
    carried the notification, 0 for none. If a corporation has only one establishment, its cases get that one.
    """
    bulk_copy.temporary(_ASKED, rows.select("kind", "identifier", "corporate_number"))
    notified = bulk_copy.read(
        "SELECT a.identifier, COALESCE(n.establishment_number, s.establishment_number), "
        f"CAST(COALESCE(s.sequence, 0) AS text) FROM {_ASKED} a "
        "LEFT JOIN records_notification n ON n.notification_id = a.identifier "
        "LEFT JOIN records_sentnotification s ON s.notification_id = a.identifier "
        f"WHERE a.kind = '{Kind.DISCREPANCY}'",
        ("identifier", "notified_by", "sent_in"),
    )
    corporations = bulk_copy.read(
        "SELECT e.corporate_number, MIN(e.establishment_number), MAX(e.establishment_number), "
        "MIN(e.hello_work_office), MAX(e.hello_work_office) FROM records_establishment e "
        f"WHERE e.corporate_number IN (SELECT corporate_number FROM {_ASKED}) GROUP BY e.corporate_number",
        ("corporate_number", "first", "last", "first_office", "last_office"),
    )
    bulk_copy.drop(_ASKED)
    of_corporation = corporations.select(
        "corporate_number",
        pl.when(pl.col("first") == pl.col("last")).then("first").alias("only_establishment"),
        pl.when(pl.col("first_office") == pl.col("last_office")).then("first_office").alias("only_office"),
    )
    mismatch = pl.col("kind") == Kind.DISCREPANCY.value
    return (
        rows.join(
            notified.with_columns(kind=pl.lit(Kind.DISCREPANCY.value)), on=["kind", "identifier"], how="left"
        )
        .join(of_corporation, on="corporate_number", how="left")
        .with_columns(
            establishment_number=pl.when(mismatch).then("notified_by").otherwise("only_establishment"),
            sent_in=pl.col("sent_in").cast(pl.Int64).fill_null(0),
            office=pl.coalesce(
                pl.when(mismatch).then(pl.col("notified_by").str.slice(0, 4)), "only_office", pl.lit("")
            ),
        )
        .drop("notified_by", "only_establishment", "only_office")
    )


SERVICE: Final = "annex2-3"
_DOUBLED: Final = "duplicate:identifier"
_ANSWERED: Final = "answered"
_CONCERNED: Final = "concerned"
_TABLES: Final = {Kind.DISCREPANCY: "discrepancies", Kind.SUSPECTED_OMISSION: "suspected_omissions"}
#: What an answer does to a known case, by the action of the row and the state of the case.
_WITHDRAW, _WITHDRAWN_LATER, _AGAIN, _CHANGE, _SAME = (
    "withdraw",
    "withdrawn_later",
    "report_again",
    "change",
    "same",
)


def import_answers(sequence: int, package: Path, *, now: datetime) -> Mapping[str, int]:
    """Import the rows of an opened answer, inside the transaction that marks it opened.

    `package` is the directory of the plain data package. Rows are passed over for a case that this or a later
    delivery has already changed, so that importing a delivery twice changes nothing. Returns counts: `rows` =
    rejected + `opened` + `changed` + `reopened` + `withdrawn` + `same` + `unknown` (withdrawn, but no case) +
    `passed_over`; `rejected:duplicate:identifier`, further rows of one finding; rows reported by kind
    (`discrepancy_reported`, `suspected_omission_reported`); `corrections_accepted` and
    `corrections_rejected`. Raises TransactionManagementError outside a transaction.
    """
    advisory_lock()
    day = timezone.localtime(now).date()
    read = pl.concat([_read(package / f"{table}.csv", kind) for kind, table in _TABLES.items()])
    rows = read.unique(["kind", "identifier"], keep="first", maintain_order=True)
    counts = dict(requests.import_decisions(package, day, now))
    counts |= {"rows": read.height} | _set_doubled_aside(sequence, read, now)
    bulk_copy.temporary(_ANSWERED, with_places(rows))
    try:
        counts |= _change_known(sequence, day, now)
        counts["opened"] = _open(sequence, day, now)
    finally:
        if not connection.needs_rollback:
            bulk_copy.drop(_ANSWERED, _CONCERNED)
    reported = dict(rows.filter(pl.col("action") == "report")["kind"].value_counts().iter_rows())
    counts |= {f"{kind}_reported": reported.get(kind.value, 0) for kind in Kind}
    record(None, Verb.ANSWERS_TAKEN, f"{SERVICE} {sequence}", counts=counts)
    return counts


def _read(path: Path, kind: Kind) -> pl.DataFrame:
    """Read a table of the answer into common columns: the columns of a case, and the whole row as JSON."""
    table = pl.read_csv(path, infer_schema=False)
    kept = [name for name in table.columns if name not in ("action", "matched_on")]
    blank = pl.lit(None, pl.String)

    def column(name: str) -> pl.Expr:
        return pl.col(name) if name in table.columns else blank

    reported = pl.col("action") == "report"
    return table.select(
        pl.lit(kind.value).alias("kind"),
        pl.col(table.columns[0]).alias("identifier"),
        "action",
        pl.when(reported)
        .then(pl.struct(kept).struct.json_encode())
        .otherwise(pl.lit("", pl.String))
        .alias("row"),
        pl.coalesce(column("mismatched_items"), column("reason"), column("outcome"), pl.lit("")).alias(
            "items"
        ),
        pl.coalesce(column("identity_caution"), pl.lit("false")).alias("identity_caution"),
        column("matched_on").alias("matched_on"),
        column("organisation_corporate_number").alias("corporate_number"),
        pl.coalesce(column("card_number"), pl.lit("")).alias("card_number"),
    )


def _set_doubled_aside(sequence: int, read: pl.DataFrame, now: datetime) -> dict[str, int]:
    """Keep further rows of one finding as rejected rows, to return to ISA; returns how many, by reason."""
    numbered = read.with_columns(line=pl.int_range(2, pl.len() + 2).over("kind"))
    doubled = numbered.filter(~pl.struct("kind", "identifier").is_first_distinct())
    for kind, table in _TABLES.items():
        rows = doubled.filter(pl.col("kind") == kind.value).select(
            "line", "identifier", pl.lit(_DOUBLED).alias("reasons")
        )
        if rows.height:
            made = Import.objects.create(
                dataset=table,
                mode=Import.Mode.DELIVERY,
                source=rejected_rows.source(SERVICE, sequence),
                taken_at=now,
                actor=SYSTEM,
                counts={"rejected": rows.height},
            )
            rejected_rows.keep_rejected(made, rows)
    return {f"rejected:{_DOUBLED}": doubled.height} if doubled.height else {}


def _change_known(sequence: int, day: date, now: datetime) -> dict[str, int]:
    """Apply the answer to every known case; returns how many cases, by what was done."""
    _wait_for_officers()
    bulk_copy.drop(_CONCERNED)
    bulk_copy.execute(
        f"CREATE TEMPORARY TABLE {_CONCERNED} AS SELECT c.id, a.kind, a.identifier, CASE "
        f"WHEN c.reported_in >= {int(sequence)} THEN 'passed_over' "
        f"WHEN a.action = 'withdraw' AND c.state <> '{State.CLOSED}' THEN '{_WITHDRAW}' "
        f"WHEN a.action = 'withdraw' AND c.row <> '' THEN '{_WITHDRAWN_LATER}' "
        f"WHEN a.action = 'withdraw' OR c.row = a.row THEN '{_SAME}' "
        f"WHEN c.state = '{State.CLOSED}' THEN '{_AGAIN}' ELSE '{_CHANGE}' END AS what "
        f"FROM {_ANSWERED} a JOIN cases_case c ON c.kind = a.kind AND c.identifier = a.identifier"
    )
    _withdraw(sequence, day)
    _bring_up_to_date(sequence, day)
    bulk_copy.execute(
        f"UPDATE cases_case SET reported_in = %s FROM {_CONCERNED} k WHERE k.id = cases_case.id "
        f"AND k.what = '{_SAME}'",
        (sequence,),
    )
    requests.cancel_unsent(f"SELECT id FROM {_CONCERNED} WHERE what = '{_WITHDRAW}'")
    bulk_copy.execute(
        f"UPDATE corrections_correctionrequest SET over = true WHERE case_id IN (SELECT id FROM {_CONCERNED} "
        f"WHERE what IN ('{_WITHDRAW}', '{_WITHDRAWN_LATER}', '{_AGAIN}'))"
    )
    bulk_copy.execute(
        "INSERT INTO cases_event (case_id, at, what, outcome, note) "
        f"SELECT k.id, {_moment()}, k.what, CASE WHEN k.what = '{_WITHDRAW}' THEN c.outcome ELSE '' END, '' "
        f"FROM {_CONCERNED} k JOIN cases_case c ON c.id = k.id "
        f"WHERE k.what NOT IN ('{_SAME}', 'passed_over') ORDER BY k.id",
        (connection.ops.adapt_datetimefield_value(now),),
    )
    done = _counted(f"SELECT what, count(*) FROM {_CONCERNED} GROUP BY what")
    unknown = _counted(
        f"SELECT 'unknown', count(*) FROM {_ANSWERED} a WHERE a.action = 'withdraw' AND NOT EXISTS "
        f"(SELECT 1 FROM {_CONCERNED} k WHERE k.kind = a.kind AND k.identifier = a.identifier)"
    )
    return {
        "withdrawn": done.get(_WITHDRAW, 0) + done.get(_WITHDRAWN_LATER, 0),
        "reopened": done.get(_AGAIN, 0),
        "changed": done.get(_CHANGE, 0),
        "same": done.get(_SAME, 0),
        "passed_over": done.get("passed_over", 0),
        "unknown": unknown["unknown"],
    }


def _wait_for_officers() -> None:
    """Take the row locks of these cases: their states decide what is done, so no officer may change them now.

    SQLite has only one writer at a time, so nothing is needed there.
    """
    if connection.vendor == "postgresql":
        _counted(
            "SELECT 'cases', count(*) FROM (SELECT c.id FROM cases_case c "
            f"JOIN {_ANSWERED} a ON a.kind = c.kind AND a.identifier = c.identifier "
            "ORDER BY c.id FOR UPDATE OF c) held"
        )


def _withdraw(sequence: int, day: date) -> None:
    """Close the cases of withdrawn findings, with the outcome that MHLW's own rows give.

    The first that applies: ISA accepted a correction of the register; our notification was deleted; our
    notification was sent again since and agrees now; otherwise ISA withdrew it. A case that an officer closed
    before keeps its outcome. The values are removed (申合せ7).
    """
    sent = "SELECT 1 FROM records_sentnotification n WHERE n.notification_id = cases_case.identifier"
    of_notification = f"cases_case.kind = '{Kind.DISCREPANCY}'"
    accepted = (
        "SELECT 1 FROM corrections_correctionrequest r WHERE r.case_id = cases_case.id "
        f"AND r.decision = '{CorrectionRequest.Decision.ACCEPTED}' AND NOT r.over"
    )
    bulk_copy.execute(
        f"UPDATE cases_case SET state = '{MOVES['withdraw'].after}', closed_on = {_day()}, due_on = NULL, "
        "row = '', card_number = '', reported_in = %s, version = version + 1, outcome = CASE "
        f"WHEN EXISTS ({accepted}) THEN '{Outcome.REGISTER_CORRECTED}' "
        f"WHEN {of_notification} AND EXISTS ({sent} AND n.deleted_on IS NOT NULL) "
        f"THEN '{Outcome.NOTIFICATION_DELETED}' "
        f"WHEN {of_notification} AND EXISTS ({sent} AND n.sequence > cases_case.sent_in) "
        f"THEN '{Outcome.AGREES_NOW}' ELSE '{Outcome.NO_LONGER_STANDS}' END "
        f"FROM {_CONCERNED} k WHERE k.id = cases_case.id AND k.what = '{_WITHDRAW}'",
        (day.isoformat(), sequence),
    )
    bulk_copy.execute(
        "UPDATE cases_case SET row = '', card_number = '', reported_in = %s, version = version + 1 "
        f"FROM {_CONCERNED} k WHERE k.id = cases_case.id AND k.what = '{_WITHDRAWN_LATER}'",
        (sequence,),
    )


def _bring_up_to_date(sequence: int, day: date) -> None:
    """Update known cases with the values reported now; closed cases that are reported again become new.

    The office follows the establishment until somebody works on the case.
    """
    bulk_copy.execute(
        "UPDATE cases_case SET row = a.row, items = a.items, reported_in = %s, version = version + 1, "
        "card_number = a.card_number, "
        f"identity_caution = (a.identity_caution = 'true'), matched_on = {_date('a.matched_on')}, "
        f"office = CASE WHEN a.office <> '' AND (cases_case.office = '' OR (cases_case.state = '{State.NEW}' "
        "AND cases_case.assigned_to_id IS NULL)) THEN a.office ELSE cases_case.office END, "
        "establishment_number = COALESCE(a.establishment_number, cases_case.establishment_number), "
        "corporate_number = a.corporate_number, sent_in = a.sent_in "
        f"FROM {_CONCERNED} k JOIN {_ANSWERED} a ON a.kind = k.kind AND a.identifier = k.identifier "
        f"WHERE k.id = cases_case.id AND k.what IN ('{_AGAIN}', '{_CHANGE}')",
        (sequence,),
    )
    due = after_working_days(day, FIRST_LOOK_DAYS)
    bulk_copy.execute(
        f"UPDATE cases_case SET state = '{MOVES[_AGAIN].after}', outcome = '', closed_on = NULL, "
        f"due_on = {_day()} FROM {_CONCERNED} k WHERE k.id = cases_case.id AND k.what = '{_AGAIN}'",
        (due.isoformat(),),
    )


def _open(sequence: int, day: date, now: datetime) -> int:
    """Open a case for each new finding; the numbers continue from the day's last."""
    number = running(f"row_number() OVER (ORDER BY a.kind, a.identifier) + {_last_of(day)}")
    due = after_working_days(day, FIRST_LOOK_DAYS)
    opened = bulk_copy.execute(
        "INSERT INTO cases_case (number, kind, identifier, row, items, identity_caution, matched_on, office, "
        "establishment_number, corporate_number, card_number, state, outcome, opened_on, due_on, "
        "reported_in, sent_in) "
        f"SELECT '{prefix_of(day)}' || {number}, a.kind, a.identifier, a.row, a.items, "
        f"(a.identity_caution = 'true'), {_date('a.matched_on')}, a.office, a.establishment_number, "
        f"a.corporate_number, a.card_number, '{State.NEW}', '', {_day()}, {_day()}, %s, a.sent_in "
        f"FROM {_ANSWERED} a "
        f"WHERE a.action = 'report' AND NOT EXISTS (SELECT 1 FROM {_CONCERNED} k "
        "WHERE k.kind = a.kind AND k.identifier = a.identifier)",
        (day.isoformat(), due.isoformat(), sequence),
    )
    bulk_copy.execute(
        "INSERT INTO cases_event (case_id, at, what, outcome, note) "
        f"SELECT c.id, {_moment()}, 'open', '', '' FROM {_ANSWERED} a "
        "JOIN cases_case c ON c.kind = a.kind AND c.identifier = a.identifier "
        f"WHERE a.action = 'report' AND NOT EXISTS (SELECT 1 FROM {_CONCERNED} k WHERE k.id = c.id) "
        "ORDER BY c.id",
        (connection.ops.adapt_datetimefield_value(now),),
    )
    return opened


def _last_of(day: date) -> int:
    """Return the last running number of a day, compared as a number, not as text."""
    numbers = Case.objects.filter(number__startswith=prefix_of(day)).values_list("number", flat=True)
    return max((int(number.rsplit("-", 1)[1]) for number in numbers), default=0)


def _counted(query: str) -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return {str(name): int(count) for name, count in cursor.fetchall()}


def _moment() -> str:
    return "CAST(%s AS timestamptz)" if connection.vendor == "postgresql" else "%s"


def _day() -> str:
    return "CAST(%s AS date)" if connection.vendor == "postgresql" else "%s"


def _date(column: str) -> str:
    return f"CAST({column} AS date)" if connection.vendor == "postgresql" else column
