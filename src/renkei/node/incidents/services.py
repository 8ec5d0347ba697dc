"""Acts on an incident: declare, add, notify the counterpart, close. Each checks the permission first.

What officers write may contain personal data. It is stored in the incident and its notices, never in the
trail, which holds only items, codes and counts.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from renkei.agreement.parties import PARTIES
from renkei.node.accounts.models import Officer
from renkei.node.accounts.permissions import Act, require
from renkei.node.audit.trail import SYSTEM, record, wait_to_write
from renkei.node.audit.verbs import Verb
from renkei.node.errors import IncidentRefused, NoSuchIncident
from renkei.node.incidents import deadlines, notices
from renkei.node.incidents.models import Condition, Incident, Item, Kind, Report, Statement
from renkei.node.incidents.scope import DATA, Concerned


def declare(
    kind: Kind,
    said: Mapping[Item, str],
    *,
    found_at: datetime,
    suspected: bool = True,
    concerned: Concerned | None = None,
    persons: int | None = None,
    conditions: Collection[Condition] | None = None,
    contact: str = "",
    by: Officer | None,
    now: datetime,
) -> Incident:
    """Record an incident and request a notice to the counterpart (`notices.tell` sends it afterwards).

    `said` holds the statements by item, at least the overview. `concerned` gives the deliveries and the
    bounds of persons; `persons` is the number that somebody counted. `conditions` None: not judged yet, all
    deadlines run. `by` None: the node's own command line. Raises IncidentRefused, NotPermitted.
    """
    _may(by, now)
    if found_at > now:
        raise IncidentRefused(
            "The time of discovery is in the future. Please correct it.",
            "判明日時が未来になっています。直してください。",
        )
    if not said.get(Item.OVERVIEW, "").strip():
        raise IncidentRefused(
            "Please write an overview of what is known so far.",
            "概要が必要です。分かっている範囲で書いてください。",
        )
    fields: dict[str, object] = {
        "kind": kind,
        "suspected": suspected,
        "found_at": found_at,
        "known_at": found_at,
        "conditions": None if conditions is None else sorted(each.value for each in conditions),
        "persons": persons,
        "contact": contact or settings.NODE.console.support or PARTIES[settings.NODE.party].name_ja,
    }
    if concerned is not None:
        fields |= _fields(concerned)
    words = dict(said)
    if concerned and not words.get(Item.DATA, "").strip():
        words[Item.DATA] = "、".join(DATA[service].ja for service in concerned.services)
    with transaction.atomic():
        return _declared(fields, words, by, now)


def _declared(
    fields: Mapping[str, object], said: Mapping[Item, str], by: Officer | None, now: datetime
) -> Incident:
    wait_to_write()  # the lock of writers: a declaration at the same moment waits and takes the next number
    incident = Incident.objects.create(
        origin=settings.NODE.party, number=_next_number(now), seen_at=now, **fields
    )
    _say(incident, said, by, now)
    notices.want(incident, now)
    record(
        by,
        Verb.INCIDENT_DECLARED,
        str(incident),
        kind=incident.kind,
        suspected=incident.suspected,
        rows=incident.rows,
        persons=incident.persons,
    )
    return incident


def add(
    incident: Incident,
    said: Mapping[Item, str],
    *,
    reported: Collection[str] = (),
    conditions: Collection[Condition] | None = None,
    suspected: bool | None = None,
    concerned: Concerned | None = None,
    persons: int | None = None,
    by: Officer | None,
    now: datetime,
) -> Incident:
    """Add what became known: statements by item, duties done (`reported`, codes of deadlines), conditions.

    Earlier statements stay. This does not inform the counterpart; `notify` does. Raises IncidentRefused if
    nothing is added, for a closed incident or an unknown deadline, NotPermitted.
    """
    _may(by, now)
    changed: dict[str, object] = {}
    if conditions is not None:
        changed["conditions"] = sorted(each.value for each in conditions)
    if suspected is not None:
        changed["suspected"] = suspected
    if concerned is not None:
        changed |= _fields(concerned)
    if persons is not None:
        changed["persons"] = persons
    if not (said or reported or changed):
        raise IncidentRefused(
            "There is nothing to add. Please give an item, a duty that was done, or the conditions.",
            "追加する内容がありません。項目、報告した義務又は要件を指定してください。",
        )
    if unknown := set(reported) - deadlines.BY_CODE.keys():
        raise IncidentRefused(
            f"Unknown duty: {', '.join(sorted(unknown))}. Use one of {', '.join(deadlines.BY_CODE)}.",
            f"その義務はありません({', '.join(unknown)})。{', '.join(deadlines.BY_CODE)}のいずれかです。",
        )
    with transaction.atomic():
        _open(incident, now, seen_at=incident.seen_at or now, **changed)
        _say(incident, said, by, now)
        for code in reported:
            Report.objects.get_or_create(
                incident=incident, clock=code, defaults={"done_at": now, "noted_by": _name(by)}
            )
        record(
            by,
            Verb.INCIDENT_ADDED,
            str(incident),
            items=sorted(item.value for item in said),
            reported=sorted(reported),
            changed=sorted(changed),
        )
    incident.refresh_from_db()
    return incident


def notify(incident: Incident, *, by: Officer | None, now: datetime) -> None:
    """Request a notice of what is known now; `notices.tell` sends it.

    Raises IncidentRefused, NotPermitted.
    """
    _may(by, now)
    if not incident.ours:
        raise IncidentRefused(
            "This is the counterpart's incident. Please record what was found here as a separate incident.",
            "これは相手方の事案です。当方で判明したことは、別の事案として記録してください。",
        )
    with transaction.atomic():
        _open(incident, now)
        notices.want(incident, now)
        record(by, Verb.INCIDENT_NOTIFIED, str(incident))


def close(incident: Incident, said: Mapping[Item, str], *, by: Officer | None, now: datetime) -> None:
    """Close an incident. Ours can be closed once the counterpart has the notice and no legal duty is open.

    Raises IncidentRefused, NotPermitted.
    """
    _may(by, now)
    if incident.ours:
        if left := [each.clock.ja for each in deadlines.running(incident) if each.done_at is None]:
            raise IncidentRefused(
                f"{len(left)} duties are not reported yet ({', '.join(_left(incident))}). Please record each "
                "(page I-04, or --reported), or judge the conditions.",
                f"報告していない義務があります({'、'.join(left)})。記録する(画面I-04又は--reported)か、要件を判断してください。",
            )
        if notices.untold(incident):
            raise IncidentRefused(
                "The counterpart has not received the notice (clause 6). Please wait, or send it by medium.",
                "相手方への連絡がまだ届いていません(申合せ6)。届くのを待つか、媒体で渡してください。",
            )
    with transaction.atomic():
        _open(incident, now, seen_at=incident.seen_at or now, closed_at=now)
        _say(incident, said, by, now)
        record(by, Verb.INCIDENT_CLOSED, str(incident), items=sorted(item.value for item in said))
    incident.refresh_from_db()


def listed(by: Officer | None, now: datetime) -> QuerySet[Incident]:
    """Return all incidents, the newest first. Raises NotPermitted."""
    _may(by, now)
    return Incident.objects.prefetch_related("reports", "notices")


def find(name: str, by: Officer | None, now: datetime) -> Incident:
    """Return an incident by name: I-2026-015, or isa:I-2026-015. Raises NoSuchIncident, NotPermitted."""
    _may(by, now)
    origin, _, number = name.rpartition(":")
    found = Incident.objects.filter(origin=origin or settings.NODE.party, number=number).first()
    if found is None:
        raise NoSuchIncident(
            "There is no incident with that number. Check the numbers with `renkei incident list`.",
            "その番号の事案はありません。`renkei incident list`で確かめてください。",
        )
    return found


def current(incident: Incident) -> dict[Item, str]:
    """Return the valid statement of each item, in the report's order; items without one are left out."""
    last = dict(incident.statements.values_list("item", "text"))
    return {item: last[item] for item in Item if item in last}


def _fields(concerned: Concerned) -> dict[str, object]:
    return {"deliveries": concerned.deliveries, "rows": concerned.rows, "at_least": concerned.at_least}


def _left(incident: Incident) -> list[str]:
    return [each.clock.code for each in deadlines.running(incident) if each.done_at is None]


def _may(by: Officer | None, now: datetime) -> None:
    if by is not None:  # None: the node's command line, whose user has access to the database anyway
        require(by, Act.DECLARE_INCIDENT, now=now)


def _open(incident: Incident, now: datetime, **changed: object) -> None:
    """Change an incident if it is still open (compare-and-set in the database)."""
    still = Incident.objects.filter(pk=incident.pk, closed_at=None)
    if still.update(**(changed or {"closed_at": None})) != 1:
        # Somebody closed it in the meantime: nothing was changed.
        raise IncidentRefused(
            "The incident is closed. Please record a separate incident.",
            "この事案は終結しています。別の事案として記録してください。",
        )


def _say(incident: Incident, said: Mapping[Item, str], by: Officer | None, now: datetime) -> None:
    filled = {item: text.strip() for item, text in said.items() if text.strip()}
    Statement.objects.bulk_create(
        Statement(incident=incident, item=item, text=text, said_at=now, said_by=_name(by))
        for item, text in filled.items()
    )
    notices.check_fits(incident)


def _name(by: Officer | None) -> str:
    return by.get_username() if by else SYSTEM


def _next_number(now: datetime) -> str:
    prefix = f"I-{timezone.localtime(now).year}-"
    ours = Incident.objects.filter(origin=settings.NODE.party, number__startswith=prefix)
    taken = (int(number.removeprefix(prefix)) for number in ours.values_list("number", flat=True))
    return f"{prefix}{max(taken, default=0) + 1:03d}"
