"""Receipts: one for each state, never changed, by one signer for one delivery; and void numbers."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from material import NOW, a_signer, p256_key, self_signed
from world import World, a_row

from renkei.exchange import cms, evidence, sequence
from renkei.exchange.errors import NOTICES, Refused
from renkei.exchange.keys import FileSigner
from renkei.exchange.manifest import dump
from renkei.exchange.receipt import SignedReceipt


@pytest.fixture
def accepted(world: World) -> SignedReceipt:
    made = world.send()
    return world.deliver(made).receipt


def code_of(world: World, data: bytes, signature: bytes) -> str:
    with pytest.raises(Refused) as refusal:
        world.mhlw.outbox.keep_receipt(data, signature, NOW)
    assert not world.mhlw.outbox.is_closed("annex1", 1)
    return refusal.value.code


def changed(world: World, accepted: SignedReceipt, signer: FileSigner | None = None, **changes: Any) -> str:
    data = dump(json.loads(accepted.data) | changes)
    return code_of(world, data, cms.sign(data, signer or world.isa.signer, NOW))


@pytest.mark.parametrize(
    "forger",
    [
        lambda world: world.mhlw.signer,
        lambda world: a_signer("isa signing", world.ca),
        lambda world: (lambda key: FileSigner(key, self_signed("isa signing", key)))(p256_key()),
    ],
    ids=["the sender itself", "another of the same authority", "self-signed"],
)
def test_a_forged_receipt(world: World, accepted: SignedReceipt, forger: Callable[[World], FileSigner]):
    assert changed(world, accepted, forger(world)) == "receipt_forged"


def test_an_unsigned_receipt_and_one_with_a_foreign_signature(world: World, accepted: SignedReceipt):
    assert code_of(world, accepted.data, b"") == "receipt_forged"
    assert code_of(world, accepted.data, cms.sign(b"else", world.isa.signer, NOW)) == "receipt_forged"


@pytest.mark.parametrize(
    "change",
    [
        {"sequence": 2},
        {"service": "incident"},
        {"manifest_sha256": "0" * 64},
        {"sealed_sha256": "0" * 64},
        {"revision": 2},
        {"agreement_version": 2},
        {"receiver": "mhlw"},
        {"sender": "isa", "receiver": "mhlw"},
    ],
)
def test_a_receipt_for_another_delivery_or_direction(
    world: World, accepted: SignedReceipt, change: dict[str, Any]
):
    assert changed(world, accepted, **change) == "receipt_foreign"


@pytest.mark.parametrize(
    "change", [{"state": "done"}, {"code": "disk"}, {"rows_taken": -1}, {"retry": 1}, {"x": 1}]
)
def test_a_receipt_that_is_none(world: World, accepted: SignedReceipt, change: dict[str, Any]):
    assert changed(world, accepted, **change) == "receipt_unreadable"


def test_a_partial_receipt_at_every_length(world: World, accepted: SignedReceipt):
    for length in range(0, len(accepted.data), 7):
        code = code_of(world, accepted.data[:length], accepted.signature)
        # without its last line feed it can still be read, but it is not the signed content
        assert code == "receipt_unreadable" or length == len(accepted.data) - 1
    for length in range(0, len(accepted.signature), 7):
        assert code_of(world, accepted.data, accepted.signature[:length]) == "receipt_forged"


def test_a_second_receipt_of_the_same_state_is_refused(world: World, accepted: SignedReceipt):
    world.mhlw.outbox.keep_receipt(accepted.data, accepted.signature, NOW)
    world.mhlw.outbox.keep_receipt(accepted.data, accepted.signature, NOW)
    data = dump(json.loads(accepted.data) | {"rows_taken": 1})
    with pytest.raises(Refused) as refusal:
        world.mhlw.outbox.keep_receipt(data, cms.sign(data, world.isa.signer, NOW), NOW)

    assert refusal.value.code == "receipt_other"


def test_a_lost_receipt_is_asked_for_again_and_is_the_same(world: World, accepted: SignedReceipt):
    again = world.isa.inbox.receipts("annex1", 1)[-1]

    assert (again.data, again.signature) == (accepted.data, accepted.signature)


def test_rows_that_are_not_taken_are_counted_and_go_back_sealed(world: World):
    made = world.send([a_row(1), a_row(2), a_row(3)])
    world.isa.inbox.take(made.files, NOW)
    opened = world.isa.inbox.open(
        "annex1", 1, [world.isa.decrypter], NOW, lambda data, files: {"duplicate:notification_id": 1}
    )
    receipt = opened.receipt.receipt

    assert (receipt.rows_taken, receipt.rows_rejected) == (2, {"duplicate:notification_id": 1})

    path = world.directory / "rejected_rows.csv"
    path.write_text(
        "dataset,service,sequence,line,identifier,reasons\n"
        "notifications,annex1,1,3,N000000002,duplicate:notification_id\n"
    )
    order = world.order(service="receipt", sources={"rejected_rows": path})
    back = world.isa.outbox.make(order, world.isa.signer, world.mhlw.decrypter.certificate, NOW)
    world.mhlw.inbox.take(back.files, NOW)
    returned = world.mhlw.inbox.open("receipt", 1, [world.mhlw.decrypter], NOW)

    assert (returned.data / "rejected_rows.csv").read_text() == path.read_text()


def test_a_commit_that_fails_accepts_nothing(world: World):
    made = world.send()
    world.isa.inbox.take(made.files, NOW)

    def broken(data: object, files: object) -> dict[str, int]:
        raise ConnectionError("database down")

    with pytest.raises(ConnectionError):
        world.isa.inbox.open("annex1", 1, [world.isa.decrypter], NOW, broken)
    assert world.isa.inbox.unopened("annex1") == [1]
    assert world.deliver(made).receipt.receipt.state == "accepted"


# --- void numbers ------------------------------------------------------------------------------------------


def void(world: World, made: Any) -> tuple[bytes, dict[str, bytes]]:
    data = sequence.write_void(
        world.mhlw.terms, made.files.manifest_bytes(), made.manifest, "媒体の紛失", NOW
    )
    both = {"mhlw": world.mhlw.signer, "isa": world.isa.signer}
    return data, {party: cms.sign(data, signer, NOW) for party, signer in both.items()}


def test_a_number_that_both_declare_void_lets_what_waited_go_on(world: World):
    first, second = world.send(), world.send()
    world.isa.inbox.take(second.files, NOW)
    world.isa.inbox.declare_void(*void(world, first), NOW)

    assert world.isa.inbox.unopened("annex1") == [2]
    assert world.deliver(second).receipt.receipt.state == "accepted"
    assert world.deliver(world.send()).receipt.receipt.state == "accepted"
    with pytest.raises(Refused, match="sequence_conflict"):
        world.isa.inbox.take(first.files, NOW)


def test_one_side_alone_declares_nothing_void(world: World):
    first = world.send()
    data, signatures = void(world, first)
    forged = signatures | {"mhlw": signatures["isa"]}

    for proof in ({"isa": signatures["isa"]}, {}, forged):
        with pytest.raises(Refused, match="void_unproved"):
            world.isa.inbox.declare_void(data, proof, NOW)


def test_the_sender_no_longer_waits_for_a_number_that_is_void(world: World):
    first, second = world.send(), world.send()
    statement = void(world, first)
    for _ in range(2):
        world.mhlw.outbox.declare_void(*statement, NOW)
        world.isa.inbox.declare_void(*statement, NOW)
    world.deliver(second)

    assert world.mhlw.outbox.open_numbers("annex1") == [2]
    assert [each.fault for box in ("mhlw/outbox", "isa/inbox") for each in kept(world, box)] == [None] * 4
    assert [each.states for each in kept(world, "isa/inbox")] == [("void",), ("received", "accepted")]


def kept(world: World, box: str) -> list[evidence.Finding]:
    return list(evidence.verify(world.directory / box, world.mhlw.terms))


@pytest.mark.parametrize("who", ["sender", "receiver"])
def test_a_number_that_came_is_not_void(world: World, who: str):
    made = world.send()
    statement = void(world, made)
    answer = world.deliver(made).receipt
    world.mhlw.outbox.keep_receipt(answer.data, answer.signature, NOW)
    box = world.mhlw.outbox if who == "sender" else world.isa.inbox

    with pytest.raises(Refused, match="void_unproved"):
        box.declare_void(*statement, NOW)


def test_a_statement_about_other_content_or_by_the_wrong_side_is_void_itself(world: World):
    made = world.send()
    both = {"mhlw": world.mhlw.signer, "isa": world.isa.signer}
    for change in ({"manifest_sha256": "0" * 64}, {"sender": "isa"}):
        data = dump(json.loads(void(world, made)[0]) | change)
        signatures = {party: cms.sign(data, signer, NOW) for party, signer in both.items()}
        with pytest.raises(Refused, match="void_unproved"):
            world.mhlw.outbox.declare_void(data, signatures, NOW)


def test_every_code_says_what_happened_and_what_to_do_in_both_languages():
    for notice in NOTICES.values():
        assert all((notice.en, notice.ja, notice.next_en, notice.next_ja))
        assert notice.ja.endswith("。")
        assert notice.next_ja.endswith("。")
