"""`renkei evidence`: verify years later what was kept, without a database, a network or a private key."""

import json
from pathlib import Path
from typing import Annotated

import typer

from renkei.cli import exchange_options, output
from renkei.exchange.errors import Misused
from renkei.exchange.evidence import verify as verify_all
from renkei.exchange.files import read_small
from renkei.exchange.home import Home
from renkei.exchange.manifest import MOST_BYTES
from renkei.exchange.receipt import read

# MERGED renkei.cli.evidence: `renkei receipt`: look at a receipt, verify it against the delivery it is for, and keep it.

receipt_app = typer.Typer(
    help="Look at receipts, verify them, keep them.", no_args_is_help=True, rich_markup_mode=None
)

FileArgument = Annotated[
    Path, typer.Argument(help="The receipt, NAME.STATE.json; its signature lies beside it.")
]


@receipt_app.command()
def show(file: FileArgument, lang: output.LangOption = None) -> None:
    """Show what a receipt says; nothing is verified."""
    data = _read(file)
    read(data)
    typer.echo(json.dumps(json.loads(data), ensure_ascii=False, indent=2))
    typer.echo(output.one_of(("（検証はしていません）", "(not verified)"), lang), err=True)


@receipt_app.command("verify")
def verify_receipt(
    file: FileArgument, home: exchange_options.HomeOption, lang: output.LangOption = None
) -> None:
    """Verify a receipt against the delivery we made and keep it; only `accepted` closes the day."""
    data = _read(file)
    signature = read_small(file.with_name(file.name + ".p7s"), 64 * 1024, "receipt_unreadable")
    found = Home(home).outbox().keep_receipt(data, signature, exchange_options.now()).receipt
    words = {
        "received": ("受領（まだ完了ではありません）", "received (not closed yet)"),
        "accepted": ("受入済み（完了）", "accepted (closed)"),
        "refused": (f"拒否: {found.code}", f"refused: {found.code}"),
    }
    typer.echo(f"{found.service} {found.sequence}: {output.one_of(words[found.state], lang)}")


def _read(file: Path) -> bytes:
    if not file.is_file():
        raise Misused("not_found", file.name)
    return read_small(file, MOST_BYTES, "receipt_unreadable")


app = typer.Typer(
    help="Verify what was kept: signatures, hashes, sequences and receipts.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.callback()
def evidence() -> None:
    """Verify what was kept: signatures, hashes, sequences and receipts."""


@app.command()
def verify(
    directory: Annotated[Path, typer.Argument(help="A party's directory, or a copy of it without its keys.")],
    lang: output.LangOption = None,
) -> None:
    """Verify every delivery and receipt as of when it was signed; status 2 if one does not hold."""
    terms = Home(directory).terms()
    whole = True
    for box in ("outbox", "inbox"):
        if not (directory / box).is_dir():
            continue
        for found in verify_all(directory / box, terms):
            name = f"{box} {found.service} {found.sequence}"
            if found.fault:
                whole = False
                output.complain(f"{name}: {found.fault.say(output.language(lang))}")
            else:
                typer.echo(f"{name}: {', '.join(found.states) or output.one_of(('送付済み', 'sent'), lang)}")
    if not whole:
        raise Misused("evidence_broken")
