"""`renkei receipt`: look at a receipt, verify it against the delivery it is for, and keep it."""

import json
from pathlib import Path
from typing import Annotated

import typer

from renkei.cli import party, speech
from renkei.exchange.errors import Misused
from renkei.exchange.files import read_small
from renkei.exchange.home import Home
from renkei.exchange.manifest import MOST_BYTES
from renkei.exchange.receipt import read

app = typer.Typer(
    help="Look at receipts, verify them, keep them.", no_args_is_help=True, rich_markup_mode=None
)

FileArgument = Annotated[
    Path, typer.Argument(help="The receipt, NAME.STATE.json; its signature lies beside it.")
]


@app.command()
def show(file: FileArgument, lang: speech.LangOption = None) -> None:
    """Show what a receipt says; nothing is verified."""
    data = _read(file)
    read(data)
    typer.echo(json.dumps(json.loads(data), ensure_ascii=False, indent=2))
    typer.echo(speech.one_of(("（検証はしていません）", "(not verified)"), lang), err=True)


@app.command()
def verify(file: FileArgument, home: party.HomeOption, lang: speech.LangOption = None) -> None:
    """Verify a receipt against the delivery we made and keep it; only `accepted` closes the day."""
    data = _read(file)
    signature = read_small(file.with_name(file.name + ".p7s"), 64 * 1024, "receipt_unreadable")
    found = Home(home).outbox().keep_receipt(data, signature, party.now()).receipt
    words = {
        "received": ("受領（まだ完了ではありません）", "received (not closed yet)"),
        "accepted": ("受入済み（完了）", "accepted (closed)"),
        "refused": (f"拒否: {found.code}", f"refused: {found.code}"),
    }
    typer.echo(f"{found.service} {found.sequence}: {speech.one_of(words[found.state], lang)}")


def _read(file: Path) -> bytes:
    if not file.is_file():
        raise Misused("not_found", file.name)
    return read_small(file, MOST_BYTES, "receipt_unreadable")
