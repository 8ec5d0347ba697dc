"""What others hold of a trail: each signed manifest and receipt carries the head that its signer's trail had.

A trail that was rewritten does not hold those heads any more, however well its own chain fits together. Our
manifests lie in our outbox, and the counterpart's receipts for them name their SHA-256: a signed word that it
holds these very bytes, and so this head. The same files lie in the counterpart's inbox (exchange format §7).
"""

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Final

from renkei.exchange import receipt
from renkei.exchange.errors import ExchangeError
from renkei.exchange.evidence import signed_at
from renkei.exchange.files import DeliveryFiles, only_delivery, read_small
from renkei.exchange.manifest import FIRST_PREVIOUS, Manifest, read
from renkei.exchange.trust import Terms
from renkei.node.audit.models import CounterpartHead, Entry
from renkei.node.audit.verbs import Verb

# MERGED renkei.node.audit.cross_checks: Restores that two officers accepted: heads that signed files carry and a restored trail cannot hold.
#
# An acceptance is an entry of the trail, and names each signed file with its head: it covers these and nothing
# else. It bears the signature of the party's signing key, and counts with that alone: whoever owns the database
# can rewrite a trail, but not write an acceptance of it.

SIGNATURE = "signature"


def line(file: str, head: str) -> str:
    """Return how an acceptance names the head that a file carries."""
    return f"{file} {head}"


def statement(subject: str, facts: Mapping[str, Any]) -> bytes:
    """Return what is signed of an acceptance: its subject and facts but the signature, as canonical JSON."""
    said = {"subject": subject, **{name: fact for name, fact in facts.items() if name != SIGNATURE}}
    return json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def lines(terms: Terms) -> frozenset[str]:
    """Return everything that was accepted, as `line` has it; `terms` are this node's own."""
    entries = Entry.objects.filter(verb=Verb.RESTORE_ACCEPTED.name)
    return frozenset(each for entry in entries if _is_signed(entry, terms) for each in entry.facts["heads"])


def _is_signed(entry: Entry, terms: Terms) -> bool:
    """Whether our key signed it, pinned at that time in any version of the agreement file."""
    data = statement(entry.subject, entry.facts)
    try:
        signature = base64.b64decode(entry.facts.get(SIGNATURE, ""))
        at = signed_at(signature, data)
    except (ExchangeError, ValueError):
        return False
    for agreement in reversed(terms.agreements):
        try:
            terms.check_signed(data, signature, terms.party, at, agreement)
        except ExchangeError:
            continue
        return True
    return False


#: How many files a verification names; one is enough to ask why.
MOST_NAMED: Final = 100
#: What is amiss with a delivery of the counterpart's whose head it had left behind.
BACK: Final = "back"
_NOTED: Final = "noted"
_MISSING: Final = "missing"
_BATCH: Final = 500
_MOST_SIGNATURE: Final = 64 * 1024
# Where receipts lie: in an inbox, then in an outbox.
_RECEIPTS: Final = ("", "opened", "refused", "received", "accepted")


@dataclass(frozen=True, slots=True)
class Given:
    """A head that one signed file carries; `fault` is why it proves nothing, blank where it does.

    `service` is of manifests alone, whose heads follow one another. `confirmed`: the other party's receipt
    proves that it holds the file.
    """

    file: str
    head: str
    service: str = ""
    fault: str = ""
    confirmed: bool = False


@dataclass(slots=True)
class Comparison:
    """How many heads were looked up, how many of them the other party confirmed, and which do not fit.

    `accepted` counts those that are missing because the trail was restored, as two officers accepted.

    `differing` holds names of files, each with why: `missing` (no entry of the trail has that seal), `order`
    (the trail had it before the one that an earlier manifest gave), or the code of what the file refuses.
    """

    compared: int = 0
    confirmed: int = 0
    accepted: int = 0
    differing: list[str] = field(default_factory=list)


def compare(directory: Path, terms: Terms, party: str) -> Comparison:
    """Hold this node's trail, which is the party's, against the files of an exchange, ours or theirs.

    `directory` is a home of the exchange (`outbox/`, `inbox/`); keys are not looked at.
    """
    found = Comparison()
    reached: dict[str, int] = {}
    known = lines(terms)
    for each, number in _placed(given(directory, terms, party)):
        found.compared += 1
        found.confirmed += each.confirmed
        fault = each.fault or _fault(each, number, reached)
        if fault == _MISSING and line(each.file, each.head) in known:
            found.accepted += 1
        elif fault:
            found.differing.append(f"{each.file} [{fault}]")
    return found


def lost_after(directory: Path, terms: Terms, party: str, number: int) -> list[Given]:
    """Give what this node's trail cannot hold, which is the party's, if it was restored to an entry.

    In each service such heads stand between those up to this entry and those after it. A head that is missing
    before one of the former, or behind one of the latter, was not lost by that.
    """
    lost: dict[str, list[Given]] = {}
    went_on: set[str] = set()
    for each, place in _placed(given(directory, terms, party)):
        if each.fault:
            continue
        if place is None:
            if each.service not in went_on:
                lost.setdefault(each.service, []).append(each)
        elif each.service and place <= number:
            lost.pop(each.service, None)
        elif each.service:
            went_on.add(each.service)
    return [each for service in lost.values() for each in service]


def _placed(heads: Iterator[Given]) -> Iterator[tuple[Given, int | None]]:
    """Give each head with the number of the entry that it seals, None where the trail has none."""
    while batch := list(islice(heads, _BATCH)):
        numbers = dict(
            Entry.objects.filter(sha256__in={each.head for each in batch}).values_list("sha256", "number")
        )
        yield from ((each, numbers.get(each.head)) for each in batch)


def _fault(each: Given, number: int | None, reached: dict[str, int]) -> str:
    if number is None:
        return _MISSING
    if not each.service:
        return ""
    if number < reached.get(each.service, 0):
        return "order"
    reached[each.service] = number
    return ""


def given(directory: Path, terms: Terms, party: str) -> Iterator[Given]:
    """Give every head that a party gave, box by box, service by service, number by number."""
    for box in ("outbox", "inbox"):
        for place in _places(directory / box):
            try:
                files = only_delivery(place)
                data = files.manifest_bytes()
                manifest = read(data)
            except ExchangeError as fault:  # evidence that is damaged is named, and the rest looked at
                yield Given(_named(place), "", fault=fault.code)
                continue
            if manifest.sender == party:
                yield from _of_manifest(files, data, manifest, terms)
            else:
                yield from _of_receipts(files, data, manifest, terms)


def went_back(directory: Path, known: frozenset[str] = frozenset()) -> list[str]:
    """Name what `returned` gives, each with why."""
    return [f"{each.file} [{each.fault}]" for each in returned(directory, known)]


def returned(directory: Path, known: frozenset[str]) -> list[Given]:
    """Give the counterpart's deliveries whose head it had left behind, with why as their fault.

    `back`: an earlier delivery of the service carried this head, and one in between another. One that is
    `known`, since it was accepted, is where the comparison goes on from. `noted`: the delivery or receipt
    does not say what was noted of it when it came.
    """
    noted = dict(CounterpartHead.objects.values_list("delivery", "head"))
    found: list[Given] = []
    left: dict[str, set[str]] = {}
    current: dict[str, str] = {}
    for place in _places(directory / "inbox"):
        try:
            files = only_delivery(place)
            manifest = read(files.manifest_bytes())
        except ExchangeError:
            continue  # named by `given`
        service, head = manifest.service, manifest.trail_head
        before = current.get(service, head)
        if before != head:
            left.setdefault(service, set()).add(before)
        current[service] = head
        if head in left.get(service, ()):
            if line(files.name, head) in known:
                left[service].discard(head)
            else:
                found.append(Given(files.name, head, service, fault=BACK))
        if noted.get(f"{service} {manifest.sequence}", head) != head:
            found.append(Given(files.name, head, service, fault=_NOTED))
    return found + _otherwise_noted(directory / "outbox", noted)


def _otherwise_noted(outbox: Path, noted: Mapping[str, str]) -> list[Given]:
    """Give the counterpart's receipts that do not say what was noted of them."""
    found = []
    for place in _places(outbox):
        try:
            paths = list(_receipt_files(only_delivery(place)))
            receipts = [receipt.read(path.read_bytes()) for path in paths]
        except ExchangeError:
            continue  # named by `given`
        for each in receipts:
            kept = noted.get(f"{each.service} {each.sequence} {each.state}", each.trail_head)
            if kept != each.trail_head:
                found.append(Given(each.name, each.trail_head, fault=_NOTED))
    return found


def _places(box: Path) -> Iterable[Path]:
    """Give the directories of a box's deliveries in order."""
    for service in sorted(path for path in box.glob("[!.]*") if path.is_dir()):
        yield from sorted(service.glob("[0-9]*"))


def _named(place: Path) -> str:
    return f"{place.parent.parent.name}/{place.parent.name}/{place.name}"


def _of_manifest(files: DeliveryFiles, data: bytes, manifest: Manifest, terms: Terms) -> Iterator[Given]:
    if manifest.trail_head == FIRST_PREVIOUS:
        return  # made without a node, from a directory alone
    try:
        signature = files.signature_bytes()
        agreement = terms.version(manifest.agreement, manifest.agreement_version)
        terms.check_signed(data, signature, manifest.sender, signed_at(signature, data), agreement)
        confirmed = any(_receipt(path, data, manifest, terms) for path in list(_receipt_files(files)))
    except ExchangeError as fault:
        yield Given(files.name, manifest.trail_head, fault=fault.code)
        return
    yield Given(files.name, manifest.trail_head, manifest.service, confirmed=confirmed)


def _of_receipts(files: DeliveryFiles, data: bytes, manifest: Manifest, terms: Terms) -> Iterator[Given]:
    for path in _receipt_files(files):
        try:
            head = _receipt(path, data, manifest, terms).trail_head
        except ExchangeError as fault:
            yield Given(path.name.removesuffix(".json"), "", fault=fault.code)
            continue
        if head != FIRST_PREVIOUS:
            yield Given(path.name.removesuffix(".json"), head)


def _receipt_files(files: DeliveryFiles) -> Iterator[Path]:
    for folder in _RECEIPTS:
        for state in receipt.STATES:
            path = files.directory / folder / f"{files.name}.{state}.json"
            if path.is_file():
                yield path


def _receipt(path: Path, data: bytes, manifest: Manifest, terms: Terms) -> receipt.Receipt:
    content = path.read_bytes()
    signature = read_small(path.with_name(path.name + ".p7s"), _MOST_SIGNATURE, "receipt_unreadable")
    return receipt.verify(content, signature, data, manifest, terms, signed_at(signature, content)).receipt
