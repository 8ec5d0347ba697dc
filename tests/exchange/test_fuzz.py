"""Whatever the bytes are, one exception type comes out of DER and CMS, and `Refused` out of the rest.

Bounded here; `RENKEI_FUZZ=100000` in the environment makes it a long run (see docs/package-format.md).
"""

import io
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from world import a_row, a_world

from renkei.exchange import agreement_file, archive, cms, der, manifest, receipt, time_stamp
from renkei.exchange.cms import Unsealer
from renkei.exchange.errors import CmsError, Misused, Refused

EXAMPLES = int(os.environ.get("RENKEI_FUZZ", "300"))
bounded = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


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


@st.composite
def damaged(draw, original: bytes) -> bytes:
    """A real file with pieces cut out, doubled, replaced or moved: what gets deep into a parser."""
    data = bytearray(original)
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.integers(0, 40)))
        piece = draw(st.one_of(st.binary(max_size=40), st.just(bytes(data[start:end]) * 2)))
        data[start:end] = piece
    return bytes(data)


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
    """What is built like a time-stamp, each of its parts now and then something else."""

    def part(tag: int, *inside: bytes) -> bytes:
        return draw(st.binary(max_size=12)) if draw(st.integers(0, 9)) == 0 else der.der(tag, *inside)

    digest = part(der.SEQUENCE, part(der.SEQUENCE, time_stamp._SHA256_OID), part(der.OCTETS, bytes(32)))
    info = part(der.SEQUENCE, part(der.INTEGER, b"\1"), part(der.OID, b"\1"), digest)
    content = part(der.SEQUENCE, time_stamp._TST_INFO, part(0xA0, part(der.OCTETS, info)))
    signed = part(der.SEQUENCE, part(der.INTEGER, b"\3"), part(der.SET), content)
    token = part(der.SEQUENCE, time_stamp._SIGNED_DATA, part(0xA0, signed))
    return part(der.SEQUENCE, part(der.SEQUENCE, part(der.INTEGER, b"\0")), token)


@bounded
@given(data=a_stamp())
def test_any_bytes_as_a_time_stamp(data: bytes):
    with pytest.raises(Refused):
        time_stamp.check(data, b"a signature")


@bounded
@given(data=st.data())
def test_any_bytes_as_a_signature(parts, data):
    content, signature = parts[1], parts[2]
    changed = data.draw(st.one_of(st.binary(max_size=200), damaged(signature)))
    try:
        cms.verify(changed, content)
    except CmsError:
        return
    assert changed == signature


@bounded
@given(data=st.data())
def test_any_bytes_as_a_sealed_file(parts, data):
    world, sealed = parts[0], parts[3]
    changed = data.draw(st.one_of(st.binary(max_size=200), damaged(sealed)))
    try:
        b"".join(Unsealer(io.BytesIO(changed).read, [world.isa.decrypter]).chunks())
    except CmsError:
        return
    assert changed == sealed


@bounded
@given(data=st.data())
def test_any_bytes_as_json(parts, data):
    for reader, original, fault in (
        (manifest.read, parts[1], Refused),
        (receipt.read, parts[4], Refused),
        (agreement_file.read, parts[0].agreement_bytes, Misused),
    ):
        changed = data.draw(st.one_of(st.binary(max_size=200), damaged(original)))
        try:
            reader(changed)
        except fault:
            continue


@bounded
@given(data=st.data())
def test_any_bytes_as_an_archive(data):
    limits = archive.Limits(2**20, 2**20, 50, 8)
    whole = archive.entry_header("a", 3) + b"abc" + archive.entry_padding(3) + archive.ARCHIVE_END
    packed = b"".join(archive.compress([whole]))
    changed = data.draw(st.one_of(st.binary(max_size=200), damaged(packed)))
    plain = data.draw(st.one_of(st.binary(max_size=2000), damaged(whole)))
    for blocks in (archive.decompress([changed], limits), iter([plain])):
        try:
            for _, _, pieces in archive.entries(blocks, ("a",)):
                b"".join(pieces)
        except Refused:
            continue
