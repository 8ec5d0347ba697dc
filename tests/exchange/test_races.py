"""Several processes use the same directory at once: number, receipt and rows are given only once."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from dying import ended, start
from forging import altered
from material import NOW
from world import World, a_file, a_row

from renkei.exchange import media
from renkei.exchange.errors import Refused
from renkei.exchange.evidence import verify
from renkei.exchange.keys import KeyRing

RUNNERS = 4


def at_once(*acts: Callable[[], object]) -> None:
    """Run each in a separate process, all started at the same moment; each must succeed."""
    waits, go = os.pipe()

    def waiting(act: Callable[[], object]) -> Callable[[], object]:
        def run() -> object:
            os.close(go)
            os.read(waits, 1)  # ends when the last of us closes the pipe
            return act()

        return run

    children = [start(waiting(act)) for act in acts]
    os.close(go)
    os.close(waits)
    assert [ended(child) for child in children] == [0] * len(acts)


def faults(world: World) -> list[object]:
    boxes = ((world.mhlw, "outbox"), (world.isa, "inbox"))
    found = [each for side, box in boxes for each in verify(side.home / box, side.terms)]
    return [each for each in found if each.fault]


def test_each_number_is_given_to_one_sender(world: World):
    source = a_file(world.directory, [a_row(1)])
    order = world.order(sources={"notifications": source})

    at_once(*[lambda: world.mhlw.outbox.make(order, *world.both(), NOW)] * RUNNERS)

    numbers = [int(files.name[-8:]) for files in world.mhlw.outbox.deliveries("annex1")]
    assert numbers == list(range(1, RUNNERS + 1))
    for files in world.mhlw.outbox.deliveries("annex1"):
        world.isa.inbox.take(files, NOW)
    assert faults(world) == []
    assert world.isa.inbox.unopened("annex1") == numbers


def test_one_delivery_by_network_and_medium_at_once_has_one_answer(world: World):
    made = world.send()
    medium = world.directory / "medium"
    media.export(made.files, medium, media.Export("agreed", "入管 花子", "", "", NOW))
    answers = world.directory / "answers"
    answers.mkdir()

    def take(files: object) -> Callable[[], object]:
        def act() -> None:
            found = world.isa.inbox.take(files, NOW).receipt
            (answers / str(os.getpid())).write_bytes(found.data + found.signature)

        return act

    at_once(*[take(made.files), take(next(media.on_medium(medium)))] * (RUNNERS // 2))

    assert len(list(answers.iterdir())) == RUNNERS
    assert len({path.read_bytes() for path in answers.iterdir()}) == 1
    assert faults(world) == []


def test_two_contents_under_one_number_at_once_one_is_taken_and_the_other_proved(world: World):
    one = world.send()
    other = altered(world, sequence=1, previous_sha256="0" * 64)

    def take(files: object) -> Callable[[], object]:
        def act() -> None:
            try:
                world.isa.inbox.take(files, NOW)
            except Refused as refusal:
                (world.directory / f"{refusal.code}-{os.getpid()}").touch()

        return act

    at_once(take(one.files), take(other))

    assert len(list(world.directory.glob("sequence_conflict-*"))) == 1
    assert len(list((world.isa.home / "inbox/annex1/conflicts").iterdir())) == 1
    assert world.isa.inbox.unopened("annex1") == [1]


def test_rows_are_committed_once_however_many_open_at_once(world: World):
    made = world.send()
    world.isa.inbox.take(made.files, NOW)
    committed = world.directory / "committed"

    def commit(data: Path, facts: object) -> dict[str, int]:
        with committed.open("a") as file:
            file.write("once\n")
        return {}

    at_once(
        *[lambda: world.isa.inbox.open("annex1", 1, [world.isa.decrypter], NOW, commit)] * RUNNERS,
    )

    assert committed.read_text() == "once\n"


def test_the_same_receipt_kept_by_several_at_once_is_kept_once(world: World):
    made = world.send()
    answer = world.deliver(made).receipt

    at_once(*[lambda: world.mhlw.outbox.keep_receipt(answer.data, answer.signature, NOW)] * RUNNERS)

    assert world.mhlw.outbox.is_closed("annex1", 1)
    assert faults(world) == []


@pytest.mark.slow
def test_each_key_made_at_once_has_a_number_of_its_own(tmp_path: Path):
    ring = KeyRing(tmp_path)

    at_once(*[lambda: ring.make("tls", "p256", b"correct horse battery")] * RUNNERS)

    assert [entry.number for entry in ring.own("tls")] == list(range(1, RUNNERS + 1))
