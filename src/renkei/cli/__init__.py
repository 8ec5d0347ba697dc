"""The command line: it reads arguments, calls one package, and says what came of it."""

import sys
from typing import TYPE_CHECKING, Any

from renkei.agreement.errors import RenkeiError
from renkei.cli import speech

if TYPE_CHECKING:
    from renkei.cli.commands import app

__all__ = ["app", "main"]


def __getattr__(name: str) -> Any:
    """Give `app`, loading every command only when it is asked for."""
    if name == "app":
        from renkei.cli.commands import app

        return app
    raise AttributeError(name)


def __dir__() -> list[str]:
    """Name `app` for those who look for it, such as typer's own command."""
    return __all__


def main() -> None:
    """Run a command; a refusal is said in the user's language and ends with status 2, a fault with 1."""
    lang = speech.chosen_language(sys.argv)
    try:
        _application()()
    except RenkeiError as refusal:
        speech.complain(refusal.say(lang))
        raise SystemExit(2) from None
    except OSError as fault:
        # The reason and the file, never a traceback: nothing of a row is in either.
        where = f"{fault.filename}: " if fault.filename else ""
        speech.complain(
            where + speech.one_of((f"読み書きできません({fault.strerror})", str(fault.strerror)), lang)
        )
        raise SystemExit(1) from None


def _application() -> Any:
    """Return the commands of the exchange alone where one of them is meant: they stay small in memory."""
    from renkei.cli import exchange

    if len(sys.argv) > 1 and sys.argv[1] in exchange.NAMES:
        return exchange.alone(sys.argv[1])
    from renkei.cli.commands import app

    return app
