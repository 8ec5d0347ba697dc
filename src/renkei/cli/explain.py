"""`renkei explain`: one case of a reconciliation in plain sentences.

`fold` wraps text to a terminal's width: Japanese between any two characters, other scripts between words.
"""

import json
import re
import shutil
from typing import Annotated

import typer
from rich.cells import cell_len

from renkei.agreement.text import Lang
from renkei.cli import output
from renkei.cli.arguments import ResultOption, UnusableArguments
from renkei.matching.explain import Explanation, explain_notification, explain_permission

_WIDEST = 100
# A line does not begin with a closing mark or end with an opening mark (行頭・行末禁則).
_OPENING = "（「『【〔"
_CLOSING = "、。，．）」』】〕；：！？ー々ゃゅょっャュョッ"
# Quotation marks, dashes and circled numbers have lower code points: they belong to the words beside them.
_WIDE = "\u1100-\u11ff\u2e80-\uffff"
_PIECES = re.compile(rf"[{_OPENING}]*(?:[^\s{_WIDE}]+|[{_WIDE}])[{_CLOSING}]*|\s+")


def explain(
    result: ResultOption,
    notification: Annotated[
        str | None, typer.Option(metavar="ID", help="Explain the outcome of this notification.")
    ] = None,
    permission: Annotated[
        str | None, typer.Option(metavar="ID", help="Explain the suspected omission of this permission.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the case as JSON.")] = False,
    lang: output.LangOption = None,
) -> None:
    """Explain one case in plain sentences. The output contains personal data of that case."""
    if (notification is None) == (permission is None):
        raise UnusableArguments(
            "Give either --notification ID or --permission ID.",
            "--notification ID か --permission ID のどちらか一方を指定してください。",
        )
    chosen = output.language(lang)
    if notification is not None:
        case = explain_notification(result, notification, chosen)
    else:
        case = explain_permission(result, str(permission), chosen)
    if as_json:
        typer.echo(json.dumps(case.as_data(), ensure_ascii=False, indent=2))
    else:
        typer.echo(_page(case, str(notification or permission), chosen))


def fold(text: str, width: int) -> list[str]:
    """Return the lines of a text, each at most `width` columns wide unless one word is wider.

    A full-width character takes two columns. Spaces at a line break are dropped.
    """
    lines = [""]
    for piece in _PIECES.findall(text):
        if lines[-1] and cell_len(lines[-1] + piece.rstrip()) > width:
            lines[-1] = lines[-1].rstrip()
            lines.append("")
        if lines[-1] or not piece.isspace():
            lines[-1] += piece
    return [*lines[:-1], lines[-1].rstrip()]


def _page(case: Explanation, identifier: str, lang: Lang) -> str:
    width = min(_WIDEST, shutil.get_terminal_size().columns) - 4
    subject = {"notification": ("届出", "Notification"), "permission": ("許可", "Permission")}[case.subject]
    lines = [f"{output.one_of(subject, lang)} {identifier}"]
    for section in case.sections:
        lines += ["", section.heading]
        for sentence in section.sentences:
            first, *rest = fold(sentence, width)
            lines += [f"  - {first}", *(f"    {line}" for line in rest)]
    return "\n".join(lines)
