"""Documents of a case: few kinds, of limited size, kept in the database; each reading is recorded."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from pathlib import PurePath
from typing import Final

from django.db import transaction

from renkei.node.accounts.models import Officer
from renkei.node.accounts.permissions import Act, require
from renkei.node.audit.trail import record
from renkei.node.audit.verbs import Verb
from renkei.node.cases.handling import subject_of
from renkei.node.cases.models import Attachment, Case
from renkei.node.cases.reading import purpose_of
from renkei.node.errors import NotAttachable

LARGEST: Final = 10 * 2**20
MOST: Final = 20
#: Kinds that are kept, by the bytes that they begin with: what a name claims counts for nothing.
KINDS: Final[Mapping[bytes, str]] = {
    b"%PDF-": "application/pdf",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
}


def attach(case: Case, name: str, content: bytes, officer: Officer, *, now: datetime) -> Attachment:
    """Keep a document with a case. Raises NotPermitted, and NotAttachable naming the limit that it passes."""
    require(officer, Act.HANDLE_CASE, subject_of(case), now=now)
    media_type = next((kind for start, kind in KINDS.items() if content.startswith(start)), None)
    if media_type is None or not len(content) <= LARGEST:
        raise _refused()
    with transaction.atomic():
        # Locks the case, so that two at once do not pass the limit together.
        Case.objects.select_for_update().get(pk=case.pk)
        if Attachment.objects.filter(case=case).count() >= MOST:
            raise _refused()
        made = Attachment.objects.create(
            case=case,
            name=PurePath(name.replace("\\", "/")).name[-120:] or "document",
            media_type=media_type,
            size=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
            content=content,
            added_at=now,
            added_by=officer,
        )
        record(officer, Verb.DOCUMENT_ATTACHED, case.number, document=made.pk, sha256=made.sha256)
    return made


def read(attachment: Attachment, officer: Officer, *, now: datetime) -> bytes:
    """Return a document's bytes; as personal as the case itself. Raises NotPermitted."""
    case = attachment.case
    require(officer, Act.READ_CASE, subject_of(case), now=now)
    with transaction.atomic():
        content = bytes(Attachment.objects.values_list("content", flat=True).get(pk=attachment.pk))
        purpose = purpose_of(case.number, officer, now)
        record(officer, Verb.DOCUMENT_READ, case.number, purpose=purpose, document=attachment.pk)
    return content


def _refused() -> NotAttachable:
    return NotAttachable(
        f"A case keeps up to {MOST} documents, PDF, PNG or JPEG, of {LARGEST >> 20} MiB each. "
        "Make it smaller or convert it.",
        f"添付できるのはPDF・PNG・JPEG、1件{LARGEST >> 20}MiBまで、事案ごとに{MOST}件までです。",
    )
