"""A letter as a file: PDF to be sent, DOCX to be worked on. Both show the same paragraphs and rows."""

import io
from collections.abc import Callable, Mapping
from typing import Final, Literal

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

from renkei.agreement.parties import MHLW
from renkei.exchange.cover_sheet import japanese_font
from renkei.node.cases.letters import Letter, Paragraph, Rows

_MARGIN: Final = 25
_FONT: Final = "Noto Sans CJK JP"
#: reportlab's numbers for left, centre and right.
_ALIGNED: Final[Mapping[str, Literal[0, 1, 2]]] = {"body": 0, "title": 1, "centre": 1, "right": 2}
_IN_WORD: Final = {
    "title": WD_ALIGN_PARAGRAPH.CENTER,
    "centre": WD_ALIGN_PARAGRAPH.CENTER,
    "right": WD_ALIGN_PARAGRAPH.RIGHT,
    "body": WD_ALIGN_PARAGRAPH.LEFT,
}
#: What a page's frame keeps free within the margins, in points; a table is no wider than the text.
_INSET: Final = 6
#: How wide the columns of the cases are, of the width between the margins.
_WIDTHS: Final = (0.18, 0.18, 0.195, 0.195, 0.25)


def as_pdf(letter: Letter) -> bytes:
    """Set a letter on A4."""
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
    """Keep what was typed from being read as markup, and an ideographic space as wide as it is."""
    text = text.replace("\u3000", "\u00a0\u00a0")
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def as_docx(letter: Letter) -> bytes:
    """Write a letter as a Word document."""
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
        column.width = width  # LibreOffice goes by the columns, Word by the cells
    for number, row in enumerate((block.head, *block.rows)):
        made = table.add_row()
        for cell, text, width in zip(made.cells, row, widths, strict=True):
            cell.width = width
            run = cell.paragraphs[0].add_run(text)
            run.font.size = Pt(9)
            run.bold = number == 0
    # The head stands again on each page that the list goes on to.
    head = table.rows[0]._tr.get_or_add_trPr()
    head.append(OxmlElement("w:tblHeader"))


FORMATS: Final[Mapping[str, tuple[str, Callable[[Letter], bytes]]]] = {
    "pdf": ("application/pdf", as_pdf),
    "docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", as_docx),
}
