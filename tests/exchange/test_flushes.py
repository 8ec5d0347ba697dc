"""Files are flushed before they get their final name; then the directory of the name is flushed.

Killing a process does not lose data in the page cache, but a power cut does. So the order of the calls is
checked: before a rename or link, the file, or the directory with everything below it, must be flushed; after
it, the directory of the new name must be flushed.
"""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from dying import in_a_child
from material import NOW, authority
from test_receipts import void
from test_trust import WHY, signatures
from world import World

from renkei.exchange import media
from renkei.exchange.durable import PARTIAL
from renkei.exchange.home import Home
from renkei.exchange.keys import KeyRing

Act = Callable[[], object]


def _state(status: os.stat_result) -> tuple[int, int]:
    return status.st_size, status.st_mtime_ns


class Watch:
    """Intercepts the calls that flush and rename."""

    def __init__(self) -> None:
        self._flushed: dict[int, tuple[int, int]] = {}
        self._owed: dict[int, str] = {}
        self.named = 0
        self._fsync, self._rename, self._link = os.fsync, os.rename, os.link
        os.fsync, os.rename, os.link = self.fsync, self.rename, self.link

    def fsync(self, handle: int) -> None:
        self._fsync(handle)
        status = os.fstat(handle)
        self._flushed[status.st_ino] = _state(status)
        self._owed.pop(status.st_ino, None)

    def rename(self, source: Path, target: Path, **options: object) -> None:
        if not Path(target).name.startswith(PARTIAL):  # a discarded directory need not be durable
            self.check(Path(source))
        self._rename(source, target, **options)
        self.owe(Path(target))

    def link(self, source: str, target: Path, **options: object) -> None:
        self.check_one(source, Path(source).stat())
        self._link(source, target, **options)
        self.owe(Path(target))

    def check(self, path: Path) -> None:
        for each in (path, *path.rglob("*")) if path.is_dir() else (path,):
            self.check_one(str(each), each.stat())

    def check_one(self, name: str, status: os.stat_result) -> None:
        assert self._flushed.get(status.st_ino) == _state(status), f"not flushed: {name}"

    def owe(self, target: Path) -> None:
        if not target.name.startswith(PARTIAL):
            self.named += 1
            self._owed[target.parent.stat().st_ino] = str(target)

    def settle(self) -> None:
        assert self.named, "it has named nothing"
        # nothing is required under an unfinished name: its directory is checked when it is renamed
        assert [name for name in self._owed.values() if PARTIAL not in name] == []


def _make(world: World) -> Act:
    return world.send


def _take(world: World) -> Act:
    files = world.send().files
    return lambda: world.isa.inbox.take(files, NOW)


def _take_what_waits(world: World) -> Act:
    first, second = world.send(), world.send()
    world.isa.inbox.take(second.files, NOW)
    return lambda: world.isa.inbox.take(first.files, NOW)


def _open(world: World) -> Act:
    world.isa.inbox.take(world.send().files, NOW)
    return lambda: world.isa.inbox.open("annex1", 1, [world.isa.decrypter], NOW)


def _keep_receipt(world: World) -> Act:
    answer = world.deliver(world.send()).receipt
    return lambda: world.mhlw.outbox.keep_receipt(answer.data, answer.signature, NOW)


def _export(world: World) -> Act:
    files = world.send().files
    return lambda: media.export(files, world.directory / "medium", WHY, lambda copied: b"sheet")


def _declare_void(world: World) -> Act:
    statement = void(world, world.send())
    return lambda: (
        world.mhlw.outbox.declare_void(*statement, NOW),
        world.isa.inbox.declare_void(*statement, NOW),
    )


def _adopt(world: World) -> Act:
    home = Home(world.directory / "home")
    both = signatures(world, world.agreement_bytes)
    return lambda: (home.settle("isa"), home.adopt(world.agreement_bytes, both))


def _make_a_key(world: World) -> Act:
    ring, secret = KeyRing(world.directory / "keys"), b"correct horse battery"
    return lambda: ring.request(ring.make("tls", "p256", secret), "isa", "機関", secret)


def _import(world: World) -> Act:
    from cryptography.hazmat.primitives.serialization import Encoding

    ring, ca = KeyRing(world.directory / "keys"), authority()
    certificate, crl = ca.certificate.public_bytes(Encoding.PEM), ca.revoke().public_bytes(Encoding.DER)
    return lambda: (ring.import_certificate(certificate), ring.import_revocations(crl))


ACTS = (
    _make,
    _take,
    _take_what_waits,
    _open,
    _keep_receipt,
    _export,
    _declare_void,
    _adopt,
    _make_a_key,
    _import,
)


@pytest.mark.slow
@pytest.mark.parametrize("prepare", ACTS, ids=lambda act: act.__name__.strip("_").replace("_", " "))
def test_what_has_a_name_is_on_the_disk(world: World, prepare: Callable[[World], Act]):
    act = prepare(world)

    def watched() -> None:
        watch = Watch()
        act()
        watch.settle()

    assert in_a_child(watched) == 0
