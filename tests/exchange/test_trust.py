"""The signed agreement file, the key ring, media and evidence."""

import json
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from material import NOW, YEAR, a_signer, authority, rsa_key
from outside import text_of_pdf
from world import DAY, World, a_row, agreement_json, copied, pin, plain_text_in

from renkei.exchange import agreement_file, media
from renkei.exchange.cover_sheet import cover_sheet
from renkei.exchange.errors import ExchangeError, Refused
from renkei.exchange.evidence import verify
from renkei.exchange.files import only_delivery
from renkei.exchange.home import Home
from renkei.exchange.keys import KeyRing, due_alarm, spoken
from renkei.exchange.manifest import sha256
from renkei.exchange.media import Export

SECRET = b"correct horse battery"


def code(act: Any, *arguments: Any) -> str:
    with pytest.raises(ExchangeError) as refusal:
        act(*arguments)
    return refusal.value.code


# --- the agreement file ---------------------------------------------------------------------------


def signatures(world: World, data: bytes) -> dict[str, bytes]:
    sides = (world.mhlw, world.isa)
    return {side.party: agreement_file.sign(data, side.party, side.signer, NOW) for side in sides}


def test_both_signatures_put_it_into_force(world: World):
    data = world.agreement_bytes

    assert agreement_file.verify(data, signatures(world, data)).version == 1


def test_one_signature_a_foreign_one_or_a_changed_file_do_not(world: World):
    data = world.agreement_bytes
    both = signatures(world, data)

    assert code(agreement_file.verify, data, {"isa": both["isa"]}) == "agreement_unsigned"
    assert code(agreement_file.verify, data, both | {"mhlw": both["isa"]}) == "agreement_unsigned"
    changed = data.replace(b'"ratio": 100', b'"ratio": 999')
    assert code(agreement_file.verify, changed, both) == "agreement_unsigned"


def test_nobody_signs_with_a_certificate_that_is_not_pinned(world: World):
    stranger = a_signer("mhlw signing", world.ca)

    assert code(agreement_file.sign, world.agreement_bytes, "mhlw", stranger, NOW) == "certificate_wrong"


def test_the_next_version_needs_certificates_of_the_one_before(world: World):
    before = world.agreement
    new = a_signer("mhlw signing 2", world.ca)
    pins = [*world.pins(), pin("mhlw", "signing", new.certificate)]
    data = agreement_file.write(agreement_json(pins, version=2))
    good = signatures(world, data)
    by_new = good | {"mhlw": agreement_file.sign(data, "mhlw", new, NOW)}

    assert agreement_file.verify(data, good, before).version == 2
    assert code(agreement_file.verify, data, by_new, before) == "agreement_unsigned"
    skipped = agreement_file.write(agreement_json(pins, version=3))
    assert code(agreement_file.verify, skipped, signatures(world, skipped), before) == "agreement_unsigned"


@pytest.mark.parametrize(
    "change",
    [
        {"format": "renkei-agreement/2"},
        {"algorithms": {}},
        {"algorithms": agreement_file.ALGORITHMS | {"least_rsa_bits": 1024}},
        {"version": 0},
        {"parties": {}},
        {"certificates": [{}]},
        {"revocation_lists": "no"},
        {"limits": {}},
    ],
)
def test_what_is_no_agreement_file(world: World, change: dict[str, Any]):
    found = agreement_json(world.pins()) | change

    assert code(agreement_file.write, found) == "agreement_unreadable"


def test_a_home_adopts_in_order_and_once(world: World):
    home = Home(world.directory / "home")
    home.settle("isa")
    data = world.agreement_bytes
    home.adopt(data, signatures(world, data))

    assert [each.version for each in home.agreements()] == [1]
    assert code(home.adopt, data, signatures(world, data)) == "agreement_unsigned"
    assert code(home.settle, "mhlw") == "exists"


# --- keys -----------------------------------------------------------------------------------------


@pytest.mark.slow
def test_keys_of_different_uses_are_different_and_encrypted(tmp_path: Path):
    ring = KeyRing(tmp_path)
    made = [ring.make(use, "p256", SECRET) for use in ("tls", "signing", "decryption")]
    contents = {(entry.directory / "key.pem").read_bytes() for entry in made}

    assert len(contents) == 3
    assert all(content.startswith(b"-----BEGIN ENCRYPTED PRIVATE") for content in contents)
    assert code(ring.request, made[0], "isa", "x", b"another passphrase") == "key_unreadable"
    assert code(ring.make, "tls", "p256", b"short") == "key_unreadable"


def test_a_certificate_that_is_not_allowed_is_not_taken_in(tmp_path: Path):
    ring = KeyRing(tmp_path)
    from cryptography.hazmat.primitives import serialization as form

    weak = authority().issue("weak", rsa_key(0, 2048)).public_bytes(form.Encoding.PEM)

    assert code(ring.import_certificate, weak) == "certificate_wrong"
    assert code(ring.import_certificate, b"nothing") == "certificate_wrong"
    assert code(ring.certificate, "0" * 64) == "key_missing"


@pytest.mark.parametrize(
    ("left", "alarm"),
    [(61 * DAY, None), (60 * DAY, 60), (29 * DAY, 30), (14 * DAY, 14), (6 * DAY, 7), (-DAY, 0)],
)
def test_alarms_before_an_end(left: timedelta, alarm: int | None):
    certificate = a_signer(ends=NOW + left).certificate

    assert due_alarm(certificate, NOW) == alarm


def test_a_fingerprint_is_read_out_in_groups():
    assert spoken("ab12cd34") == "AB12 CD34"


# --- media ----------------------------------------------------------------------------------------

WHY = Export("network_failure", "入管 花子", "厚労 一郎", "入管 花子", NOW)


def test_medium_and_network_may_race_and_overtake(world: World):
    first, second = world.send(), world.send()
    medium = world.directory / "medium"
    for made in (first, second):
        media.export(made.files, medium, WHY)
    world.isa.inbox.take(second.files, NOW)  # by network, before its predecessor
    found = [taken for _, taken in media.receive_all(medium, world.isa.inbox, NOW)]
    world.isa.inbox.take(first.files, NOW)

    assert not any(isinstance(taken, ExchangeError) for taken in found)
    assert world.isa.inbox.unopened("annex1") == [1, 2]


def test_why_the_network_was_left_is_recorded(world: World):
    made = world.send()
    media.export(made.files, world.directory / "medium", WHY)
    (record,) = made.files.directory.glob("*.media.json")

    assert json.loads(record.read_text("utf-8"))["reason"] == "network_failure"
    assert json.loads(record.read_text("utf-8"))["agreed_by"] == "入管 花子"


def test_a_medium_needs_a_reason_of_clause_5_and_holds_a_delivery_once(world: World):
    made = world.send()
    medium = world.directory / "medium"
    media.export(made.files, medium, WHY)

    assert code(media.export, made.files, medium, WHY) == "exists"
    nobody = Export("agreed", " ", "", "", NOW)
    assert code(media.export, made.files, world.directory / "other", nobody) == "reason_wrong"


def test_one_bad_delivery_on_a_medium_does_not_hold_up_the_others(world: World):
    first, second = world.send(), world.send()
    medium = world.directory / "medium"
    good = copied(first.files, medium / "a")
    bad = copied(second.files, medium / "b")
    bad.signature.write_bytes(b"nonsense")
    found = {files.name: taken for files, taken in media.receive_all(medium, world.isa.inbox, NOW)}

    assert not isinstance(found[good.name], ExchangeError)
    assert isinstance(found[bad.name], Refused)
    assert found[bad.name].code == "signature_unreadable"


def test_the_cover_sheet_is_one_page_in_japanese_with_what_the_handlers_need(world: World):
    made = world.send()
    copied_files = media.export(made.files, world.directory / "medium", WHY)
    digest = sha256(made.files.manifest_bytes())
    text = text_of_pdf(cover_sheet(made.manifest, digest, copied_files, WHY, world.agreement))

    assert text.count("\f") == 1
    for words in (
        "第 1 号",
        "2026年4月1日（水）",
        "厚労 一郎",
        "入管 花子",
        "（3個）",
        spoken(digest)[:19],
        made.files.name,
    ):
        assert words.replace(" ", "") in text.replace(" ", "").replace("\u3000", "")
    assert plain_text_in(world.directory / "medium") == []


def test_names_are_set_as_typed_and_never_run_over_the_page(world: World):
    made = world.send()
    copied_files = media.export(made.files, world.directory / "medium", WHY)

    def sheet(agreed_by: str) -> bytes:
        record = Export("agreed", agreed_by, "<b>", "&amp;", NOW)
        return cover_sheet(made.manifest, "0" * 64, copied_files, record, world.agreement)

    assert sheet("<para> & <i>").startswith(b"%PDF")
    assert code(sheet, "長" * 2000) == "reason_wrong"


# --- evidence -------------------------------------------------------------------------------------


@pytest.fixture
def kept(world: World) -> World:
    """Two days of deliveries with receipts."""
    for _ in range(2):
        made = world.send([a_row(1), a_row(2)])
        world.deliver(made)
        for each in world.isa.inbox.receipts("annex1", made.manifest.sequence):
            world.mhlw.outbox.keep_receipt(each.data, each.signature, NOW)
    return world


def faults(world: World, box: str = "inbox") -> list[str]:
    side = world.isa if box == "inbox" else world.mhlw
    return [found.fault.code for found in verify(side.home / box, side.terms) if found.fault]


def test_evidence_holds_on_both_sides_and_long_after_the_certificates_ended(kept: World):
    assert faults(kept, "inbox") == []
    assert faults(kept, "outbox") == []
    states = [found.states for found in verify(kept.mhlw.home / "outbox", kept.mhlw.terms)]
    assert states == [("received", "accepted")] * 2
    assert kept.ca.certificate.not_valid_after_utc > NOW + YEAR


@pytest.mark.parametrize(
    ("name", "change", "found"),
    [
        ("*/00000001/*.cms", lambda data: data[:-1] + b"x", "sealed_hash"),
        (
            "*/00000001/mhlw-isa-annex1-00000001.json",
            lambda data: data.replace(b'"revision": 1', b'"revision": 2'),
            "signature_wrong",
        ),
        (
            "*/00000001/*.received.json",
            lambda data: data.replace(b'"rows_taken": 0', b'"rows_taken": 9'),
            None,
        ),
        ("*/00000001/opened/*.accepted.json.p7s", lambda data: data[:-1], None),
        ("*/00000001/*00000001.json.p7s", lambda data: data[:-1], "signature_wrong"),
    ],
)
def test_evidence_that_was_touched(kept: World, name: str, change: Any, found: str | None):
    path = next(kept.isa.home.glob(f"inbox/{name}"))
    path.write_bytes(change(path.read_bytes()))

    told = faults(kept)

    assert told
    assert found in (None, told[0])


def test_a_delivery_taken_out_of_the_middle_is_noticed(kept: World):
    shutil.rmtree(kept.isa.home / "inbox/annex1/00000001")

    assert faults(kept) == ["sequence_gap"]


def test_a_delivery_under_another_name_is_noticed(kept: World):
    place = kept.isa.home / "inbox/annex1"
    (place / "00000002").rename(place / "00000003")

    assert faults(kept) == ["evidence_broken"]


def test_a_directory_without_a_delivery_says_so(tmp_path: Path):
    assert code(only_delivery, tmp_path) == "manifest_missing"
