"""What a line of the log may hold: a row for each key, and nothing without one."""

import errno
import logging
import os
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

Check = Callable[[Any], bool]


def _written(pattern: str) -> Check:
    fits = re.compile(pattern, re.ASCII).fullmatch
    return lambda value: isinstance(value, str) and fits(value) is not None


_NAME: Final = _written(r"[A-Za-z_]\w{0,60}")
_WORDS_OF_THE_SYSTEM: Final = frozenset(map(os.strerror, errno.errorcode))

#: What each key may hold. A row is added with the line that needs it, in the narrowest shape that does.
KEYS: Final[Mapping[str, Check]] = {
    "event": _written(r"[a-z][a-z_]{0,60}"),
    "level": _written(r"[a-z]{1,10}"),
    "timestamp": _written(r"[0-9T:.+-]{10,40}Z?"),
    "what": _NAME,  # which of the servers
    "address": _written(r"[\w.:\[\]-]{1,100}"),  # where it listens
    "day": _written(r"\d{4}-\d\d-\d\d"),
    "step": _written(r"(\d{4}-\d\d-\d\d )?[a-z_]{1,40}"),
    "work": _NAME,  # a function of ours
    "trouble": _NAME,  # a code of ours, or the class of a fault
    "reason": lambda value: value in _WORDS_OF_THE_SYSTEM,  # what the operating system says of an errno
    "where": _written(r"(<?[\w.-]+>?:\d+)?"),  # function and line of ours
    # Told further by `logs`, which takes from them what is no value: see there.
    "exc_info": lambda value: True,
    "record": lambda value: isinstance(value, logging.LogRecord),
}
_TELLABLE: Final = _written(r"[a-z_]{1,40}")


def known_only(logger: object, method: str, said: Mapping[str, Any]) -> dict[str, Any]:
    """Keep what the table knows; of anything else only the key is told, in `dropped` (a structlog processor).

    A key that does not look like one is told as `?`: it may be a value itself.
    """
    kept = {key: value for key, value in said.items() if key in KEYS and KEYS[key](value)}
    dropped = sorted({key if _TELLABLE(key) else "?" for key in said.keys() - kept.keys()})
    kept.setdefault("event", "unnamed")
    return {**kept, "dropped": dropped} if dropped else kept
