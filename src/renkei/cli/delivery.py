"""`renkei delivery`: make, export, import, open and show sealed deliveries, in plain directories.

`declare-void` and `sign-void` are for a delivery that is lost permanently: its number is void if both parties
sign so.
"""

import json
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from renkei.agreement.text import Lang
from renkei.cli import exchange_options, output
from renkei.cli.arguments import PolicyOption, read_policy
from renkei.exchange import cms, media, piggybacked_receipts, sequence
from renkei.exchange.durable import make_directory, write
from renkei.exchange.errors import ExchangeError, Misused
from renkei.exchange.files import DeliveryFiles, deliveries_in, read_small
from renkei.exchange.home import NO_TRAIL, Home
from renkei.exchange.inbox import Opened, Taken
from renkei.exchange.keys import spoken
from renkei.exchange.manifest import MOST_BYTES, read, sha256
from renkei.exchange.outbox import Order, Outbox
from renkei.exchange.package import SET_ASIDE

_MOST_SIGNATURE = 64 * 1024

app = typer.Typer(
    help="Make, export, import, open and show sealed deliveries, in plain directories without a node.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

ServiceOption = Annotated[
    Literal["annex1", "annex2-3", "incident", "receipt"], typer.Option("--service", help="What is delivered.")
]
NumberOption = Annotated[int, typer.Option("--number", help="Its number in the sequence.")]


@app.command()
def make(
    home: exchange_options.HomeOption,
    service: ServiceOption,
    day: Annotated[str, typer.Option("--day", metavar="DATE", help="The business day, as 2026-04-01.")],
    files: Annotated[
        list[Path] | None, typer.Argument(help="One CSV per dataset, named after it; none on an empty day.")
    ] = None,
    purpose: Annotated[
        Literal["residence", "labour_market"], typer.Option("--purpose", help="The purpose of clause 7.")
    ] = "residence",
    revision: Annotated[
        int, typer.Option("--revision", min=1, help="The revision of this day's delivery; 1 is the first.")
    ] = 1,
    policy: PolicyOption = None,
    passphrase_file: exchange_options.PassphraseOption = None,
    as_json: output.JsonOption = False,
    lang: output.LangOption = None,
) -> None:
    """Seal, number and sign a delivery; refused here if the counterpart would refuse it."""
    place, moment = Home(home, read_policy(policy)), exchange_options.now()
    sources = {path.stem: path for path in files or []}
    if missing := [path.name for path in sources.values() if not path.is_file()]:
        raise Misused("not_found", ", ".join(missing))
    kind = "incident" if service == "incident" else "data" if sources else "empty"
    signer = place.signer(exchange_options.passphrase(passphrase_file, lang), moment)
    outbox = place.outbox()
    with piggybacked_receipts.as_table(
        piggybacked_receipts.since_last(outbox, place.directory / "inbox", service)
    ) as receipts:
        order = Order(
            service=service,
            purpose=purpose,
            kind=kind,
            business_day=_day(day),
            revision=revision,
            sources=sources | receipts,
            trail_head=NO_TRAIL,
        )
        made = outbox.make(order, signer, place.recipient(moment), moment)
    if as_json:
        counts = {fact.table.name: fact.rows for fact in made.sealed.files}
        typer.echo(json.dumps(_facts(made.files) | {"rows": counts}, ensure_ascii=False, indent=2))
        return
    typer.echo(made.files.directory)
    for fact in made.sealed.files:
        typer.echo(f"{fact.table.name}: {fact.rows:,}{output.one_of(('行', ' rows'), lang)}")


@app.command()
def export(
    home: exchange_options.HomeOption,
    service: ServiceOption,
    number: NumberOption,
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="The medium.")],
    reason: Annotated[
        Literal["network_failure", "agreed"], typer.Option("--reason", help="Why not by network (clause 5).")
    ],
    agreed_by: Annotated[str, typer.Option("--agreed-by", help="Who agreed on the other side.")],
    handed_over_by: Annotated[
        str, typer.Option("--handed-over-by", help="Our handler, for the cover sheet.")
    ] = "",
    taken_over_by: Annotated[str, typer.Option("--taken-over-by", help="Their handler.")] = "",
    lang: output.LangOption = None,
) -> None:
    """Copy a delivery to a medium, read it back, and print a cover sheet (送付状) for the two handlers."""
    from renkei.exchange.cover_sheet import cover_sheet  # only this command needs typesetting

    place = Home(home)
    outbox = place.outbox()
    files = outbox.find(service, number)
    record = media.Export(reason, agreed_by, handed_over_by, taken_over_by, exchange_options.now())
    data = files.manifest_bytes()

    def sheet(copied: list[media.OnMedium]) -> bytes:
        return cover_sheet(read(data), sha256(data), copied, record, outbox.terms.agreement)

    media.export(files, to, record, sheet)
    path = to / files.name / f"{files.name}.pdf"
    typer.echo(path.parent)
    typer.echo(output.one_of((f"送付状: {path}", f"cover sheet: {path}"), lang))


@app.command("import")
def import_(
    home: exchange_options.HomeOption,
    medium: Annotated[Path, typer.Argument(help="The medium, or any directory with deliveries.")],
    receipts_to: Annotated[
        Path | None, typer.Option("--receipts-to", metavar="DIR", help="Copy the receipts there as well.")
    ] = None,
    passphrase_file: exchange_options.PassphraseOption = None,
    lang: output.LangOption = None,
) -> None:
    """Receive deliveries (steps 1 to 4) and issue receipts; the same delivery gets the same receipt again."""
    if not medium.is_dir():
        raise Misused("not_found", medium.name)
    place, moment = Home(home), exchange_options.now()
    inbox = place.inbox(place.signer(exchange_options.passphrase(passphrase_file, lang), moment))
    refused = 0
    seen = False
    for files, found in media.receive_all(medium, inbox, moment):
        seen = True
        if isinstance(found, Taken):
            typer.echo(f"{files.name}: {_taken(found, lang)}")
            if receipts_to and found.receipt:
                _copy_receipt(
                    found.receipt.receipt.name, found.receipt.data, found.receipt.signature, receipts_to
                )
        else:
            refused += 1
            output.print_error(f"{files.name}: {found.say(output.language(lang))}")
    if not seen:
        raise Misused("not_found", medium.name)
    if refused:
        raise typer.Exit(2)


@app.command("open")
def open_(
    home: exchange_options.HomeOption,
    service: ServiceOption,
    number: Annotated[
        int | None, typer.Option("--number", help="Its number; by default all that are not opened yet.")
    ] = None,
    receipts_to: Annotated[
        Path | None, typer.Option("--receipts-to", metavar="DIR", help="Copy the receipts there as well.")
    ] = None,
    policy: PolicyOption = None,
    passphrase_file: exchange_options.PassphraseOption = None,
    lang: output.LangOption = None,
) -> None:
    """Open received deliveries (steps 5 to 8), in order; the data package is then in the inbox."""
    place, moment = Home(home, read_policy(policy)), exchange_options.now()
    secret = exchange_options.passphrase(passphrase_file, lang)
    inbox = place.inbox(place.signer(secret, moment))
    keys = place.decrypters(secret, moment)
    outbox = place.outbox()
    refused = False
    for each in [number] if number else inbox.unopened(service):
        found = inbox.open(service, each, keys, moment)
        if found.data:
            _keep_receipts(found.data, outbox, moment, lang)
        stored = found.receipt
        if receipts_to:
            _copy_receipt(stored.receipt.name, stored.data, stored.signature, receipts_to)
        refused = refused or found.refusal is not None
        _say_opened(found, lang)
    if refused:
        raise typer.Exit(2)


@app.command("declare-void")
def declare_void(
    home: exchange_options.HomeOption,
    service: Annotated[str, typer.Option("--service", help="The service of the lost delivery.")],
    number: Annotated[int, typer.Option("--number", help="Its number in the sequence.")],
    reason: Annotated[str, typer.Option("--reason", help="What happened to it, for the record.")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where to write the statement.")],
    passphrase_file: exchange_options.PassphraseOption = None,
    lang: output.LangOption = None,
) -> None:
    """Declare a delivery of ours void: write a statement with our signature, for the other side to sign.

    Its number is not used again. The rows are sent again under the next number.
    """
    if not reason.strip():
        raise Misused("not_found", "--reason")
    place, moment = Home(home), exchange_options.now()
    outbox = place.outbox()
    files = outbox.find(service, number)
    data = files.manifest_bytes()
    statement = sequence.write_void(outbox.terms, data, read(data), reason, moment)
    outbox.check_void(sequence.read_statement(statement, outbox.terms))
    signer = place.signer(exchange_options.passphrase(passphrase_file, lang), moment)
    make_directory(out)
    path = out / f"{files.name}.void.json"
    if path.exists():
        raise Misused("exists", path.name)
    write(path, statement)
    write(_signature(path, place.party), cms.sign(statement, signer, moment))
    typer.echo(path)


@app.command("sign-void")
def sign_void(
    file: Annotated[Path, typer.Argument(help="The statement, NAME.void.json; signatures are beside it.")],
    home: exchange_options.HomeOption,
    passphrase_file: exchange_options.PassphraseOption = None,
    lang: output.LangOption = None,
) -> None:
    """Sign a statement that a number is void; once both have signed, the number is void here.

    Deliveries that waited for it are then received. Prints the reason and the fingerprint of the lost
    manifest, to compare over the telephone. Refused if the delivery has arrived or has a receipt.
    """
    if not file.is_file():
        raise Misused("not_found", file.name)
    place, moment = Home(home), exchange_options.now()
    statement = read_small(file, MOST_BYTES, "void_unproved")
    signer = place.signer(exchange_options.passphrase(passphrase_file, lang), moment)
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
        words = (
            f"{name}: 署名しました。相手方の署名を待っています。",
            f"{name}: signed; waiting for the other side's signature.",
        )
        typer.echo(output.one_of(words, lang))
        return
    side.declare_void(statement, signatures, moment)
    typer.echo(output.one_of((f"{name}: 欠番になりました。", f"{name}: void."), lang))


@app.command()
def show(
    directory: Annotated[Path, typer.Argument(help="A directory with deliveries.")],
    as_json: output.JsonOption = False,
    lang: output.LangOption = None,
) -> None:
    """Show the manifests of deliveries; nothing is verified and nothing is decrypted."""
    found = list(deliveries_in(directory)) if directory.is_dir() else []
    if not found:
        raise Misused("not_found", directory.name)
    if as_json:
        typer.echo(json.dumps([_facts(files) for files in found], ensure_ascii=False, indent=2))
        return
    for files in found:
        for key, value in _facts(files).items():
            typer.echo(f"{key}: {spoken(value) if key.endswith('sha256') else value}")
        typer.echo(output.one_of(("（検証はしていません）", "(not verified)"), lang))


def _facts(files: DeliveryFiles) -> dict[str, Any]:
    data = files.manifest_bytes()
    read(data)
    return {"name": files.name, "manifest_sha256": sha256(data)} | dict(json.loads(data))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Misused("not_found", f"--day {text}") from None


def _taken(found: Taken, lang: Lang | None) -> str:
    if found.receipt:
        return output.one_of(("受領", "received"), lang)
    words = (f"第{found.missing}号を待っています", f"waiting for number {found.missing}")
    return output.one_of(words, lang)


def _say_opened(found: Opened, lang: Lang | None) -> None:
    name = found.manifest.name
    if found.refusal:
        output.print_error(f"{name}: {found.refusal.say(output.language(lang))}")
        return
    rows = found.receipt.receipt.rows_taken
    typer.echo(f"{name}: {rows:,}{output.one_of(('行', ' rows'), lang)} → {found.data}")
    if rejected := found.receipt.receipt.rows_rejected:
        said = ", ".join(f"{reason} {count:,}" for reason, count in rejected.items())
        words = (f"取り込めない行があります({said})。", f"rows set aside: {said}.")
        output.print_error(f"{name}: {output.one_of(words, lang)} → {SET_ASIDE}")


def _keep_receipts(package: Path, outbox: Outbox, moment: datetime, lang: Lang | None) -> None:
    """Store the receipts in a delivery; a refused one is printed and does not stop the others."""
    for data, signature in piggybacked_receipts.carried(package):
        try:
            outbox.keep_receipt(data, signature, moment)
        except ExchangeError as refusal:
            output.print_error(refusal.say(output.language(lang)))


def _copy_receipt(name: str, data: bytes, signature: bytes, directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    (directory / f"{name}.json").write_bytes(data)
    (directory / f"{name}.json.p7s").write_bytes(signature)


def _signature(statement: Path, party_code: str) -> Path:
    return statement.with_name(f"{statement.name}.{party_code}.p7s")
