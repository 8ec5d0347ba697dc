"""`renkei evidence`: verify years later what was kept, without a database, a network or a private key."""

from pathlib import Path
from typing import Annotated

import typer

from renkei.cli import speech
from renkei.exchange.errors import Misused
from renkei.exchange.evidence import verify as verify_all
from renkei.exchange.home import Home

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
    lang: speech.LangOption = None,
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
                speech.complain(f"{name}: {found.fault.say(speech.language(lang))}")
            else:
                typer.echo(f"{name}: {', '.join(found.states) or speech.one_of(('送付済み', 'sent'), lang)}")
    if not whole:
        raise Misused("evidence_broken")
