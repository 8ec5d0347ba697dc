"""Two homes with keys and a signed agreement; ISA's carrier on a real port; a delivery of MHLW's."""

import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from node.deliveries.over_tls import DAY, now, rows
from renkei.exchange.files import DeliveryFiles
from renkei.node.deliveries import keystore, outgoing
from renkei.node.deliveries.models import Delivery
from renkei.node.deliveries.transport import service
from renkei.node.rehearsal import Rehearsal
from two_nodes import made_once


@pytest.fixture(scope="session")
def made(tmp_path_factory) -> Rehearsal:
    return made_once.rehearsed(tmp_path_factory.mktemp("pair") / "made")


@pytest.fixture
def pair(made: Rehearsal, tmp_path: Path) -> Rehearsal:
    """Two fresh homes; keys are made once."""
    nodes = {party: tmp_path / party for party in made.nodes}
    for party, place in made.nodes.items():
        shutil.copytree(place, nodes[party])
    return replace(made, nodes=nodes)


@pytest.fixture
def be(pair: Rehearsal, settings):
    """Be one of the two nodes, its database aside: both share the test's."""

    def be(party: str) -> None:
        listen = f"127.0.0.1:{pair.ports[party]}"
        other = next(code for code in pair.nodes if code != party)
        carrier = replace(
            settings.NODE.carrier, listen=listen, counterpart=f"https://127.0.0.1:{pair.ports[other]}"
        )
        settings.NODE = replace(settings.NODE, directory=pair.nodes[party], party=party, carrier=carrier)
        settings.KEY_PASSPHRASE = pair.passphrase

    return be


@pytest.fixture
def isa(pair, be) -> Iterator[str]:
    """ISA's carrier on its port; returns its address."""
    be("isa")
    server = service.make(now)
    thread = threading.Thread(target=server.safe_start, daemon=True)
    thread.start()
    while not server.ready:
        time.sleep(0.01)
    yield f"https://127.0.0.1:{pair.ports['isa']}"
    server.stop()
    thread.join()


@pytest.fixture
def sealed(pair, be, isa):
    """A delivery of MHLW's, with the database of ISA."""
    be("mhlw")
    delivery = outgoing.make("annex1", DAY, rows(*range(300)), now=now())
    Delivery.objects.all().delete()
    files = keystore.home().outbox().find("annex1", delivery.sequence)
    be("isa")
    return files


@pytest.fixture
def sealed_alone(pair, be) -> DeliveryFiles:
    """A delivery of MHLW's; nobody listens yet."""
    be("mhlw")
    outgoing.make("annex1", DAY, rows(1), now=now())
    Delivery.objects.all().delete()
    files = keystore.home().outbox().find("annex1", 1)
    be("isa")
    return files
