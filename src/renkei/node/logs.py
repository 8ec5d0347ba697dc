"""The node's log: a line of JSON for each event, on standard error, from our code and from libraries alike.

A line holds the keys of one table (`KEYS`), each in its form, and nothing else. A fault is logged by its
class and the places in the code, never by its text, which may quote a row. Our own errors are logged with
their sentences, since these hold no value. A line of a library has its logger, its place and its message template,
if the template is a literal in the code; arguments and text put together at run time are left out.
"""

import errno
import logging
import os
import re
import sys
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePath
from types import CodeType, TracebackType
from typing import Any, Final, TextIO

import structlog
from structlog.typing import EventDict

from renkei.agreement.errors import RenkeiError

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


_log = structlog.get_logger()

_MOST_PLACES: Final = 20
_PARTS: Final = 3  # of a file's path: enough to find it, and not where somebody's home is


def configure(level: str) -> None:
    """Send structlog, the standard library's logging, warnings and uncaught faults of this process here."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            known_only,
            _tell_record,
            _tell_fault,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level.lower()),
        # Asked for anew with each line: whoever runs a command within a process may give it another stream.
        logger_factory=lambda *_: structlog.WriteLogger(sys.stderr),
    )
    root = logging.getLogger()
    root.handlers = [each for each in root.handlers if not isinstance(each, _Libraries)]
    root.addHandler(_Libraries())
    root.setLevel(level.upper())
    warnings.showwarning = _warned
    # Whoever put hooks of their own there, such as a test runner, keeps them.
    if sys.excepthook is sys.__excepthook__:
        sys.excepthook = _uncaught
    if threading.excepthook is threading.__excepthook__:
        threading.excepthook = _uncaught_in_thread
    if sys.unraisablehook is sys.__unraisablehook__:
        sys.unraisablehook = _unraisable


def of_server(message: str = "", level: int = logging.ERROR, traceback: bool = False) -> None:
    """Take what cheroot says of a connection, in place of its `error_log`, which would write it as it is."""
    _log.log(_named(level), "connection_trouble", exc_info=traceback)


class _Libraries(logging.Handler):
    """What libraries log by the standard library; nothing is ever formatted, so nothing can be filled in."""

    def emit(self, record: logging.LogRecord) -> None:
        """Hand a record on. One that cannot be told is no reason to stop, nor to show it."""
        try:
            _log.log(_named(record.levelno), "said", record=record, exc_info=record.exc_info)
        except Exception:
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """Say that a line was lost; the standard library's own way would print what it held."""
        sys.stderr.write('{"event": "line_lost", "level": "error"}\n')


def _named(level: int) -> int:
    """Return the nearest level below that has a name; libraries may make their own in between."""
    return min(max(level // 10 * 10, logging.DEBUG), logging.CRITICAL)


def _tell_record(logger: object, method: str, said: EventDict) -> EventDict:
    record = said.pop("record", None)
    if record is not None:
        said["logger"] = record.name
        said["place"] = _place(record.pathname, record.lineno, record.funcName)
        if _is_literal(record):
            said["template"] = record.msg
        if isinstance(status := getattr(record, "status_code", None), int):
            said["status"] = status
    return said


def _is_literal(record: logging.LogRecord) -> bool:
    """Whether the template stands as it is in the code that logs: then no value was put into it."""
    for frame, line in traceback.walk_stack(None):
        code = frame.f_code
        if (code.co_filename, code.co_name, line) == (record.pathname, record.funcName, record.lineno):
            return record.msg in _texts(code)
    return False


def _texts(code: CodeType) -> list[str]:
    return [each for each in code.co_consts if isinstance(each, str)]


def _tell_fault(logger: object, method: str, said: EventDict) -> EventDict:
    found = said.pop("exc_info", None)
    if found is True:
        found = sys.exc_info()
    fault = found[1] if isinstance(found, tuple) else found
    if isinstance(fault, BaseException):
        said["faults"] = [_fault(each) for each in _chain(fault)]
    return said


def _chain(fault: BaseException | None) -> Iterator[BaseException]:
    """Give a fault and what led to it, each once."""
    seen: set[int] = set()
    while fault is not None and id(fault) not in seen:
        seen.add(id(fault))
        yield fault
        fault = fault.__cause__ or (None if fault.__suppress_context__ else fault.__context__)


def _fault(fault: BaseException) -> dict[str, Any]:
    frames = [
        _place(frame.f_code.co_filename, line, frame.f_code.co_name)
        for frame, line in traceback.walk_tb(fault.__traceback__)
    ]
    told: dict[str, Any] = {"fault": type(fault).__name__, "places": frames[-_MOST_PLACES:]}
    return {**told, "says": fault.en} if isinstance(fault, RenkeiError) else told


def _place(file: str, line: int | None, function: str | None) -> str:
    return f"{'/'.join(PurePath(file).parts[-_PARTS:])}:{line} {function or ''}".rstrip()


def _warned(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    _log.warning("warned", trouble=category.__name__, where=f"{PurePath(filename).stem}:{lineno}")


def _uncaught(kind: type[BaseException], fault: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, fault, trace)
    else:
        _log.critical("stopped", exc_info=fault)


def _uncaught_in_thread(found: threading.ExceptHookArgs) -> None:
    if not issubclass(found.exc_type, SystemExit):
        _log.critical("thread_stopped", exc_info=found.exc_value)


def _unraisable(found: "sys.UnraisableHookArgs") -> None:
    _log.error("left_behind", exc_info=found.exc_value)
