"""The command line: it reads arguments, calls one package, and says what came of it."""

import sys

import typer

from renkei.agreement.errors import RenkeiError
from renkei.cli import speech
from renkei.cli.agreement import agreement
from renkei.cli.demo import demo
from renkei.cli.explain import explain
from renkei.cli.prepare import prepare
from renkei.cli.reconcile import reconcile
from renkei.cli.simulate import simulate

__all__ = ["app", "main"]

app = typer.Typer(
    help="Renkei: link foreigner employment notifications with residence records (申合せ 2021-03-18).",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # a traceback with local variables would show personal data
    rich_markup_mode=None,
)
for command in (agreement, simulate, prepare, reconcile, explain, demo):
    app.command()(command)


def main() -> None:
    """Run a command; a refusal is said in the user's language and ends with status 2, a fault with 1."""
    lang = speech.chosen_language(sys.argv)
    try:
        app()
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
