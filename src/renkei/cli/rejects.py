"""`renkei returned`: rows of ours that the counterpart could not take, and what was done about them."""

import csv
import sys
from typing import Annotated, Literal

import typer

from renkei.cli import output
from renkei.cli.node_options import NodeOption, moment, start

app = typer.Typer(
    help="Rows that the counterpart gave back, since it could not take them.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command("list")
def list_(node: NodeOption) -> None:
    """List, as CSV, what was given back and was not sent again since: place, identifier and reasons."""
    start(node)
    from renkei.node.records import rejected_rows

    columns = ("service", "sequence", "dataset", "line", "identifier", "reasons")
    rows = csv.writer(sys.stdout, lineterminator="\n")
    rows.writerow(columns)
    rows.writerows(rejected_rows.outstanding().values_list(*columns))


@app.command()
def settle(
    node: NodeOption,
    service: Annotated[Literal["annex1", "annex2-3"], typer.Option("--service", help="Of our delivery.")],
    number: Annotated[int, typer.Option("--number", help="Of our delivery.")],
    lang: output.LangOption = None,
) -> None:
    """Say that the rows given back of a delivery were dealt with otherwise; their alarm ends.

    A row that is corrected in the extract goes out again by itself and needs no such word.
    """
    start(node)
    from renkei.node.records import rejected_rows

    settled = rejected_rows.resolve(service, number, None, moment())
    typer.echo(f"{settled:,}{output.one_of(('行', ' rows'), lang)}")
