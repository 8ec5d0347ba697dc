"""The second part of `renkei demo`: two nodes on this machine run for five days over real TLS.

Each node's commands and its server are separate processes. At the end both consoles can be served, with a
ready account for each.
"""

import base64
import csv
import json
import os
import secrets
import shutil
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO, Any, ClassVar, Final, cast
from urllib.parse import parse_qs, urlsplit

import typer
from rich.table import Table

from renkei.agreement.errors import RenkeiError
from renkei.agreement.parties import PARTIES
from renkei.agreement.text import Lang
from renkei.cli import output
from renkei.cli.terminal import Console
from renkei.node.records import control_files
from renkei.node.rehearsal import Rehearsal, rehearse

FIRST: Final = date(2026, 4, 1)
#: Each business day with the simulated days whose extracts arrive on it; a weekend's arrive on Monday.
DAYS: Final = (
    (FIRST, ()),
    (date(2026, 4, 2), (1,)),
    (date(2026, 4, 3), (2,)),
    (date(2026, 4, 6), (3, 4, 5)),
    (date(2026, 4, 7), (6,)),
)
WITHOUT_NETWORK: Final = date(2026, 4, 6)
SIMULATED_DAYS: Final = 6
_OF: Final = {"mhlw": ("notifications",), "isa": ("persons", "cards", "permissions")}
_STEPS: Final = {
    "mhlw": (
        ("select", "rows"),
        ("open", "discrepancy_reported"),
        ("open", "suspected_omission_reported"),
        ("open", "withdrawn"),
    ),
    "isa": (
        ("open", "rows"),
        ("match", "looked_at"),
        ("answer", "discrepancy_reported"),
        ("answer", "suspected_omission_reported"),
        ("answer", "withdrawn"),
    ),
}
_HEADS: Final = {
    "select rows": ("送った届出", "notifications sent"),
    "open rows": ("受けた届出", "received"),
    "match looked_at": ("突合した届出", "matched again"),
    "discrepancy_reported": ("不一致", "mismatches"),
    "suspected_omission_reported": ("未届の疑い", "suspected omissions"),
    "withdrawn": ("取下げ", "withdrawn"),
}
_ACCOUNT = "tanaka"
_DUTIES = ("operate", "handle_cases", "audit", "administer")
#: The command that serves the node that the environment names.
SERVE: Final = (sys.executable, "-m", "renkei", "serve")
_KEPT: Final = 40  # last lines of the log, to show why a node does not serve


# --- the processes of a node -------------------------------------------------------------------------------


class CommandFailed(RenkeiError):
    """A node's command ended with a fault or a refusal; the message ends with its output."""

    exit_status: ClassVar[int] = 1


def run(environment: Mapping[str, str], *command: str) -> str:
    """Run a Renkei command to its end and return its output. Raises CommandFailed."""
    renkei = [sys.executable, "-m", "renkei", *command]
    done = subprocess.run(renkei, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise failed(command, done.returncode, done.stderr)
    return done.stdout


def failed(command: Sequence[str], status: int, said: str = "") -> CommandFailed:
    """Return the error with a command's name, status and output."""
    name = " ".join(command[:2])
    return CommandFailed(
        f"`renkei {name}` ended with status {status}.\n{said}".rstrip(),
        f"`renkei {name}`が状態{status}で終わりました。\n{said}".rstrip(),
    )


class DoesNotServe(RenkeiError):
    """A node's process ended or stayed silent before it served; the message ends with its last log lines."""

    exit_status: ClassVar[int] = 1


class Served(subprocess.Popen[bytes]):
    """`renkei serve` as a process. Its log is read to the end, because a full pipe would block it."""

    def __init__(self, environment: Mapping[str, str], command: Sequence[str] = SERVE) -> None:
        super().__init__(
            command,
            env=dict(environment) | {"PYTHONUNBUFFERED": "1"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        self._last: deque[str] = deque(maxlen=_KEPT)
        self._said = threading.Event()
        self._serves = False
        self._reader = threading.Thread(target=self._read, name="log of a node", daemon=True)
        self._reader.start()

    def ready(self, seconds: float = 60) -> "Served":
        """Wait until transport and console serve. Raises DoesNotServe after stopping the process."""
        self._said.wait(seconds)
        if not self._serves:
            self.stop()
            raise DoesNotServe(
                "The node does not serve. The end of its log:\n" + "".join(self._last),
                "ノードが稼働しません。ログの末尾:\n" + "".join(self._last),
            )
        return self

    def stop(self, seconds: float = 30) -> int:
        """Terminate it, wait for its end, and return its status."""
        self.terminate()
        return self.over(seconds)

    def over(self, seconds: float = 30) -> int:
        """Wait for the end of a terminated process and of its log; return its status."""
        status = self.wait(seconds)
        self._reader.join(seconds)
        return status

    def _read(self) -> None:
        waited = {"carrier", "console"}
        with cast("IO[bytes]", self.stderr) as log:
            for line in log:
                said = line.decode(errors="replace")
                self._last.append(said)
                waited -= {each for each in waited if '"serving"' in said and f'"{each}"' in said}
                if not waited:
                    self._serves = True
                    self._said.set()
        self._said.set()


# --- the accounts and both consoles ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Account:
    """A ready account: its password and the secret of its one-time codes."""

    password: str
    secret: bytes

    def code(self, steps: int = 0) -> str:
        """Return the current one-time code, valid for half a minute, or the one so many steps away."""
        from django_otp.oath import totp

        return f"{totp(self.secret, drift=steps):06d}"


def make_account(environment: Mapping[str, str], directory: Path) -> Account:
    """Make an account with every duty at a rehearsal's node, with an administrator's commands."""
    password = secrets.token_urlsafe(12)
    file = directory / "password"
    file.touch(0o600)
    file.write_text(password, "utf-8")
    run(environment, "officer", "add", _ACCOUNT, "--display-name", "架空 一郎", "--password-file", str(file))
    file.unlink()
    run(environment, "officer", "duty", _ACCOUNT, *_DUTIES)
    return Account(password, _enrolled(environment))


def _enrolled(environment: Mapping[str, str]) -> bytes:
    """Enrol one-time codes as an authenticator app does: read the secret, enter the first code."""
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
        # The previous code: none is accepted twice, and the current one is for the first login.
        process.communicate(f"{Account('', key).code(-1)}\n", timeout=120)
    if process.returncode:
        raise failed(command, process.returncode)
    return key


def show(consoles: Mapping[str, int], accounts: Mapping[str, Account], lang: Lang) -> None:
    """Print the addresses and accounts of both consoles, then each new one-time code until stopped."""
    for party, port in consoles.items():
        name = output.one_of((PARTIES[party].name_ja, PARTIES[party].name_en), lang)
        typer.echo(f"   {name}: http://127.0.0.1:{port}/  {_ACCOUNT}  {accounts[party].password}")
    typer.echo(output.one_of(("   終えるには Ctrl-C", "   Press Ctrl-C to stop"), lang))
    with _until_interrupted():
        while True:
            codes = "  ".join(f"{party} {account.code()}" for party, account in accounts.items())
            typer.echo(output.one_of((f"   確認コード {codes}", f"   one-time codes {codes}"), lang))
            time.sleep(30 - time.time() % 30)


@contextmanager
def _until_interrupted() -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        typer.echo()


# --- the five days -----------------------------------------------------------------------------------------


@dataclass
class Nodes:
    """Two nodes as processes on this machine."""

    made: Rehearsal
    world: Path
    serving: dict[str, Served] = field(default_factory=dict)

    def run(self, party: str, *command: str) -> str:
        """Run a node's command and return its output. Raises CommandFailed."""
        return run(os.environ | self.made.environment(party), *command)

    def serve(self, party: str) -> None:
        """Start a node's server and wait until it serves. Raises DoesNotServe."""
        self.serving[party] = Served(os.environ | self.made.environment(party)).ready()

    def silence(self, party: str) -> None:
        """Stop a node's server: for the other node, the network has failed."""
        self.serving.pop(party).stop()

    def land(self, day: date, numbers: tuple[int, ...]) -> None:
        """Copy the extracts of a day into both nodes' directories."""
        for party, datasets in _OF.items():
            place = self.made.nodes[party] / "extracts"
            place.mkdir(exist_ok=True)
            for dataset in datasets:
                for number in numbers or (0,):
                    source = self.world / (f"day-{number:02d}" if number else "") / f"{dataset}.csv"
                    mode = "delta" if number else "full"
                    landed = place / f"{dataset}.{mode}.{day}-{number}.csv"
                    shutil.copy(source, landed)
                    with landed.open(encoding="utf-8", newline="") as text:
                        control_files.write(landed, rows=sum(1 for _ in csv.reader(text)) - 1)

    def cycle(self, party: str, day: date) -> dict[str, Mapping[str, int]]:
        """Run a node's cycle; return the counts of the steps of that day."""
        steps: list[dict[str, Any]] = json.loads(
            self.run(party, "cycle", "run", "--today", day.isoformat(), "--json")
        )
        return {step["step"]: step["counts"] for step in steps if step["day"] == day.isoformat()}


def play(
    world: Path, directory: Path, lang: Lang, *, serve: bool, conclude: Callable[[], None] = lambda: None
) -> None:
    """Run two nodes for five days; `world` has six simulated days in CSV after its first.

    `conclude` prints what there is to say of the whole, after both nodes' status. `serve`: both consoles are
    served then, until interrupted.
    """
    shutil.rmtree(directory, ignore_errors=True)
    nodes = Nodes(rehearse(directory, datetime.now(UTC).replace(microsecond=0)), world)
    for party in PARTIES:
        nodes.run(party, "migrate")
    environments = {party: os.environ | nodes.made.environment(party) for party in PARTIES}
    accounts = {party: make_account(environments[party], directory) for party in PARTIES} if serve else {}
    with _serving(nodes):
        for day, numbers in DAYS:
            nodes.land(day, numbers)
            if day == WITHOUT_NETWORK:
                _say(
                    lang,
                    "   ネットワークが切れました。媒体で受け渡します(申合せ5)。",
                    "   The network has failed: exchange by medium (clause 5).",
                )
                _print(day, _by_medium(nodes, day, directory / "medium"), lang)
            else:
                _print(day, _by_network(nodes, day), lang)
        nodes.cycle("isa", DAYS[-1][0])
    for party in PARTIES:
        _say(lang, f"\n== {PARTIES[party].name_ja}の状態", f"\n== status of {PARTIES[party].name_en}")
        typer.echo(nodes.run(party, "status", "--lang", lang), nl=False)
    typer.echo()
    conclude()
    if serve:
        _say(lang, "\n== 二つのコンソール", "\n== both consoles")
        with _serving(nodes):
            show(nodes.made.consoles, accounts, lang)


@contextmanager
def _serving(nodes: Nodes) -> Iterator[None]:
    for party in PARTIES:
        nodes.serve(party)
    try:
        yield
    finally:
        for party in tuple(nodes.serving):
            nodes.silence(party)


def _by_network(nodes: Nodes, day: date) -> dict[str, dict[str, Mapping[str, int]]]:
    done: dict[str, dict[str, Mapping[str, int]]] = {party: {} for party in PARTIES}
    # ISA gets MHLW's receipt in its next run: on the next day, or at the end.
    for party in ("mhlw", "isa", "mhlw"):
        done[party] |= nodes.cycle(party, day)
    return done


def _by_medium(nodes: Nodes, day: date, medium: Path) -> dict[str, dict[str, Mapping[str, int]]]:
    done: dict[str, dict[str, Mapping[str, int]]] = {party: {} for party in PARTIES}
    for party in PARTIES:
        nodes.silence(party)
    medium.mkdir()
    why = ("--reason", "network_failure", "--agreed-by", "架空 花子")
    for party, other in (("mhlw", "isa"), ("isa", "mhlw"), ("mhlw", "isa")):
        done[party] |= nodes.cycle(party, day)
        nodes.run(party, "medium", "export", str(medium), *why)
        nodes.run(other, "medium", "import", str(medium))
    done["isa"] |= nodes.cycle("isa", day)
    for party in PARTIES:
        nodes.serve(party)
    return done


def _print(day: date, done: Mapping[str, Mapping[str, Mapping[str, int]]], lang: Lang) -> None:
    table = Table(title=day.isoformat(), title_justify="left", box=None, pad_edge=False, show_header=False)
    for party, rows in _STEPS.items():
        name = output.one_of((PARTIES[party].name_ja, party.upper()), lang)
        said = [
            f"{output.one_of(_HEADS.get(f'{step} {count}') or _HEADS[count], lang)} "
            f"{done[party].get(step, {}).get(count, 0):,}"
            for step, count in rows
        ]
        table.add_row(name, *said)
    Console(highlight=False).print(table)


def _say(lang: Lang, ja: str, en: str) -> None:
    typer.echo(output.one_of((ja, en), lang))
