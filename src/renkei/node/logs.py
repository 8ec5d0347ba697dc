"""The node's log: one line of JSON for each event on standard error, from our code and from libraries.

A line holds only the keys of the table `KEYS`. For a fault it has the class and the traceback's places, never
its text, which may quote a row; only the texts of our own errors are logged, because they hold no values. A
library's line has its logger, its place, and its template if that is a literal in the code. Values that were
filled in, and texts that a program built itself, are left out.
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

# --- what a line may hold: one row for each key -------------------------------------------------------------

Check = Callable[[Any], bool]


def _written(pattern: str) -> Check:
    fits = re.compile(pattern, re.ASCII).fullmatch
    return lambda value: isinstance(value, str) and fits(value) is not None


_NAME: Final = _written(r"[A-Za-z_]\w{0,60}")
_WORDS_OF_THE_SYSTEM: Final = frozenset(map(os.strerror, errno.errorcode))

#: The values that each key may hold. Add a row with the log line that needs it, as narrow as possible.
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
    # Reduced below by `_tell_fault` and `_tell_record`, which keep no values.
    "exc_info": lambda value: True,
    "record": lambda value: isinstance(value, logging.LogRecord),
}
_TELLABLE: Final = _written(r"[a-z_]{1,40}")


def known_only(logger: object, method: str, said: Mapping[str, Any]) -> dict[str, Any]:
    """Keep the keys of the table; list other keys without values in `dropped` (a structlog processor).

    A key that does not look like a key is listed as `?`, because it may be a value itself.
    """
    kept = {key: value for key, value in said.items() if key in KEYS and KEYS[key](value)}
    dropped = sorted({key if _TELLABLE(key) else "?" for key in said.keys() - kept.keys()})
    kept.setdefault("event", "unnamed")
    return {**kept, "dropped": dropped} if dropped else kept


# --- the log of a process -----------------------------------------------------------------------------------

_log = structlog.get_logger()

_MOST_PLACES: Final = 20
_PARTS: Final = 3  # of a file's path: enough to find it, without the user's home directory


def configure(level: str) -> None:
    """Route structlog, the standard library's logging, warnings and uncaught faults to this log."""
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
        # Looked up for each line, because a command run within a process may have another stream.
        logger_factory=lambda *_: structlog.WriteLogger(sys.stderr),
    )
    root = logging.getLogger()
    root.handlers = [each for each in root.handlers if not isinstance(each, _Libraries)]
    root.addHandler(_Libraries())
    root.setLevel(level.upper())
    warnings.showwarning = _warned
    # Hooks set by others, such as a test runner, are kept.
    if sys.excepthook is sys.__excepthook__:
        sys.excepthook = _uncaught
    if threading.excepthook is threading.__excepthook__:
        threading.excepthook = _uncaught_in_thread
    if sys.unraisablehook is sys.__unraisablehook__:
        sys.unraisablehook = _unraisable


def of_server(message: str = "", level: int = logging.ERROR, traceback: bool = False) -> None:
    """Replace cheroot's `error_log`, which would write messages about a connection unfiltered."""
    _log.log(_named(level), "connection_trouble", exc_info=traceback)


class _Libraries(logging.Handler):
    """Handles log records of libraries. It never formats a record, so no value gets into the log."""

    def emit(self, record: logging.LogRecord) -> None:
        """Pass a record on. If that fails, neither stop the program nor show the record."""
        try:
            _log.log(_named(record.levelno), "said", record=record, exc_info=record.exc_info)
        except Exception:
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """Report that a line was lost; the standard library's handler would print its contents."""
        sys.stderr.write('{"event": "line_lost", "level": "error"}\n')


def _named(level: int) -> int:
    """Return the nearest standard level below; libraries may have levels in between."""
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
    """Whether the template is a literal in the code that logs it, so that no value was put into it."""
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
    """Yield a fault and its causes, each once."""
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
    logged: dict[str, Any] = {"fault": type(fault).__name__, "places": frames[-_MOST_PLACES:]}
    return {**logged, "says": fault.en} if isinstance(fault, RenkeiError) else logged


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
