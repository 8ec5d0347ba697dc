"""Every fault of a delivery in steps 1 to 4, each with its own code."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from forging import altered, cms_fingerprint, refused, resigned
from material import NOW, a_signer, authority, p256_key, rsa_key, self_signed
from outside import SIGN, openssl, write_pem
from world import DAY, World, a_world, agreement_json, copied, pin

from renkei.exchange import cms
from renkei.exchange.der import SET, der, whole
from renkei.exchange.errors import NOTICES, CmsError, Refused
from renkei.exchange.files import DeliveryFiles
from renkei.exchange.keys import FileSigner
from renkei.exchange.trust import Terms

# --- (1) ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"format": "renkei-delivery/2"}, "format_unknown"),
        ({"agreement": "another"}, "agreement_unknown"),
        ({"agreement_version": 2}, "agreement_unknown"),
        ({"receiver": "mhlw"}, "not_for_us"),
        ({"sender": "isa", "receiver": "mhlw"}, "not_for_us"),
        ({"service": "annex2-3"}, "service_not_agreed"),
        ({"purpose": "statistics"}, "service_not_agreed"),
        ({"kind": "incident"}, "service_not_agreed"),
        ({"sealed_size": 5 * 2**30}, "too_large"),
        ({"sequence": 0}, "manifest_unreadable"),
        ({"sequence": "1"}, "manifest_unreadable"),
        ({"sequence": True}, "manifest_unreadable"),
        ({"surprise": 1}, "manifest_unreadable"),
        ({"previous_sha256": "A" * 64}, "manifest_unreadable"),
        ({"revision": 2**31}, "manifest_unreadable"),
    ],
)
def test_a_manifest_that_is_not_for_us_as_agreed(world: World, changes: dict[str, Any], code: str):
    assert refused(world, altered(world, **changes)) == code
    assert NOTICES[code].step in (1, 6)


@pytest.mark.parametrize(
    "changes",
    [{"revision": 2**31 - 1}, {"not_after": "9999-12-31T23:59:59Z"}, {"created": "0001-01-01T00:00:00Z"}],
)
def test_a_manifest_with_extreme_values_is_taken(world: World, changes: dict[str, Any]):
    taken = world.isa.inbox.take(altered(world, **changes), NOW)

    assert taken.receipt.receipt.state == "received"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{",
        b'{"format":"renkei-delivery/1","format":"x"}',
        b"\xff",
        b"[" * 100_000,
        b"{}" + b" " * 20_000,
    ],
)
def test_what_is_no_manifest_at_all(world: World, data: bytes):
    files = copied(world.send().files, world.directory / "bad")
    files.manifest.write_bytes(data)

    assert refused(world, files) == "manifest_unreadable"


# --- (2) ---------------------------------------------------------------------------------------------------


def test_an_unsigned_delivery(world: World):
    files = copied(world.send().files, world.directory / "bad")
    files.signature.unlink()

    assert refused(world, files) == "signature_missing"


def two_signers(world: World, files: DeliveryFiles) -> bytes:
    """Both parties' SignerInfos in one structure, as `openssl cms -sign` makes with two -signer."""
    place = world.directory
    options: list[str] = []
    for name, signer in (("one", world.mhlw.signer), ("two", world.isa.signer)):
        write_pem(place, name, signer)
        options += ["-signer", f"{place}/{name}.crt", "-inkey", f"{place}/{name}.key"]
    target = place / "two.p7s"
    openssl(*SIGN, "-md", "sha256", *options, "-in", files.manifest, "-out", target)
    return target.read_bytes()


def test_two_signers_and_none(world: World):
    made = world.send()
    files = copied(made.files, world.directory / "bad")
    files.signature.write_bytes(two_signers(world, files))

    assert refused(world, files) == "signature_not_one"

    # the SET OF SignerInfo emptied, lengths corrected
    signature = whole(made.files.signature.read_bytes())
    kind, wrapped = signature.parts()
    parts = wrapped.parts()[0].parts()
    body = der(0x30, *(part.raw for part in parts[:-1]), der(SET))
    files.signature.write_bytes(der(0x30, kind.raw, der(0xA0, body)))

    assert refused(world, files) == "signature_not_one"


@pytest.mark.parametrize(
    ("weak", "code"),
    [
        (lambda ca: FileSigner(rsa_key(0, 2048), ca.issue("weak", rsa_key(0, 2048))), "signature_weak"),
    ],
)
def test_a_weaker_key(world: World, weak: Callable[..., FileSigner], code: str):
    signer = weak(world.ca)
    files = copied(world.send().files, world.directory / "bad")
    with pytest.raises(CmsError):
        cms.sign(b"", signer, NOW)
    place = world.directory
    write_pem(place, "w", signer)
    openssl(
        *SIGN,
        "-md",
        "sha256",
        "-signer",
        place / "w.crt",
        "-inkey",
        place / "w.key",
        "-keyopt",
        "rsa_padding_mode:pss",
        "-keyopt",
        "rsa_pss_saltlen:32",
        "-in",
        files.manifest,
        "-out",
        files.signature,
    )

    assert refused(world, files) == code


@pytest.mark.parametrize(
    "options",
    [
        ["-md", "sha1"],
        ["-md", "sha384"],
        ["-md", "sha256", "-keyopt", "rsa_padding_mode:pkcs1"],
        ["-md", "sha256", "-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_pss_saltlen:20"],
    ],
)
def test_a_weaker_algorithm(tmp_path: Path, options: list[str]):
    world = a_world(tmp_path, "rsa")
    files = copied(world.send().files, tmp_path / "bad")
    write_pem(tmp_path, "w", world.mhlw.signer)
    openssl(
        *SIGN,
        "-signer",
        tmp_path / "w.crt",
        "-inkey",
        tmp_path / "w.key",
        *options,
        "-in",
        files.manifest,
        "-out",
        files.signature,
    )

    assert refused(world, files) in ("signature_weak", "signature_unreadable")


def test_a_signature_of_other_bytes(world: World):
    made = world.send()
    files = copied(made.files, world.directory / "bad")
    files.manifest.write_bytes(files.manifest.read_bytes().replace(b'"revision": 1', b'"revision": 2'))

    assert refused(world, files) == "signature_wrong"


@pytest.mark.parametrize(
    "stranger",
    [
        lambda world: a_signer("stranger", world.ca),
        lambda world: world.isa.signer,
        lambda world: (lambda key: FileSigner(key, self_signed("mhlw signing", key)))(p256_key()),
        lambda world: a_signer("mhlw signing", authority("another")),
        lambda world: FileSigner(world.mhlw.decrypter.key, world.mhlw.decrypter.certificate),
    ],
    ids=[
        "same authority",
        "the receiver itself",
        "self-signed",
        "foreign authority",
        "a key for another use",
    ],
)
def test_a_signer_that_is_not_pinned(world: World, stranger: Callable[[World], FileSigner]):
    assert refused(world, altered(world, signer=stranger(world))) == "signer_not_pinned"


def test_the_manifest_must_name_its_signer(world: World):
    assert refused(world, altered(world, signer_sha256="0" * 64)) == "signer_not_pinned"


@pytest.mark.parametrize(
    ("dates", "code"),
    [
        ({"ends": NOW - DAY}, "certificate_expired"),
        ({"starts": NOW + DAY}, "certificate_not_yet_valid"),
    ],
)
def test_a_certificate_out_of_its_time(world: World, dates: dict[str, Any], code: str):
    signer = a_signer("mhlw signing", world.ca, **dates)
    world.agree(agreement_json([*world.pins(), pin("mhlw", "signing", signer.certificate)]))

    assert refused(world, altered(world, signer=signer, signer_sha256=cms_fingerprint(signer))) == code


def test_a_pin_ends_a_certificate_before_its_own_time(world: World):
    signer = world.mhlw.signer
    pins = [row for row in world.pins() if row["sha256"] != cms_fingerprint(signer)]
    world.agree(agreement_json([*pins, pin("mhlw", "signing", signer.certificate, ends=NOW - DAY)]))

    assert refused(world, altered(world)) == "certificate_expired"


def test_a_revoked_certificate(world: World):
    made = world.send()
    world.revoke(world.mhlw.signer.certificate)

    assert refused(world, made.files) == "certificate_revoked"


def test_a_list_that_somebody_else_signed_revokes_nobody(world: World):
    stranger = authority()  # the same name, another key
    made = world.send()
    world.isa.terms = Terms(
        "isa",
        world.isa.terms.agreements,
        (*world.isa.terms.certificates, stranger.certificate),
        (stranger.revoke(world.mhlw.signer.certificate),),
    )

    assert world.deliver(made).receipt.receipt.state == "accepted"


def test_where_lists_are_agreed_none_or_an_old_one_is_not_enough(world: World):
    world.agree(agreement_json(world.pins(), revocation_lists=True))
    made = world.send()

    assert refused(world, made.files) == "revocation_list_missing"

    world.revoke()

    assert refused(world, made.files, NOW + 8 * DAY) == "revocation_list_missing"
    assert world.deliver(made).receipt.receipt.state == "accepted"


@pytest.mark.parametrize(
    ("late", "code"),
    [
        (-DAY, "made_in_future"),
        (-timedelta(minutes=6), "made_in_future"),
        (31 * DAY, "too_late"),
    ],
)
def test_a_clock_that_is_off(world: World, late: timedelta, code: str):
    made = world.send()

    assert refused(world, made.files, NOW + late) == code


@pytest.mark.parametrize("late", [-timedelta(minutes=4), DAY, 29 * DAY])
def test_a_clock_a_little_off_and_a_delivery_a_day_old_are_fine(world: World, late: timedelta):
    made = world.send()

    assert world.deliver(made, NOW + late).receipt.receipt.state == "accepted"


# --- (3) ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda data: data[:-1], "sealed_size"),
        (lambda data: data + b"\0", "sealed_size"),
        (lambda data: b"", "sealed_size"),
        (lambda data: data[:100] + bytes([data[100] ^ 1]) + data[101:], "sealed_hash"),
    ],
)
def test_a_sealed_file_that_is_not_the_signed_one(world: World, change: Callable[[bytes], bytes], code: str):
    files = copied(world.send().files, world.directory / "bad")
    files.sealed.write_bytes(change(files.sealed.read_bytes()))

    assert refused(world, files) == code


def test_a_sealed_file_that_is_missing(world: World):
    files = copied(world.send().files, world.directory / "bad")
    files.sealed.unlink()

    assert refused(world, files) == "sealed_missing"


# --- (4) ---------------------------------------------------------------------------------------------------


def test_the_same_number_with_other_content_is_refused_and_the_proof_is_kept(world: World):
    made = world.send()
    other = altered(world, sequence=1, previous_sha256="0" * 64)
    assert world.deliver(made).receipt.receipt.state == "accepted"
    with pytest.raises(Refused) as refusal:
        world.isa.inbox.take(other, NOW)

    assert (refusal.value.code, refusal.value.alarm) == ("sequence_conflict", True)
    assert len(list((world.isa.home / "inbox/annex1/conflicts").iterdir())) == 1


def test_a_delivery_that_does_not_continue_the_one_before(world: World):
    assert world.deliver(world.send()).receipt.receipt.state == "accepted"
    files = altered(world, previous_sha256="1" * 64)

    with pytest.raises(Refused) as refusal:
        world.isa.inbox.take(files, NOW)
    assert refusal.value.code == "chain_broken"


def test_an_old_delivery_replayed_gets_its_old_answer_and_changes_nothing(world: World):
    first = world.send()
    answer = world.deliver(first)
    world.deliver(world.send())
    before = sorted(path for path in world.isa.home.rglob("*"))

    assert world.isa.inbox.take(first.files, NOW + 60 * DAY).receipt.data == (
        world.isa.inbox.receipts("annex1", 1)[0].data
    )
    assert world.deliver(first).receipt.data == answer.receipt.data
    assert sorted(path for path in world.isa.home.rglob("*")) == before


def test_a_delivery_sent_back_to_its_sender_is_not_for_it(world: World):
    made = world.send()

    with pytest.raises(Refused) as refusal:
        world.mhlw.inbox.take(made.files, NOW)
    assert refusal.value.code == "not_for_us"


def test_while_a_number_waits_another_under_it_is_a_conflict(world: World):
    first, second = world.send(), world.send()
    world.isa.inbox.take(second.files, NOW)
    other = copied(second.files, world.directory / "other")
    resigned(world, other, other.manifest.read_bytes().replace(b'"revision": 1', b'"revision": 2'))

    assert refused(world, other) == "sequence_conflict"
    assert world.deliver(first).receipt.receipt.state == "accepted"
    assert world.deliver(second).receipt.receipt.state == "accepted"


def test_every_code_of_the_eight_steps_is_played_here_or_elsewhere():
    played = "".join(path.read_text("utf-8") for path in Path(__file__).parent.glob("test_*.py"))

    assert [code for code in NOTICES if f'"{code}"' not in played] == []
