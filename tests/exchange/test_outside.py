"""Read golden deliveries with Renkei, `openssl cms` and BouncyCastle; read their output with Renkei."""

import gzip
import io
import json
import subprocess
import tarfile
from datetime import UTC, datetime
from pathlib import Path

import golden
import pytest
from cryptography.hazmat.primitives import serialization as form
from material import NOW, YEAR
from outside import ENCRYPT, SIGN, VERIFY, bouncy_castle, openssl, write_pem
from world import HEADER, World, a_world

from renkei.exchange import cms
from renkei.exchange.cms import Unsealer
from renkei.exchange.files import DeliveryFiles
from renkei.exchange.manifest import sha256

AT = str(int(NOW.timestamp()))
CONTENT = b"some content\n" * 50_000


@pytest.fixture(params=golden.FAMILIES)
def family(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def world(family: str, tmp_path: Path) -> World:
    return golden.read(family, tmp_path)


@pytest.fixture
def delivery(family: str) -> DeliveryFiles:
    return DeliveryFiles(golden.GOLDEN / family, "mhlw-isa-annex1-00000001")


@pytest.fixture(scope="module")
def java(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("java")


@pytest.fixture
def keys(family: str, tmp_path: Path) -> Path:
    """The golden keys as PKCS#8 files, DER and PEM, beside the certificates."""
    for name, value in json.loads((golden.GOLDEN / family / "keys.json").read_text()).items():
        der = bytes.fromhex(value)
        (tmp_path / f"{name}.der").write_bytes(der)
        key = form.load_der_private_key(der, None)
        pem = key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())
        (tmp_path / f"{name}.key").write_bytes(pem)
        (tmp_path / f"{name}.crt").write_bytes((golden.GOLDEN / family / f"{name}.crt").read_bytes())
    return tmp_path


def is_the_package(packed: bytes) -> bool:
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(packed))) as archive:
        assert archive.getnames() == ["notifications.csv", "datapackage.json"]
        return archive.extractfile("notifications.csv").read().decode() == HEADER + "".join(golden.ROWS)


def test_golden_with_ours(world: World, delivery: DeliveryFiles):
    world.isa.inbox.take(delivery, NOW)
    opened = world.isa.inbox.open("annex1", 1, [world.isa.decrypter], NOW)

    assert (opened.data / "notifications.csv").read_text("utf-8") == HEADER + "".join(golden.ROWS)


@pytest.mark.slow
def test_golden_with_openssl(delivery: DeliveryFiles, keys: Path, tmp_path: Path):
    openssl(
        *VERIFY,
        "-in",
        delivery.signature,
        "-content",
        delivery.manifest,
        "-CAfile",
        keys / "ca.crt",
        "-attime",
        AT,
        "-out",
        tmp_path / "v",
    )
    openssl(
        "cms",
        "-decrypt",
        "-binary",
        "-inform",
        "DER",
        "-in",
        delivery.sealed,
        "-recip",
        keys / "isa-decryption.crt",
        "-inkey",
        keys / "isa-decryption.key",
        "-out",
        tmp_path / "plain.tar.gz",
    )

    assert is_the_package((tmp_path / "plain.tar.gz").read_bytes())


@pytest.mark.slow
def test_golden_with_bouncy_castle(delivery: DeliveryFiles, keys: Path, java: Path, tmp_path: Path):
    bouncy_castle(java, "verify", delivery.signature, delivery.manifest, keys / "mhlw-signing.crt")
    bouncy_castle(
        java,
        "decrypt",
        delivery.sealed,
        keys / "isa-decryption.der",
        keys / "isa-decryption.crt",
        tmp_path / "plain.tar.gz",
    )

    assert is_the_package((tmp_path / "plain.tar.gz").read_bytes())


@pytest.mark.slow
def test_all_three_refuse_a_changed_golden_file(
    delivery: DeliveryFiles, keys: Path, java: Path, tmp_path: Path, world: World
):
    changed = tmp_path / "changed.json"
    changed.write_bytes(delivery.manifest.read_bytes().replace(b'"revision": 1', b'"revision": 2'))

    assert (
        openssl(
            *VERIFY,
            "-in",
            delivery.signature,
            "-content",
            changed,
            "-CAfile",
            keys / "ca.crt",
            "-attime",
            AT,
            check=False,
        ).returncode
        != 0
    )
    assert bouncy_castle(
        java, "verify", delivery.signature, changed, keys / "mhlw-signing.crt", check=False
    ).returncode
    with pytest.raises(cms.CmsError):
        cms.verify(delivery.signature_bytes(), changed.read_bytes())


@pytest.mark.slow
@pytest.mark.parametrize("stream", [[], ["-stream"]], ids=["whole", "streamed"])
def test_what_openssl_makes_opens_with_ours(
    family: str, world: World, keys: Path, tmp_path: Path, stream: list[str]
):
    (tmp_path / "content").write_bytes(CONTENT)
    pss = ["-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_pss_saltlen:32"] if family == "rsa" else []
    oaep = ["-keyopt", "rsa_padding_mode:oaep", "-keyopt", "rsa_oaep_md:sha256"]
    wrap = oaep if family == "rsa" else ["-keyopt", "ecdh_kdf_md:sha256"]
    openssl(
        *SIGN,
        "-md",
        "sha256",
        "-signer",
        keys / "mhlw-signing.crt",
        "-inkey",
        keys / "mhlw-signing.key",
        *pss,
        "-in",
        tmp_path / "content",
        "-out",
        tmp_path / "p7s",
    )
    openssl(
        *ENCRYPT,
        "-aes-256-gcm",
        *stream,
        "-recip",
        keys / "isa-decryption.crt",
        *wrap,
        "-in",
        tmp_path / "content",
        "-out",
        tmp_path / "sealed",
    )

    signed = cms.verify((tmp_path / "p7s").read_bytes(), CONTENT)
    assert signed.certificate == world.mhlw.signer.certificate
    with (tmp_path / "sealed").open("rb") as file:
        assert b"".join(Unsealer(file.read, [world.isa.decrypter]).chunks()) == CONTENT


@pytest.mark.slow
def test_what_bouncy_castle_makes_opens_with_ours(world: World, keys: Path, java: Path, tmp_path: Path):
    (tmp_path / "content").write_bytes(CONTENT)
    bouncy_castle(
        java,
        "sign",
        tmp_path / "content",
        keys / "mhlw-signing.der",
        keys / "mhlw-signing.crt",
        tmp_path / "p7s",
    )
    bouncy_castle(java, "encrypt", tmp_path / "content", keys / "isa-decryption.crt", tmp_path / "sealed")

    signed = cms.verify((tmp_path / "p7s").read_bytes(), CONTENT)
    assert signed.certificate == world.mhlw.signer.certificate
    with (tmp_path / "sealed").open("rb") as file:
        assert b"".join(Unsealer(file.read, [world.isa.decrypter]).chunks()) == CONTENT


def test_a_whole_delivery_made_with_tar_and_openssl_is_accepted(family: str, tmp_path: Path):
    """An agency without Renkei: tar, gzip, openssl and a text editor."""
    now = datetime.now(UTC).replace(microsecond=0)  # openssl signs with the machine's time
    world = a_world(tmp_path, family, starts=now - YEAR, ends=now + YEAR)
    model = world.send(golden.ROWS, now=now)
    with model.files.sealed.open("rb") as file:
        package = b"".join(Unsealer(file.read, [world.isa.decrypter]).chunks())
    work = tmp_path / "theirs"
    work.mkdir()
    for name in ("notifications.csv", "datapackage.json"):
        with tarfile.open(fileobj=io.BytesIO(gzip.decompress(package))) as archive:
            (work / name).write_bytes(archive.extractfile(name).read())
    files = DeliveryFiles(tmp_path / "outgoing", model.files.name)
    files.directory.mkdir()
    subprocess.run(
        "tar --format=ustar -c notifications.csv datapackage.json | gzip > package",
        shell=True,
        cwd=work,
        check=True,
    )
    for name, pair in (("signer", world.mhlw.signer), ("recipient", world.isa.decrypter)):
        write_pem(work, name, pair)
    pss = ["-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_pss_saltlen:32"] if family == "rsa" else []
    oaep = ["-keyopt", "rsa_padding_mode:oaep", "-keyopt", "rsa_oaep_md:sha256"]
    wrap = oaep if family == "rsa" else ["-keyopt", "ecdh_kdf_md:sha256"]
    openssl(
        *ENCRYPT,
        "-stream",
        "-aes-256-gcm",
        "-recip",
        work / "recipient.crt",
        *wrap,
        "-in",
        work / "package",
        "-out",
        files.sealed,
    )
    sealed = files.sealed.read_bytes()
    found = json.loads(model.files.manifest.read_bytes())
    found |= {"sealed_sha256": sha256(sealed), "sealed_size": len(sealed)}
    files.manifest.write_text(json.dumps(found, ensure_ascii=False, sort_keys=True), encoding="utf-8")
    openssl(
        *SIGN,
        "-md",
        "sha256",
        "-signer",
        work / "signer.crt",
        "-inkey",
        work / "signer.key",
        *pss,
        "-in",
        files.manifest,
        "-out",
        files.signature,
    )
    world.isa.inbox.take(files, now)

    assert world.isa.inbox.open("annex1", 1, [world.isa.decrypter], now).receipt.receipt.rows_taken == 2
