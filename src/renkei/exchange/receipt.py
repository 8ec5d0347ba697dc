"""Receipts: the receiver's signed statement about a delivery; one for each state, never changed.

`received`: the bytes are durable and steps 1 to 4 hold. `accepted`: opened, validated, committed. `refused`:
a code, and whether to retry. The sender closes its day only on `accepted`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Final

from renkei.exchange import cms
from renkei.exchange.certificates import Signer, fingerprint
from renkei.exchange.errors import NOTICES, ExchangeError, Refused
from renkei.exchange.manifest import (
    Manifest,
    dump,
    load,
    read_digest,
    read_number,
    read_positive,
    read_time,
    read_word,
    sha256,
)
from renkei.exchange.trust import Terms

FORMAT: Final = "renkei-receipt/1"
STATES: Final = ("received", "accepted", "refused")


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """One receipt. `code` and `retry` are set on refusal, the counts of rows on acceptance."""

    format: str = FORMAT
    agreement: str
    agreement_version: int
    state: str
    service: str
    sender: str
    receiver: str
    sequence: int
    revision: int
    manifest_sha256: str
    sealed_sha256: str
    issued: datetime
    code: str = ""
    retry: bool = False
    rows_taken: int = 0
    rows_rejected: Mapping[str, int] = field(default_factory=dict)
    signer_sha256: str
    trail_head: str

    @property
    def name(self) -> str:
        """The name of its file without ending."""
        return f"{self.sender}-{self.receiver}-{self.service}-{self.sequence:08d}.{self.state}"


@dataclass(frozen=True, slots=True)
class SignedReceipt:
    """A receipt with the bytes that are stored and sent."""

    receipt: Receipt
    data: bytes
    signature: bytes


def issue(
    state: str,
    manifest: bytes,
    described: Manifest,
    signer: Signer,
    now: datetime,
    trail_head: str,
    *,
    refusal: ExchangeError | None = None,
    rows_taken: int = 0,
    rows_rejected: Mapping[str, int] | None = None,
) -> SignedReceipt:
    """Make and sign a receipt for a delivery."""
    receipt = Receipt(
        agreement=described.agreement,
        agreement_version=described.agreement_version,
        state=state,
        service=described.service,
        sender=described.sender,
        receiver=described.receiver,
        sequence=described.sequence,
        revision=described.revision,
        manifest_sha256=sha256(manifest),
        sealed_sha256=described.sealed_sha256,
        issued=now.replace(microsecond=0),
        code=refusal.code if refusal else "",
        retry=refusal.retry if refusal else False,
        rows_taken=rows_taken,
        rows_rejected=dict(rows_rejected or {}),
        signer_sha256=fingerprint(signer.certificate),
        trail_head=trail_head,
    )
    found: dict[str, Any] = {each.name: getattr(receipt, each.name) for each in fields(receipt)}
    found["issued"] = receipt.issued.strftime("%Y-%m-%dT%H:%M:%SZ")
    data = dump(found)
    return SignedReceipt(receipt, data, cms.sign(data, signer, now))


def read(data: bytes) -> Receipt:
    """Read a receipt; `Refused` with `receipt_unreadable` for anything else."""
    try:
        found = load(data, "receipt_unreadable")
        if found.keys() != _READERS.keys():
            raise ValueError
        receipt = Receipt(**{name: reader(found[name]) for name, reader in _READERS.items()})
        if (receipt.state == "refused") != bool(receipt.code) or (
            receipt.code and receipt.code not in NOTICES
        ):
            raise ValueError
    except (ValueError, TypeError, OverflowError):
        raise Refused("receipt_unreadable") from None
    return receipt


def verify(
    data: bytes, signature: bytes, manifest: bytes, described: Manifest, terms: Terms, at: datetime
) -> SignedReceipt:
    """Return the receipt if the delivery's receiver signed it for exactly this delivery.

    Raises `Refused`: `receipt_unreadable` if it is incomplete, `receipt_forged` if the signer is not the
    pinned one, `receipt_foreign` if it is for another delivery, direction, number or content.
    """
    receipt = read(data)
    about = (
        receipt.agreement,
        receipt.agreement_version,
        receipt.service,
        receipt.sender,
        receipt.receiver,
        receipt.sequence,
        receipt.revision,
        receipt.manifest_sha256,
        receipt.sealed_sha256,
    )
    ours = (
        described.agreement,
        described.agreement_version,
        described.service,
        described.sender,
        described.receiver,
        described.sequence,
        described.revision,
        sha256(manifest),
        described.sealed_sha256,
    )
    if about != ours:
        raise Refused("receipt_foreign")
    try:
        agreement = terms.version(receipt.agreement, receipt.agreement_version)
        signed = terms.check_signed(data, signature, described.receiver, at, agreement)
    except Refused as fault:
        raise Refused("receipt_forged", fault.code) from None
    if fingerprint(signed.certificate) != receipt.signer_sha256:
        raise Refused("receipt_forged")
    if receipt.issued > at + agreement.clock_skew:
        raise Refused("receipt_forged", "made_in_future")
    return SignedReceipt(receipt, data, signature)


def _exactly(*allowed: object) -> Any:
    def reader(value: object) -> object:
        if value not in allowed or isinstance(value, bool) != isinstance(allowed[0], bool):
            raise ValueError
        return value

    return reader


def _code(value: object) -> str:
    return "" if value == "" else read_word(value)


def _counts(value: object) -> dict[str, int]:
    if not isinstance(value, dict):
        raise ValueError
    return {str(reason): read_number(count) for reason, count in value.items()}


_READERS: Mapping[str, Any] = {
    "format": _exactly(FORMAT),
    "agreement": read_word,
    "agreement_version": read_positive,
    "state": _exactly(*STATES),
    "service": read_word,
    "sender": read_word,
    "receiver": read_word,
    "sequence": read_positive,
    "revision": read_positive,
    "manifest_sha256": read_digest,
    "sealed_sha256": read_digest,
    "issued": read_time,
    "code": _code,
    "retry": _exactly(True, False),
    "rows_taken": read_number,
    "rows_rejected": _counts,
    "signer_sha256": read_digest,
    "trail_head": read_digest,
}
