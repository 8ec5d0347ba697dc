"""A list as CSV: what the list shows and no more, for a purpose stated, marked with whose copy it is.

The first line is the mark. No cell begins as a formula: whoever opens the file in a spreadsheet runs nothing
that somebody wrote into a field.
"""

from datetime import datetime
from typing import Final

import polars as pl
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from renkei.agreement.purposes import PURPOSES
from renkei.node.accounts import purposes
from renkei.node.accounts.models import Officer
from renkei.node.audit.trail import record
from renkei.node.audit.verbs import Verb
from renkei.node.cases.listing import Filters, visible
from renkei.node.errors import TooMany

#: Rows of one file; a longer list is narrowed first.
LONGEST: Final = 100_000
_COLUMNS: Final = {
    "number": "事案番号",
    "kind": "種別",
    "items": "相違項目・理由",
    "matched_on": "突合日",
    "office": "所管",
    "establishment_number": "事業所番号",
    "assigned_to__username": "担当",
    "due_on": "期限",
    "state": "状態",
    "outcome": "結果",
}
_FORMULA: Final = r"^([=+\-@\t\r\n|%])"


def export(officer: Officer, filters: Filters, purpose: str, *, now: datetime) -> tuple[str, bytes]:
    """Return the name and content of the file; stating the purpose and the export are both recorded.

    Raises NotPermitted, NoSuchPurpose, and TooMany above LONGEST rows.
    """
    found = visible(officer, filters, now=now)
    if found.order_by()[: LONGEST + 1].count() > LONGEST:
        raise TooMany(
            f"The list has more than {LONGEST:,} cases. Narrow it.",
            f"一覧が{LONGEST:,}件を超えています。条件を絞ってください。",
        )
    at = timezone.localtime(now)
    name = f"cases-{at:%Y%m%d-%H%M%S}"
    with transaction.atomic():
        purposes.declare(officer, purpose, [name], now=now)
        rows = list(found.order_by("due_on", "id").values_list(*_COLUMNS))
        record(officer, Verb.CASES_EXPORTED, name, purpose=purpose, rows=len(rows))
    mark = (
        f"# {name} {settings.NODE.party} {officer.get_username()} {at:%Y-%m-%d %H:%M} "
        f"{PURPOSES[purpose].text_ja} 申合せ7の目的以外に利用しないこと {len(rows)}件"
    )
    return f"{name}.csv", f"\ufeff{mark}\r\n{_csv(rows)}".encode()


def _csv(rows: list[tuple[object, ...]]) -> str:
    texts = [[None if value is None else str(value) for value in row] for row in rows]
    frame = pl.DataFrame(texts, schema=dict.fromkeys(_COLUMNS.values(), pl.String), orient="row")
    return frame.with_columns(pl.all().str.replace(_FORMULA, "'$1")).write_csv(line_terminator="\r\n")
