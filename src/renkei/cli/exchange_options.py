"""Options and helpers of the exchange's commands: a party's directory, passphrase, time, refusals."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from renkei.agreement.text import Lang
from renkei.cli import output
from renkei.exchange.errors import ExchangeError, Misused

HomeOption = Annotated[
    Path,
    typer.Option(
        "--home",
        envvar="RENKEI_HOME",
        metavar="DIR",
        help="The party's directory: agreement, keys, deliveries.",
    ),
]
PassphraseOption = Annotated[
    Path | None,
    typer.Option(
        "--passphrase-file",
        envvar="RENKEI_PASSPHRASE_FILE",
        metavar="FILE",
        help="File whose first line unlocks the keys; by default you are asked.",
    ),
]


def now() -> datetime:
    """Return the present time in whole seconds; the libraries get the time from the commands."""
    return datetime.now(UTC).replace(microsecond=0)


def passphrase(path: Path | None, lang: Lang | None) -> bytes:
    """Read the passphrase from a file that only its owner can read, or ask the user for it."""
    if path is None:
        question = output.one_of(("鍵のパスフレーズ", "Passphrase of the keys"), lang)
        return str(typer.prompt(question, hide_input=True, err=True)).encode()
    try:
        if path.stat().st_mode & 0o077:
            raise Misused("key_unreadable", f"{path.name}: chmod 600")
        return path.read_bytes().splitlines()[0]
    except (OSError, IndexError):
        raise Misused("key_unreadable", path.name) from None


def refusal_fields(refusal: ExchangeError, lang: Lang | None) -> dict[str, Any]:
    """Return a refusal for JSON output: its code, whether to retry, the sentence."""
    return {
        "code": refusal.code,
        "retry": refusal.retry,
        "alarm": refusal.alarm,
        "sentence": refusal.say(output.language(lang)),
    }
