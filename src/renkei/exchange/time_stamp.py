"""The optional time-stamp of a signature (RFC 3161): that it is one, and of exactly these bytes.

Whether the authority's own signature holds is not judged here: its certificate is no part of the agreement
(decision 0007). `openssl ts -verify` judges it, for whoever trusts that authority.
"""

from typing import Final

from renkei.exchange.der import INTEGER, OCTETS, OID, SEQUENCE, SET, der, oid, whole
from renkei.exchange.errors import CmsError, Refused
from renkei.exchange.files import DeliveryFiles, read_small
from renkei.exchange.manifest import sha256

MOST_BYTES: Final = 64 * 1024
_GRANTED: Final = (0, 1)  # granted, granted with modifications
_SIGNED_DATA: Final = oid("1.2.840.113549.1.7.2")
_TST_INFO: Final = oid("1.2.840.113549.1.9.16.1.4")
_SHA256_OID: Final = oid("2.16.840.1.101.3.4.2.1")
_SHA256: Final = (der(SEQUENCE, _SHA256_OID), der(SEQUENCE, _SHA256_OID, der(0x05)))


def check(data: bytes, signature: bytes) -> None:
    """Refuse with `time_stamp_wrong` what is no granted time-stamp over the SHA-256 of this signature."""
    try:
        if _imprint(data) != sha256(signature):
            raise CmsError("digest")
    except CmsError:
        raise Refused("time_stamp_wrong") from None


def read(files: DeliveryFiles, signature: bytes) -> bytes | None:
    """Return the time-stamp that came with a delivery, checked, or None where there is none."""
    if not files.time_stamp.is_file():
        return None
    data = read_small(files.time_stamp, MOST_BYTES, "time_stamp_wrong")
    check(data, signature)
    return data


def _imprint(data: bytes) -> str:
    """Return the SHA-256 that was stamped: TimeStampResp, ContentInfo, SignedData, TSTInfo."""
    status, token = whole(data).expect(SEQUENCE).only(SEQUENCE, SEQUENCE)
    if not status.parts() or status.parts()[0].integer() not in _GRANTED:
        raise CmsError("unreadable")
    kind, wrapped = token.only(OID, 0xA0)
    (signed,) = wrapped.only(SEQUENCE)
    parts = signed.parts()
    if kind.raw != _SIGNED_DATA or [part.tag for part in parts[:3]] != [INTEGER, SET, SEQUENCE]:
        raise CmsError("unreadable")
    inner, content = parts[2].only(OID, 0xA0)
    (info,) = content.only(OCTETS)
    fields = whole(info.content).expect(SEQUENCE).parts()
    if inner.raw != _TST_INFO or [field.tag for field in fields[:3]] != [INTEGER, OID, SEQUENCE]:
        raise CmsError("unreadable")
    algorithm, digest = fields[2].only(SEQUENCE, OCTETS)
    if algorithm.raw not in _SHA256:
        raise CmsError("weak")
    return digest.content.hex()
