"""Power cuts while a medium, keys, certificates, receipts, void numbers or agreements are written.

Sending, receiving and opening are in `test_power_cuts`. After each death the state is that before or that
after the act. Repeating the act gives the state after it, once, and leaves nothing unfinished.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization as form
from dying import deaths
from material import NOW, authority
from test_receipts import void
from test_trust import WHY, signatures
from world import World, agreement_json, plain_text_in

from renkei.exchange import agreement_file, media
from renkei.exchange.errors import ExchangeError
from renkei.exchange.evidence import verify
from renkei.exchange.home import Home
from renkei.exchange.keys import KeyRing

PEM = form.Encoding.PEM
SECRET = b"correct horse battery"


def unfinished(directory: Path) -> list[Path]:
    return list(directory.rglob(".partial*"))


# --- a medium -----------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_medium_is_whole_and_accounted_for_or_not_there(world: World):
    made = world.send()
    medium = world.directory / "medium"
    final = medium / made.files.name

    def act() -> None:
        media.export(made.files, medium, WHY, lambda copied: b"sheet of %d" % len(copied))

    for death in deaths(act, world.directory):
        records = list(made.files.directory.glob("export-*.media.json"))
        if final.exists():
            assert records, death
            assert (final / f"{made.files.name}.pdf").read_bytes() == b"sheet of 3", death
            world.isa.inbox.take(next(media.on_medium(medium)), NOW)
            for path in final.iterdir():
                path.unlink()
            final.rmdir()
        assert plain_text_in(medium) == []
    act()

    assert len(list(final.iterdir())) == 4
    assert unfinished(world.directory) == []
    assert [found.fault for found in verify(world.mhlw.home / "outbox", world.mhlw.terms)] == [None]


# --- keys ---------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_key_is_whole_or_was_never_made(tmp_path: Path):
    """A rollover: the key in use stays, the next one is there with or without its signing request."""
    ring = KeyRing(tmp_path / "keys")
    ring.make("signing", "p256", SECRET)
    in_use = (ring.own("signing")[0].directory / "key.pem").read_bytes()

    def act() -> None:
        ring.request(ring.make("signing", "p256", SECRET), "isa", "機関", SECRET)

    for death in deaths(act, tmp_path, "before"):
        entries = ring.own("signing")
        assert (entries[0].directory / "key.pem").read_bytes() == in_use, death
        assert [entry.number for entry in entries] == list(range(1, len(entries) + 1)), death
        assert all((entry.directory / "key.pem").read_bytes().endswith(b"KEY-----\n") for entry in entries), (
            death
        )
        if len(entries) > 1:  # a started rollover is completed with the newest key
            x509.load_pem_x509_csr(ring.request(entries[-1], "isa", "機関", SECRET))
    act()

    assert unfinished(tmp_path) == []


@pytest.fixture
def asked(tmp_path: Path) -> tuple[KeyRing, bytes, bytes]:
    """Return a key ring with one key, its issued certificate, and the issuer's certificate."""
    ring = KeyRing(tmp_path / "keys")
    entry = ring.make("signing", "p256", SECRET)
    ca = authority()
    request = x509.load_pem_x509_csr(ring.request(entry, "isa", "機関", SECRET))
    return ring, ca.issue("isa signing", request).public_bytes(PEM), ca.certificate.public_bytes(PEM)


@pytest.mark.slow
def test_a_certificate_is_taken_in_whole_or_not(asked: tuple[KeyRing, bytes, bytes], tmp_path: Path):
    ring, own, issuers = asked

    def act() -> None:
        ring.import_certificate(own)
        ring.import_certificate(issuers)

    whole = {own, issuers}
    for death in deaths(act, tmp_path):
        assert {each.public_bytes(PEM) for each in ring.certificates()} <= whole, death
        for path in (*ring.directory.glob("signing/*/certificate.pem"), *ring.directory.glob("others/[!.]*")):
            path.unlink()
    act()

    assert {each.public_bytes(PEM) for each in ring.certificates()} == whole
    assert unfinished(tmp_path) == []


def test_a_newer_revocation_list_replaces_the_older_or_does_not(tmp_path: Path):
    ring, ca = KeyRing(tmp_path / "keys"), authority()
    older, newer = (ca.revoke(*certificates).public_bytes(PEM) for certificates in ((), (ca.certificate,)))
    ring.import_revocations(older)

    for death in deaths(lambda: ring.import_revocations(newer), tmp_path):
        (held,) = ring.revocations()
        assert held.public_bytes(PEM) in (older, newer), death
        ring.import_revocations(older)
    ring.import_revocations(newer)

    assert [held.public_bytes(PEM) for held in ring.revocations()] == [newer]
    assert unfinished(tmp_path) == []


# --- receipts, void numbers, agreements ---------------------------------------------------------------------


@pytest.mark.slow
def test_a_receipt_is_kept_whole_or_can_be_kept_again(world: World):
    made = world.send()
    outbox, answer = world.mhlw.outbox, world.deliver(made).receipt
    kept = made.files.directory / "accepted"

    def act() -> None:
        outbox.keep_receipt(answer.data, answer.signature, NOW)

    for death in deaths(act, world.mhlw.home):
        (found,) = verify(outbox.directory, world.mhlw.terms)
        assert (found.fault, found.states) in [(None, ()), (None, ("accepted",))], death
        assert outbox.open_numbers("annex1") == ([] if found.states else [1]), death
        if kept.is_dir():
            for path in kept.iterdir():
                path.unlink()
            kept.rmdir()
    act()

    assert outbox.is_closed("annex1", 1)
    assert unfinished(world.mhlw.home) == []


@pytest.mark.slow
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_number_is_void_on_both_sides_or_can_be_declared_again(world: World, when: str):
    first, second = world.send(), world.send()
    world.isa.inbox.take(second.files, NOW)
    statement = void(world, first)

    def act() -> None:
        world.mhlw.outbox.declare_void(*statement, NOW)
        world.isa.inbox.declare_void(*statement, NOW)

    # once in force it stays: later deaths repeat the same act, which has fewer steps
    for death in deaths(act, world.directory, when):
        for side, box in ((world.mhlw, "outbox"), (world.isa, "inbox")):
            assert [found.fault for found in verify(side.home / box, side.terms) if found.fault] == [], death
    act()

    assert world.isa.inbox.unopened("annex1") == [2]
    assert world.mhlw.outbox.open_numbers("annex1") == [2]
    assert unfinished(world.directory) == []


@pytest.mark.slow
def test_an_agreement_is_in_force_whole_or_not(world: World):
    home = Home(world.directory / "home")
    home.settle("isa")
    home.adopt(world.agreement_bytes, signatures(world, world.agreement_bytes))
    data = agreement_file.write(agreement_json(world.pins(), version=2))
    both = signatures(world, data)
    second = home.directory / "agreement/0002"

    for death in deaths(lambda: home.adopt(data, both), home.directory):
        versions = [each.version for each in home.agreements()]
        assert versions in ([1], [1, 2]), death
        if second.is_dir():
            for path in second.iterdir():
                path.unlink()
            second.rmdir()
    home.adopt(data, both)

    assert [each.version for each in home.agreements()] == [1, 2]
    assert unfinished(home.directory) == []


def test_a_directory_is_somebodys_or_nobodys(tmp_path: Path):
    home = Home(tmp_path / "home")

    for death in deaths(lambda: home.settle("isa"), tmp_path):
        assert said(lambda: home.party) in ("isa", "not_found"), death
        (home.directory / "party").unlink(missing_ok=True)
    home.settle("isa")

    assert home.party == "isa"
    assert unfinished(tmp_path) == []


def said(ask: Callable[[], str]) -> str:
    try:
        return ask()
    except ExchangeError as refusal:
        return refusal.code
