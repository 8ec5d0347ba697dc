"""Every way a delivery can be wrong, each refused at its own step and code, leaving nothing behind."""

import gzip
import io
import json
import tarfile
import time
import tracemalloc
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from material import NOW, a_decrypter, a_signer, authority, p256_key, rsa_key, self_signed
from outside import openssl, write_pem
from world import DAY, HEADER, World, a_row, a_world, agreement_json, copied, pin, plain_text_in

from renkei.exchange import cms, package
from renkei.exchange.certificates import fingerprint
from renkei.exchange.cms import Sealer
from renkei.exchange.contents import SERVICES
from renkei.exchange.der import SET, der, whole
from renkei.exchange.errors import CmsError, Misused, Refused
from renkei.exchange.files import DeliveryFiles
from renkei.exchange.keys import FileSigner
from renkei.exchange.manifest import dump, sha256
from renkei.exchange.refusals import NOTICES
from renkei.exchange.terms import Terms


def refused(world: World, files: DeliveryFiles, now: Any = NOW) -> str:
    """Hand a delivery in and open it; return the code it is refused with, having looked at the disk."""
    before = set(world.isa.home.rglob("*.cms"))
    try:
        taken = world.isa.inbox.take(files, now)
        number = taken.manifest.sequence
        opened = world.isa.inbox.open("annex1", number, [world.isa.decrypter], now)
        assert opened.refusal, "it was accepted"
        code = opened.refusal.code
        assert opened.receipt.receipt.code == code
    except Refused as refusal:
        code = refusal.code
        if code != "sequence_conflict":
            assert set(world.isa.home.rglob("*.cms")) == before
    assert plain_text_in(world.isa.home) == []
    assert list(world.isa.home.rglob(".partial*")) == []
    return code


def altered(world: World, *, signer: FileSigner | None = None, **changes: Any) -> DeliveryFiles:
    """A good delivery whose manifest was changed and signed again by the true sender (or another)."""
    made = world.send()
    files = copied(made.files, world.directory / "altered")
    found = json.loads(files.manifest.read_bytes()) | changes
    return resigned(world, files, dump(found), signer)


def resigned(
    world: World, files: DeliveryFiles, manifest: bytes, signer: FileSigner | None = None
) -> DeliveryFiles:
    files.manifest.write_bytes(manifest)
    files.signature.write_bytes(cms.sign(manifest, signer or world.mhlw.signer, NOW))
    return files


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
    ],
)
def test_a_manifest_that_is_not_for_us_as_agreed(world: World, changes: dict[str, Any], code: str):
    assert refused(world, altered(world, **changes)) == code
    assert NOTICES[code].step in (1, 6)


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
    openssl("cms", "-sign", "-binary", "-cades", "-nosmimecap", "-md", "sha256", *options, "-in", files.manifest,
            "-outform", "DER", "-out", target)  # fmt: skip
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
    openssl("cms", "-sign", "-binary", "-cades", "-nosmimecap", "-md", "sha256", "-signer", place / "w.crt",
            "-inkey", place / "w.key", "-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_pss_saltlen:32",
            "-in", files.manifest, "-outform", "DER", "-out", files.signature)  # fmt: skip

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
    openssl("cms", "-sign", "-binary", "-cades", "-nosmimecap", "-signer", tmp_path / "w.crt",
            "-inkey", tmp_path / "w.key", *options, "-in", files.manifest, "-outform", "DER",
            "-out", files.signature)  # fmt: skip

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


def cms_fingerprint(signer: FileSigner) -> str:
    return fingerprint(signer.certificate)


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


# --- (5) to (8): true sender, wrong content -----------------------------------------------------------------


def forged(world: World, packed: bytes, **changes: Any) -> DeliveryFiles:
    """A delivery by the true sender with any content: sealed, hashed and signed as it should be."""
    sealer = Sealer(changes.pop("recipient", world.isa.decrypter).certificate)
    sealed = sealer.head() + b"".join(
        sealer.chunk(packed[place : place + 65536]) for place in range(0, len(packed), 65536)
    )
    sealed += sealer.tail()
    sealed = changes.pop("damage", lambda data: data)(sealed)
    files = copied(world.send().files, world.directory / "forged")
    files.sealed.write_bytes(sealed)
    found = json.loads(files.manifest.read_bytes())
    found |= {"sealed_sha256": sha256(sealed), "sealed_size": len(sealed)} | changes
    return resigned(world, files, dump(found))


def tar_of(*entries: tuple[tarfile.TarInfo, bytes], form: int = tarfile.USTAR_FORMAT) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=form) as archive:
        for entry, data in entries:
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return target.getvalue()


def entry(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    found = tarfile.TarInfo(name)
    found.type, found.linkname = kind, link
    return found


ROWS = (HEADER + a_row(1)).encode()


def described(csv: bytes = ROWS, **changes: Any) -> bytes:
    fact = package.FileFacts(SERVICES["annex1"][0], csv.count(b"\n") - 1, len(csv), sha256(csv))
    found = json.loads(package.describe("annex1", [fact]))
    found["resources"][0] |= changes
    return json.dumps(found).encode()


def packaged(csv: bytes = ROWS, description: bytes | None = None) -> bytes:
    description = described(csv) if description is None else description
    return gzip.compress(tar_of((entry("notifications.csv"), csv), (entry("datapackage.json"), description)))


def test_what_the_forger_of_these_tests_makes_is_else_in_order(world: World):
    assert world.isa.inbox.take(forged(world, packaged()), NOW).receipt
    assert world.isa.inbox.open("annex1", 1, [world.isa.decrypter], NOW).receipt.receipt.state == "accepted"


def test_a_recipient_that_is_not_us(world: World):
    stranger = a_decrypter("stranger", world.ca)
    digest = cms_fingerprint(stranger)

    assert refused(world, forged(world, packaged(), recipient=stranger)) == "recipient_not_us"
    world2 = a_world(
        world.directory / "again" if (world.directory / "again").mkdir() is None else world.directory
    )
    assert refused(world2, forged(world2, packaged(), recipient=stranger, recipient_sha256=digest)) == (
        "recipient_not_us"
    )


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        (lambda data: data[:-7] + bytes([data[-7] ^ 1]) + data[-6:], "tag_wrong"),
        (lambda data: data[:900] + bytes([data[900] ^ 1]) + data[901:], "tag_wrong"),
        (lambda data: data[:-30], "sealed_unreadable"),
        (lambda data: data + b"\0\0", "sealed_unreadable"),
        (lambda data: b"not a CMS file", "sealed_unreadable"),
    ],
)
def test_a_sealed_file_that_does_not_open(world: World, damage: Callable[[bytes], bytes], code: str):
    assert refused(world, forged(world, packaged(), damage=damage)) == code


@pytest.mark.parametrize(
    ("family", "options", "code"),
    [
        ("p256", ["-aes-128-gcm", "-keyopt", "ecdh_kdf_md:sha256"], "sealed_weak"),
        ("p256", ["-aes-256-gcm", "-keyopt", "ecdh_kdf_md:sha1"], "sealed_weak"),
        ("p256", ["-aes-256-cbc", "-keyopt", "ecdh_kdf_md:sha256"], "sealed_unreadable"),
        ("rsa", ["-aes-256-gcm"], "sealed_weak"),
        ("rsa", ["-aes-256-gcm", "-keyopt", "rsa_padding_mode:oaep"], "sealed_weak"),
    ],
    ids=["AES-128", "SHA-1 in the key agreement", "CBC", "PKCS#1 v1.5", "OAEP with SHA-1"],
)
def test_a_seal_weaker_than_agreed(tmp_path: Path, family: str, options: list[str], code: str):
    world = a_world(tmp_path, family)
    write_pem(tmp_path, "r", world.isa.decrypter)
    (tmp_path / "content").write_bytes(packaged())
    openssl("cms", "-encrypt", "-binary", options[0], "-recip", tmp_path / "r.crt", *options[1:],
            "-in", tmp_path / "content", "-outform", "DER", "-out", tmp_path / "weak")  # fmt: skip
    sealed = (tmp_path / "weak").read_bytes()

    assert refused(world, forged(world, b"", damage=lambda data: sealed)) == code


LINK = (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE)


@pytest.mark.parametrize(
    ("archive", "code"),
    [
        *(
            (tar_of((entry("notifications.csv", kind, "/etc/passwd"), b"")), "entry_forbidden")
            for kind in LINK
        ),
        (tar_of((entry("/notifications.csv"), ROWS)), "entry_forbidden"),
        (tar_of((entry("../notifications.csv"), ROWS)), "entry_forbidden"),
        (tar_of((entry("a/../notifications.csv"), ROWS)), "entry_forbidden"),
        (tar_of((entry("n" * 150), ROWS), form=tarfile.GNU_FORMAT), "entry_forbidden"),
        (tar_of((entry("n" * 150), ROWS), form=tarfile.PAX_FORMAT), "entry_forbidden"),
        (tar_of((entry("notifications.csv"), ROWS)), "package_missing"),
        (tar_of(), "package_missing"),
        (tar_of((entry("notifications.csv"), ROWS))[:700], "archive_broken"),
        (
            tar_of(
                (entry("notifications.csv"), ROWS),
                (entry("datapackage.json"), described()),
                (entry("x"), b""),
            ),
            "too_many_files",
        ),
        (b"no tar" * 1000, "archive_broken"),
        (b"", "archive_broken"),
    ],
)
def test_an_archive_that_holds_what_does_not_belong(world: World, archive: bytes, code: str):
    assert refused(world, forged(world, gzip.compress(archive))) == code


@pytest.mark.parametrize(
    "packed", [b"", b"no gzip", packaged()[:-5], packaged() + b"x", packaged() + gzip.compress(b"more")]
)
def test_a_gzip_stream_that_is_broken_or_followed_by_more(world: World, packed: bytes):
    assert refused(world, forged(world, packed)) == "archive_broken"


@pytest.mark.parametrize(
    ("csv", "description", "code"),
    [
        (ROWS, b"{}", "package_schema"),
        (ROWS, b"[" * 50_000, "package_schema"),
        (ROWS, described(schema={}), "package_schema"),
        (ROWS, described(name="persons"), "package_schema"),
        (ROWS, described(rows=2), "package_count"),
        (ROWS, described(bytes=1), "package_hash"),
        (ROWS, described(hash="sha256:" + "0" * 64), "package_hash"),
        (HEADER.encode(), None, "package_count"),
        (ROWS.replace(b"sex", b"my_number"), None, "package_schema"),
        (ROWS + b"\xff\xff\n", None, "row_unreadable"),
        (ROWS[:-1], None, "row_unreadable"),
        (ROWS + a_row(2, birth_date="1990-13-01").encode(), None, "row_unreadable"),
        (ROWS + a_row(2, name="").encode(), None, "row_unreadable"),
        (ROWS + a_row(2, name="あ" * 121).encode(), None, "row_unreadable"),
        (ROWS + a_row(2, sex="3").encode(), None, "row_unreadable"),
        (ROWS + a_row(2)[:-1].encode() + b",extra\n", None, "row_unreadable"),
        (ROWS + b"x" * 100_000, None, "row_unreadable"),
        (ROWS + a_row(2, status_of_residence="permanent").encode(), None, "over_provided"),
    ],
)
def test_a_data_package_that_does_not_keep_its_word(
    world: World, csv: bytes, description: bytes | None, code: str
):
    assert refused(world, forged(world, packaged(csv, description))) == code


def test_the_refusal_names_the_line_and_never_the_value(world: World):
    files = forged(world, packaged(ROWS + a_row(2, sex="3", name="試験 次郎").encode()))
    world.isa.inbox.take(files, NOW)
    refusal = world.isa.inbox.open("annex1", 1, [world.isa.decrypter], NOW).refusal
    with pytest.raises(Refused) as unsealed:
        world.send([a_row(1), a_row(2, sex="3", name="試験 次郎")])

    assert "notifications.csv:3 sex" in str(unsealed.value)
    assert "次郎" not in str(unsealed.value) + unsealed.value.ja + str(refusal)


def bomb(size: int) -> bytes:
    """Zeros behind a tar header, twice compressed away."""
    target = io.BytesIO()
    with gzip.GzipFile(fileobj=target, mode="wb", mtime=0) as packed:
        packed.write(tar_of((entry("notifications.csv"), ROWS))[:512])
        for _ in range(size // 2**20):
            packed.write(bytes(2**20))
    return target.getvalue()


def test_a_bomb_stops_within_a_second_in_bounded_memory(world: World):
    files = forged(world, bomb(512 * 2**20))
    world.isa.inbox.take(files, NOW)
    tracemalloc.start()
    started = time.perf_counter()
    refusal = world.isa.inbox.open("annex1", 1, [world.isa.decrypter], NOW).refusal
    taken, peak = time.perf_counter() - started, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert refusal.code in ("ratio", "row_unreadable")
    assert (taken < 1, peak < 16 * 2**20) == (True, True)


def test_rows_that_swell_are_stopped_by_the_ratio(world: World):
    rows = HEADER.encode() + a_row(1, address="あ" * 300, establishment_address="あ" * 300).encode() * 20_000

    assert refused(world, forged(world, packaged(rows))) == "ratio"


def test_more_than_the_agreed_size_is_stopped_on_both_sides(world: World):
    found = agreement_json(world.pins())
    found["limits"] = found["limits"] | {"unpacked_bytes": 4096}
    rows = [a_row(number) for number in range(50)]
    files = forged(world, packaged((HEADER + "".join(rows)).encode()))
    world.agree(found)

    assert refused(world, files) == "too_large"
    with pytest.raises(Refused) as refusal:
        world.send(rows)
    assert refusal.value.code == "too_large"


# --- keys that roll over --------------------------------------------------------------------------------------


def test_an_earlier_decryption_key_opens_until_its_time_is_over(world: World):
    made = world.send()
    old, new = world.isa.decrypter, a_decrypter("isa decryption 2", world.ca)
    pins = world.pins() + [pin("isa", "decryption", new.certificate)]
    world.agree(agreement_json(pins))
    world.isa.inbox.take(made.files, NOW)

    assert world.isa.inbox.open("annex1", 1, [new, old], NOW).receipt.receipt.state == "accepted"


def test_an_earlier_decryption_key_is_of_no_use_after_its_time(world: World):
    made = world.send()
    old, new = world.isa.decrypter, a_decrypter("isa decryption 2", world.ca)
    pins = [row for row in world.pins() if row["use"] != "decryption"]
    pins += [
        pin("isa", "decryption", new.certificate),
        pin("isa", "decryption", old.certificate, ends=NOW - DAY),
    ]
    world.agree(agreement_json(pins))
    world.isa.inbox.take(made.files, NOW)

    assert world.isa.inbox.open("annex1", 1, [new, old], NOW).refusal.code == "recipient_not_us"


def test_a_key_that_is_merely_not_at_hand_refuses_nothing(world: World):
    made = world.send()
    world.isa.inbox.take(made.files, NOW)
    with pytest.raises(Misused):
        world.isa.inbox.open("annex1", 1, [], NOW)
    assert world.deliver(made).receipt.receipt.state == "accepted"


def test_every_code_of_the_eight_steps_is_played_here_or_elsewhere():
    played = "".join(path.read_text("utf-8") for path in Path(__file__).parent.glob("test_*.py"))

    assert [code for code in NOTICES if f'"{code}"' not in played] == []
