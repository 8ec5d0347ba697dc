"""The second part of `renkei demo`: two nodes on this machine, five days between them over real TLS."""

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import typer
from rich.console import Console
from rich.table import Table

from renkei.agreement.parties import PARTIES
from renkei.agreement.text import Lang
from renkei.cli import speech
from renkei.cli.rehearsed_consoles import make_account, show
from renkei.cli.served import Served, run
from renkei.node.rehearsal import Rehearsal, rehearse

FIRST: Final = date(2026, 4, 1)
#: The business days, and the days of the simulation whose extracts land on each: a weekend's come together.
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
    "discrepancy_reported": ("不一致", "discrepancies"),
    "suspected_omission_reported": ("未届の疑い", "suspected omissions"),
    "withdrawn": ("取下げ", "withdrawn"),
}


@dataclass
class Nodes:
    """Two nodes as processes of this machine."""

    made: Rehearsal
    world: Path
    serving: dict[str, Served] = field(default_factory=dict)

    def run(self, party: str, *command: str) -> str:
        """Run a command of a node's and return what it says. Raises CommandFailed."""
        return run(os.environ | self.made.environment(party), *command)

    def serve(self, party: str) -> None:
        """Let a node serve, and wait until it does. Raises DoesNotServe."""
        self.serving[party] = Served(os.environ | self.made.environment(party)).ready()

    def silence(self, party: str) -> None:
        """Stop a node's serving: for the other, the network is gone."""
        self.serving.pop(party).stop()

    def land(self, day: date, numbers: tuple[int, ...]) -> None:
        """Let the extracts of a day land in both nodes' directories."""
        for party, datasets in _OF.items():
            place = self.made.nodes[party] / "extracts"
            place.mkdir(exist_ok=True)
            for dataset in datasets:
                for number in numbers or (0,):
                    source = self.world / (f"day-{number:02d}" if number else "") / f"{dataset}.csv"
                    mode = "delta" if number else "full"
                    shutil.copy(source, place / f"{dataset}.{mode}.{day}-{number}.csv")

    def cycle(self, party: str, day: date) -> dict[str, Mapping[str, int]]:
        """Run a node's cycle; returns the counts of the steps of that day that it ended."""
        steps: list[dict[str, Any]] = json.loads(
            self.run(party, "cycle", "run", "--today", day.isoformat(), "--json")
        )
        return {step["step"]: step["counts"] for step in steps if step["day"] == day.isoformat()}


def play(world: Path, directory: Path, lang: Lang, *, serve: bool) -> None:
    """Play five days between two nodes; `world` has six simulated days in CSV after its first.

    `serve`: both consoles are served at the end, until told to stop.
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
                    "   The network is gone: by medium (clause 5).",
                )
                _print(day, _by_medium(nodes, day, directory / "medium"), lang)
            else:
                _print(day, _by_network(nodes, day), lang)
        nodes.cycle("isa", DAYS[-1][0])
    for party in PARTIES:
        _say(lang, f"\n== {PARTIES[party].name_ja}の状態", f"\n== how {PARTIES[party].name_en} stands")
        typer.echo(nodes.run(party, "status", "--lang", lang), nl=False)
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
    # ISA hears of MHLW's receipt with its next run: the day after, or at the end.
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
        name = speech.one_of((PARTIES[party].name_ja, party.upper()), lang)
        said = [
            f"{speech.one_of(_HEADS.get(f'{step} {count}') or _HEADS[count], lang)} "
            f"{done[party].get(step, {}).get(count, 0):,}"
            for step, count in rows
        ]
        table.add_row(name, *said)
    Console(highlight=False).print(table)


def _say(lang: Lang, ja: str, en: str) -> None:
    typer.echo(speech.one_of((ja, en), lang))
