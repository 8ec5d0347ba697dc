"""`renkei doctor`: whether everything that a node needs is there and in order, as a table of checks.

Each check looks at one thing and says what it found: ok, a warning or a fault, and what to do next.
None of them changes anything. A check that itself fails is a fault, and the others go on.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from renkei.agreement.errors import RenkeiError
from renkei.node.operations import looking_at_keys, looking_at_place, looking_at_work
from renkei.node.operations.diagnosis import Diagnosis, fault, warning


@dataclass(frozen=True, slots=True)
class Check:
    """One row: what is looked at, its name in both languages, how, whether it takes the agreement file."""

    name: str
    ja: str
    en: str
    look: Callable[[datetime], Iterator[Diagnosis]]
    agreed: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """What a check found."""

    check: Check
    diagnosis: Diagnosis


CHECKS: Final[tuple[Check, ...]] = (
    Check("configuration", "設定", "Configuration", looking_at_place.configuration),
    Check("database", "データベース", "Database", looking_at_place.database),
    Check("disk", "ディスク", "Disk", looking_at_place.disk),
    Check("extracts", "抽出データの受け口", "Extracts", looking_at_place.extracts),
    Check("agreement", "取決めファイル", "Agreement file", looking_at_keys.agreement),
    Check("certificates", "証明書", "Certificates", looking_at_keys.certificates, agreed=True),
    Check("keys", "秘密鍵", "Private keys", looking_at_keys.keys, agreed=True),
    Check("counterpart", "相手方と時計", "Counterpart and clock", looking_at_keys.counterpart, agreed=True),
    Check("restore", "復元後の照合", "After a restore", looking_at_work.restored),
    Check("cycle", "日次処理", "The day", looking_at_work.cycle, agreed=True),
    Check("alarms", "警報", "Alarms", looking_at_work.alarms),
    Check("backup", "バックアップ", "Backup", looking_at_work.backup),
)


_WITHOUT: Final = warning(
    "有効な取決めファイルがないため、確認していません。",
    "Not looked at: there is no valid agreement file.",
    "先に取決めファイルを発効させてください。",
    "Put the agreement file into force first.",
)


def examine(now: datetime) -> list[Found]:
    """Look at everything, in the table's order; without an agreement file, at what does not take one."""
    agreed = all(each.level != "fault" for each in looking_at_keys.agreement(now))
    return [
        Found(check, diagnosis)
        for check in CHECKS
        for diagnosis in ([_WITHOUT] if check.agreed and not agreed else _look(check, now))
    ]


def _look(check: Check, now: datetime) -> Iterator[Diagnosis]:
    try:
        yield from check.look(now)
    except RenkeiError as refusal:
        yield fault(refusal.say("ja"), refusal.say("en"))
    except Exception as failure:
        # Its text may hold what a log must not; the kind of it and where to look are enough.
        yield fault(
            f"確認できませんでした({type(failure).__name__})。",
            f"It could not be looked at ({type(failure).__name__}).",
            "上の項目を先に直し、もう一度実行してください。",
            "Put right what stands above first, and run again.",
        )
