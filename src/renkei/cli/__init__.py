"""The command line: each command reads its arguments, calls one package and prints the result."""

import io
import os
import sys
from errno import EACCES, EISDIR, ELOOP, ENAMETOOLONG, ENOTDIR, EPERM, EROFS
from typing import TYPE_CHECKING, Any

from renkei.agreement.errors import RenkeiError
from renkei.cli import output
from renkei.cli.loading import gc_paused

if TYPE_CHECKING:
    import typer

    app: typer.Typer

__all__ = ["app", "main"]


# The libraries read these when they are loaded. A user's own settings are not replaced.
_SETTINGS = {
    # Keep freed memory for a while: if it is returned to the kernel at once, the kernel clears it again page
    # by page, which costs a sixth of a large matching's processor time.
    "_RJEM_MALLOC_CONF": "dirty_decay_ms:5000,muzzy_decay_ms:5000",
    "ARROW_DEFAULT_MEMORY_POOL": "jemalloc",
    # NumPy's threads for linear algebra would use processor time while they wait; we use no linear algebra.
    "OPENBLAS_NUM_THREADS": "1",
}


# The faults of a place that cannot be written to, rather than of the machine (a full disk is one of those).
_UNUSABLE_PLACE = frozenset({EACCES, EPERM, EROFS, ENOTDIR, EISDIR, ENAMETOOLONG, ELOOP})


def __getattr__(name: str) -> Any:
    """Return `app`; every command is loaded only when `app` is read."""
    if name == "app":
        from renkei.cli.commands import application

        return application()
    raise AttributeError(name)


def __dir__() -> list[str]:
    """List `app` for programs that look for it, such as typer's own command."""
    return __all__


def main() -> None:
    """Run a command and end with its status (reconciliation §8).

    0: done; 1: a fault of ours or of the machine; 2: arguments or a file that cannot be used, a place that
    cannot be written to among them; 3: implausible input. A refusal is printed in the user's language. If
    whoever reads the output has gone, as `head` does, the command is done.
    """
    lang = output.chosen_language(sys.argv)
    for name, value in _SETTINGS.items() if os.name != "nt" else ():
        os.environ.setdefault(name, value)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A pipe on Windows takes only the characters of its code page; a message must not fail by one.
        sys.stdout.reconfigure(errors="replace")
    try:
        _run()
    except SystemExit as ended:
        # The library ends with 1 when a pipe is closed; that of another place than our output is a fault.
        done = (None, 0, 1) if isinstance(ended.__context__, BrokenPipeError) else (None, 0)
        if output.is_closed() and ended.code in done:
            raise SystemExit(0) from None
        raise
    except RenkeiError as refusal:
        output.print_error(refusal.say(lang))
        raise SystemExit(refusal.exit_status) from None
    except OSError as fault:
        # Print the reason and the file, never a traceback: neither contains anything of a row.
        where = f"{fault.filename}: " if fault.filename else ""
        output.print_error(
            where + output.one_of((f"読み書きできません({fault.strerror})", str(fault.strerror)), lang)
        )
        raise SystemExit(2 if fault.errno in _UNUSABLE_PLACE else 1) from None
    except Exception as fault:
        # An unexpected fault: its text may quote a row, so it is not printed.
        output.print_error(output.fault(fault, lang))
        raise SystemExit(1) from None


def _run() -> None:
    """Run the command of the arguments."""
    try:
        _loaded()()
    except ModuleNotFoundError as fault:
        from renkei.cli import extras

        extras.explain(fault)
        raise


def _loaded() -> Any:
    """Return the application, ready to run."""
    with gc_paused():
        return _application()


def _application() -> Any:
    """Return an application of the command in the arguments only, or of all commands if there is none."""
    from renkei.cli.commands import COMMANDS, application

    return application(*[name for name in sys.argv[1:2] if name in COMMANDS])
