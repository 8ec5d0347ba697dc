"""Power cuts at every durable step: a child is killed -9 before and after each, then the state is checked.

See `dying`. The next run must find one of the allowed states, lose nothing and apply nothing twice.
"""

import os
import resource
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from dying import MOST, deaths, die, in_a_child
from material import NOW
from test_trust import WHY
from world import World, a_file, a_row, plain_text_in

from renkei.exchange import media
from renkei.exchange.evidence import verify
from renkei.exchange.package import FileFacts


def acts(world: World) -> dict[str, Callable[[], object]]:
    outbox, inbox = world.mhlw.outbox, world.isa.inbox
    return {
        "make": lambda: world.send([a_row(1), a_row(2)]),
        "take": lambda: inbox.take(next(outbox.deliveries("annex1")), NOW),
        "open": lambda: inbox.open("annex1", 1, [world.isa.decrypter], NOW),
        "export": lambda: media.export(outbox.find("annex1", 1), world.directory / "medium", WHY),
    }


def check_state(world: World) -> None:
    """Check the state after a death: every named delivery is complete, signed and in order."""
    for box, side in (("outbox", world.mhlw), ("inbox", world.isa)):
        directory = side.home / box
        if directory.is_dir():
            for found in verify(directory, side.terms):
                assert found.fault is None, found
    for path in plain_text_in(world.isa.home):
        # named plain text exists only after step 8, in the directory that is about to get its final name
        assert "opened" in str(path), path


@pytest.mark.slow
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("act", ["make", "take", "open"])
def test_killed_at_each_durable_step(world: World, act: str, when: str):
    if act != "make":
        world.send([a_row(1), a_row(2)])
    if act == "open":
        world.isa.inbox.take(next(world.mhlw.outbox.deliveries("annex1")), NOW)
    deaths = 0
    for at in range(1, MOST):
        if not die(acts(world)[act], at, when, world.directory):
            break
        deaths += 1
        check_state(world)
        undo(world, act)
    assert deaths >= 5, "the child must have died at several steps"

    finish(world)


def undo(world: World, act: str) -> None:
    """Revert for the next death, unless the act came into force: then it must be complete."""
    if act == "make":
        made = list(world.mhlw.outbox.deliveries("annex1"))
        assert len(made) <= 1
        shutil.rmtree(world.mhlw.home / "outbox", ignore_errors=True)
    elif act == "take":
        shutil.rmtree(world.isa.home / "inbox", ignore_errors=True)
    else:
        place = world.isa.home / "inbox/annex1/00000001"
        if (place / "opened").is_dir():
            receipts = world.isa.inbox.receipts("annex1", 1)
            assert [each.receipt.state for each in receipts] == ["received", "accepted"]
            shutil.rmtree(place / "opened")


def finish(world: World) -> None:
    """Run again after the last death: everything succeeds, once, and nothing is left over."""
    if not list(world.mhlw.outbox.deliveries("annex1")):
        world.send([a_row(1), a_row(2)])
    (made,) = world.mhlw.outbox.deliveries("annex1")
    world.isa.inbox.take(made, NOW)
    opened = world.isa.inbox.open("annex1", 1, [world.isa.decrypter], NOW)

    assert opened.receipt.receipt.rows_taken == 2
    assert [path.name for path in plain_text_in(world.isa.home / "inbox")] == ["notifications.csv"]
    assert list(world.isa.home.rglob(".partial*")) == []
    assert world.mhlw.outbox.chain("annex1").last == 1


@pytest.mark.slow
def test_what_waited_is_received_after_a_death_between_the_two(world: World):
    first, second = world.send(), world.send()
    world.isa.inbox.take(second.files, NOW)
    for at in range(1, MOST):
        if not die(acts(world)["take"], at, "before", world.directory):
            break
    world.isa.inbox.take(first.files, NOW)

    assert world.isa.inbox.unopened("annex1") == [1, 2]
    assert not list((world.isa.home / "inbox/annex1/waiting").iterdir())


@pytest.mark.slow
def test_rows_are_taken_once_by_a_commit_that_knows_what_it_took(world: World):
    """After a death between commit and receipt, `commit` gets the same delivery again, not another one."""
    world.isa.inbox.take(world.send([a_row(1), a_row(2)]).files, NOW)
    shown, table = world.directory / "shown", world.directory / "table"
    table.mkdir()

    def commit(data: Path, facts: tuple[FileFacts, ...]) -> dict[str, int]:
        service, number = data.parts[-4:-2]
        with shown.open("a") as file:
            file.write(f"{service} {number}\n")
        (table / f"{service}-{number}").write_bytes((data / "notifications.csv").read_bytes())
        return {}

    for _ in deaths(
        lambda: world.isa.inbox.open("annex1", 1, [world.isa.decrypter], NOW, commit),
        world.isa.home,
        "before",
    ):
        pass

    assert set(shown.read_text().splitlines()) == {"annex1 00000001"}
    assert len(shown.read_text().splitlines()) > 1, "it must have died after a commit"
    assert [path.read_text("utf-8").count("\n") for path in table.iterdir()] == [3]
    assert world.isa.inbox.receipts("annex1", 1)[-1].receipt.rows_taken == 2


@pytest.mark.parametrize("act", ["make", "take", "open", "export"])
@pytest.mark.parametrize("room", [0, 1000, 4096, 20_000])
def test_a_full_disk_changes_nothing_and_is_told(world: World, act: str, room: int):
    rows = [a_row(number, name=os.urandom(40).hex()) for number in range(400)]
    if act != "make":
        world.send(rows)
    if act == "open":
        world.isa.inbox.take(next(world.mhlw.outbox.deliveries("annex1")), NOW)
    source = a_file(world.directory, rows, name="many.csv")
    before = sorted(world.directory.rglob("*"))

    def without_room() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
        if act == "make":
            world.mhlw.outbox.make(world.order(sources={"notifications": source}), *world.both(), NOW)
        else:
            acts(world)[act]()

    assert in_a_child(without_room) == 3
    assert plain_text_in(world.isa.home) == []
    assert not (world.directory / "medium").exists() or list((world.directory / "medium").iterdir()) == []
    after = {path for path in world.directory.rglob("*") if path.is_file() and path.name != ".lock"}
    assert after <= set(before)


def test_a_directory_without_nameless_files_still_leaves_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    """Without O_TMPFILE, a file with an unfinished name is used, and `sweep` removes it."""
    real = os.open

    def without(path, flags, *rest, **options):
        if flags & os.O_TMPFILE == os.O_TMPFILE:
            raise OSError(95, "not supported")
        return real(path, flags, *rest, **options)

    monkeypatch.setattr(os, "open", without)
    opened = world.deliver(world.send())

    assert (opened.data / "notifications.csv").is_file()
    assert list(world.isa.home.rglob(".partial*")) == []
