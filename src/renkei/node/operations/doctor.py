"""`renkei doctor`: check everything that a node needs, as a table of checks.

Each check examines one thing and reports ok, a warning or a fault, and what to do next. No check changes
anything. If a check itself fails, that is a fault, and the other checks continue.

The table of checks comes first, then the checks by subject: the machine, the exchange, the work.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final, Literal

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from django.core import checks
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from renkei.agreement.errors import RenkeiError
from renkei.exchange.agreement_file import Pin
from renkei.exchange.certificates import fingerprint, key_family
from renkei.exchange.errors import ExchangeError, Misused
from renkei.exchange.keys import ALARM_DAYS, USES
from renkei.node.audit.models import Entry
from renkei.node.audit.verbs import Verb
from renkei.node.checks import TAG
from renkei.node.cycle import alarms as ringing
from renkei.node.cycle import monitoring
from renkei.node.cycle.models import Day
from renkei.node.deliveries import keystore, restore_check
from renkei.node.deliveries.transport.client import Client
from renkei.node.deliveries.transport.protocol import Unreachable
from renkei.node.operations.databases import LEAST_POSTGRESQL
from renkei.node.working_days import is_working_day

Level = Literal["ok", "warning", "fault"]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What was found, in one sentence, and what to do next (blank if all is in order)."""

    level: Level
    ja: str
    en: str
    next_ja: str = ""
    next_en: str = ""


def ok(ja: str, en: str) -> Diagnosis:
    """Report that something is in order."""
    return Diagnosis("ok", ja, en)


def warning(ja: str, en: str, next_ja: str = "", next_en: str = "") -> Diagnosis:
    """Report that something works now but needs attention."""
    return Diagnosis("warning", ja, en, next_ja, next_en)


def fault(ja: str, en: str, next_ja: str = "", next_en: str = "") -> Diagnosis:
    """Report that something does not work."""
    return Diagnosis("fault", ja, en, next_ja, next_en)


@dataclass(frozen=True, slots=True)
class Check:
    """One check: `look` makes it; `agreed`: it needs a valid agreement file."""

    name: str
    ja: str
    en: str
    look: Callable[[datetime], Iterator[Diagnosis]]
    agreed: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """A check and one diagnosis of it."""

    check: Check
    diagnosis: Diagnosis


def table() -> tuple[Check, ...]:
    """Return the checks, one a row, in the order in which they are made and shown."""
    return (
        Check("configuration", "設定", "Configuration", configuration),
        Check("database", "データベース", "Database", database),
        Check("disk", "ディスク", "Disk", disk),
        Check("extracts", "抽出データの受け口", "Extracts", extracts),
        Check("agreement", "取決めファイル", "Agreement file", agreement),
        Check("certificates", "証明書", "Certificates", certificates, agreed=True),
        Check("keys", "秘密鍵", "Private keys", keys, agreed=True),
        Check("counterpart", "相手方と時計", "Counterpart and clock", counterpart, agreed=True),
        Check("restore", "復元後の照合", "After a restore", restored),
        Check("cycle", "日次処理", "The day", cycle, agreed=True),
        Check("alarms", "警報", "Alarms", alarms),
        Check("backup", "バックアップ", "Backup", backup),
    )


_WITHOUT: Final = warning(
    "有効な取決めファイルがないため、確認していません。",
    "Not checked: there is no valid agreement file.",
    "先に取決めファイルを発効させてください。",
    "Please put the agreement file into force first.",
)


def examine(now: datetime) -> list[Found]:
    """Make all checks in the order of the table; without an agreement file, only those that need none."""
    agreed = all(each.level != "fault" for each in agreement(now))
    return [
        Found(check, diagnosis)
        for check in table()
        for diagnosis in ([_WITHOUT] if check.agreed and not agreed else _look(check, now))
    ]


def _look(check: Check, now: datetime) -> Iterator[Diagnosis]:
    try:
        yield from check.look(now)
    except RenkeiError as refusal:
        yield fault(refusal.say("ja"), refusal.say("en"))
    except Exception as failure:
        # Its text may hold personal data, so only its class is shown.
        yield fault(
            f"確認できませんでした({type(failure).__name__})。",
            f"The check itself failed ({type(failure).__name__}).",
            "上の項目を先に直し、もう一度実行してください。",
            "Correct the items above first, then run it again.",
        )


# --- the machine and its configuration ----------------------------------------------------------------------

_LEAST_FREE: Final = 5 * 2**30  # bytes: a first delivery, sealed and opened, beside the database's growth
_SCARCE: Final = 20 * 2**30


def configuration(now: datetime) -> Iterator[Diagnosis]:
    """Run the system checks that `serve` and `cycle run` make."""
    found = checks.run_checks(tags=[TAG])
    for message in found:
        say = fault if message.is_serious() else warning
        rule, where = message.obj.rule, message.obj.where
        tail = f" ({where})" if where else ""
        yield say(f"[{rule.id}] {rule.ja}{tail}", f"[{rule.id}] {rule.en}{tail}", rule.hint_ja, rule.hint_en)
    if not found:
        yield ok("設定に誤りはありません。", "The configuration is in order.")


def database(now: datetime) -> Iterator[Diagnosis]:
    """Check that the database is reachable, of a supported version, undamaged and fully migrated."""
    try:
        connection.ensure_connection()
    except OperationalError:
        yield fault(
            "データベースに接続できません。",
            "The database cannot be reached.",
            "サーバが動いているか、renkei.tomlのdatabase(又はRENKEI_DATABASE_URL)が正しいかを確認してください。",
            "Check that the server runs, and check `database` in renkei.toml (or RENKEI_DATABASE_URL).",
        )
        return
    yield _integrity() if connection.vendor == "sqlite" else _version()
    executor = MigrationExecutor(connection)
    missing = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    if missing:
        yield fault(
            f"データベースの移行が{missing}件残っています。",
            f"{missing} database migrations have not been applied.",
            "サービスを止め、`renkei migrate`を実行してください。",
            "Stop the service and run `renkei migrate`.",
        )
    else:
        yield ok("データベースはこの版に合っています。", "The database matches this version of Renkei.")


def _version() -> Diagnosis:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        version = int(cursor.fetchone()[0]) // 10000
    if version < LEAST_POSTGRESQL:
        return fault(
            f"PostgreSQL {version}は対象外です。",
            f"PostgreSQL {version} is not supported.",
            f"PostgreSQL {LEAST_POSTGRESQL}以上に更新してください。",
            f"Upgrade to PostgreSQL {LEAST_POSTGRESQL} or later.",
        )
    return ok(f"PostgreSQL {version}に接続できます。", f"PostgreSQL {version} answers.")


def _integrity() -> Diagnosis:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA quick_check(1)")
        whole = cursor.fetchone()[0] == "ok"
    if whole:
        return ok("SQLiteのファイルに損傷はありません。", "The SQLite file is undamaged.")
    return fault(
        "SQLiteのファイルが損傷しています。",
        "The SQLite file is damaged.",
        "サービスを止め、最後のバックアップから復元してください(`renkei restore`)。",
        "Stop the service and restore the last backup (`renkei restore`).",
    )


def disk(now: datetime) -> Iterator[Diagnosis]:
    """Check the free space, and that a write can be flushed to disk."""
    free = shutil.disk_usage(settings.NODE.directory).free
    gib = f"{free / 2**30:,.1f} GiB"
    if free < _SCARCE:
        say = fault if free < _LEAST_FREE else warning
        yield say(
            f"空き容量が{gib}です。",
            f"{gib} of disk space are free.",
            "容量を増やすか、保存期間の過ぎた記録と古いバックアップを移してください。",
            "Add disk space, or move away old backups and records past their retention period.",
        )
    else:
        yield ok(f"空き容量は{gib}です。", f"{gib} of disk space are free.")
    try:
        with tempfile.TemporaryFile(dir=settings.NODE.exchange) as file:
            file.write(bytes(4096))
            file.flush()
            os.fsync(file.fileno())
    except OSError as failure:
        yield fault(
            f"書込みを確定できません({failure.strerror})。",
            f"A write cannot be flushed to disk ({failure.strerror}).",
            "ディスクの故障、読取り専用の設定、権限を確認してください。",
            "Check whether the disk is failing, mounted read-only, or owned by another user.",
        )
    else:
        yield ok("書込みは確定します。", "Writes are flushed to disk.")


def extracts(now: datetime) -> Iterator[Diagnosis]:
    """Check that the directory of extracts can be read and written, and that no file in it was refused."""
    place = settings.NODE.extracts
    if not place.is_dir() or not os.access(place, os.R_OK | os.W_OK | os.X_OK):
        yield fault(
            "extracts/がないか、読み書きできません。",
            "extracts/ is missing, or cannot be read and written.",
            f"{place}を作り、サービスの利用者に権限を与えてください。",
            f"Create {place} and give the service's user access to it.",
        )
        return
    if refused := monitoring.refused_files():
        yield warning(
            f"受け付けられなかったファイルがあります: {', '.join(refused)}",
            f"Files were refused: {', '.join(refused)}",
            "extracts/refused/の説明を読み、直したファイルを置き、元のファイルを消してください。",
            "Read the note beside each file, put a corrected file into extracts/ and remove the refused one.",
        )
    else:
        yield ok("extracts/は使えます。", "extracts/ can be used.")


# --- the exchange: agreement, certificates, keys, the counterpart, the clock --------------------------------


def agreement(now: datetime) -> Iterator[Diagnosis]:
    """Check that an agreement file is valid, signed by both parties and in force."""
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
            f"Version {found.version} of the agreement file is signed by both parties.",
        )


def certificates(now: datetime) -> Iterator[Diagnosis]:
    """Check for each party and use that a pinned certificate is stored here, and when the last expires."""
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
    """Check for each use that our key, in a file or a token, can be used."""
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
                        each.agree(_random_point())
            else:
                if not own:
                    raise Misused("key_missing", use)
                home.keys.unlock(own[-1], settings.KEY_PASSPHRASE)
        except ExchangeError as refusal:
            in_token = {"signing": token.signing, "decryption": token.decryption}.get(use)
            yield fault(refusal.say("ja"), refusal.say("en"), *(_IN_TOKEN if in_token else _IN_FILE))
        else:
            yield ok(f"{use}の鍵を開けられます。", f"The key for {use} can be unlocked.")


def _random_point() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


_PROBE: Final = b"renkei doctor"
_IN_FILE: Final = (
    "RENKEI_KEY_PASSPHRASEと、exchange/keysの中身を確認してください。",
    "Check RENKEI_KEY_PASSPHRASE and the contents of exchange/keys.",
)
_IN_TOKEN: Final = (
    "[token]のmoduleとラベル、RENKEI_TOKEN_PINを確認してください。暗証番号を誤った後は、正しい番号で一度"
    "`pkcs11-tool --module MODULE --token-label LABEL --login --list-objects`を実行してください。",
    "Check the module and labels of [token], and RENKEI_TOKEN_PIN. After a wrong PIN, log in once with the "
    "right one: `pkcs11-tool --module MODULE --token-label LABEL --login --list-objects`.",
)


def counterpart(now: datetime) -> Iterator[Diagnosis]:
    """Check that the counterpart's node answers over mutual TLS, and compare the clocks."""
    try:
        date = Client(now).time_there()
    except Unreachable as failure:
        yield fault(
            f"相手方のノードが応答しません({failure.trouble})。",
            f"The counterpart's node does not answer ({failure.trouble}).",
            "carrier.counterpart、回線、相手方の稼働を確認し、急ぐ場合は媒体で渡してください(申合せ5)。",
            "Check carrier.counterpart, the network and the counterpart's node; if urgent, use a medium "
            "(clause 5).",
        )
        return
    yield ok("相手方のノードが応答します(相互認証)。", "The counterpart's node answers (mutual TLS).")
    skew = keystore.home().terms().agreement.clock_skew
    try:
        differs = abs(parsedate_to_datetime(date) - now)
    except ValueError:
        yield warning("相手方の時刻が分かりません。", "The counterpart does not give its time.")
        return
    seconds = int(differs.total_seconds())
    if differs > skew:
        yield fault(
            f"時計が相手方と{seconds}秒ずれています。",
            f"The clock differs from the counterpart's by {seconds} seconds.",
            "この機械の時刻同期(chrony等)を確認し、正しければ相手方に知らせてください。",
            "Check this machine's time service (such as chrony); if it is right, inform the counterpart.",
        )
    else:
        yield ok(f"時計の差は{seconds}秒です。", f"The clocks differ by {seconds} seconds.")


# --- the work: a restore, the daily cycle, alarms, the backup -----------------------------------------------

_BY: Final = 10  # o'clock: by then the timer must have opened the day
_BACKUP_EVERY: Final = timedelta(days=7)


def restored(now: datetime) -> Iterator[Diagnosis]:
    """Check that the numbers of a restored node have been compared with the counterpart's."""
    mark = restore_check.restored()
    if mark is None:
        yield ok("照合を待つ復元はありません。", "No restore is waiting for the comparison of numbers.")
        return
    last = ", ".join(f"{service} {number}" for service, number in mark["last_sent"].items()) or "-"
    yield fault(
        f"{mark['made_at']}のバックアップから復元されています(最後の番号: {last})。"
        "照合まで何も封緘しません。",
        f"Restored from a backup of {mark['made_at']} (last numbers: {last}). Nothing is sealed until the "
        "numbers have been compared.",
        "`renkei restored confirm`を実行してください。",
        "Run `renkei restored confirm`.",
    )


def cycle(now: datetime) -> Iterator[Diagnosis]:
    """Check that the timer runs: every business day must have begun by ten o'clock."""
    local = timezone.localtime(now)
    day = Day.objects.order_by("-business_day").first()
    closed = keystore.home().terms().agreement.calendar.closed_days
    due = is_working_day(local.date(), closed) and local.hour >= _BY
    if day is None or (due and day.business_day < local.date()):
        say = fault if due else warning
        yield say(
            "本日の処理が始まっていません。" if day else "日次処理はまだ一度も動いていません。",
            "Today's cycle has not begun." if day else "The cycle has never run.",
            "`systemctl list-timers`を確認し、`renkei cycle run`を手で動かしてみてください。",
            "Check `systemctl list-timers`, and try `renkei cycle run` by hand.",
        )
    else:
        yield ok(f"最後に始まった日は{day}です。", f"The last day that began is {day}.")


def alarms(now: datetime) -> Iterator[Diagnosis]:
    """List the active alarms."""
    found = ringing.ringing()
    for alarm in found:
        sentence = ringing.sentence(alarm)
        yield warning(sentence.ja, sentence.en)
    if not found:
        yield ok("警報は鳴っていません。", "No alarm is active.")


def backup(now: datetime) -> Iterator[Diagnosis]:
    """Check when the last backup was made; only production needs one."""
    last = Entry.objects.filter(verb=Verb.BACKUP_MADE.name).order_by("-number").first()
    if last is not None and now - last.at <= _BACKUP_EVERY:
        at = timezone.localtime(last.at)
        yield ok(
            f"最後のバックアップは{at:%Y-%m-%d %H:%M}です。",
            f"The last backup was made at {at:%Y-%m-%d %H:%M}.",
        )
    elif settings.NODE.environment == "production":
        yield warning(
            "この7日間にバックアップがありません。",
            "No backup was made in the last 7 days.",
            "`renkei backup FILE --to CERT`を実行し、毎日のタイマーを確認してください。",
            "Run `renkei backup FILE --to CERT`, and check its daily timer.",
        )
    else:
        yield ok("検証環境のため、バックアップは求めません。", "No backup is required outside production.")
