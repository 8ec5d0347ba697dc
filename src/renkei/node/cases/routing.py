"""To whom a case goes: the Hello Work office of the establishment that notified, or should have.

別紙2 names a notification, whose establishment number begins with the office's four digits; 別紙3 names a
corporation, which only the ministry's own list of establishments places. A corporation with establishments
in several offices is for a person to place: the unassigned tray.
"""

import polars as pl

from renkei.node.cases.models import Kind
from renkei.node.records import bulk_copy

_ASKED = "asked"


def with_places(rows: pl.DataFrame) -> pl.DataFrame:
    """Add `establishment_number`, `office` (blank where unknown) and `sent_in` to rows of findings.

    `rows` hold `kind`, `identifier` and `corporate_number`. `sent_in` is the number of the delivery that
    carried the notification last, 0 for none. A corporation's only establishment is its cases' own.
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
    discrepancy = pl.col("kind") == Kind.DISCREPANCY.value
    return (
        rows.join(
            notified.with_columns(kind=pl.lit(Kind.DISCREPANCY.value)), on=["kind", "identifier"], how="left"
        )
        .join(of_corporation, on="corporate_number", how="left")
        .with_columns(
            establishment_number=pl.when(discrepancy).then("notified_by").otherwise("only_establishment"),
            sent_in=pl.col("sent_in").cast(pl.Int64).fill_null(0),
            office=pl.coalesce(
                pl.when(discrepancy).then(pl.col("notified_by").str.slice(0, 4)), "only_office", pl.lit("")
            ),
        )
        .drop("notified_by", "only_establishment", "only_office")
    )
