"""The doctor's look at the work: a restore not settled, the timer, what rings, the last backup."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.utils import timezone

from renkei.node.audit.models import Entry
from renkei.node.audit.verbs import Verb
from renkei.node.cycle import alarms as ringing
from renkei.node.cycle.models import Day
from renkei.node.deliveries import keystore, restore_check
from renkei.node.operations.diagnosis import Diagnosis, fault, ok, warning
from renkei.node.working_days import is_working_day

_BY: Final = 10  # o'clock: by then the timer must have opened the day
_BACKUP_EVERY: Final = timedelta(days=7)


def restored(now: datetime) -> Iterator[Diagnosis]:
    """Whether a restored node's numbers were compared."""
    mark = restore_check.restored()
    if mark is None:
        yield ok("照合を待つ復元はありません。", "No restore waits to be compared.")
        return
    last = ", ".join(f"{service} {number}" for service, number in mark["last_sent"].items()) or "-"
    yield fault(
        f"{mark['made_at']}のバックアップから復元されています(最後の番号: {last})。"
        "照合まで何も封緘しません。",
        f"Restored from a backup of {mark['made_at']} (last numbers: {last}); nothing is sealed before they "
        "were compared.",
        "`renkei restored confirm`を実行してください。",
        "Run `renkei restored confirm`.",
    )


def cycle(now: datetime) -> Iterator[Diagnosis]:
    """Whether the timer runs: every business day has its row by the morning."""
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
            "See `systemctl list-timers`, and start `renkei cycle run` by hand.",
        )
    else:
        yield ok(f"最後に始まった日は{day}です。", f"The last day begun is {day}.")


def alarms(now: datetime) -> Iterator[Diagnosis]:
    """What rings."""
    found = ringing.ringing()
    for alarm in found:
        sentence = ringing.sentence(alarm)
        yield warning(sentence.ja, sentence.en)
    if not found:
        yield ok("警報は鳴っていません。", "No alarm rings.")


def backup(now: datetime) -> Iterator[Diagnosis]:
    """When the last backup was made; only in production must there be one."""
    last = Entry.objects.filter(verb=Verb.BACKUP_MADE.name).order_by("-number").first()
    if last is not None and now - last.at <= _BACKUP_EVERY:
        at = timezone.localtime(last.at)
        yield ok(
            f"最後のバックアップは{at:%Y-%m-%d %H:%M}です。", f"The last backup is of {at:%Y-%m-%d %H:%M}."
        )
    elif settings.NODE.environment == "production":
        yield warning(
            "この7日間にバックアップがありません。",
            "There is no backup of the last 7 days.",
            "`renkei backup FILE --to CERT`を実行し、毎日のタイマーを確認してください。",
            "Run `renkei backup FILE --to CERT`, and see its daily timer.",
        )
    else:
        yield ok("検証環境のため、バックアップは求めません。", "Outside production no backup is asked for.")
