"""The exchange's boxes as this node opens them: its keys unlocked, its trail's head in what it signs."""

from datetime import datetime

from django.conf import settings

from renkei.exchange.certificates import Decrypter, Signer, fingerprint
from renkei.exchange.home import Home
from renkei.exchange.inbox import Inbox
from renkei.node.audit import trail


def home() -> Home:
    """Return this node's home of the exchange."""
    return Home(settings.NODE.exchange)


def inbox(now: datetime) -> Inbox:
    """Return what came to this node; its receipts are signed with the key to use now."""
    place = home()
    return Inbox(place.directory / "inbox", place.terms(), signer(now), trail.head())


def signer(now: datetime) -> Signer:
    """Return the signing key to use now, of the token where one is named for it. Raises Misused."""
    if settings.NODE.token.signing:
        from renkei.node.deliveries import token

        return token.signer(home(), now)
    return home().signer(settings.KEY_PASSPHRASE, now)


def decrypters(now: datetime) -> list[Decrypter]:
    """Return the decryption keys that may be used now: the token's, and those of files. Raises Misused."""
    in_token: list[Decrypter] = []
    if settings.NODE.token.decryption:
        from renkei.node.deliveries import token

        in_token = token.decrypters(home(), now)
    there = {fingerprint(each.certificate) for each in in_token}
    return [*in_token, *home().decrypters(settings.KEY_PASSPHRASE, now, but=there)]
