"""Accepting that a trail was restored from a backup: one officer asks, another confirms, with a reason.

A restored trail lacks the heads that signed files carried after its backup, and it may go back to a head that
it had left. The alarms TRAIL_DIFFERS and COUNTERPART_TRAIL_BACK stay raised for that until two officers
accept it. An acceptance covers exactly the heads of these files: for any other difference, now or later, the
alarm is raised as before.
"""

import base64
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction

from renkei.agreement.text import Words
from renkei.exchange import cms
from renkei.exchange.home import Home
from renkei.node.accounts.models import Officer
from renkei.node.accounts.permissions import Act, require
from renkei.node.audit import cross_checks, verification
from renkei.node.audit.models import Entry
from renkei.node.audit.trail import record
from renkei.node.audit.verbs import Verb
from renkei.node.deliveries import keystore
from renkei.node.errors import NotAccepted, NothingExplained
from renkei.node.incidents.models import Incident

#: Why a trail was restored: code and text.
REASONS: Final[Mapping[str, Words]] = {
    "hardware": Words("機器の故障", "a machine or disk failed"),
    "software": Words("データベース又はソフトウェアの障害", "the database or its software failed"),
    "mistake": Words("操作の誤り", "an operating error"),
    "attack": Words("不正なアクセス又はプログラム", "unauthorised access or malware"),
    "exercise": Words("訓練", "an exercise"),
}
#: How long a request can be confirmed.
LASTS: Final = timedelta(hours=24)
_HEAD: Final = re.compile(r"[0-9a-f]{64}")
_REFERENCE: Final = re.compile(
    r"[\w()().:/-]{3,60}"
)  # of a letter or incident: no sentence, no name with a blank
_INCIDENT: Final = re.compile(r"(?:(?P<party>isa|mhlw):)?I-\d{4}-\d+")


def ask(
    party: str, head: str, number: int, reason: str, reference: str, officer: Officer, *, now: datetime
) -> Entry:
    """Ask that a party's trail be accepted as restored to its entry `number`, whose seal is `head`.

    Our own trail must have that entry. For the counterpart's trail, `head` is the head that its delivery went
    back to, and `number` is as the counterpart states it. Returns the entry that a second officer confirms.
    Raises NotPermitted; NotAccepted where reason or reference are not valid; NothingExplained where a restore
    to this entry explains no difference.
    """
    require(officer, Act.ACCEPT_RESTORE, now=now)
    if reason not in REASONS or not _is_reference(reference):
        raise NotAccepted(
            f"A reason ({', '.join(REASONS)}) and the number of an incident or letter, without blanks and of "
            "3 to 60 characters, are needed; an incident must be on record here.",
            f"理由({'、'.join(REASONS)})と、事案又は公文書の番号(空白なし、3〜60字)が必要です。"
            "事案の番号は、ここに記録のあるものにしてください。",
        )
    heads = _explained(party, head, number) if _HEAD.fullmatch(head) else []
    if not heads:
        raise NothingExplained(
            "No signed file differs that a restore to this entry would explain. Compare number and seal with "
            "`renkei audit head` on the restored node and with the letter, then `renkei audit verify`.",
            "この番号・封印への復元で説明できる相違がありません。復元したノードの`renkei audit head`と"
            "公文書の番号・封印を見比べ、`renkei audit verify`を実行してください。",
        )
    with transaction.atomic():
        return record(
            officer,
            Verb.RESTORE_ACCEPTANCE_ASKED,
            f"{party} {number}",
            head=head,
            reason=reason,
            reference=reference,
            heads=heads,
        )


def confirm(asked: int, officer: Officer, *, now: datetime) -> Entry:
    """Confirm another officer's request, by the number of its entry; then the trail is verified again.

    The acceptance is signed with our signing key. Raises NotPermitted; NotAccepted where the same officer
    asked, or where the request does not exist, is too old or is already confirmed; Misused without that key.
    """
    require(officer, Act.ACCEPT_RESTORE, now=now)
    with transaction.atomic():
        entry = Entry.objects.filter(number=asked, verb=Verb.RESTORE_ACCEPTANCE_ASKED.name).first()
        done = Entry.objects.filter(verb=Verb.RESTORE_ACCEPTED.name, facts__asked=asked).exists()
        if entry is None or done or entry.at <= now - LASTS or entry.actor == officer.get_username():
            raise NotAccepted(
                "Another officer than the one who asked must confirm, once and within a day. "
                "See the entry in the trail, or ask again.",
                "申請した職員とは別の職員が、1日以内に一度だけ確認します。証跡の記録を確かめるか、"
                "申請し直してください。",
            )
        facts = {**entry.facts, "asked": asked, "asked_by": entry.actor, "by": officer.get_username()}
        signature = cms.sign(cross_checks.statement(entry.subject, facts), keystore.signer(now), now)
        facts[cross_checks.SIGNATURE] = base64.b64encode(signature).decode()
        made = record(officer, Verb.RESTORE_ACCEPTED, entry.subject, **facts)
    verification.verify_all(now, officer)
    return made


def standing(now: datetime) -> list[Entry]:
    """Return the requests that can still be confirmed, the newest first."""
    done = Entry.objects.filter(verb=Verb.RESTORE_ACCEPTED.name).values_list("facts", flat=True)
    confirmed = {facts["asked"] for facts in done}
    asked = Entry.objects.filter(verb=Verb.RESTORE_ACCEPTANCE_ASKED.name, at__gt=now - LASTS)
    return [entry for entry in asked.order_by("-number") if entry.number not in confirmed]


def _is_reference(text: str) -> bool:
    if (named := _INCIDENT.fullmatch(text)) is None:
        return _REFERENCE.fullmatch(text) is not None
    return Incident.objects.filter(
        origin=named["party"] or settings.NODE.party, number=text.rpartition(":")[2]
    ).exists()


def _explained(party: str, head: str, number: int) -> list[str]:
    """Return the differing heads, as lines, that a restore of the party's trail to that entry explains."""
    home = Home(settings.NODE.exchange)
    known = cross_checks.accepted_lines(home.terms())
    if party == settings.NODE.party:
        if not Entry.objects.filter(number=number, sha256=head).exists():
            return []
        lost = cross_checks.heads_lost_after(home.directory, home.terms(), party, number)
        return [line for each in lost if (line := cross_checks.head_line(each.file, each.head)) not in known]
    reverted = cross_checks.reverted_heads(home.directory, known)
    return [
        cross_checks.head_line(each.file, each.head)
        for each in reverted
        if each.fault == cross_checks.BACK and each.head == head
    ]
