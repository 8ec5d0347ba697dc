"""A delivery from one agency to the other: made, received, opened, receipts returned."""

import pytest
from material import NOW
from world import HEADER, World, a_row, a_world, plain_text_in

from renkei.exchange.errors import Refused


@pytest.mark.parametrize("family", ["p256", "rsa"])
def test_what_was_sent_is_what_is_opened(tmp_path, family):
    world = a_world(tmp_path, family)
    rows = [a_row(1, address='"東京都, ""霞が関"""'), a_row(2, name="NGUYEN VAN A")]
    opened = world.deliver(world.send(rows))

    assert opened.receipt.receipt.state == "accepted"
    assert opened.receipt.receipt.rows_taken == 2
    assert (opened.data / "notifications.csv").read_text("utf-8") == HEADER + "".join(rows)


def test_an_empty_day_is_a_delivery_too(world: World):
    opened = world.deliver(world.send([]))

    assert opened.receipt.receipt.rows_taken == 0
    assert (opened.data / "notifications.csv").read_text("utf-8") == HEADER


def test_numbers_follow_each_other_and_name_the_one_before(world: World):
    first, second = world.send(), world.send()

    assert [first.manifest.sequence, second.manifest.sequence] == [1, 2]
    assert world.deliver(first).receipt.receipt.state == "accepted"
    assert world.deliver(second).receipt.receipt.state == "accepted"


def test_asking_again_returns_the_same_bytes(world: World):
    made = world.send()
    first = world.isa.inbox.take(made.files, NOW)
    second = world.isa.inbox.take(made.files, NOW)

    assert (first.receipt.data, first.receipt.signature) == (second.receipt.data, second.receipt.signature)


def test_a_later_number_waits_for_the_missing_one(world: World):
    first, second, third = world.send(), world.send(), world.send()
    inbox = world.isa.inbox

    assert inbox.take(third.files, NOW).missing == 1
    assert inbox.take(second.files, NOW).missing == 1
    assert inbox.take(first.files, NOW).receipt
    assert inbox.unopened("annex1") == [1, 2, 3]


def test_the_sealed_file_shows_nothing(world: World):
    made = world.send()

    assert plain_text_in(made.files.directory) == []


def test_a_sender_closes_its_day_only_on_accepted(world: World):
    made = world.send()
    received = world.isa.inbox.take(made.files, NOW).receipt
    world.mhlw.outbox.keep_receipt(received.data, received.signature, NOW)

    assert not world.mhlw.outbox.is_closed("annex1", 1)

    accepted = world.isa.inbox.open("annex1", 1, [world.isa.decrypter], NOW).receipt
    world.mhlw.outbox.keep_receipt(accepted.data, accepted.signature, NOW)

    assert world.mhlw.outbox.is_closed("annex1", 1)


def test_what_would_be_refused_never_leaves(world: World):
    with pytest.raises(Refused) as refusal:
        world.send([a_row(1, status_of_residence="permanent")])

    assert refusal.value.code == "over_provided"
    assert world.mhlw.outbox.chain("annex1").last == 0
    assert plain_text_in(world.mhlw.home) == []
