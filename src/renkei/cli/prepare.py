"""`renkei prepare`: Annex 1 from the ministry's extract."""

import json
from pathlib import Path
from typing import Annotated

import typer

from renkei.agreement.datasets import NOTIFICATIONS
from renkei.cli import output
from renkei.cli.arguments import ConfirmedOption, EncodingOption, read_reason, table_ending
from renkei.cli.input_files import (
    MappingOption,
    NotificationsAreOption,
    NotificationsOption,
    SheetOption,
    open_files,
    read_mapping,
)
from renkei.matching.prepare import prepare as prepare_annex_1
from renkei.matching.writing import check_place, table_writer, write_atomic

_COUNTS = {
    "read": ("届出(読込)", "notifications read"),
    "rejected": ("  受け取れない行", "  rows set aside"),
    "no_card_number": ("  除外: 在留カード番号なし", "  left out: no card number"),
    "not_notifiable": ("  除外: 届出対象外の在留資格", "  left out: status without duty to notify"),
    "sent": ("別紙1に載せた届出", "in Annex 1"),
    "notifications": ("  届出", "  notifications"),
    "deletions": ("  削除", "  deletions"),
    "withheld": ("永住者(⑩–⑰を除く)", "permanent residents (⑩–⑰ withheld)"),
}


def prepare(
    notifications: NotificationsOption,
    out: Annotated[Path, typer.Option(metavar="FILE", help="The file for Annex 1, .csv, .parquet or .xlsx.")],
    encoding: EncodingOption = "utf-8",
    sheet: SheetOption = None,
    mapping: MappingOption = None,
    notifications_are: NotificationsAreOption = "all",
    confirmed: ConfirmedOption = None,
    quiet: output.QuietOption = False,
    as_json: output.JsonOption = False,
    lang: output.LangOption = None,
) -> None:
    """Prepare Annex 1 from the ministry's extract: only what MHLW may send to ISA.

    Rejected rows are written to rejects.csv beside it. An extract that cannot be true ends with status 3.
    """
    table_ending(out, "--out")
    reason, layout = read_reason(confirmed), read_mapping(mapping, [NOTIFICATIONS])
    check_place(out.parent, [out.name, "rejects.csv"])
    with output.progress(quiet) as tell:
        result = prepare_annex_1(
            open_files(notifications, NOTIFICATIONS, encoding, sheet, layout).batches(),
            lambda rows: tell(NOTIFICATIONS.name, rows),
            notifications_are=notifications_are,
            confirmed=reason,
        )
        write_atomic(
            out.parent, {"rejects.csv": table_writer(result.rejects), out.name: table_writer(result.annex1)}
        )
    if as_json:
        typer.echo(json.dumps(result.counts, indent=2))
    elif not quiet:
        output.print_counts(
            [(output.one_of(_COUNTS[name], lang), count) for name, count in result.counts.items()]
        )
