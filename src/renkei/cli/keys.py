"""`renkei keys`: make keys, request and import certificates, roll over, show fingerprints."""

import json
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from renkei.agreement.text import Lang
from renkei.cli import exchange_options, output
from renkei.exchange.certificates import fingerprint
from renkei.exchange.errors import Misused
from renkei.exchange.home import Home
from renkei.exchange.keys import USES, KeyEntry, KeyRing, Use, due_alarm, spoken

app = typer.Typer(
    help="Make, list and roll over keys for TLS, signing and decryption; request and import certificates.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

UseOption = Annotated[
    Literal["tls", "signing", "decryption"],
    typer.Option("--use", help="The use of the key; each use has its own keys."),
]
FamilyOption = Annotated[
    Literal["p256", "rsa"], typer.Option("--family", help="ECDSA/ECDH on P-256, or RSA of 3072 bits.")
]
OrganisationOption = Annotated[
    str, typer.Option("--organisation", help="The organisation's name in the signing request.")
]


@app.command()
def make(
    home: exchange_options.HomeOption,
    use: UseOption,
    who: Annotated[str, typer.Option("--party", help="Whose directory this is: mhlw or isa.")],
    family: FamilyOption = "p256",
    passphrase_file: exchange_options.PassphraseOption = None,
    lang: output.LangOption = None,
) -> None:
    """Make a key, encrypted at rest with the passphrase (12 characters or more)."""
    place = Home(home)
    place.settle(who)
    entry = place.keys.make(use, family, exchange_options.passphrase(passphrase_file, lang))
    _made(entry, lang)


@app.command()
def request(
    home: exchange_options.HomeOption,
    use: UseOption,
    organisation: OrganisationOption,
    number: Annotated[int | None, typer.Option("--number", help="Which key; the newest by default.")] = None,
    passphrase_file: exchange_options.PassphraseOption = None,
    lang: output.LangOption = None,
) -> None:
    """Write a signing request (PKCS#10) for a key, to be sent to the certification authority."""
    place = Home(home)
    entry = _entry(place.keys, use, number)
    place.keys.request(entry, place.party, organisation, exchange_options.passphrase(passphrase_file, lang))
    typer.echo(entry.directory / "request.pem")


@app.command("import")
def import_(
    home: exchange_options.HomeOption,
    files: Annotated[list[Path], typer.Argument(help="Certificates or revocation lists, PEM or DER.")],
    lang: output.LangOption = None,
) -> None:
    """Import certificates (ours, the counterpart's, the issuer's) and revocation lists."""
    ring = Home(home).keys
    for file in files:
        try:
            data = file.read_bytes()
        except OSError:
            raise Misused("not_found", file.name) from None
        if b"X509 CRL" in data[:64] or file.suffix == ".crl":
            crl = ring.import_revocations(data)
            until = crl.next_update_utc
            text = output.one_of(
                ("失効リストを取り込みました。次回更新", "Revocation list imported. Next update"), lang
            )
            typer.echo(f"{text}: {until:%Y-%m-%d}" if until else text)
            continue
        found = ring.import_certificate(data)
        if isinstance(found, KeyEntry):
            typer.echo(f"{found.use} {found.number:04d}: {spoken(found.sha256)}")
        else:
            text = output.one_of(
                ("相手方又は発行者の証明書", "The counterpart's or an issuer's certificate"), lang
            )
            typer.echo(f"{text}: {spoken(found)}")


@app.command("list")
def list_(
    home: exchange_options.HomeOption, as_json: output.JsonOption = False, lang: output.LangOption = None
) -> None:
    """List keys and certificates with fingerprints, and which expire soon (60, 30, 14, 7 days)."""
    ring = Home(home).keys
    rows = [_row(entry) for use in USES for entry in ring.own(use)]
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for row in rows:
        typer.echo(f"{row['use']} {row['number']:04d}  {_until(row, lang)}")
        if row["sha256"]:
            typer.echo(f"  {spoken(row['sha256'])}")
    own = {row["sha256"] for row in rows}
    for certificate in ring.certificates():
        digest = fingerprint(certificate)
        if digest not in own:
            subject = certificate.subject.rfc4514_string()
            typer.echo(f"{subject}\n  {spoken(digest)}")


@app.command()
def rollover(
    home: exchange_options.HomeOption,
    use: UseOption,
    organisation: OrganisationOption,
    family: FamilyOption = "p256",
    passphrase_file: exchange_options.PassphraseOption = None,
    lang: output.LangOption = None,
) -> None:
    """Make the next key and its signing request; the one in use stays until the agreement file changes."""
    place = Home(home)
    secret = exchange_options.passphrase(passphrase_file, lang)
    entry = place.keys.make(use, family, secret)
    place.keys.request(entry, place.party, organisation, secret)
    _made(entry, lang)
    typer.echo(
        output.one_of(
            (
                "証明書の発行後、`renkei keys import`で取り込んでください。"
                "続いて、新しい版の取決めファイルに指紋を加え、双方で署名してください。"
                "古い復号鍵は、取決めの期間が終わるまで消さないでください。",
                "Once issued, import the certificate, add its fingerprint to a new version of the "
                "agreement file and have both parties sign it. Keep the old decryption key until its "
                "period in the agreement ends.",
            ),
            lang,
        )
    )


def _entry(ring: KeyRing, use: Use, number: int | None) -> KeyEntry:
    entries = [entry for entry in ring.own(use) if number in (None, entry.number)]
    if not entries:
        raise Misused("key_missing", use)
    return entries[-1]


def _made(entry: KeyEntry, lang: Lang | None) -> None:
    text = output.one_of(("鍵を作りました", "Key made"), lang)
    typer.echo(f"{text}: {entry.use} {entry.number:04d} ({entry.directory})")


def _row(entry: KeyEntry) -> dict[str, Any]:
    certificate = entry.certificate
    return {
        "use": entry.use,
        "number": entry.number,
        "sha256": entry.sha256,
        "until": certificate.not_valid_after_utc.isoformat() if certificate else None,
        "alarm_days": due_alarm(certificate, exchange_options.now()) if certificate else None,
    }


def _until(row: dict[str, Any], lang: Lang | None) -> str:
    if row["until"] is None:
        return output.one_of(("証明書がまだありません", "no certificate yet"), lang)
    words = output.one_of((f"{row['until'][:10]}まで", f"until {row['until'][:10]}"), lang)
    if row["alarm_days"] is None:
        return words
    if row["alarm_days"] == 0:
        return words + output.one_of(("（期限切れ）", " (EXPIRED)"), lang)
    days = row["alarm_days"]
    return words + output.one_of((f"（残り{days}日以内）", f" (within {days} days)"), lang)
