"""For any bytes, DER and CMS raise only `CmsError`, and the other readers only `Refused`.

Bounded here; `RENKEI_FUZZ=100000` in the environment makes it a long run (see docs/package-format.md).
"""

import io
import os
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from forging import ROWS, described, forged, packaged
from hypothesis import given, settings
from hypothesis import strategies as st
from material import NOW
from world import HEADER, a_row, a_world

from renkei.exchange import agreement_file, archive, cms, der, manifest, receipt
from renkei.exchange.cms import Unsealer
from renkei.exchange.errors import CmsError, Misused, Refused
from renkei.exchange.inbox import Inbox
from renkei.exchange.rows import RowChecker
from renkei.exchange.schemas import NOTIFICATIONS_TABLE

EXAMPLES = int(os.environ.get("RENKEI_FUZZ", "300"))
bounded = settings(max_examples=EXAMPLES, database=None)


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory):
    world = a_world(tmp_path_factory.mktemp("fuzz"))
    made = world.send([a_row(1)])
    files = made.files
    given_receipt = world.deliver(made).receipt
    return (
        world,
        files.manifest_bytes(),
        files.signature_bytes(),
        files.sealed.read_bytes(),
        given_receipt.data,
    )


#: The resolution of a drawn position in a file; no file here is as long.
FINE = 2**20
#: A piece: its start as a fraction of the file, its length, its replacement (None: the piece twice).
PIECES = st.tuples(st.integers(0, FINE - 1), st.integers(0, 40), st.one_of(st.binary(max_size=40), st.none()))
# Drawn values must not depend on a real file, not even on its length: keys, signatures, time and compression
# differ each time, so Hypothesis could neither shrink nor repeat a failure.
DAMAGES = st.lists(PIECES, min_size=1, max_size=4)
CHANGES = st.one_of(st.binary(max_size=200), DAMAGES)
Change = bytes | list[tuple[int, int, bytes | None]]


def changed(original: bytes, change: Change) -> bytes:
    """Return other bytes, or the original with pieces removed, doubled or replaced.

    A damaged real file reaches the inner parts of a parser.
    """
    if isinstance(change, bytes):
        return change
    data = bytearray(original)
    for place, length, instead in change:
        start = place * (len(data) + 1) // FINE
        piece = bytes(data[start : start + length])
        data[start : start + length] = piece * 2 if instead is None else instead
    return bytes(data)


def test_a_change_reaches_every_place_of_a_file_whatever_its_length():
    for length in (0, 1, 90, 91, 2000):
        original = bytes(length)
        ends = [changed(original, [(place, 0, b"x")]) for place in (0, FINE - 1)]

        assert ends == [b"x" + original, original + b"x"]
    assert changed(b"abcd", [(FINE // 2, 1, None)]) == b"abccd"
    assert changed(b"abcd", [(FINE // 2, 40, b"")]) == b"ab"


@bounded
@given(data=st.binary(max_size=300))
def test_any_bytes_as_a_value(data: bytes):
    try:
        value = der.whole(data)
    except CmsError:
        return
    assert value.raw == data


@st.composite
def a_stamp(draw) -> bytes:
    """Return a structure like a time-stamp, with some parts replaced."""

    def part(tag: int, *inside: bytes) -> bytes:
        return draw(st.binary(max_size=12)) if draw(st.integers(0, 9)) == 0 else der.der(tag, *inside)

    digest = part(der.SEQUENCE, part(der.SEQUENCE, cms._SHA256_OID), part(der.OCTETS, bytes(32)))
    info = part(der.SEQUENCE, part(der.INTEGER, b"\1"), part(der.OID, b"\1"), digest)
    content = part(der.SEQUENCE, cms._TST_INFO, part(0xA0, part(der.OCTETS, info)))
    signed = part(der.SEQUENCE, part(der.INTEGER, b"\3"), part(der.SET), content)
    token = part(der.SEQUENCE, cms._SIGNED_DATA, part(0xA0, signed))
    return part(der.SEQUENCE, part(der.SEQUENCE, part(der.INTEGER, b"\0")), token)


@pytest.mark.slow
@bounded
@given(data=a_stamp())
def test_any_bytes_as_a_time_stamp(data: bytes):
    with pytest.raises(Refused):
        cms.check(data, b"a signature")


@pytest.mark.slow
@bounded
@given(change=CHANGES)
def test_any_bytes_as_a_signature(parts, change):
    content, signature = parts[1], parts[2]
    found = changed(signature, change)
    try:
        cms.verify(found, content)
    except CmsError:
        return
    assert found == signature


@pytest.mark.slow
@bounded
@given(change=CHANGES)
def test_any_bytes_as_a_sealed_file(parts, change):
    world, sealed = parts[0], parts[3]
    found = changed(sealed, change)
    try:
        b"".join(Unsealer(io.BytesIO(found).read, [world.isa.decrypter]).chunks())
    except CmsError:
        return
    assert found == sealed


@pytest.mark.slow
@bounded
@given(changes=st.tuples(CHANGES, CHANGES, CHANGES))
def test_any_bytes_as_json(parts, changes):
    readers = (
        (manifest.read, parts[1], Refused),
        (receipt.read, parts[4], Refused),
        (agreement_file.read, parts[0].agreement_bytes, Misused),
    )
    for (reader, original, fault), change in zip(readers, changes, strict=True):
        try:
            reader(changed(original, change))
        except fault:
            continue


PLAIN = archive.entry_header("a", 3) + b"abc" + archive.entry_padding(3) + archive.ARCHIVE_END


@pytest.mark.slow
@bounded
@given(change=CHANGES, inside=st.one_of(st.binary(max_size=2000), DAMAGES))
def test_any_bytes_as_an_archive(change, inside):
    limits = archive.Limits(2**20, 2**20, 50, 8)
    packed = b"".join(archive.compress([PLAIN]))
    for blocks in (
        archive.decompress([changed(packed, change)], limits),
        iter([changed(PLAIN, inside)]),
    ):
        try:
            for _, _, pieces in archive.entries(blocks, ("a",)):
                b"".join(pieces)
        except Refused:
            continue


HEAD = HEADER.encode()
#: Pieces that mean something to a reader of CSV, or to none.
ODD = ('"', ",", "\n", "\r", "\r\n", "\0", "\t", "\u2028", "x" * 131_073, a_row(2))
PIECE = st.sampled_from([*(text.encode() for text in ODD), b"\xff"])
CONTENT = st.lists(st.tuples(st.integers(0, FINE - 1), st.integers(0, 9), PIECE), max_size=4)


def damaged(original: bytes, pieces: list[tuple[int, int, bytes]]) -> bytes:
    return changed(original, [(place, length, piece) for place, length, piece in pieces])


@pytest.mark.slow
@bounded
@given(
    content=st.one_of(CONTENT, st.binary(max_size=300)),
    description=DAMAGES | st.none(),
    counted=st.booleans(),
)
def test_any_content_of_a_signed_delivery_ends_in_a_receipt(parts, content, description, counted):
    world = parts[0]
    csv = HEAD + (content if isinstance(content, bytes) else damaged(ROWS[len(HEAD) :], content))
    described_as = described(csv, rows=counts(csv)) if counted else described(csv)
    if description is not None:
        described_as = changed(described_as, description)
    with TemporaryDirectory() as place:
        inbox = Inbox(Path(place), world.isa.terms, world.isa.signer, "ab" * 32)
        first = {"sequence": 1, "previous_sha256": manifest.FIRST_PREVIOUS}
        inbox.take(forged(world, packaged(csv, described_as), **first), NOW)
        opened = inbox.open("annex1", 1, [world.isa.decrypter], NOW)

        assert opened.receipt.receipt.state == ("refused" if opened.refusal else "accepted")
        if opened.data:
            again = RowChecker(NOTIFICATIONS_TABLE)
            kept = (opened.data / "notifications.csv").read_bytes()
            assert again.feed(kept) == kept


def counts(csv: bytes) -> int:
    """Return the rows of a file that is CSV, so that the fuzzing comes as far as its rows."""
    checker = RowChecker(NOTIFICATIONS_TABLE)
    with suppress(Refused):
        checker.feed(csv)
    return checker.rows
