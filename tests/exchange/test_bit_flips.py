"""Flip one bit anywhere in a delivery or receipt, ten thousand times: none is accepted."""

import io
import random
from pathlib import Path

import pytest
from material import NOW
from world import World, a_row, a_world, copied

from renkei.exchange import receipt
from renkei.exchange.errors import Refused
from renkei.exchange.open import check_manifest, receive_sealed
from renkei.exchange.outbox import Made

FLIPS = 10_000


def flipped(data: bytes, bit: int) -> bytes:
    return data[: bit // 8] + bytes([data[bit // 8] ^ (1 << bit % 8)]) + data[bit // 8 + 1 :]


def accepted(world: World, manifest: bytes, signature: bytes, sealed: bytes) -> bool:
    """Run steps 1 to 3: the hash of the sealed file must find every flip."""
    try:
        found = check_manifest(manifest, signature, world.isa.terms, NOW)
        receive_sealed(io.BytesIO(sealed), found)
    except Refused:
        return False
    return True


def verifies(world: World, made: Made, data: bytes, signature: bytes) -> bool:
    """Verify a receipt as the sender does."""
    try:
        receipt.verify(data, signature, made.files.manifest_bytes(), made.manifest, world.mhlw.terms, NOW)
    except Refused:
        return False
    return True


@pytest.mark.slow
@pytest.mark.parametrize("family", ["p256", pytest.param("rsa", marks=pytest.mark.long)])
def test_no_flipped_bit_is_accepted(tmp_path: Path, family: str):
    """Flip a bit in a delivery and its receipt; the file is drawn first, so that small files are included."""
    world = a_world(tmp_path, family)
    made = world.send([a_row(number) for number in range(40)])
    answer = world.deliver(made).receipt
    delivery = [path.read_bytes() for path in (made.files.manifest, made.files.signature, made.files.sealed)]
    files = [*delivery, answer.data, answer.signature]
    assert accepted(world, *delivery)
    assert verifies(world, made, answer.data, answer.signature)
    drawn = random.Random(20210318)
    got_through = []
    for _ in range(FLIPS):
        which = drawn.randrange(len(files))
        bit = drawn.randrange(len(files[which]) * 8)
        parts = [flipped(part, bit) if place == which else part for place, part in enumerate(files)]
        if accepted(world, *parts[:3]) if which < 3 else verifies(world, made, *parts[3:]):
            got_through.append((which, bit))

    assert got_through == []


@pytest.mark.parametrize("damage", ["flipped", "cut", "cut to nothing", "longer"])
def test_a_damaged_delivery_leaves_nothing_and_the_good_one_still_goes_through(world: World, damage: str):
    made = world.send()
    files = copied(made.files, world.directory / "damaged")
    paths = (files.manifest, files.signature, files.sealed)
    drawn = random.Random(damage)
    for turn in range(60):
        path = paths[turn % 3]
        good = path.read_bytes()
        changed = {
            "flipped": flipped(good, drawn.randrange(len(good) * 8)),
            "cut": good[: drawn.randrange(1, len(good))],
            "cut to nothing": b"",
            "longer": good + drawn.randbytes(drawn.randrange(1, 50)),
        }[damage]
        path.write_bytes(changed)
        with pytest.raises(Refused):
            world.isa.inbox.take(files, NOW)
        path.write_bytes(good)

    assert list((world.isa.home / "inbox").rglob("*.*")) == [world.isa.home / "inbox/annex1/.lock"]
    assert world.deliver(made).receipt.receipt.rows_taken == 2


@pytest.mark.slow
def test_every_bit_of_manifest_and_signature(world: World):
    made = world.send()
    manifest, signature = made.files.manifest_bytes(), made.files.signature_bytes()
    sealed = made.files.sealed.read_bytes()

    assert [
        bit for bit in range(len(manifest) * 8) if accepted(world, flipped(manifest, bit), signature, sealed)
    ] == []
    assert [
        bit for bit in range(len(signature) * 8) if accepted(world, manifest, flipped(signature, bit), sealed)
    ] == []


@pytest.mark.slow
def test_every_bit_of_a_receipt_and_its_signature(world: World):
    made = world.send()
    given = world.deliver(made).receipt

    assert verifies(world, made, given.data, given.signature)
    assert not any(
        verifies(world, made, flipped(given.data, bit), given.signature) for bit in range(len(given.data) * 8)
    )
    assert not any(
        verifies(world, made, given.data, flipped(given.signature, bit))
        for bit in range(len(given.signature) * 8)
    )


@pytest.mark.slow
def test_a_flip_behind_the_hash_is_stopped_by_the_tag_or_the_form(world: World):
    """The sender signs the manifest of a damaged sealed file: only authenticated encryption detects it."""
    from renkei.exchange.cms import Unsealer
    from renkei.exchange.errors import CmsError

    sealed = world.send().files.sealed.read_bytes()
    got_through = []
    for bit in range(0, len(sealed) * 8, 3):
        try:
            b"".join(Unsealer(io.BytesIO(flipped(sealed, bit)).read, [world.isa.decrypter]).chunks())
        except CmsError:
            continue
        got_through.append(bit)

    assert got_through == []
