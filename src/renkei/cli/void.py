"""`renkei delivery declare-void` and `sign-void`: a number that was lost for good, by the word of both."""

from pathlib import Path
from typing import Annotated

import typer

from renkei.cli import party, speech
from renkei.exchange import cms, sequence
from renkei.exchange.durable import make_directory, write
from renkei.exchange.errors import Misused
from renkei.exchange.files import read_small
from renkei.exchange.home import Home
from renkei.exchange.keys import spoken
from renkei.exchange.manifest import MOST_BYTES, read

_MOST_SIGNATURE = 64 * 1024


def declare(
    home: party.HomeOption,
    service: Annotated[str, typer.Option("--service", help="The service of the lost delivery.")],
    number: Annotated[int, typer.Option("--number", help="Its number in the sequence.")],
    reason: Annotated[str, typer.Option("--reason", help="What happened to it, for the record.")],
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="Where to write the statement.")],
    passphrase_file: party.PassphraseOption = None,
    lang: speech.LangOption = None,
) -> None:
    """Declare a delivery of ours void: a statement with our signature, for the other side to sign as well.

    Its number is not used again. The rows are sent anew under the next number.
    """
    if not reason.strip():
        raise Misused("not_found", "--reason")
    place, moment = Home(home), party.now()
    outbox = place.outbox()
    files = outbox.find(service, number)
    data = files.manifest_bytes()
    statement = sequence.write_void(outbox.terms, data, read(data), reason, moment)
    outbox.check_void(sequence.read_statement(statement, outbox.terms))
    signer = place.signer(party.passphrase(passphrase_file, lang), moment)
    make_directory(to)
    path = to / f"{files.name}.void.json"
    if path.exists():
        raise Misused("exists", path.name)
    write(path, statement)
    write(_signature(path, place.party), cms.sign(statement, signer, moment))
    typer.echo(path)


def sign(
    file: Annotated[Path, typer.Argument(help="The statement, NAME.void.json; signatures lie beside it.")],
    home: party.HomeOption,
    passphrase_file: party.PassphraseOption = None,
    lang: speech.LangOption = None,
) -> None:
    """Sign a statement that a number is void; signed by both, it holds here and what waited goes on.

    Shows the reason and the fingerprint of the lost manifest, to be compared over the telephone. Refused
    where the delivery has come after all, or has been answered.
    """
    if not file.is_file():
        raise Misused("not_found", file.name)
    place, moment = Home(home), party.now()
    statement = read_small(file, MOST_BYTES, "void_unproved")
    signer = place.signer(party.passphrase(passphrase_file, lang), moment)
    inbox, outbox = place.inbox(signer), place.outbox()
    void = sequence.read_statement(statement, outbox.terms)
    side = outbox if void.sender == outbox.terms.party else inbox
    ours = _signature(file, outbox.terms.party)
    if not ours.is_file():
        side.check_void(void)
        write(ours, cms.sign(statement, signer, moment))
    signatures = {
        each: read_small(_signature(file, each), _MOST_SIGNATURE, "void_unproved")
        for each in outbox.terms.agreement.parties
        if _signature(file, each).is_file()
    }
    name = f"{void.service} {void.sequence}"
    typer.echo(f"{void.sender} {name}: {void.reason}\n  {spoken(void.manifest_sha256)}")
    if outbox.terms.counterpart not in signatures:
        waits = (
            f"{name}: 署名しました。相手方の署名を待っています。",
            f"{name}: signed; the other side has not.",
        )
        typer.echo(speech.one_of(waits, lang))
        return
    side.declare_void(statement, signatures, moment)
    typer.echo(speech.one_of((f"{name}: 欠番になりました。", f"{name}: void."), lang))


def _signature(statement: Path, party_code: str) -> Path:
    return statement.with_name(f"{statement.name}.{party_code}.p7s")
