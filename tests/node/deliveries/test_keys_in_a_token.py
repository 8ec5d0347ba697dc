"""A node whose keys lie in a token: it seals, signs receipts and opens, and no file of a key is there."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pkcs11
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from exchange.hsm import PIN, a_token, module
from exchange.hsm import Token as Hsm
from node.deliveries.over_tls import DAY, now, rows
from renkei.exchange.certificates import PSS_PADDING
from renkei.exchange.errors import Misused
from renkei.exchange.evidence import verify
from renkei.exchange.keys import Use
from renkei.node.config import Token
from renkei.node.cycle import monitoring
from renkei.node.cycle.alarms import ringing
from renkei.node.deliveries import incoming, keystore, outgoing, token
from renkei.node.deliveries.models import Delivery
from renkei.node.operations import doctor
from renkei.node.operations.monitoring import NodeCollector

pytestmark = pytest.mark.django_db(transaction=True)

USES: tuple[Use, ...] = ("signing", "decryption")


@pytest.fixture
def hsm(tmp_path, monkeypatch):
    """A token of SoftHSM's, as the module finds it; forgotten afterwards."""
    made = a_token(tmp_path / "hsm")
    monkeypatch.setenv("SOFTHSM2_CONF", str(made.directory / "conf"))
    yield made
    pkcs11.unload(module())


@pytest.fixture
def with_token(hsm, pair, be, settings) -> Iterator[Callable[[str], None]]:
    """Be a node whose keys for signing and decryption were moved into the token, their files gone."""
    for party in pair.nodes:
        be(party)
        for use in USES:
            (entry,) = keystore.home().keys.own(use)
            file = entry.directory / "key.pem"
            key = serialization.load_pem_private_key(file.read_bytes(), pair.passphrase)
            put(hsm, f"{party}-{use}", key)
            file.unlink()

    def be_with_token(party: str) -> None:
        be(party)
        named = Token(
            module=module(),
            label="renkei",
            signing=(f"{party}-signing",),
            decryption=(f"{party}-decryption",),
        )
        settings.NODE = replace(settings.NODE, token=named)
        settings.TOKEN_PIN = PIN

    return be_with_token


def put(hsm: Hsm, label: str, key, usages: tuple[str, ...] = ("--usage-sign", "--usage-derive")) -> None:
    """Put both halves of a key into the token."""
    number = f"{abs(hash(label)) % 10**8:08d}"
    halves = {
        "privkey": key.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
        "pubkey": key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        ),
    }
    for kind, data in halves.items():
        file = hsm.directory / kind
        file.write_bytes(data)
        more = usages if kind == "privkey" else ()
        hsm.run("--write-object", file, "--type", kind, "--label", label, "--id", number, *more)
        file.unlink()


def open_one() -> dict[str, int]:
    """Open what came, and return how many rows each table had."""
    counted: dict[str, int] = {}

    def commit(sequence: int, package: Path) -> dict[str, int]:
        counted.update(
            {path.stem: len(path.read_text("utf-8").splitlines()) - 1 for path in package.iterdir()}
        )
        return {}

    assert incoming.open_next("annex1", commit, now=now()) is not None
    return counted


def test_a_delivery_is_sealed_received_and_opened_by_keys_in_a_token(with_token, pair):
    with_token("mhlw")
    outgoing.make("annex1", DAY, rows(*range(3)), now=now())
    Delivery.objects.all().delete()
    files = keystore.home().outbox().find("annex1", 1)
    with_token("isa")
    incoming.receive(files, now())
    counted = open_one()
    found = verify(pair.nodes["isa"] / "exchange/inbox", keystore.home().terms())

    assert counted["notifications"] == 3
    assert Delivery.objects.get().state == Delivery.State.OPENED
    assert [each.fault for each in found] == [None]
    assert not [*pair.nodes["isa"].rglob("exchange/keys/signing/*/key.pem")]
    assert not [*pair.nodes["isa"].rglob("exchange/keys/decryption/*/key.pem")]


def test_the_end_of_a_certificate_in_a_token_rings_as_any_other(with_token, pair, settings):
    with_token("isa")
    for use in USES:
        (entry,) = keystore.home().keys.own(use)
        found = entry.directory / "certificate.pem"
        shutil.move(found, entry.directory.parents[1] / "others" / f"{entry.sha256}.pem")
        shutil.rmtree(entry.directory)
    later = now() + timedelta(days=360)
    monitoring.check(later)
    rings = {each.subject.split()[0] for each in ringing() if each.kind == "CERTIFICATE_ENDS"}
    measured = {sample.labels["use"] for sample in days_left(later)}

    assert rings == measured == {"tls", "signing", "decryption"}
    assert keystore.signer(now()).sign(b"still found")
    settings.NODE = replace(settings.NODE, token=Token())
    assert {use for use in (*USES, "tls") if [*keystore.own_certificates(use)]} == {"tls"}


def days_left(moment):
    """What machines that watch are told of certificates."""
    families = {family.name: family for family in NodeCollector(moment).collect()}
    return families["renkei_certificate_days_left"].samples


def test_a_key_in_a_file_still_opens_beside_those_of_a_token(with_token, pair, made, settings):
    with_token("isa")
    (entry,) = keystore.home().keys.own("decryption")
    (file,) = (made.nodes["isa"] / "exchange/keys/decryption").glob("*/key.pem")
    (entry.directory / "key.pem").write_bytes(file.read_bytes())
    held = keystore.decrypters(now())
    settings.NODE = replace(settings.NODE, token=replace(settings.NODE.token, decryption=("isa-signing",)))

    assert [type(each).__name__ for each in held] == ["TokenDecrypter"]
    assert [type(each).__name__ for each in keystore.decrypters(now())] == ["FileDecrypter"]


def test_the_doctor_tries_the_token(with_token):
    with_token("isa")

    assert [each.level for each in doctor.keys(now())] == ["ok", "ok", "ok"]


@pytest.mark.parametrize(
    ("changed", "pin", "trouble"),
    [
        ({"module": "/no/such/module.so"}, PIN, "PKCS11Error"),
        ({"label": "another"}, PIN, "NoSuchToken"),
        ({}, "654321", "PinIncorrect"),
        ({"signing": ("nothing",), "decryption": ("nothing",)}, PIN, "nothing"),
        ({"signing": ("mhlw-signing",), "decryption": ("mhlw-signing",)}, PIN, "token, signing"),
        ({"decryption": ("cannot",)}, PIN, "CKA_DERIVE"),
    ],
)
def test_the_doctor_says_what_is_wrong_with_a_token_and_what_to_do(
    with_token, hsm, made, settings, changed, pin, trouble
):
    (file,) = (made.nodes["isa"] / "exchange/keys/decryption").glob("*/key.pem")
    key = serialization.load_pem_private_key(file.read_bytes(), made.passphrase)
    put(hsm, "cannot", key, ("--usage-sign",))
    with_token("isa")
    settings.NODE = replace(settings.NODE, token=replace(settings.NODE.token, **changed))
    settings.TOKEN_PIN = pin
    faults = [each for each in doctor.keys(now()) if each.level == "fault"]

    assert any(trouble in each.en for each in faults)
    assert all("RENKEI_TOKEN_PIN" in each.next_en for each in faults)
    assert not any(pin in each.en + each.ja for each in faults)


def test_after_a_wrong_pin_the_node_tries_no_more_until_somebody_logged_in(with_token, hsm, settings):
    with_token("isa")
    settings.TOKEN_PIN = "654321"
    with pytest.raises(Misused, match="PinIncorrect"):
        keystore.signer(now())
    settings.TOKEN_PIN = PIN
    with pytest.raises(Misused, match="WrongPinBefore"):
        keystore.signer(now())
    hsm.run("--list-objects")

    assert keystore.signer(now()).sign(b"again")


def test_an_rsa_key_in_a_token_signs_as_the_profile_says(with_token, hsm):
    key = rsa.generate_private_key(65537, 3072)
    put(hsm, "rsa", key, ("--usage-sign",))
    with_token("isa")

    class Certified:
        """A certificate of which the signer asks the key alone."""

        def public_key(self) -> rsa.RSAPublicKey:
            return key.public_key()

    made = token.TokenSigner("rsa", Certified()).sign(b"data")

    key.public_key().verify(made, b"data", PSS_PADDING, hashes.SHA256())  # raises where it does not hold
    assert token.held(Certified(), ("isa-signing", "rsa")) == "rsa"
