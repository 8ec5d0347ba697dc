"""The optional time-stamp, made by `openssl ts`: sent and stored only with its own delivery."""

from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import serialization as form
from cryptography.x509.oid import ExtendedKeyUsageOID
from forging import refused
from material import NOW, p256_key
from outside import openssl
from test_trust import WHY
from world import DAY, World, copied

from renkei.exchange import cms, media
from renkei.exchange.errors import Refused
from renkei.exchange.evidence import verify
from renkei.exchange.files import DeliveryFiles

CONFIGURATION = """
[stamps]
serial = {0}/serial
default_policy = 1.2.3.4
digests = sha256, sha512
signer_digest = sha256
"""


@pytest.fixture
def stamp(tmp_path: Path) -> Callable[..., bytes]:
    """Our own time-stamp authority: makes the time-stamp of any bytes."""
    key, place = p256_key(), tmp_path / "authority"
    place.mkdir()
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "時刻認証局")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW - 9999 * DAY)
        .not_valid_after(NOW + 9999 * DAY)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = (form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())
    (place / "key").write_bytes(key.private_bytes(*plain))
    (place / "crt").write_bytes(certificate.public_bytes(form.Encoding.PEM))
    (place / "conf").write_text(CONFIGURATION.format(place))
    (place / "serial").write_text("01\n")

    def stamped(data: bytes, digest: str = "sha256", policy: str = "1.2.3.4") -> bytes:
        (place / "data").write_bytes(data)
        query = ["-data", place / "data", f"-{digest}", "-cert", "-tspolicy", policy, "-out", place / "query"]
        openssl("ts", "-query", *query)
        reply = ["-config", place / "conf", "-section", "stamps", "-queryfile", place / "query"]
        signer = ["-signer", place / "crt", "-inkey", place / "key", "-out", place / "reply"]
        openssl("ts", "-reply", *reply, *signer)
        return (place / "reply").read_bytes()

    return stamped


def with_stamp(world: World, stamp: Callable[[bytes], bytes]) -> DeliveryFiles:
    files = copied(world.send().files, world.directory / "stamped")
    files.time_stamp.write_bytes(stamp(files.signature_bytes()))
    return files


def test_it_goes_by_medium_and_is_kept_and_openssl_verifies_what_is_kept(world: World, stamp, tmp_path):
    files = with_stamp(world, stamp)
    media.export(files, world.directory / "medium", WHY)
    world.isa.inbox.take(next(media.on_medium(world.directory / "medium")), NOW)
    kept = DeliveryFiles(world.isa.home / "inbox/annex1/00000001", files.name)

    verified = ["-data", kept.signature, "-in", kept.time_stamp, "-CAfile", tmp_path / "authority/crt"]
    assert openssl("ts", "-verify", *verified).returncode == 0
    assert [found.fault for found in verify(world.isa.home / "inbox", world.isa.terms)] == [None]


def test_evidence_notices_that_it_was_exchanged(world: World, stamp):
    files = with_stamp(world, stamp)
    world.isa.inbox.take(files, NOW)
    kept = DeliveryFiles(world.isa.home / "inbox/annex1/00000001", files.name)
    kept.time_stamp.write_bytes(stamp(b"another signature"))

    (found,) = verify(world.isa.home / "inbox", world.isa.terms)
    assert found.fault.code == "time_stamp_wrong"


@pytest.mark.parametrize(
    "wrong",
    [
        lambda stamp, signature: b"",
        lambda stamp, signature: b"no time-stamp",
        lambda stamp, signature: bytes(200_000),
        lambda stamp, signature: stamp(signature + b"x"),
        lambda stamp, signature: stamp(signature)[:-1],
        lambda stamp, signature: stamp(signature) + b"\0",
        lambda stamp, signature: stamp(signature, "sha512"),
        lambda stamp, signature: stamp(signature, policy="1.2.9"),
    ],
    ids=["nothing", "text", "huge", "of other bytes", "cut", "longer", "SHA-512", "refused by the authority"],
)
def test_one_that_is_none_of_this_signature(world: World, stamp, wrong: Callable[..., bytes]):
    files = with_stamp(world, stamp)
    files.time_stamp.write_bytes(wrong(stamp, files.signature_bytes()))

    assert refused(world, files) == "time_stamp_wrong"


@pytest.mark.slow
def test_a_flipped_bit_brings_at_most_a_refusal_and_in_what_was_stamped_always(world: World, stamp):
    signature = world.send().files.signature_bytes()
    good = stamp(signature)
    start = good.index(sha256(signature).digest())
    imprint = range(start * 8, (start + 32) * 8)
    passed = set()
    for bit in range(len(good) * 8):
        data = bytearray(good)
        data[bit // 8] ^= 1 << bit % 8
        with suppress(Refused):
            cms.check(bytes(data), signature)
            passed.add(bit)

    assert passed.isdisjoint(imprint)
