"""Letters to employers (照会・訂正依頼), and a letter as a PDF to send or a DOCX to edit.

A letter names what is to be checked, never what the residence register says. An office may change the wording
(`LetterTemplate`). Only the fields of the table `BLANKS` can be filled in, and none of them reads a residence
value, so that no wording can disclose one (申合せ4).
"""

import io
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from importlib.resources import files
from typing import Final, Literal

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from docx import Document
from docx.document import Document as DocumentObject
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, SimpleDocTemplate, Spacer, Table, TableStyle
from reportlab.platypus import Paragraph as Set

from renkei.agreement.omissions import PROBABLY_NOTIFIED, REASONS
from renkei.agreement.parties import MHLW
from renkei.agreement.text import Words, day_in_words
from renkei.exchange.cover_sheet import japanese_font
from renkei.matching.labels import column_name
from renkei.node.accounts.models import Officer
from renkei.node.accounts.permissions import Act, Subject, require
from renkei.node.audit.trail import record
from renkei.node.audit.verbs import Verb
from renkei.node.cases.models import Case, Event, Kind, LetterTemplate
from renkei.node.cases.queries import purpose_of, subject_of
from renkei.node.errors import NoLetter
from renkei.node.records.models import Establishment, Notification

NAMES: Final[Mapping[str, Words]] = {
    "inquiry": Words("照会", "Inquiry"),
    "correction": Words("訂正依頼", "Request to correct the notification"),
}
LETTER: Final = "letter"
LONGEST: Final = 4000
_CASES: Final = "事案一覧"
_BLANK: Final = re.compile(r"《([^《》\n]*)》")
#: The first character of a line of a wording that is not body text.
_KINDS: Final = {"#": "title", "=": "centre", ">": "right"}
_HEAD: Final = ("事案番号", "届出の識別番号", "届出日", "雇用開始日", "確認をお願いする項目")


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph: `kind` is title, centre, right or body."""

    text: str
    kind: str


@dataclass(frozen=True, slots=True)
class Rows:
    """The cases of a letter, one row each."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]


Letter = Sequence[Paragraph | Rows]


@dataclass(frozen=True, slots=True)
class _Facts:
    """What a letter may say; all of it is MHLW's own."""

    establishment: Establishment | None
    office: str
    officer: Officer
    day: date
    reply_by: date


#: The fields that a wording may have filled in. None of them comes from 別紙2 or 別紙3.
BLANKS: Final[Mapping[str, Callable[[_Facts], str]]] = {
    "日付": lambda facts: day_in_words(facts.day.isoformat(), "ja"),
    "宛先": lambda facts: _addressee(facts.establishment),
    "差出人": lambda facts: f"公共職業安定所（所番号{facts.office}）" if facts.office else "公共職業安定所",
    "回答期限": lambda facts: day_in_words(facts.reply_by.isoformat(), "ja"),
    "担当": lambda facts: str(facts.officer),
}


def wording(name: str, office: str) -> LetterTemplate:
    """Return an office's wording of a letter; if none, unsaved, the one for all offices or Renkei's own."""
    kept = {each.office: each for each in LetterTemplate.objects.filter(name=name, office__in=(office, ""))}
    if office in kept:
        return kept[office]
    text = kept[""].text if "" in kept else supplied(name)
    return LetterTemplate(name=name, office=office, text=text, version=0)


def supplied(name: str) -> str:
    """Return the wording that comes with Renkei."""
    return (files("renkei.node.cases") / "wording" / f"{name}.txt").read_text(encoding="utf-8")


def reword(name: str, office: str, text: str, officer: Officer, *, version: int, now: datetime) -> None:
    """Save an office's wording.

    Raises NotPermitted, and NoLetter for an unknown blank, a wording without the list of cases, or a wording
    that a colleague changed in the meantime.
    """
    require(officer, Act.HANDLE_CASE, Subject("", office), now=now)
    text = text.replace("\r\n", "\n").strip() + "\n"
    unknown = {blank for blank in _BLANK.findall(text) if blank not in BLANKS and blank != _CASES}
    if name not in NAMES or unknown or len(text) > LONGEST or f"《{_CASES}》" not in text.splitlines():
        known = "".join(f"《{each}》" for each in (*BLANKS, _CASES))
        raise NoLetter(
            f"A wording has up to {LONGEST} characters, no blanks other than {known}, and 《{_CASES}》 on a "
            "line of its own. Please correct it.",
            f"ひな形は{LONGEST}字まで、差込みは{known}だけで、《{_CASES}》を一行に置いてください。",
        )
    with transaction.atomic():
        mine = LetterTemplate.objects.filter(name=name, office=office, version=version)
        if version and not mine.update(text=text, version=F("version") + 1):
            raise _reworded()
        if not version:
            _, new = LetterTemplate.objects.get_or_create(name=name, office=office, defaults={"text": text})
            if not new:
                raise _reworded()
        record(officer, Verb.TEMPLATE_CHANGED, f"{name} {office}".strip(), characters=len(text))


def write(
    numbers: Sequence[str], name: str, officer: Officer, *, reply_by: date, now: datetime
) -> tuple[Letter, list[Case]]:
    """Write one letter for cases of one employer, and record it in the history of each case.

    Raises NotPermitted if the officer may not handle a case or no purpose is in force for it, NoLetter for
    cases of several employers.
    """
    cases = list(Case.objects.filter(number__in=set(numbers)).order_by("pk"))
    for case in cases:
        require(officer, Act.READ_CASE, subject_of(case), now=now)
    if name not in NAMES or not cases or len(cases) != len(set(numbers)) or not _of_one_employer(cases):
        raise NoLetter(
            "A letter is for cases of one employer. Please choose them on the establishment's page.",
            "一通の文書にできるのは、一つの事業主の事案だけです。事業所の画面から選んでください。",
        )
    day = timezone.localdate(now)
    facts = _Facts(_establishment(cases[0]), cases[0].office, officer, day, reply_by)
    letter = list(_filled(wording(name, cases[0].office).text, facts, cases))
    with transaction.atomic():
        for case in cases:
            Event.objects.create(case=case, at=now, officer=officer, what=LETTER, note=NAMES[name].ja)
            purpose = purpose_of(case.number, officer, now)
            record(officer, Verb.LETTER_MADE, case.number, purpose=purpose, letter=name)
    return letter, cases


def _of_one_employer(cases: Sequence[Case]) -> bool:
    if len(cases) == 1:
        return True
    first = cases[0]
    if first.establishment_number:
        return all(case.establishment_number == first.establishment_number for case in cases)
    return first.corporate_number is not None and all(
        case.corporate_number == first.corporate_number and not case.establishment_number for case in cases
    )


def _establishment(case: Case) -> Establishment | None:
    # Only MHLW's own list: what 別紙3 says about the organisation comes from the register.
    return Establishment.objects.filter(pk=case.establishment_number).first()


def _addressee(found: Establishment | None) -> str:
    if found is None:
        return "（宛先を記入）　御中"
    code = re.sub(r"^([0-9]{3})([0-9]{4})$", r"\1-\2", found.postal_code or "")
    place = " ".join(part for part in (code and f"〒{code}", found.address) if part)
    return f"{place}\n{found.establishment_name or ''}　御中"


def _filled(text: str, facts: _Facts, cases: Sequence[Case]) -> list[Paragraph | Rows]:
    found: list[Paragraph | Rows] = []
    for line in text.splitlines():
        if line == f"《{_CASES}》":
            found.append(Rows(_HEAD, _rows(cases)))
            continue
        kind, text = (_KINDS[line[0]], line[1:]) if line[:1] in _KINDS else ("body", line)
        filled = _BLANK.sub(lambda blank: BLANKS[blank[1]](facts) if blank[1] in BLANKS else "", text.strip())
        found += [Paragraph(part, kind) for part in filled.split("\n")]
    return found


def _rows(cases: Sequence[Case]) -> list[list[str]]:
    named = {case.pk: _notification_of(case) for case in cases}
    own = Notification.objects.in_bulk(list(filter(None, named.values())))
    return [_row(case, own.get(named[case.pk])) for case in cases]


def _notification_of(case: Case) -> str:
    """Return the notification that a case is about: for a suspected omission, the probable one."""
    if case.kind == Kind.DISCREPANCY:
        return case.identifier
    probable = case.values.get("reason") == PROBABLY_NOTIFIED
    return (case.values.get("notification_id") if probable else None) or ""


def _row(case: Case, own: Notification | None) -> list[str]:
    days = (own.registered_on, own.employment_start) if own else (None, None)
    spoken = [day_in_words(day, "ja") if day else "—" for day in days]
    if case.kind == Kind.DISCREPANCY:
        return [case.number, case.identifier, *spoken, _to_check(case.items)]
    # An employer that probably did notify is asked only for the card number of its own notification.
    if own and own.establishment_number and own.establishment_number == case.establishment_number:
        return [case.number, own.notification_id, *spoken, column_name("card_number", "ja")]
    # The permission and the person are known only from the register, so the letter names neither.
    return [case.number, "—", "—", "—", "外国人雇用状況の届出の有無"]


#: What an employer is asked to check if no item is named: the card number, or the whole notification.
_OF_OUTCOMES: Final = {"not_found": "在留カード番号", "mismatched": "届出の内容"}


def _to_check(items: str) -> str:
    names = [name for name in items.split(";") if name and name not in REASONS]
    return "、".join(_OF_OUTCOMES.get(name) or column_name(name, "ja") for name in names)


def _reworded() -> NoLetter:
    return NoLetter(
        "A colleague changed this wording in the meantime. Please check it, then change it.",
        "この間に別の職員がひな形を改めました。内容を確かめてから改めてください。",
    )


# --- a letter as a file: PDF and DOCX show the same paragraphs and rows -------------------------------------

_MARGIN: Final = 25
_FONT: Final = "Noto Sans CJK JP"
#: reportlab's codes for left, centre and right.
_ALIGNED: Final[Mapping[str, Literal[0, 1, 2]]] = {"body": 0, "title": 1, "centre": 1, "right": 2}
_IN_WORD: Final = {
    "title": WD_ALIGN_PARAGRAPH.CENTER,
    "centre": WD_ALIGN_PARAGRAPH.CENTER,
    "right": WD_ALIGN_PARAGRAPH.RIGHT,
    "body": WD_ALIGN_PARAGRAPH.LEFT,
}
#: The padding of a page's frame within the margins, in points; a table is no wider than the text.
_INSET: Final = 6
#: The widths of the columns of the cases, as shares of the width between the margins.
_WIDTHS: Final = (0.18, 0.18, 0.195, 0.195, 0.25)


def as_pdf(letter: Letter) -> bytes:
    """Return a letter as a PDF on A4."""
    target = io.BytesIO()
    document = SimpleDocTemplate(
        target,
        pagesize=A4,
        title=_title(letter),
        author=MHLW.name_ja,
        lang="ja-JP",
        leftMargin=_MARGIN * mm,
        rightMargin=_MARGIN * mm,
        topMargin=_MARGIN * mm,
        bottomMargin=_MARGIN * mm,
    )
    font = japanese_font()
    document.build([_set(block, font, document.width - 2 * _INSET) for block in letter])
    return target.getvalue()


def _set(block: Paragraph | Rows, font: str, width: float) -> Flowable:
    if isinstance(block, Rows):
        return _table(block, font, width)
    if not block.text:
        return Spacer(1, 5 * mm)
    size = 14 if block.kind == "title" else 10.5
    style = ParagraphStyle(
        block.kind,
        fontName=font,
        fontSize=size,
        leading=size * 1.7,
        wordWrap="CJK",
        alignment=_ALIGNED[block.kind],
        spaceAfter=5 * mm if block.kind == "title" else 0,
    )
    return Set(_plain(block.text), style)


def _table(block: Rows, font: str, width: float) -> Flowable:
    style = ParagraphStyle("cell", fontName=font, fontSize=9, leading=13, wordWrap="CJK")
    cells = [[Set(_plain(cell), style) for cell in row] for row in (block.head, *block.rows)]
    table = Table(cells, colWidths=[width * share for share in _WIDTHS], repeatRows=1)
    table.setStyle(
        TableStyle(
            [
                ("GRID", (0, 0), (-1, -1), 0.5, colors.black),
                ("BACKGROUND", (0, 0), (-1, 0), colors.Color(0.93, 0.93, 0.93)),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ]
        )
    )
    return table


def _title(letter: Letter) -> str:
    titles = (each.text for each in letter if isinstance(each, Paragraph) and each.kind == "title")
    return next(titles, "照会文書")


def _plain(text: str) -> str:
    """Escape markup in what was typed, and keep the width of an ideographic space."""
    text = text.replace("\u3000", "\u00a0\u00a0")
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def as_docx(letter: Letter) -> bytes:
    """Return a letter as a Word document."""
    document = Document()
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = Mm(_MARGIN)
    normal = document.styles["Normal"]
    normal.font.name, normal.font.size = _FONT, Pt(10.5)
    normal.element.rPr.rFonts.set(qn("w:eastAsia"), _FONT)
    for language in document.styles.element.iter(qn("w:lang")):
        language.set(qn("w:eastAsia"), "ja-JP")
    document.core_properties.author = MHLW.name_ja
    document.core_properties.title = _title(letter)
    for block in letter:
        if isinstance(block, Rows):
            _word_table(document, block)
            continue
        paragraph = document.add_paragraph()
        paragraph.alignment = _IN_WORD[block.kind]
        paragraph.paragraph_format.space_after = Pt(12 if block.kind == "title" else 0)
        run = paragraph.add_run(block.text)
        run.font.size = Pt(14 if block.kind == "title" else 10.5)
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def _word_table(document: DocumentObject, block: Rows) -> None:
    table = document.add_table(rows=0, cols=len(block.head), style="Table Grid")
    table.autofit = False
    widths = [Mm((210 - 2 * _MARGIN) * share) for share in _WIDTHS]
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width  # LibreOffice uses the width of the columns, Word that of the cells
    for number, row in enumerate((block.head, *block.rows)):
        made = table.add_row()
        for cell, text, width in zip(made.cells, row, widths, strict=True):
            cell.width = width
            run = cell.paragraphs[0].add_run(text)
            run.font.size = Pt(9)
            run.bold = number == 0
    # The header row is repeated on each page.
    head = table.rows[0]._tr.get_or_add_trPr()
    head.append(OxmlElement("w:tblHeader"))


FORMATS: Final[Mapping[str, tuple[str, Callable[[Letter], bytes]]]] = {
    "pdf": ("application/pdf", as_pdf),
    "docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", as_docx),
}
