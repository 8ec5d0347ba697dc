"""What a party holds when it judges what goes out and comes in: who it is, the agreement, certificates,
revocations, and the decisions of clause 8(2) that both offices took.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from cryptography import x509

from renkei.agreement.decisions import DEFAULT_POLICY, Policy
from renkei.exchange.agreement_file import AgreementFile
from renkei.exchange.cms import Signature
from renkei.exchange.errors import Refused
from renkei.exchange.trust import check_signed


@dataclass(frozen=True, slots=True)
class Terms:
    """`agreements` are the versions still known, the one in force last. `policy`: what 別紙2 discloses."""

    party: str
    agreements: tuple[AgreementFile, ...]
    certificates: Sequence[x509.Certificate] = ()
    revocations: Sequence[x509.CertificateRevocationList] = field(default=())
    policy: Policy = DEFAULT_POLICY

    @property
    def agreement(self) -> AgreementFile:
        """The version in force."""
        return self.agreements[-1]

    @property
    def counterpart(self) -> str:
        """The other party."""
        return self.agreement.other(self.party)

    def version(self, agreement: str, number: int) -> AgreementFile:
        """Return the version a delivery was made under; `Refused` where it is not known."""
        for known in self.agreements:
            if (known.agreement, known.version) == (agreement, number):
                return known
        raise Refused("agreement_unknown", f"{agreement} {number}")

    def check_signed(
        self, content: bytes, signature: bytes, party: str, at: datetime, under: AgreementFile | None = None
    ) -> Signature:
        """Return the signature if the party's pinned certificate made it; see `trust.check_signed`."""
        terms = under or self.agreement
        return check_signed(content, signature, party, terms, self.revocations, self.certificates, at)
