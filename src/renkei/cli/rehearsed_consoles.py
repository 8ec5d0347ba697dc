"""The end of `renkei demo`: both consoles, a ready account for each, and its codes as they change."""

import base64
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import typer

from renkei.agreement.parties import PARTIES
from renkei.agreement.text import Lang
from renkei.cli import speech
from renkei.cli.served import failed, run

_ACCOUNT = "tanaka"
_DUTIES = ("operate", "handle_cases", "audit", "administer")


@dataclass(frozen=True, slots=True)
class Account:
    """A ready account: its password, and the secret of its one-time codes."""

    password: str
    secret: bytes

    def code(self) -> str:
        """Return the one-time code of this half minute."""
        from django_otp.oath import totp

        return f"{totp(self.secret):06d}"


def make_account(environment: Mapping[str, str], directory: Path) -> Account:
    """Make an account with every duty at a rehearsal's node, by the commands of an administrator."""
    password = secrets.token_urlsafe(12)
    file = directory / "password"
    file.touch(0o600)
    file.write_text(password, "utf-8")
    run(environment, "officer", "add", _ACCOUNT, "--display-name", "架空 一郎", "--password-file", str(file))
    file.unlink()
    run(environment, "officer", "duty", _ACCOUNT, *_DUTIES)
    return Account(password, _enrolled(environment))


def _enrolled(environment: Mapping[str, str]) -> bytes:
    """Enrol one-time codes as an authenticator does: take the secret, say the first code."""
    command = ("officer", "enrol", _ACCOUNT)
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-m", "renkei", *command],
        env={**environment, "PYTHONUNBUFFERED": "1"},
        stdin=pipe,
        stdout=pipe,
        text=True,
    ) as process:
        address = process.stdout.readline().strip() if process.stdout else ""
        (secret,) = parse_qs(urlsplit(address).query).get("secret", [""])
        key = base64.b32decode(secret + "=" * (-len(secret) % 8))
        process.communicate(f"{Account('', key).code()}\n", timeout=120)
    if process.returncode:
        raise failed(command, process.returncode)
    return key


def show(consoles: Mapping[str, int], accounts: Mapping[str, Account], lang: Lang) -> None:
    """Say where both consoles are and who may enter, and go on saying the codes until told to stop."""
    for party, port in consoles.items():
        name = speech.one_of((PARTIES[party].name_ja, PARTIES[party].name_en), lang)
        typer.echo(f"   {name}: http://127.0.0.1:{port}/  {_ACCOUNT}  {accounts[party].password}")
    typer.echo(speech.one_of(("   終えるには Ctrl-C", "   Ctrl-C ends it"), lang))
    with _until_told_to_stop():
        while True:
            codes = "  ".join(f"{party} {account.code()}" for party, account in accounts.items())
            typer.echo(speech.one_of((f"   確認コード {codes}", f"   one-time codes {codes}"), lang))
            time.sleep(30 - time.time() % 30)


@contextmanager
def _until_told_to_stop() -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        typer.echo()
