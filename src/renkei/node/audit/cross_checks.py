"""Cross-checks: comparing a trail with the heads in signed files.

Each signed manifest and receipt carries the head that its signer's trail had at that time. A rewritten trail
no longer has those heads, even if its own chain is consistent. Our manifests are in our outbox, and the
counterpart's receipts name their SHA-256: a signed statement that it has exactly these bytes, and so this
head. The same files are in the counterpart's inbox (exchange format §7).

After a restore from a backup, the trail cannot have the heads that signed files carried since that backup.
Two officers can accept that. An acceptance is an entry of the trail that names each signed file with its
head, and it covers these only. It is valid only with a signature by the party's signing key: the owner of the
database can rewrite a trail, but cannot sign an acceptance of it.
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

#: How many files a verification names at most.
MOST_NAMED: Final = 100
#: The fault of a counterpart's delivery whose head is one that its trail had already left.
BACK: Final = "back"
_NOTED: Final = "noted"
_MISSING: Final = "missing"
_BATCH: Final = 500
_MOST_SIGNATURE: Final = 64 * 1024
# The folders with receipts: of an inbox, then of an outbox.
_RECEIPTS: Final = ("", "opened", "refused", "received", "accepted")


@dataclass(frozen=True, slots=True)
class SignedHead:
    """A head in a signed file; `fault` is why the file proves nothing, blank if it is valid.

    `service` is set for manifests only, whose heads are in order within a service. `confirmed`: the other
    party's receipt proves that it has the file.
    """

    file: str
    head: str
    service: str = ""
    fault: str = ""
    confirmed: bool = False


@dataclass(slots=True)
class Comparison:
    """How many heads were compared, how many of them the other party confirmed, and which do not fit.

    `accepted` counts heads that are missing because of a restore that two officers accepted. `differing` has
    the names of files, each with the fault: `missing` (no entry of the trail has that seal), `order` (the
    entry comes before that of an earlier manifest), or the error code of an invalid file.
    """

    compared: int = 0
    confirmed: int = 0
    accepted: int = 0
    differing: list[str] = field(default_factory=list)


def compare(directory: Path, terms: Terms, party: str) -> Comparison:
    """Compare this node's trail, which is that of `party`, with the files of an exchange, ours or theirs.

    `directory` is a home of the exchange (`outbox/`, `inbox/`); its keys are not used.
    """
    found = Comparison()
    reached: dict[str, int] = {}
    known = accepted_lines(terms)
    for each, number in _with_numbers(signed_heads(directory, terms, party)):
        found.compared += 1
        found.confirmed += each.confirmed
        fault = each.fault or _fault(each, number, reached)
        if fault == _MISSING and head_line(each.file, each.head) in known:
            found.accepted += 1
        elif fault:
            found.differing.append(f"{each.file} [{fault}]")
    return found


def heads_lost_after(directory: Path, terms: Terms, party: str, number: int) -> list[SignedHead]:
    """Return the heads that are missing in this node's trail because it was restored to entry `number`.

    The trail is that of `party`. In each service, these heads come after the heads of entries up to this
    entry and before those of later entries. A head that is missing elsewhere was not lost by the restore.
    """
    lost: dict[str, list[SignedHead]] = {}
    went_on: set[str] = set()
    for each, found in _with_numbers(signed_heads(directory, terms, party)):
        if each.fault:
            continue
        if found is None:
            if each.service not in went_on:
                lost.setdefault(each.service, []).append(each)
        elif each.service and found <= number:
            lost.pop(each.service, None)
        elif each.service:
            went_on.add(each.service)
    return [each for service in lost.values() for each in service]


def _with_numbers(heads: Iterator[SignedHead]) -> Iterator[tuple[SignedHead, int | None]]:
    """Yield each head with the number of the entry that it seals, None where the trail has none."""
    while batch := list(islice(heads, _BATCH)):
        numbers = dict(
            Entry.objects.filter(sha256__in={each.head for each in batch}).values_list("sha256", "number")
        )
        yield from ((each, numbers.get(each.head)) for each in batch)


def _fault(each: SignedHead, number: int | None, reached: dict[str, int]) -> str:
    if number is None:
        return _MISSING
    if not each.service:
        return ""
    if number < reached.get(each.service, 0):
        return "order"
    reached[each.service] = number
    return ""


def signed_heads(directory: Path, terms: Terms, party: str) -> Iterator[SignedHead]:
    """Yield every head that a party signed, by box, service and number."""
    for box in ("outbox", "inbox"):
        for folder in _delivery_directories(directory / box):
            try:
                files = only_delivery(folder)
                data = files.manifest_bytes()
                manifest = read(data)
            except ExchangeError as fault:  # a damaged file is named, and the others are checked
                yield SignedHead(_named(folder), "", fault=fault.code)
                continue
            if manifest.sender == party:
                yield from _of_manifest(files, data, manifest, terms)
            else:
                yield from _of_receipts(files, data, manifest, terms)


def name_reverted(directory: Path, known: frozenset[str] = frozenset()) -> list[str]:
    """Return the names of the files of `reverted_heads`, each with its fault."""
    return [f"{each.file} [{each.fault}]" for each in reverted_heads(directory, known)]


def reverted_heads(directory: Path, known: frozenset[str]) -> list[SignedHead]:
    """Return the heads with which the counterpart's trail went back, each with its fault.

    `back`: an earlier delivery of the service carried this head, and one in between carried another. A head
    in `known` is accepted, and the comparison continues from there. `noted`: the head in the delivery or
    receipt is not the one noted when it was received.
    """
    noted = dict(CounterpartHead.objects.values_list("delivery", "head"))
    found: list[SignedHead] = []
    left: dict[str, set[str]] = {}
    current: dict[str, str] = {}
    for folder in _delivery_directories(directory / "inbox"):
        try:
            files = only_delivery(folder)
            manifest = read(files.manifest_bytes())
        except ExchangeError:
            continue  # named by `signed_heads`
        service, head = manifest.service, manifest.trail_head
        before = current.get(service, head)
        if before != head:
            left.setdefault(service, set()).add(before)
        current[service] = head
        if head in left.get(service, ()):
            if head_line(files.name, head) in known:
                left[service].discard(head)
            else:
                found.append(SignedHead(files.name, head, service, fault=BACK))
        if noted.get(f"{service} {manifest.sequence}", head) != head:
            found.append(SignedHead(files.name, head, service, fault=_NOTED))
    return found + _otherwise_noted(directory / "outbox", noted)


def _otherwise_noted(outbox: Path, noted: Mapping[str, str]) -> list[SignedHead]:
    """Return the counterpart's receipts whose head is not the one noted when they were received."""
    found = []
    for folder in _delivery_directories(outbox):
        try:
            paths = list(_receipt_files(only_delivery(folder)))
            receipts = [receipt.read(path.read_bytes()) for path in paths]
        except ExchangeError:
            continue  # named by `signed_heads`
        for each in receipts:
            kept = noted.get(f"{each.service} {each.sequence} {each.state}", each.trail_head)
            if kept != each.trail_head:
                found.append(SignedHead(each.name, each.trail_head, fault=_NOTED))
    return found


def _delivery_directories(box: Path) -> Iterable[Path]:
    """Yield the directories of a box's deliveries, in order."""
    for service in sorted(path for path in box.glob("[!.]*") if path.is_dir()):
        yield from sorted(service.glob("[0-9]*"))


def _named(folder: Path) -> str:
    return f"{folder.parent.parent.name}/{folder.parent.name}/{folder.name}"


def _of_manifest(files: DeliveryFiles, data: bytes, manifest: Manifest, terms: Terms) -> Iterator[SignedHead]:
    if manifest.trail_head == FIRST_PREVIOUS:
        return  # made from a directory only, without a node
    try:
        signature = files.signature_bytes()
        agreement = terms.version(manifest.agreement, manifest.agreement_version)
        terms.check_signed(data, signature, manifest.sender, signed_at(signature, data), agreement)
        confirmed = any(_receipt(path, data, manifest, terms) for path in list(_receipt_files(files)))
    except ExchangeError as fault:
        yield SignedHead(files.name, manifest.trail_head, fault=fault.code)
        return
    yield SignedHead(files.name, manifest.trail_head, manifest.service, confirmed=confirmed)


def _of_receipts(files: DeliveryFiles, data: bytes, manifest: Manifest, terms: Terms) -> Iterator[SignedHead]:
    for path in _receipt_files(files):
        try:
            head = _receipt(path, data, manifest, terms).trail_head
        except ExchangeError as fault:
            yield SignedHead(path.name.removesuffix(".json"), "", fault=fault.code)
            continue
        if head != FIRST_PREVIOUS:
            yield SignedHead(path.name.removesuffix(".json"), head)


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


# --- acceptances of a restore

SIGNATURE = "signature"


def head_line(file: str, head: str) -> str:
    """Return the text by which an acceptance names a file and its head."""
    return f"{file} {head}"


def statement(subject: str, facts: Mapping[str, Any]) -> bytes:
    """Return the signed part of an acceptance: subject and facts without the signature, as canonical JSON."""
    signed = {"subject": subject, **{name: fact for name, fact in facts.items() if name != SIGNATURE}}
    return json.dumps(signed, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def accepted_lines(terms: Terms) -> frozenset[str]:
    """Return all accepted heads as `head_line` writes them; `terms` are this node's own."""
    entries = Entry.objects.filter(verb=Verb.RESTORE_ACCEPTED.name)
    return frozenset(each for entry in entries if _is_signed(entry, terms) for each in entry.facts["heads"])


def _is_signed(entry: Entry, terms: Terms) -> bool:
    """Whether a key of ours signed it that was pinned at that time in any version of the agreement file."""
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
