"""Every personal value contains a mark: no log, address, metric, fact, fault or file may contain the mark.

The databases, the sealed files, and extracts until they are erased contain it, as intended. Nothing else may,
in any encoding.
"""

import base64
import json
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import pytest
import requests

from node.records import made_up
from renkei.node.records import control_files
from two_nodes.nodes import RENKEI, TwoNodes, two_nodes
from two_nodes.test_a_week import WEEK

pytestmark = pytest.mark.slow

MARK = "QXMARKED"
KANJI = "標識漢字"
CARD = "QX{:08d}QX"
BORN = "1911-11-1{}"
PHONE = "0999987654"
MARKS = (MARK, KANJI, "QX0000000", "1911-11-1", PHONE)

PERSONAL = {
    "name": f"{MARK} NAME",
    "address": f"{KANJI}町1-1",
    "kanji_name": KANJI,
    "establishment_name": f"{KANJI}商事",
    "establishment_address": f"{KANJI}町2-2",
    "establishment_phone": PHONE,
    "organisation_name": f"{KANJI}商事",
    "organisation_representative": f"{MARK} HEAD",
    "phone": PHONE,
}


def ways_of_writing(mark: str) -> list[bytes]:
    """Return the forms of a text in a file or log: plain, escaped, encoded."""
    found = [mark.encode(), mark.encode("utf-16-le"), quote(mark).encode(), json.dumps(mark)[1:-1].encode()]
    # In base64, a letter has six bits: take only letters without bits of the text before or after.
    for shift in range(3):
        encoded = base64.b64encode(bytes(shift) + mark.encode() + bytes(3))
        found.append(encoded[-(-8 * shift // 6) : 8 * (shift + len(mark.encode())) // 6])
    return found


WAYS = [way for mark in MARKS for way in ways_of_writing(mark) if len(way) >= 8]


def marks_in(data: bytes) -> list[bytes]:
    return [way for way in WAYS if way in data]


@dataclass
class Marked(TwoNodes):
    """Two nodes whose output is kept and whose temporary directory is watched."""

    logs: Path = field(default_factory=Path)

    @property
    def temporary(self) -> Path:
        return self.logs / "tmp"

    def environment(self, party: str):
        return {**super().environment(party), "TMPDIR": str(self.temporary)}

    def run(self, party: str, *command: str, check: bool = True):
        done = super().run(party, *command, check=False)
        with (self.logs / f"{party}.log").open("a", encoding="utf-8") as log:
            log.write(f"{command}\n{done.stdout}\n{done.stderr}\n")
        assert not check or done.returncode == 0, done.stderr
        return done

    def serve(self, *parties: str) -> None:
        for party in parties or tuple(self.made.nodes):
            with (self.logs / f"{party}.serve.log").open("ab") as log:
                began = log.tell()
                command = [*RENKEI, "serve"]
                process = subprocess.Popen(command, env=self.environment(party), stdout=log, stderr=log)
            self.serving[party] = process
            said = self.logs / f"{party}.serve.log"
            while b'"console"' not in said.read_bytes()[began:]:
                assert process.poll() is None, said.read_text("utf-8")
                time.sleep(0.05)


def marked(row, number: int, **fields: str) -> dict[str, str]:
    """Put the marks into the personal columns of a row."""
    table = {"notification": "notifications", "person": "persons", "card_of": "cards"}
    names = made_up.ALL[table.get(row.__name__, f"{row.__name__}s")].names
    personal = {name: value for name, value in PERSONAL.items() if name in names}
    own = {"card_number": CARD.format(number), "birth_date": BORN.format(number % 9)}
    personal |= {name: value for name, value in own.items() if name in names}
    return {**row(number), **personal, **fields}


@pytest.fixture(scope="module")
def after(tmp_path_factory) -> Iterator[tuple[Marked, set[str]]]:
    """Two nodes after two days with faults, and the marks seen in temporary files during them."""
    place = tmp_path_factory.mktemp("marked")
    (place / "logs" / "tmp").mkdir(parents=True)
    seen: set[str] = set()
    over = threading.Event()
    with two_nodes(place / "nodes", None) as made:
        nodes = Marked(made.made, logs=place / "logs")
        watching = threading.Thread(target=watch, args=(nodes.temporary, seen, over), daemon=True)
        watching.start()
        play(nodes)
        over.set()
        watching.join()
        yield nodes, seen
        nodes.silence()


def watch(temporary: Path, seen: set[str], over: threading.Event) -> None:
    """Read all files of the temporary directory repeatedly."""
    while not over.wait(0.01):
        for path in temporary.rglob("*"):
            try:
                if path.is_file() and marks_in(path.read_bytes()):
                    seen.add(path.name)
            except OSError:
                continue


def play(nodes: Marked) -> None:
    nodes.serve()
    people = range(1, 5)
    nodes.land("isa", "persons", "full", "first", *(marked(made_up.person, each) for each in people))
    nodes.land("isa", "cards", "full", "first", *(marked(made_up.card_of, each) for each in people))
    nodes.land("isa", "permissions", "full", "first", marked(made_up.permission, 4))
    nodes.land(
        "mhlw",
        "notifications",
        "full",
        "first",
        marked(made_up.notification, 1),
        marked(made_up.notification, 2, name=f"{MARK} OTHER", birth_date=BORN.format(9)),
        marked(made_up.notification, 3, card_number=CARD.format(99)),
        marked(made_up.notification, 5, birth_date=f"{MARK}1911"),  # set aside: not a date
        marked(made_up.notification, 5, name=f"{MARK} TWICE"),  # set aside: the identifier again
    )
    extracts = nodes.made.nodes["mhlw"] / "extracts"
    (extracts / "notifications.delta.broken.csv").write_text(f"name,my_number\n{MARK},{PHONE}\n", "utf-8")
    (extracts / "notifications.delta.odd.parquet").write_bytes(f"PAR1{MARK}".encode())
    for name in ("broken.csv", "odd.parquet"):
        control_files.write(extracts / f"notifications.delta.{name}", rows=1)
    nodes.day(WEEK[0])
    wrong = ("--dataset", "persons", "--mode", "full")  # an existing file that is not for MHLW
    nodes.run("mhlw", "import", str(next((extracts / "done").glob("*.csv"))), *wrong, check=False)
    nodes.silence("isa", how=signal.SIGKILL)
    nodes.land(
        "mhlw", "notifications", "delta", "second", marked(made_up.notification, 1, name=f"{MARK} NEW")
    )
    nodes.cycle("mhlw", WEEK[1])
    nodes.serve("isa")
    for party in nodes.made.nodes:
        nodes.table(party, "UPDATE deliveries_delivery SET next_try_at = NULL RETURNING id")
    nodes.day(WEEK[1])
    for party, port in nodes.made.consoles.items():
        address = f"http://127.0.0.1:{port}"
        asked = [f"{address}/cases/search/?name={quote(KANJI)}", f"{address}/{MARK}/", f"{address}/enter/"]
        with (nodes.logs / f"{party}.pages.log").open("w", encoding="utf-8") as log:
            for each in asked[2:]:
                log.write(requests.get(each, timeout=60).text)
        for each in asked[:2]:
            requests.get(each, timeout=60)
        for command in ("status", "doctor"):
            nodes.run(party, command, "--json", check=False)
        to = str(nodes.logs / f"{party}.trail")
        nodes.run(party, "audit", "export", "--out", to, "--officer", nodes.officer(party, "tanaka", "audit"))


def test_the_marks_travelled(after):
    """Without this, the following tests would prove nothing."""
    nodes, _ = after
    cases = nodes.table("mhlw", "SELECT identifier, row FROM cases_case")

    assert {"N2", "N3"} <= {identifier for identifier, _ in cases}
    assert any(MARK in row for _, row in cases)
    assert nodes.table("isa", "SELECT count(*) FROM records_receivednotification") == [("3",)]
    assert nodes.table("mhlw", "SELECT count(*) FROM records_reject") == [("2",)]


def test_no_word_that_a_node_said_holds_a_mark(after):
    nodes, _ = after
    logs = {path.name: marks_in(path.read_bytes()) for path in nodes.logs.glob("*") if path.is_file()}

    assert {"mhlw.log", "isa.log", "mhlw.serve.log", "isa.serve.log", "mhlw.trail"} <= logs.keys()
    assert {name: found for name, found in logs.items() if found} == {}


@pytest.mark.parametrize("party", ["isa", "mhlw"])
def test_no_entry_of_the_trail_holds_a_mark(after, party):
    nodes, _ = after
    entries = nodes.table(party, "SELECT actor, verb, subject, purpose, facts FROM audit_entry")

    assert len(entries) > 10
    assert marks_in(json.dumps(entries, ensure_ascii=False).encode()) == []


def test_no_temporary_file_holds_a_mark_nor_outlives_its_use(after):
    nodes, seen = after

    assert seen == set()
    assert [path for path in nodes.temporary.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("party", ["isa", "mhlw"])
def test_no_file_of_a_node_holds_a_mark_but_its_database_and_its_own_extracts(after, party):
    nodes, _ = after
    node = nodes.made.nodes[party]
    found = {
        str(path.relative_to(node))
        for path in node.rglob("*")
        if path.is_file() and marks_in(path.read_bytes())
    }
    ours = {name for name in found if not name.startswith(("node.db", "extracts/done/", "extracts/refused/"))}

    assert found, "the extracts are there"
    assert ours == set()
    assert not [name for name in found if name.endswith(".refusal.txt")]


@pytest.mark.parametrize("mark", MARKS)
def test_a_mark_would_be_found_however_it_is_written(mark):
    plain = f"before {mark}1 after"

    assert marks_in(plain.encode())
    assert marks_in(quote(plain).encode())
    assert marks_in(json.dumps(plain).encode())
    assert marks_in(plain.encode("utf-16-le"))
    for shift in range(3):
        assert marks_in(base64.b64encode(b"x" * shift + plain.encode())), shift
