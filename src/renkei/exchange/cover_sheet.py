"""The cover sheet (送付状) of a medium: one A4 page, to be signed by the two handlers.

It lists the files on the medium and contains no personal data. It embeds a Japanese font of the system if
there is one; otherwise it uses the standard Japanese font that every PDF reader has.
"""

import io
from collections.abc import Sequence
from datetime import date, timedelta, timezone
from pathlib import Path
from typing import Any, Final

from reportlab.lib import colors
from reportlab.lib.enums import TA_LEFT, TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFError, TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph, Table, TableStyle

from renkei.exchange.agreement_file import AgreementFile
from renkei.exchange.errors import Misused
from renkei.exchange.keys import spoken
from renkei.exchange.manifest import Manifest
from renkei.exchange.media import Export, OnMedium

#: Japanese fonts with TrueType outlines where Debian and Red Hat put them, and the Mincho beside the Gothic.
FONTS: Final = (
    "/usr/share/fonts/opentype/ipaexfont-gothic/ipaexg.ttf",
    "/usr/share/fonts/truetype/ipaexfont/ipaexg.ttf",
    "/usr/share/fonts/opentype/ipafont-gothic/ipag.ttf",
    "/usr/share/fonts/ipa-gothic-fonts/ipag.ttf",
)
_STANDARD: Final = "HeiseiKakuGo-W5"
_SERVICES: Final = {
    "annex1": "別紙1 外国人雇用状況届出情報",
    "annex2-3": "別紙2・別紙3 突合の結果",
    "incident": "漏えい等の連絡（申合せ6）",
    "receipt": "受け取れなかった行の返送",
}
_KINDS: Final = {"data": "データあり", "empty": "該当なし", "incident": "事案の連絡"}
_REASONS: Final = {
    "network_failure": "ネットワークの障害（申合せ5ただし書）",
    "agreed": "双方の合意（申合せ5ただし書）",
}
_WIDTH: Final = 174 * mm
_JAPAN: Final = timezone(timedelta(hours=9))


def cover_sheet(
    manifest: Manifest, manifest_sha256: str, files: Sequence[OnMedium], record: Export, terms: AgreementFile
) -> bytes:
    """Return the page as PDF; `Misused` with `reason_wrong` if long names make it exceed one page."""
    font = japanese_font()
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=A4, invariant=True)
    canvas.setTitle(f"送付状 {manifest.name}")
    canvas.setAuthor(terms.parties[manifest.sender][0])
    sender, receiver = (terms.parties[party][0] for party in (manifest.sender, manifest.receiver))
    page = _Page(canvas, font)
    page.title("送　付　状", "出入国在留管理庁・厚生労働省 情報連携（申合せ5 ネットワークによらない提供）")
    at = record.at.astimezone(_JAPAN)
    page.rows(
        [
            ("宛先", f"{receiver}　御担当者 様"),
            ("差出", sender),
            ("作成日時", f"{_day(at)}　{at:%H時%M分}"),
        ]
    )
    page.heading("1　送付する情報")
    page.rows(
        [
            ("業務", _SERVICES.get(manifest.service, manifest.service)),
            ("番号", f"第 {manifest.sequence} 号"),
            ("業務日", f"{_day(manifest.business_day)}　第 {manifest.revision} 版"),
            ("種別", _KINDS[manifest.kind]),
            ("理由", _REASONS[record.reason]),
            ("合意した相手方", _plain(record.agreed_by)),
            ("送信票の指紋<br/>（電話で読み合わせ）", _groups(manifest_sha256)),
        ]
    )
    page.heading(f"2　媒体のファイル（{len(files)}個）")
    page.table(
        ["ファイル名", "大きさ（バイト）", "SHA-256"],
        [[found.name, f"{found.size:,}", _groups(found.sha256)] for found in files],
        [66 * mm, 30 * mm, 78 * mm],
        figures=1,
    )
    page.note(
        "ファイルは封緘（暗号化）と署名がされています。受領後は renkei delivery import で取り込み、"
        "受領証を返送してください。<br/>"
        "番号・個数・指紋が本状と異なるときは、開かずに差出人へ電話してください。"
    )
    page.heading("3　授受の確認")
    page.table(
        ["", "氏名（自署）", "日時"],
        [
            [f"引き渡した者（{sender}）<br/>{_plain(record.handed_over_by)}", "", ""],
            [f"受け取った者（{receiver}）<br/>{_plain(record.taken_over_by)}", "", ""],
        ],
        [66 * mm, 62 * mm, 46 * mm],
        height=15 * mm,
    )
    page.note(
        "届出及び在留に関する個人情報は、本状に記載していません。"
        "媒体は施錠して運搬し、受領後は双方の定めに従って消去してください。"
    )
    if page.is_over:
        raise Misused("reason_wrong", "送付状: 1ページに収まりません / more than a page")
    canvas.showPage()
    canvas.save()
    return target.getvalue()


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日（{'月火水木金土日'[day.weekday()]}）"


def _groups(digest: str) -> str:
    """Return a fingerprint in two lines of eight groups, which are easier to compare when read out."""
    words = spoken(digest).split()
    return "<br/>".join(" ".join(line) for line in (words[:8], words[8:]))


def _plain(text: str) -> str:
    """Escape typed text, so that it is not read as markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;")


def japanese_font() -> str:
    """Register a Japanese font, of the system or else the standard one; return its name."""
    for path in FONTS:
        if Path(path).is_file():
            try:
                pdfmetrics.registerFont(TTFont("Japanese", path))
            except TTFError:
                continue
            return "Japanese"
    pdfmetrics.registerFont(UnicodeCIDFont(_STANDARD))
    return _STANDARD


class _Page:
    """Draws blocks one below the other."""

    def __init__(self, canvas: Canvas, font: str) -> None:
        self._canvas = canvas
        self._font = font
        self._y = A4[1] - 20 * mm
        self._left = (A4[0] - _WIDTH) / 2

    @property
    def is_over(self) -> bool:
        """Whether something was drawn below the margin."""
        return self._y < 12 * mm

    def title(self, text: str, below: str) -> None:
        self._canvas.setFont(self._font, 20)
        self._canvas.drawCentredString(A4[0] / 2, self._y, text)
        self._canvas.setFont(self._font, 9)
        self._canvas.drawCentredString(A4[0] / 2, self._y - 8 * mm, below)
        self._y -= 14 * mm

    def heading(self, text: str) -> None:
        self._y -= 8 * mm
        self._canvas.setFont(self._font, 12)
        self._canvas.drawString(self._left, self._y, text)
        self._y -= 2 * mm

    def rows(self, rows: list[tuple[str, str]]) -> None:
        cells = [[self._text(label), self._text(value)] for label, value in rows]
        self._draw(cells, [40 * mm, _WIDTH - 40 * mm], shaded_column=True)

    def table(
        self,
        head: list[str],
        rows: list[list[str]],
        widths: list[float],
        height: float | None = None,
        figures: int | None = None,
    ) -> None:
        cells = [
            [self._text(cell, small=True, right=place == figures) for place, cell in enumerate(row)]
            for row in (head, *rows)
        ]
        self._draw(cells, widths, [None, *([height] * len(rows))])

    def note(self, text: str) -> None:
        style = ParagraphStyle("note", fontName=self._font, fontSize=8.5, leading=13, wordWrap="CJK")
        paragraph = Paragraph(text, style)
        _, height = paragraph.wrap(_WIDTH, A4[1])
        self._y -= height + 2.5 * mm
        paragraph.drawOn(self._canvas, self._left, self._y)

    def _text(self, text: str, small: bool = False, right: bool = False) -> Paragraph:
        size = 8.5 if small else 10
        style = ParagraphStyle(
            "cell",
            fontName=self._font,
            fontSize=size,
            leading=size * 1.4,
            wordWrap="CJK",
            alignment=TA_RIGHT if right else TA_LEFT,
        )
        return Paragraph(text, style)

    def _draw(
        self,
        cells: list[list[Any]],
        widths: list[float],
        heights: list[float | None] | None = None,
        shaded_column: bool = False,
    ) -> None:
        table = Table(cells, colWidths=widths, rowHeights=heights)
        shaded = ((0, 0), (0, -1)) if shaded_column else ((0, 0), (-1, 0))
        table.setStyle(
            TableStyle(
                [
                    ("GRID", (0, 0), (-1, -1), 0.5, colors.black),
                    ("BACKGROUND", *shaded, colors.Color(0.93, 0.93, 0.93)),
                    ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
                ]
            )
        )
        _, height = table.wrap(_WIDTH, A4[1])
        self._y -= height + 2 * mm
        table.drawOn(self._canvas, self._left, self._y)
