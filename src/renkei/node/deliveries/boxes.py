"""The exchange's boxes as this node opens them: its keys unlocked, its trail's head in what it signs."""

from datetime import datetime

from django.conf import settings

from renkei.exchange.home import Home
from renkei.exchange.inbox import Inbox
from renkei.node.audit import trail


def home() -> Home:
    """Return this node's home of the exchange."""
    return Home(settings.NODE.exchange)


def inbox(now: datetime) -> Inbox:
    """Return what came to this node; its receipts are signed with the key to use now."""
    place = home()
    signer = place.signer(settings.KEY_PASSPHRASE, now)
    return Inbox(place.directory / "inbox", place.terms(), signer, trail.head())
