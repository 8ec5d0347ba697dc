"""`renkei rejects`: rows of ours that the counterpart rejected; list them and mark them as resolved."""

import csv
import sys
from typing import Annotated, Literal

import typer

from renkei.cli import output
from renkei.cli.node_options import NodeOption, moment, start

app = typer.Typer(
    help="Rows of our deliveries that the counterpart rejected.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command("list")
def list_(node: NodeOption) -> None:
    """List, as CSV, rejected rows that were not sent again since: delivery, line, identifier and reasons."""
    start(node)
    from renkei.node.records import rejected_rows

    columns = ("service", "sequence", "dataset", "line", "identifier", "reasons")
    rows = csv.writer(sys.stdout, lineterminator="\n")
    rows.writerow(columns)
    rows.writerows(rejected_rows.outstanding().values_list(*columns))


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
