"""`renkei doctor`: check everything that a node needs; each finding has the next action."""

import json

import typer

from renkei.cli import output
from renkei.cli.node_options import NodeOption, moment, start


def doctor(node: NodeOption, as_json: output.JsonOption = False, lang: output.LangOption = None) -> None:
    """Check configuration, database, disk, keys, counterpart, clock and work; status 1 for a fault.

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
            sign = output.one_of(signs[said.level], lang)
            name, sentence = output.one_of((what.ja, what.en), lang), output.one_of((said.ja, said.en), lang)
            typer.echo(f"[{sign}] {name}: {sentence}")
            if said.next_ja:
                typer.echo(f"    → {output.one_of((said.next_ja, said.next_en), lang)}")
    if any(each.diagnosis.level == "fault" for each in found):
        raise typer.Exit(1)
