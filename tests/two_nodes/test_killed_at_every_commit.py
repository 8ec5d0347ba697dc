"""Kill -9 either node at the commit points of a day: both sides end with the rows of an undisturbed day.

Each commit point needs a day of two nodes in some twenty processes. So the normal run tests one point of each
process; RENKEI_COMMIT_POINTS_EACH sets another number, evenly distributed.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from pathlib import Path

import pytest

from renkei.cli.rehearsal import DoesNotServe, Served
from two_nodes.nodes import TwoNodes, two_nodes
from two_nodes.test_a_week import WEEK, land_change, land_first, state

pytestmark = pytest.mark.long

SHARE = int(os.environ.get("RENKEI_COMMIT_POINTS_EACH", "1"))
DYING = [sys.executable, str(Path(__file__).parent / "dying_node.py")]
DAY = WEEK[1]
#: The killed process: its party and its command.
VICTIMS = [("mhlw", "cycle"), ("isa", "cycle"), ("isa", "serve"), ("mhlw", "serve")]


@pytest.fixture(scope="module")
def evening(tmp_path_factory) -> Iterator[TwoNodes]:
    """Two nodes after their first day with the extracts of the second; kept as the starting point."""
    if os.environ.get("RENKEI_DATABASE_URL"):
        pytest.skip("a node is copied with its database, which is a file here")
    with two_nodes(tmp_path_factory.mktemp("nodes") / "two", None) as nodes:
        land_first(nodes, "first")
        nodes.serve()
        nodes.day(WEEK[0])
        nodes.silence()
        land_change(nodes, 1, "second")
        land_change(nodes, 3, "second")
        for place in nodes.made.nodes.values():
            shutil.copytree(place, kept(place))
        yield nodes


def kept(place: Path) -> Path:
    return place.parent / "kept" / place.name


def begin_again(nodes: TwoNodes) -> None:
    nodes.silence()
    for place in nodes.made.nodes.values():
        shutil.rmtree(place)
        shutil.copytree(kept(place), place)


def serve(nodes: TwoNodes, party: str, at: int = 0, counting: Path | None = None) -> None:
    """Serve, to be killed at a commit point."""
    command = [*DYING, str(at), "serve"]
    nodes.serving[party] = Served(environment(nodes, party, counting), command)
    with suppress(DoesNotServe) if at else nullcontext():  # it may be killed before it serves
        nodes.serving[party].ready(600)


def cycle(nodes: TwoNodes, party: str, at: int, counting: Path | None = None) -> int:
    """Run a cycle, to be killed at a commit point; how it ended."""
    command = ["cycle", "run", "--today", DAY.isoformat()]
    if not at and not counting:
        return nodes.run(party, *command, check=False).returncode
    environ = environment(nodes, party, counting)
    return subprocess.run([*DYING, str(at), *command], env=environ, stdout=subprocess.DEVNULL).returncode


def environment(nodes: TwoNodes, party: str, counting: Path | None) -> dict[str, str]:
    counted = {"RENKEI_COMMIT_POINTS": str(counting)} if counting else {}
    return {**nodes.environment(party), **counted}


def go_on(nodes: TwoNodes) -> None:
    """Start the killed process again, and run both nodes to the end of the day."""
    for party in nodes.made.nodes:
        process = nodes.serving.get(party)
        if process is not None and process.poll() is not None:
            nodes.silence(party)
        if party not in nodes.serving:
            nodes.serve(party)
        # A sender whose counterpart was killed waits before it asks again; the test does not.
        nodes.table(party, "UPDATE deliveries_delivery SET next_try_at = NULL RETURNING id")
    nodes.day(DAY)


@pytest.fixture(scope="module")
def undisturbed(evening: TwoNodes) -> dict[str, list[tuple]]:
    begin_again(evening)
    evening.serve()
    evening.day(DAY, turns=3)
    return state(evening)


def points(nodes: TwoNodes, party: str, what: str, counting: Path) -> int:
    """Count the commit points of one process in an undisturbed day."""
    begin_again(nodes)
    other = next(each for each in nodes.made.nodes if each != party)
    nodes.serve(other)
    serve(nodes, party, counting=counting if what == "serve" else None)
    for turn in range(3):
        for each in ("mhlw", "isa"):
            mine = what == "cycle" and each == party and turn == int(party == "mhlw")
            cycle(nodes, each, 0, counting if mine else None)
    nodes.silence()
    return int(counting.read_text("ascii"))


@pytest.mark.parametrize(("party", "what"), VICTIMS)
def test_killed_at_a_commit_point_both_end_as_if_undisturbed(evening, undisturbed, party, what, tmp_path):
    count = points(evening, party, what, tmp_path / "points")
    chosen = sorted({1 + count * (2 * part + 1) // (2 * SHARE) for part in range(SHARE)})

    assert count > 10, "a day has many"
    for at in chosen:
        begin_again(evening)
        other = next(each for each in evening.made.nodes if each != party)
        evening.serve(other)
        serve(evening, party, at if what == "serve" else 0)
        died = 0
        for _ in range(2):
            for each in ("mhlw", "isa"):
                mine = what == "cycle" and each == party
                died += cycle(evening, each, at if mine else 0) == -9
        if what == "serve":
            died = evening.serving[party].poll() == -9
        go_on(evening)
        go_on(evening)

        assert died, f"point {at} of {count} was not reached"
        assert state(evening) == undisturbed, f"{party} {what}, point {at} of {count}"
