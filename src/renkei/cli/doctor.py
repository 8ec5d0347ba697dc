"""`renkei doctor`: what a node needs and whether it is there, each with what to do next."""

import json

import typer

from renkei.cli import speech
from renkei.cli.started import NodeOption, moment, start


def doctor(node: NodeOption, as_json: speech.JsonOption = False, lang: speech.LangOption = None) -> None:
    """Look at configuration, database, disk, keys, counterpart, clock and work; status 1 for a fault.

    Changes nothing and may be run at any time, also while the node serves.
    """
    start(node)
    from renkei.node.operations.doctor import examine

    found = examine(moment())
    if as_json:
        rows = [
            {
                "check": each.check.name,
                "level": each.diagnosis.level,
                "ja": each.diagnosis.ja,
                "en": each.diagnosis.en,
                "next_ja": each.diagnosis.next_ja,
                "next_en": each.diagnosis.next_en,
            }
            for each in found
        ]
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
    else:
        signs = {"ok": ("良", "ok"), "warning": ("注意", "warning"), "fault": ("異常", "FAULT")}
        for each in found:
            what, said = each.check, each.diagnosis
            sign = speech.one_of(signs[said.level], lang)
            name, sentence = speech.one_of((what.ja, what.en), lang), speech.one_of((said.ja, said.en), lang)
            typer.echo(f"[{sign}] {name}: {sentence}")
            if said.next_ja:
                typer.echo(f"    → {speech.one_of((said.next_ja, said.next_en), lang)}")
    if any(each.diagnosis.level == "fault" for each in found):
        raise typer.Exit(1)
