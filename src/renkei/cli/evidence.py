"""`renkei evidence` and `renkei receipt`: verify stored deliveries; show, verify and store a receipt.

`evidence` also works years later, without a database, a network or a private key.
"""

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

app = typer.Typer(
    help="Verify stored deliveries: signatures, hashes, sequences and receipts.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.callback()
def evidence() -> None:
    """Verify stored deliveries: signatures, hashes, sequences and receipts."""


@app.command()
def verify(
    directory: Annotated[Path, typer.Argument(help="A party's directory, or a copy of it without its keys.")],
    lang: output.LangOption = None,
) -> None:
    """Verify every delivery and receipt as of the time of signing; status 2 if one is not valid."""
    terms = Home(directory).terms()
    valid = True
    for box in ("outbox", "inbox"):
        if not (directory / box).is_dir():
            continue
        for found in verify_all(directory / box, terms):
            name = f"{box} {found.service} {found.sequence}"
            if found.fault:
                valid = False
                output.print_error(f"{name}: {found.fault.say(output.language(lang))}")
            else:
                typer.echo(f"{name}: {', '.join(found.states) or output.one_of(('送付済み', 'sent'), lang)}")
    if not valid:
        raise Misused("evidence_broken")


receipt_app = typer.Typer(
    help="Show, verify and store receipts.", no_args_is_help=True, rich_markup_mode=None
)

FileArgument = Annotated[
    Path, typer.Argument(help="The receipt, NAME.STATE.json; its signature is beside it.")
]


@receipt_app.command()
def show(file: FileArgument, lang: output.LangOption = None) -> None:
    """Show the content of a receipt; nothing is verified."""
    data = _read(file)
    read(data)
    typer.echo(json.dumps(json.loads(data), ensure_ascii=False, indent=2))
    typer.echo(output.one_of(("（検証はしていません）", "(not verified)"), lang), err=True)


@receipt_app.command("verify")
def verify_receipt(
    file: FileArgument, home: exchange_options.HomeOption, lang: output.LangOption = None
) -> None:
    """Verify a receipt against our delivery and store it; only `accepted` closes the day."""
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
