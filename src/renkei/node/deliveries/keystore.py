"""This node's keys, certificates and inbox for the exchange, with the keys unlocked.

What the node signs carries the head of its audit trail.
"""

from collections.abc import Iterator
from datetime import datetime

from cryptography import x509
from django.conf import settings

from renkei.exchange.certificates import Decrypter, Signer, fingerprint
from renkei.exchange.home import Home
from renkei.exchange.inbox import Inbox
from renkei.exchange.keys import Use
from renkei.node.audit import trail


def home() -> Home:
    """Return this node's exchange directory, with its own policy. Raises PolicyError."""
    return Home(settings.NODE.exchange, settings.NODE.decided())


def inbox(now: datetime) -> Inbox:
    """Return this node's inbox; its receipts are signed with the key that is current now."""
    place = home()
    return Inbox(place.directory / "inbox", place.terms(), signer(now), trail.head())


def own_certificates(use: Use) -> Iterator[tuple[str, x509.Certificate]]:
    """Yield our certificates for one use, each with a name.

    The name is the key's number if the key is in a file, or the beginning of the certificate's fingerprint if
    it is in a token.
    """
    place = home()
    held = {entry.sha256 for entry in place.keys.own(use)}
    for entry in place.keys.own(use):
        if entry.certificate is not None:
            yield f"{entry.number:04d}", entry.certificate
    token = settings.NODE.token
    named = {"signing": token.signing, "decryption": token.decryption}.get(use)
    if named and (place.directory / "agreement").is_dir():  # without an agreement no certificate is pinned
        terms = place.terms()
        pinned = {pin.sha256 for pin in terms.agreement.pins if (pin.party, pin.use) == (terms.party, use)}
        for certificate in terms.certificates:
            if fingerprint(certificate) in pinned - held:
                yield fingerprint(certificate)[:8], certificate


def signer(now: datetime) -> Signer:
    """Return the current signing key; from the token if `[token]` names one. Raises Misused."""
    if settings.NODE.token.signing:
        from renkei.node.deliveries import token

        return token.signer(home(), now)
    return home().signer(settings.KEY_PASSPHRASE, now)


def decrypters(now: datetime) -> list[Decrypter]:
    """Return the decryption keys that may be used now, from the token and from files. Raises Misused."""
    in_token: list[Decrypter] = []
    if settings.NODE.token.decryption:
        from renkei.node.deliveries import token

        in_token = token.decrypters(home(), now)
    there = {fingerprint(each.certificate) for each in in_token}
    return [*in_token, *home().decrypters(settings.KEY_PASSPHRASE, now, but=there)]
