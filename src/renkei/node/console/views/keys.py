"""K-01: the pinned certificates of both parties, and when each expires."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from renkei.agreement.parties import PARTIES, Party
from renkei.exchange.agreement_file import USES, Pin
from renkei.exchange.certificates import fingerprint
from renkei.exchange.errors import ExchangeError
from renkei.exchange.home import Home
from renkei.exchange.keys import ALARM_DAYS
from renkei.node.console.access import page
from renkei.node.console.templatetags.console import language
from renkei.node.deliveries import keystore


@dataclass(frozen=True, slots=True)
class ShownKey:
    """One pinned certificate. `ends`: the earlier end of pin and certificate; `at_hand`: stored here."""

    pin: Pin
    party: Party
    ends: datetime
    at_hand: bool
    days_left: int

    @property
    def state(self) -> str:
        """`over`, `soon` (within the days of the first alarm) or `held`."""
        if self.days_left < 0:
            return "over"
        return "soon" if self.days_left <= max(ALARM_DAYS) else "held"


@page("keys")
def keys(request: HttpRequest) -> HttpResponse:
    """Show every pinned certificate by party and use."""
    now, trouble = timezone.now(), ""
    shown: list[ShownKey] = []
    awaited: list[str] = []
    version = None
    try:
        home = keystore.home()
        version = home.agreements()[-1]
        shown = sorted(_shown(home, version.pins, now), key=lambda each: _place(each, home.party))
        awaited = [
            f"{use} {entry.number:04d}"
            for use in ("tls", "signing", "decryption")
            for entry in home.keys.own(use)
            if entry.certificate is None
        ]
    except ExchangeError as refusal:
        trouble = refusal.say(language())
    context = {"shown": shown, "awaited": awaited, "agreement": version, "trouble": trouble}
    return render(request, "console/keys.html", context)


def _shown(home: Home, pins: tuple[Pin, ...], now: datetime) -> Iterator[ShownKey]:
    kept: dict[str, x509.Certificate] = {fingerprint(each): each for each in home.keys.certificates()}
    for pin in pins:
        certificate = kept.get(pin.sha256)
        ends = min(pin.ends, certificate.not_valid_after_utc) if certificate else pin.ends
        yield ShownKey(pin, PARTIES[pin.party], ends, certificate is not None, (ends - now).days)


def _place(key: ShownKey, party: str) -> tuple[bool, int, datetime]:
    """Return the sort key: ours first, then by use, then the earliest end first."""
    return key.pin.party != party, USES.index(key.pin.use), key.ends
