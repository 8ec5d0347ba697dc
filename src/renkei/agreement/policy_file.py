"""A policy from an office's TOML file: the values of decisions, and who confirmed them and when (8(2))."""

import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from renkei.agreement.decisions import A_DAY, DECISIONS, Policy, PolicyError, shown
from renkei.agreement.parties import PARTIES

_CONFIRMED: Final = "confirmed"


def load_policy(path: Path) -> Policy:
    """Read a policy from a TOML file of `key = value`; what it leaves out keeps the default.

    `[confirmed]` says on which day the office of a party (8(2)) confirmed a value that the file states, as
    in `grace_days.isa = 2026-04-01`. PolicyError names the file and every wrong key or value, and what is
    allowed; for a file that is not TOML, the line.
    """
    given = _read_toml(path)
    confirmed = given.pop(_CONFIRMED, {})
    refusals = [_unknown(key) for key in given if key not in DECISIONS]
    for key, value in given.items():
        if key in DECISIONS:
            try:
                DECISIONS[key].read(value)
            except PolicyError as refusal:
                refusals.append(refusal)
    refusals.extend(_faults(confirmed, given))
    if refusals:
        raise PolicyError(
            f"{path.name}: " + " ".join(refusal.en for refusal in refusals),
            f"{path.name}: " + "".join(refusal.ja for refusal in refusals),
        )
    days = {key: {party: A_DAY.read(day) for party, day in by.items()} for key, by in confirmed.items()}
    return Policy(**given, confirmations=days)


def _faults(confirmed: object, stated: Collection[str]) -> Iterator[PolicyError]:
    """Say what is wrong with `[confirmed]`.

    Who confirms, confirms a value: it stands in the same file, so that a later default is not taken for it.
    """
    if not isinstance(confirmed, Mapping):
        yield _no_confirmation(_CONFIRMED, confirmed)
        return
    for key, by_party in confirmed.items():
        name = f"{_CONFIRMED}.{key}"
        if key not in DECISIONS:
            yield _unknown(name)
        elif key not in stated:
            yield PolicyError(
                f"{name}: the file does not state {key}. Write the value that was confirmed.",
                f"{name}: ファイルに {key} の値がありません。確認された値を書いてください。",
            )
        elif not isinstance(by_party, Mapping):
            yield _no_confirmation(name, by_party)
        else:
            yield from (
                _no_confirmation(f"{name}.{party}", day)
                for party, day in by_party.items()
                if party not in PARTIES or not _is_day(day)
            )


def _is_day(value: object) -> bool:
    try:
        A_DAY.read(value)
    except ValueError:
        return False
    return True


def _no_confirmation(name: str, value: object) -> PolicyError:
    parties = ", ".join(PARTIES)
    return PolicyError(
        f"{name} = {shown(value)} says of no party ({parties}) when its office confirmed: give {A_DAY.en} "
        f"for one of them.",
        f"{name} = {shown(value)} では、どちらの機関（{parties}）がいつ確認したか分かりません。"
        f"機関ごとに{A_DAY.ja}を書いてください。",
    )


def _unknown(key: str) -> PolicyError:
    known = ", ".join(DECISIONS)
    return PolicyError(
        f"{key} is not a decision: the keys are {known}.",
        f"{key} という決定事項はありません。指定できるキー: {known}。",
    )


def _read_toml(path: Path) -> dict[str, Any]:
    import tomllib  # whoever seals loads this module, and never reads a policy

    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError:
        raise PolicyError(
            f"{path.name}: the policy cannot be opened.", f"{path.name}: 方針ファイルを開けません。"
        ) from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise PolicyError(
            f"{path.name}, line {line}: the policy is not UTF-8.",
            f"{path.name} {line}行目: 方針ファイルが UTF-8 ではありません。",
        ) from None
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"at line (\d+)", str(error))  # no attribute says it before Python 3.14
        line = int(found[1]) if found else len(text.splitlines())
        raise PolicyError(
            f"{path.name}, line {line}: this is not TOML.",
            f"{path.name} {line}行目: TOML として読めません。",
        ) from None
