"""`renkei rejects`: rejected rows, the counterpart's and this node's; list them, mark them as resolved."""

import csv
import json
import sys
from typing import Annotated, Literal

import typer

from renkei.cli import output
from renkei.cli.node_options import NodeOption, moment, start

app = typer.Typer(
    help="Rows that the counterpart rejected, and rows that this node did not take whole.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command("list")
def list_(
    node: NodeOption,
    of: Annotated[
        Literal["counterpart", "node"],
        typer.Option(
            "--of", help="Rows that the counterpart rejected, or that this node did not take whole."
        ),
    ] = "counterpart",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of CSV.")] = False,
    lang: output.LangOption = None,
) -> None:
    """List, as CSV, rows that were rejected: where they stand, what was left out of them, and why.

    Of the counterpart: rows of our deliveries that were not sent again since. Of this node: rows of imported
    files and received deliveries, the newest first. `left_out` says in words whether the row was left out or
    only the value.
    """
    start(node)
    from renkei.matching.labels import left_out
    from renkei.node.records import rejected_rows
    from renkei.node.records.models import ReturnedRow

    chosen = output.language(lang)
    theirs = of == "counterpart"
    rows = [
        {
            **(
                {"service": row.service, "sequence": row.sequence, "dataset": row.dataset}
                if isinstance(row, ReturnedRow)
                else {"source": row.taken.source, "dataset": row.taken.dataset}
            ),
            "line": row.line,
            "identifier": row.identifier,
            "action": row.action,
            "left_out": left_out(row.action, row.reasons).say(chosen),
            "reasons": row.reasons,
        }
        for row in (rejected_rows.outstanding() if theirs else rejected_rows.ours())
    ]
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    where = ("service", "sequence") if theirs else ("source",)
    columns = (*where, "dataset", "line", "identifier", "action", "left_out", "reasons")
    written = csv.DictWriter(sys.stdout, columns, lineterminator="\n")
    written.writeheader()
    written.writerows(rows)


@app.command()
def resolve(
    node: NodeOption,
    service: Annotated[
        Literal["annex1", "annex2-3"], typer.Option("--service", help="The service of our delivery.")
    ],
    number: Annotated[int, typer.Option("--number", help="The number of our delivery.")],
    lang: output.LangOption = None,
) -> None:
    """Mark a delivery's rejected rows as resolved in another way; their alarm ends.

    A row that is corrected in the extract is sent again by itself and needs no such mark.
    """
    start(node)
    from renkei.node.records import rejected_rows

    count = rejected_rows.resolve(service, number, None, moment())
    typer.echo(f"{count:,}{output.one_of(('行', ' rows'), lang)}")
