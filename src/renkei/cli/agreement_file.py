"""`renkei agreement sign` and `verify`: the agreement file that both parties sign and both sides load."""

from pathlib import Path
from typing import Annotated

import typer

from renkei.cli import party, speech
from renkei.exchange import agreement_file
from renkei.exchange.durable import write
from renkei.exchange.errors import Misused
from renkei.exchange.home import Home, read_agreement
from renkei.exchange.keys import spoken

FileArgument = Annotated[Path, typer.Argument(help="The agreement file, agreement.json.")]


def sign(
    file: FileArgument,
    home: party.HomeOption,
    passphrase_file: party.PassphraseOption = None,
    lang: speech.LangOption = None,
) -> None:
    """Sign the agreement file with our key; the signature lies beside it as FILE.PARTY.p7s."""
    if not file.is_file():
        raise Misused("not_found", file.name)
    data, place, moment = file.read_bytes(), Home(home), party.now()
    agreement = agreement_file.read(data)
    signer = place.signer(party.passphrase(passphrase_file, lang), moment, agreement)
    path = file.with_name(f"{file.name}.{place.party}.p7s")
    write(path, agreement_file.sign(data, place.party, signer, moment))
    typer.echo(path)
    typer.echo(spoken(agreement.sha256))


def verify(
    file: FileArgument,
    home: Annotated[
        Path | None,
        typer.Option(
            "--home", envvar="RENKEI_HOME", metavar="DIR", help="Put it into force in this directory."
        ),
    ] = None,
    lang: speech.LangOption = None,
) -> None:
    """Verify both parties' signatures, show fingerprints to read out, and put it into force with --home.

    The first version vouches for itself alone: compare its fingerprint over the telephone before --home.
    """
    data, signatures = read_agreement(file)
    agreement = Home(home).adopt(data, signatures) if home else agreement_file.verify(data, signatures)
    typer.echo(f"{agreement.agreement} {speech.one_of(('第', 'version '), lang)}{agreement.version}")
    typer.echo(spoken(agreement.sha256))
    for pin in agreement.pins:
        typer.echo(f"{pin.party} {pin.use} {pin.starts:%Y-%m-%d}–{pin.ends:%Y-%m-%d}\n  {spoken(pin.sha256)}")
