"""The doctor's look at what the exchange needs: agreement, certificates, keys, the counterpart, the clock."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings

from renkei.exchange.agreement_file import Pin
from renkei.exchange.certificates import fingerprint, key_family
from renkei.exchange.errors import ExchangeError, Misused
from renkei.exchange.keys import ALARM_DAYS, USES
from renkei.node.deliveries import keystore
from renkei.node.deliveries.transport.client import Client
from renkei.node.deliveries.transport.protocol import Unreachable
from renkei.node.operations.diagnosis import Diagnosis, fault, ok, warning


def agreement(now: datetime) -> Iterator[Diagnosis]:
    """Whole, signed by both, in force."""
    try:
        found = keystore.home().agreements()[-1]
    except (Misused, OSError):
        yield fault(
            "有効な取決めファイルがありません。",
            "There is no valid agreement file.",
            "双方の署名を`renkei agreement verify FILE --home DIR/exchange`で確かめ、発効させてください。",
            "Verify both signatures and adopt it: `renkei agreement verify FILE --home DIR/exchange`.",
        )
        return
    if found.effective_from > now.date():
        yield warning(
            f"取決めファイル第{found.version}版は{found.effective_from}に発効します。",
            f"Version {found.version} of the agreement file takes effect on {found.effective_from}.",
        )
    else:
        yield ok(
            f"取決めファイル第{found.version}版に双方の署名があります。",
            f"Version {found.version} of the agreement file is signed by both.",
        )


def certificates(now: datetime) -> Iterator[Diagnosis]:
    """Of either party, for each use: pinned and at hand, and how long the one lasts that lasts longest."""
    terms = keystore.home().terms()
    at_hand = {fingerprint(each): each for each in terms.certificates}
    for party in (terms.party, terms.counterpart):
        for use in USES:
            pins = terms.agreement.current(party, use, now)
            held = [(pin, at_hand[pin.sha256]) for pin in pins if pin.sha256 in at_hand]
            yield _certificate(party, use, held, now, ours=party == terms.party)


def _certificate(
    party: str, use: str, held: list[tuple[Pin, x509.Certificate]], now: datetime, *, ours: bool
) -> Diagnosis:
    next_ja, next_en = (
        ("`renkei keys rollover`で更新を始めてください。", "Begin the renewal with `renkei keys rollover`.")
        if ours
        else (
            "相手方に更新を求め、新しい証明書と取決めファイルを取り込んでください。",
            "Ask the counterpart to renew it, then import the certificate and the new agreement file.",
        )
    )
    ends = max((min(pin.ends, each.not_valid_after_utc) for pin, each in held), default=None)
    if ends is None or ends < now:
        return fault(
            f"{party}の{use}に使える証明書がありません。",
            f"No certificate of {party} for {use} can be used.",
            next_ja,
            next_en,
        )
    days = (ends - now).days
    alarm = min((each for each in ALARM_DAYS if ends - now <= timedelta(days=each)), default=None)
    ja, en = (
        f"{party} {use}: {ends:%Y-%m-%d}まで(残り{days}日)",
        f"{party} {use}: until {ends:%Y-%m-%d} ({days} days)",
    )
    if alarm is None:
        return ok(ja, en)
    return (fault if alarm == min(ALARM_DAYS) else warning)(ja, en, next_ja, next_en)


def keys(now: datetime) -> Iterator[Diagnosis]:
    """Whether our keys can be used, those of files and of a token; each use on its own."""
    home, token = keystore.home(), settings.NODE.token
    for use in USES:
        own = [entry for entry in home.keys.own(use) if entry.certificate]
        try:
            if use == "signing":
                keystore.signer(now).sign(_PROBE)
            elif use == "decryption":
                usable = keystore.decrypters(now)
                if not usable:
                    raise Misused("key_missing", use)
                for each in usable:
                    if key_family(each.certificate) == "p256":
                        each.agree(_a_point())
            else:
                if not own:
                    raise Misused("key_missing", use)
                home.keys.unlock(own[-1], settings.KEY_PASSPHRASE)
        except ExchangeError as refusal:
            in_token = {"signing": token.signing, "decryption": token.decryption}.get(use)
            yield fault(refusal.say("ja"), refusal.say("en"), *(_IN_TOKEN if in_token else _IN_FILE))
        else:
            yield ok(f"{use}の鍵を開けられます。", f"The key for {use} can be unlocked.")


def _a_point() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


_PROBE: Final = b"renkei doctor"
_IN_FILE: Final = (
    "RENKEI_KEY_PASSPHRASEと、exchange/keysの中身を確認してください。",
    "See RENKEI_KEY_PASSPHRASE, and what is in exchange/keys.",
)
_IN_TOKEN: Final = (
    "[token]のmoduleとラベル、RENKEI_TOKEN_PINを確認してください。暗証番号を誤った後は、正しい番号で一度"
    "`pkcs11-tool --module MODULE --token-label LABEL --login --list-objects`を実行してください。",
    "See module and labels of [token], and RENKEI_TOKEN_PIN. After a wrong PIN, log in once with the right "
    "one: `pkcs11-tool --module MODULE --token-label LABEL --login --list-objects`.",
)


def counterpart(now: datetime) -> Iterator[Diagnosis]:
    """Whether the counterpart's node answers over TLS with both certificates, and what time it has."""
    try:
        date = Client(now).time_there()
    except Unreachable as fault_:
        yield fault(
            f"相手方のノードが応答しません({fault_.trouble})。",
            f"The counterpart's node does not answer ({fault_.trouble}).",
            "carrier.counterpart、回線、相手方の稼働を確認し、急ぐ場合は媒体で渡してください(申合せ5)。",
            "See carrier.counterpart, the line, and whether they run; if urgent, use a medium (clause 5).",
        )
        return
    yield ok("相手方のノードが応答します(相互認証)。", "The counterpart's node answers, both authenticated.")
    skew = keystore.home().terms().agreement.clock_skew
    try:
        differs = abs(parsedate_to_datetime(date) - now)
    except ValueError:
        yield warning("相手方の時刻が分かりません。", "The counterpart does not tell its time.")
        return
    seconds = int(differs.total_seconds())
    if differs > skew:
        yield fault(
            f"時計が相手方と{seconds}秒ずれています。",
            f"The clock differs from the counterpart's by {seconds} seconds.",
            "この機械の時刻同期(chrony等)を確認し、正しければ相手方に知らせてください。",
            "See this machine's time service (chrony); if it is right, tell the counterpart.",
        )
    else:
        yield ok(f"時計の差は{seconds}秒です。", f"The clocks differ by {seconds} seconds.")
