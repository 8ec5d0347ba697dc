"""Fold text to a terminal's width: Japanese between any two characters, other scripts between words."""

import re

from rich.cells import cell_len

# A line begins with no closing sign and ends with no opening one (行頭・行末禁則).
_OPENING = "（「『【〔"
_CLOSING = "、。，．）」』】〕；：！？ー々ゃゅょっャュョッ"
# Quotation marks, dashes and circled numbers, which stand below, belong to the words beside them.
_WIDE = "\u1100-\u11ff\u2e80-\uffff"
_PIECES = re.compile(rf"[{_OPENING}]*(?:[^\s{_WIDE}]+|[{_WIDE}])[{_CLOSING}]*|\s+")


def fold(text: str, width: int) -> list[str]:
    """Return the lines of a text, each at most `width` columns wide unless one word is wider.

    A full-width character takes two columns. Spaces at a fold are dropped.
    """
    lines = [""]
    for piece in _PIECES.findall(text):
        if lines[-1] and cell_len(lines[-1] + piece.rstrip()) > width:
            lines[-1] = lines[-1].rstrip()
            lines.append("")
        if lines[-1] or not piece.isspace():
            lines[-1] += piece
    return [*lines[:-1], lines[-1].rstrip()]
