"""The console's pages as a table: number, path, names, and the duties and parties that may open each.

Also what every page shows around its content (`frame`), and the page where an alarm is handled (`place_of`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from renkei.agreement.parties import PARTIES
from renkei.node.accounts.duties import Duty
from renkei.node.cycle.alarms import AlarmKind
from renkei.node.cycle.models import Alarm
from renkei.node.incidents.models import Incident

ALL: Final = frozenset(Duty)
BOTH: Final = frozenset({"isa", "mhlw"})


@dataclass(frozen=True, slots=True)
class Page:
    """One page. `number` (画面番号) is shown in its footer, so that officers can name it by telephone.

    `within` is the page of the navigation that it belongs to, blank if it is in the navigation itself.
    """

    number: str
    name: str
    path: str
    ja: str
    en: str
    duties: frozenset[Duty] = ALL
    parties: frozenset[str] = BOTH
    within: str = ""


_OPERATION = frozenset({Duty.OPERATE, Duty.ADMINISTER})
_DELIVERIES = frozenset({Duty.OPERATE, Duty.AUDIT})
_CASES = frozenset({Duty.HANDLE_CASES})
_AUDIT = frozenset({Duty.AUDIT})
_ADMIN = frozenset({Duty.ADMINISTER})
_KEYS = frozenset({Duty.OPERATE, Duty.AUDIT, Duty.ADMINISTER})
_MHLW = frozenset({"mhlw"})
_ISA = frozenset({"isa"})

_PAGES = (
    Page("H-01", "today", "", "本日の状況", "Today"),
    Page("H-02", "today_strip", "strip/", "本日の処理", "Steps of the day", within="today"),
    Page("H-03", "trends", "trends/", "推移", "Trends", within="today"),
    Page("D-01", "days", "days/", "日次処理", "Daily cycle", _OPERATION),
    Page("D-02", "day", "days/<day:day>/", "一日の処理", "One day", _OPERATION, within="days"),
    *(
        Page(number, name, path, ja, en, _CASES, _MHLW, within)
        for number, name, path, ja, en, within in (
            ("C-01", "discrepancies", "discrepancies/", "不一致", "Mismatches", ""),
            (
                "C-02",
                "discrepancy",
                "discrepancies/<case:number>/",
                "不一致の事案",
                "Mismatch",
                "discrepancies",
            ),
            ("C-03", "omissions", "omissions/", "未届の疑い", "Suspected omissions", ""),
            (
                "C-04",
                "omission",
                "omissions/<case:number>/",
                "未届の疑いの事案",
                "Suspected omission",
                "omissions",
            ),
            (
                "C-05",
                "case_move",
                "cases/<case:number>/moves/<slug:move>/",
                "事案を進める",
                "Move a case",
                "discrepancies",
            ),
            (
                "C-06",
                "case_act",
                "cases/<case:number>/acts/<slug:act>/",
                "事案への記録",
                "Add to a case",
                "discrepancies",
            ),
            (
                "C-07",
                "case_document",
                "cases/<case:number>/documents/<int:document>/",
                "事案の文書",
                "Document of a case",
                "discrepancies",
            ),
            ("C-08", "case_search", "cases/search/", "事案の検索", "Find a case", "discrepancies"),
            ("C-09", "case_assign", "cases/assign/", "担当を決める", "Assign cases", "discrepancies"),
            ("C-10", "case_export", "cases/export/", "一覧の書き出し", "Export a list", "discrepancies"),
            ("C-11", "saved_lists", "cases/lists/", "保存した条件", "Saved filters", "discrepancies"),
            (
                "C-12",
                "card_search",
                "cases/by-card-number/",
                "在留カード番号による検索",
                "Find by card number",
                "discrepancies",
            ),
            (
                "E-01",
                "establishment",
                "establishments/<slug:number>/",
                "事業所",
                "Establishment",
                "discrepancies",
            ),
            ("L-01", "letter", "letters/", "照会文書", "Letter to an employer", "discrepancies"),
            (
                "L-02",
                "letter_template",
                "letters/templates/<slug:name>/",
                "照会文書のひな形",
                "Template of a letter",
                "discrepancies",
            ),
        )
    ),
    Page("F-01", "findings", "findings/", "突合結果", "Findings", _CASES, _ISA),
    Page(
        "F-02",
        "finding",
        "findings/<kind:kind>/<str:identifier>/",
        "一件の突合結果",
        "One finding",
        _CASES,
        _ISA,
        within="findings",
    ),
    Page(
        "F-03",
        "shared_numbers",
        "findings/shared/",
        "複数の人が使う番号",
        "Numbers that several people use",
        _CASES,
        _ISA,
        within="findings",
    ),
    Page(
        "F-04",
        "sharing",
        "findings/shared/<str:reference>/",
        "同じ番号を使う届出",
        "Notifications that use one number",
        _CASES,
        _ISA,
        within="findings",
    ),
    Page(
        "F-05",
        "identity_conflicts",
        "findings/identity/",
        "別人の可能性",
        "Possibly another person",
        _CASES,
        _ISA,
        within="findings",
    ),
    Page(
        "F-06",
        "corrections",
        "findings/corrections/",
        "訂正依頼",
        "Correction requests",
        _CASES,
        _ISA,
        within="findings",
    ),
    Page(
        "F-07",
        "correction",
        "findings/corrections/<str:request_id>/",
        "一件の訂正依頼",
        "One correction request",
        _CASES,
        _ISA,
        within="findings",
    ),
    Page(
        "F-08", "candidates", "findings/candidates/", "候補者", "Candidates", _CASES, _ISA, within="findings"
    ),
    Page(
        "F-09",
        "candidate",
        "findings/candidates/<str:notification_id>/",
        "一件の候補者",
        "Candidates of one notification",
        _CASES,
        _ISA,
        within="findings",
    ),
    Page(
        "F-10",
        "held",
        "findings/held/",
        "当方の記録の誤りで保留",
        "Held for a fault of the register",
        _CASES,
        _ISA,
        within="findings",
    ),
    Page("T-01", "deliveries", "deliveries/", "送受信", "Deliveries", _DELIVERIES),
    Page(
        "T-02",
        "delivery",
        "deliveries/<way:direction>/<str:service>/<int:sequence>/",
        "一件の送付",
        "One delivery",
        _DELIVERIES,
        within="deliveries",
    ),
    Page(
        "T-03",
        "rejects",
        "deliveries/rejects/",
        "受け取れなかった行と値",
        "Rows and values that were left out",
        _DELIVERIES,
        within="deliveries",
    ),
    Page("I-01", "incidents", "incidents/", "漏えい等・障害", "Incidents", _DELIVERIES),
    *(
        Page(number, name, f"incidents/{path}", ja, en, _DELIVERIES, within="incidents")
        for number, name, path, ja, en in (
            ("I-03", "incident_new", "new/", "漏えい等・障害を記録する", "Declare an incident"),
            ("I-02", "incident", "<int:number>/", "一件の漏えい等・障害", "One incident"),
            (
                "I-04",
                "incident_act",
                "<int:number>/<slug:act>/",
                "漏えい等・障害への対応",
                "Act on an incident",
            ),
        )
    ),
    Page("A-01", "trail", "trail/", "監査証跡", "Audit trail", _AUDIT),
    Page(
        "A-02",
        "restored_trail",
        "trail/restored/",
        "証跡の復元",
        "Restored trail",
        _AUDIT,
        within="trail",
    ),
    Page("O-01", "officers", "officers/", "職員", "Officers", _ADMIN),
    Page(
        "O-02", "officer", "officers/<str:username>/", "一人の職員", "One officer", _ADMIN, within="officers"
    ),
    Page("O-03", "own_account", "account/", "自分の登録", "Your account", within="today"),
    Page("K-01", "keys", "keys/", "鍵と証明書", "Keys", _KEYS),
    Page("P-01", "purpose", "purpose/", "利用目的の確認", "Purpose", _CASES, within="today"),
    Page("G-01", "memorandum", "memorandum/", "申合せ", "The memorandum"),
    Page("M-01", "manual", "manual/", "手引", "Manual"),
    Page(
        "M-02", "manual_task", "manual/<slug:slug>/", "仕事ごとの手引", "Manual for one task", within="manual"
    ),
)

PAGES: Final[Mapping[str, Page]] = {page.name: page for page in _PAGES}
"""Every page by its URL name."""


def navigation(party: str, duties: frozenset[Duty]) -> list[Page]:
    """Return the pages in an officer's navigation."""
    return [page for page in _PAGES if not page.within and party in page.parties and duties & page.duties]


# --- what every page shows ----------------------------------------------------------------------------------

VERSION: Final = version("renkei")


def frame(request: HttpRequest) -> dict[str, Any]:
    """Return the context of every page: agency, navigation, environment, version; no page if refused."""
    node = settings.NODE
    page: Page | None = getattr(request, "page", None)
    return {
        "party": PARTIES[node.party],
        "production": node.environment == "production",
        "directory": bool(node.oidc.client_id),
        "support": node.console.support,
        "version": VERSION,
        "page": page,
        "navigation": navigation(node.party, getattr(request, "duties", frozenset())),
    }


# --- the page on which an alarm is handled, as linked from Today --------------------------------------------

_PAGE_OF: Final[Mapping[AlarmKind, str]] = {
    AlarmKind.STEP_STOPPED: "days",
    AlarmKind.DELIVERY_IMPLAUSIBLE: "days",
    AlarmKind.ANSWER_IMPLAUSIBLE: "days",
    AlarmKind.NOT_SENT: "deliveries",
    AlarmKind.NO_RECEIPT: "deliveries",
    AlarmKind.NOTHING_CAME: "deliveries",
    AlarmKind.REFUSED_BY_COUNTERPART: "deliveries",
    AlarmKind.REFUSED_HERE: "deliveries",
    AlarmKind.OVER_PROVIDED: "deliveries",
    AlarmKind.CERTIFICATE_ENDS: "keys",
    AlarmKind.TRAIL_DIFFERS: "trail",
    AlarmKind.TRAIL_BROKEN: "trail",
    AlarmKind.COUNTERPART_TRAIL_BACK: "trail",
    AlarmKind.INCIDENT_UNTOLD: "incidents",
    AlarmKind.INCIDENT_HEARD: "incidents",
    AlarmKind.INCIDENT_DUE: "incidents",
}
#: The number of words after the incident in the subject of such an alarm: its deadline and day.
_AFTER: Final = {AlarmKind.INCIDENT_DUE: 2}


@dataclass(frozen=True, slots=True)
class Place:
    """A page's address and name."""

    address: str
    ja: str
    en: str


def place_of(alarm: Alarm, duties: frozenset[Duty]) -> Place | None:
    """Return the page for an alarm's subject; None if there is none or the duties do not open it."""
    kind = AlarmKind[alarm.kind]
    name = _PAGE_OF.get(kind)
    if name is None or not duties & PAGES[name].duties:
        return None
    page = PAGES[name]
    if name == "incidents" and (found := _incident(alarm.subject, _AFTER.get(kind, 0))):
        return Place(reverse("incident", args=[found.pk]), str(found), str(found))
    return Place(reverse(name), page.ja, page.en)


def _incident(subject: str, after: int) -> Incident | None:
    named = subject.rsplit(" ", after)[0]
    theirs = f"{settings.NODE.counterpart}:"
    origin = settings.NODE.counterpart if named.startswith(theirs) else settings.NODE.party
    return Incident.objects.filter(origin=origin, number=named.removeprefix(theirs)).first()
