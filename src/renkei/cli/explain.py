"""`renkei explain`: one case of a reconciliation in plain sentences."""

import json
import shutil
from pathlib import Path
from typing import Annotated

import typer

from renkei.agreement.text import Lang
from renkei.cli import speech
from renkei.cli.arguments import UnusableArguments
from renkei.cli.folding import fold
from renkei.matching.explain import Explanation, explain_notification, explain_permission

_WIDEST = 100


def explain(
    out: Annotated[Path, typer.Option(metavar="DIR", help="What reconcile wrote with --out.")],
    notification: Annotated[
        str | None, typer.Option(metavar="ID", help="Explain the outcome of this notification.")
    ] = None,
    permission: Annotated[
        str | None, typer.Option(metavar="ID", help="Explain the suspected omission of this permission.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the case as JSON.")] = False,
    lang: speech.LangOption = None,
) -> None:
    """Explain one case in plain sentences. It prints personal data of the case that you ask for."""
    if (notification is None) == (permission is None):
        raise UnusableArguments(
            "Give either --notification ID or --permission ID.",
            "--notification ID か --permission ID のどちらか一方を指定してください。",
        )
    chosen = speech.language(lang)
    if notification is not None:
        case = explain_notification(out, notification, chosen)
    else:
        case = explain_permission(out, str(permission), chosen)
    if as_json:
        typer.echo(json.dumps(case.as_data(), ensure_ascii=False, indent=2))
    else:
        typer.echo(_page(case, str(notification or permission), chosen))


def _page(case: Explanation, identifier: str, lang: Lang) -> str:
    width = min(_WIDEST, shutil.get_terminal_size().columns) - 4
    subject = {"notification": ("届出", "Notification"), "permission": ("許可", "Permission")}[case.subject]
    lines = [f"{speech.one_of(subject, lang)} {identifier}"]
    for section in case.sections:
        lines += ["", section.heading]
        for sentence in section.sentences:
            first, *rest = fold(sentence, width)
            lines += [f"  - {first}", *(f"    {line}" for line in rest)]
    return "\n".join(lines)
