"""The command line: it reads arguments, calls one package, and says what came of it."""

import os
import sys
from typing import TYPE_CHECKING, Any

from renkei.agreement.errors import RenkeiError
from renkei.cli import output
from renkei.cli.loading import for_good

if TYPE_CHECKING:
    import typer

    app: typer.Typer

__all__ = ["app", "main"]


# Read by the libraries when they are loaded; a user's own settings stand.
_SETTINGS = {
    # Memory given back to the kernel at once comes again cleared, page by page: a sixth of a large matching's
    # processor time.
    "_RJEM_MALLOC_CONF": "dirty_decay_ms:5000,muzzy_decay_ms:5000",
    "ARROW_DEFAULT_MEMORY_POOL": "jemalloc",
    # NumPy's threads for linear algebra wait for it at full speed from the start, and there is none here.
    "OPENBLAS_NUM_THREADS": "1",
}


def __getattr__(name: str) -> Any:
    """Give `app`, loading every command only when it is asked for."""
    if name == "app":
        from renkei.cli.commands import application

        return application()
    raise AttributeError(name)


def __dir__() -> list[str]:
    """Name `app` for those who look for it, such as typer's own command."""
    return __all__


def main() -> None:
    """Run a command; a refusal is said in the user's language and ends with status 2, a fault with 1."""
    lang = output.chosen_language(sys.argv)
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
    try:
        _run()
    except RenkeiError as refusal:
        output.complain(refusal.say(lang))
        raise SystemExit(2) from None
    except OSError as fault:
        # The reason and the file, never a traceback: nothing of a row is in either.
        where = f"{fault.filename}: " if fault.filename else ""
        output.complain(
            where + output.one_of((f"読み書きできません({fault.strerror})", str(fault.strerror)), lang)
        )
        raise SystemExit(1) from None
    except Exception as fault:
        # Whatever was not foreseen: its text may quote a row, and is not printed.
        output.complain(output.fault(fault, lang))
        raise SystemExit(1) from None


def _run() -> None:
    """Run the command that is meant."""
    try:
        _loaded()()
    except ModuleNotFoundError as fault:
        from renkei.cli import extras

        extras.explain(fault)
        raise


def _loaded() -> Any:
    """Return the application, ready to run."""
    with for_good():
        return _application()


def _application() -> Any:
    """Return an application of the command that is meant, or of all where it is none."""
    from renkei.cli.commands import COMMANDS, application

    return application(*[name for name in sys.argv[1:2] if name in COMMANDS])
