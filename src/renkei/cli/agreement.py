"""`renkei agreement`: print the memorandum as Renkei reads it; sign and verify the agreement file.

The page shows the parties, clauses, annexes and decisions, and which decisions are not confirmed yet. `sign`
and `verify` work on the agreement file that both parties sign and load.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from renkei.agreement import clauses
from renkei.agreement.annexes import Annex, Condition, Disclosure, Item
from renkei.agreement.calendar import DELIVERIES
from renkei.agreement.decisions import DECISIONS, Policy
from renkei.agreement.description import annexes_under, describe
from renkei.agreement.omissions import EXPLANATIONS, GROUNDS, REASONS
from renkei.agreement.parties import PARTIES
from renkei.agreement.purposes import ACTS, PURPOSES
from renkei.agreement.readings import READINGS
from renkei.agreement.statuses import STATUSES, Work
from renkei.agreement.text import Lang
from renkei.cli import exchange_options, output
from renkei.cli.arguments import PolicyOption, read_policy
from renkei.cli.explain import fold
from renkei.cli.terminal import Console
from renkei.exchange import agreement_file
from renkei.exchange.durable import write
from renkei.exchange.errors import Misused
from renkei.exchange.home import Home, read_agreement
from renkei.exchange.keys import spoken

app = typer.Typer(invoke_without_command=True, rich_markup_mode=None)

FileArgument = Annotated[Path, typer.Argument(help="The agreement file, agreement.json.")]
_DISCLOSURE_EN = {
    Disclosure.PUBLISHED: "published",
    Disclosure.REDACTED: "redacted",
    Disclosure.ASSUMED: "assumed",
}
_CONFIDENCE = {
    "agreement": ("申合せ", "the agreement"),
    "law text": ("法令（2013年の条文）", "the law, as of 2013"),
    "source": ("公表資料", "public material"),
    "unverified": ("未確認", "unverified"),
}
_BASIS = {"memorandum": ("申合せ", "memorandum"), "decision": ("決定", "decision")}


@app.callback()
def agreement(
    context: typer.Context,
    policy: PolicyOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
    lang: output.LangOption = None,
) -> None:
    """Print the agreement; sign and verify the file that both parties load."""
    if context.invoked_subcommand is not None:
        return
    decided = read_policy(policy)
    if as_json:
        typer.echo(json.dumps(describe(decided), ensure_ascii=False, indent=2))
    else:
        _Page(output.language(lang)).print(decided)


@app.command()
def sign(
    file: FileArgument,
    home: exchange_options.HomeOption,
    passphrase_file: exchange_options.PassphraseOption = None,
    lang: output.LangOption = None,
) -> None:
    """Sign the agreement file with our key; the signature is written beside it as FILE.PARTY.p7s."""
    if not file.is_file():
        raise Misused("not_found", file.name)
    data, place, moment = file.read_bytes(), Home(home), exchange_options.now()
    agreement = agreement_file.read(data)
    signer = place.signer(exchange_options.passphrase(passphrase_file, lang), moment, agreement)
    path = file.with_name(f"{file.name}.{place.party}.p7s")
    write(path, agreement_file.sign(data, place.party, signer, moment))
    typer.echo(path)
    typer.echo(spoken(agreement.sha256))


@app.command()
def verify(
    file: FileArgument,
    home: Annotated[
        Path | None,
        typer.Option(
            "--home", envvar="RENKEI_HOME", metavar="DIR", help="Put it into force in this directory."
        ),
    ] = None,
    lang: output.LangOption = None,
) -> None:
    """Verify both parties' signatures, show fingerprints to read out, and put it into force with --home.

    Nothing else proves the first version: compare its fingerprint over the telephone before --home.
    """
    data, signatures = read_agreement(file)
    agreement = Home(home).adopt(data, signatures) if home else agreement_file.verify(data, signatures)
    typer.echo(f"{agreement.agreement} {output.one_of(('第', 'version '), lang)}{agreement.version}")
    typer.echo(spoken(agreement.sha256))
    for pin in agreement.pins:
        typer.echo(f"{pin.party} {pin.use} {pin.starts:%Y-%m-%d}–{pin.ends:%Y-%m-%d}\n  {spoken(pin.sha256)}")


class _Page:
    """The page that the command prints, in one language; plain text if the output is not a terminal."""

    def __init__(self, lang: Lang) -> None:
        self._lang = lang
        self._console = Console(highlight=False, markup=False, emoji=False)

    def print(self, policy: Policy) -> None:
        self._say(clauses.TITLE, style="bold")
        self._parties()
        self._clauses()
        for annex in annexes_under(policy):
            self._annex(annex)
        self._omissions()
        self._purposes()
        self._calendar()
        self._decisions(policy)
        self._readings()

    def _(self, ja: str, en: str) -> str:
        return ja if self._lang == "ja" else en

    def _say(self, text: str, indent: int = 0, style: str = "") -> None:
        for line in fold(text, self._console.width - indent):
            self._console.print(Text(" " * indent + line, style=style), soft_wrap=True)

    def _heading(self, ja: str, en: str) -> None:
        self._console.print()
        self._say(f"◆ {self._(ja, en)}", style="bold")

    def _table(self, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
        for heading in headings:
            table.add_column(heading, overflow="fold")
        for row in rows:
            table.add_row(*map(Text, row))
        self._console.print(Padding(table, (0, 0, 0, 2)))

    def _parties(self) -> None:
        self._heading("当事者", "Parties")
        for party in PARTIES.values():
            name = party.name_ja if self._lang == "ja" else f"{party.name_en} ({party.name_ja})"
            self._say(f"{name}  {party.document_number}", indent=2)
            self._say(f"{self._(party.office_ja, party.office_en)}  {party.signatory}", indent=4)
        agreed, effective = clauses.AGREED_ON, clauses.EFFECTIVE_FROM
        self._say(self._(f"合意日 {agreed}  発効日 {effective}", f"agreed {agreed}, in force {effective}"), 2)

    def _clauses(self) -> None:
        self._heading("本文", "Clauses (the Japanese is the text, the English is a summary)")
        for clause in clauses.CLAUSES.values():
            self._say(f"{clause.number}  {clause.heading}".rstrip(), indent=2, style="bold")
            if text := self._(clause.text, clause.summary_en):
                self._say(text, indent=4)

    def _annex(self, annex: Annex) -> None:
        sender, receiver = annex.sender, annex.receiver
        way = self._(
            f"{sender.name_ja}→{receiver.name_ja}", f"{sender.code.upper()} → {receiver.code.upper()}"
        )
        self._heading(
            f"{annex.number}  {way}", f"{annex.number.replace('別紙', 'Annex ')} ({annex.number}), {way}"
        )
        occasion = f"（{annex.occasion}）" if annex.occasion else ""
        self._say(annex.title + occasion, indent=2)
        self._say(f"{self._('根拠', 'legal basis')}: {annex.legal_basis}", indent=2)
        headings = (("項番", "no."), ("情報項目", "item"), ("扱い", "text"), ("列", "columns"))
        self._table([self._(*words) for words in headings], map(self._item, annex.items))
        for note in annex.notes:
            self._say(f"※ {note}", indent=2)
        self._conditions(annex)
        carried = ", ".join(annex.technical)
        self._say(f"{self._('項目ではないが添える列', 'columns sent beside the items')}: {carried}", indent=2)

    def _item(self, item: Item) -> tuple[str, str, str, str]:
        mark = item.disclosure.value if self._lang == "ja" else _DISCLOSURE_EN[item.disclosure]
        return item.number, item.label, mark, ", ".join(item.columns)

    def _conditions(self, annex: Annex) -> None:
        for (released, withheld), run in groupby(
            annex.items, lambda each: (each.released_when, each.withheld_when)
        ):
            numbers = "".join(item.number for item in run)
            if released:
                only = self._("{} に限る", "only where {}").format(_shown(released))
                self._say(f"{numbers} {only}", indent=4)
            if withheld:
                never = self._("{} を除く", "not where {}").format(_shown(withheld))
                self._say(f"{numbers} {never}", indent=4)

    def _omissions(self) -> None:
        self._heading("未届の疑い 3(1)イ", "Suspected omissions, 3(1)イ")
        for ground in GROUNDS.values():
            name = self._(ground.name_ja, ground.name_en)
            self._say(f"{ground.clause}  {ground.code}: {name}（{ground.law}）", indent=2, style="bold")
            self._say(self._(ground.sentence_ja, ground.sentence_en), indent=4)
        self._say(self._("該当理由", "Reasons"), indent=2, style="bold")
        for reason in REASONS.values():
            self._say(f"{reason.code}: {self._(reason.name_ja, reason.name_en)}", indent=4)
            self._say(self._(reason.sentence_ja, reason.sentence_en), indent=6)
        self._say(self._("説明", "Explanations"), indent=2, style="bold")
        for explanation in EXPLANATIONS.values():
            self._say(f"{explanation.code}: {self._(explanation.name_ja, explanation.name_en)}", indent=4)
            self._say(self._(explanation.sentence_ja, explanation.sentence_en), indent=6)
        self._say(self._("就労資格", "Work statuses (就労資格)"), indent=2, style="bold")
        designated = self._(
            "（就労が認められる活動を指定された場合）", " (where the designated activity is work)"
        )
        works = {Work.YES: "", Work.BY_DESIGNATION: designated}
        names = [
            self._(status.name_ja, status.name_en) + works[status.work]
            for status in STATUSES.values()
            if status.work in works and status.parent is None
        ]
        self._say(self._("、", "; ").join(names), indent=4)

    def _purposes(self) -> None:
        self._heading("利用目的 7", "Purposes, 7")
        for purpose in PURPOSES.values():
            acts = self._("、", ", ").join(ACTS[act].cited_as for act in purpose.acts)
            self._say(f"{purpose.code}: {self._(purpose.text_ja, purpose.name_en)}（{acts}）", indent=2)
        for act in ACTS.values():
            name = act.full_name if self._lang == "ja" else f"{act.name_en} ({act.full_name})"
            self._say(f"{act.cited_as}: {name}", indent=2, style="bold")
            confidence = self._(*_CONFIDENCE[act.confidence])
            self._say(f"{self._(act.now_ja, act.now_en)} [{confidence}]", indent=4)

    def _calendar(self) -> None:
        self._heading("送信の頻度 5", "Calendar, 5")
        self._say(self._("日次で送信する。", "Deliveries are sent daily."), indent=2)
        self._say(self._(DELIVERIES.fallback_ja, DELIVERIES.fallback_en), indent=2)

    def _decisions(self, policy: Policy) -> None:
        self._heading("決定事項 8(2)（--policy で変更できる）", "Decisions, 8(2) (--policy overrides them)")
        changed = policy.overridden()
        for key, decision in DECISIONS.items():
            mark = self._("  ←方針ファイルで変更", "  ← overridden by the policy") if key in changed else ""
            self._say(f"{key} = {_value(getattr(policy, key))}{mark}", indent=2, style="bold")
            if key in changed:
                self._say(f"{self._('既定', 'default')}: {_value(decision.value)}", indent=4)
            self._say(self._(decision.question_ja, decision.question_en), indent=4)
            self._say(self._(decision.why_ja, decision.why_en), indent=4)
            confirmed = policy.confirmed(key)
            self._basis(decision.basis, decision.clause, all(confirmed.values()))
            for party, day in confirmed.items():
                if day:
                    office = self._(PARTIES[party].office_ja, PARTIES[party].office_en)
                    self._say(f"{self._('確認', 'confirmed')} {day}: {office}", indent=4)
        self._offices()

    def _readings(self) -> None:
        self._heading(
            "その他の解釈 8(2)（変更できない）", "Other readings, 8(2) (a policy cannot change them)"
        )
        for reading in READINGS:
            self._say(self._(reading.ja, reading.en), indent=2)
            self._basis(reading.basis, reading.clause, reading.confirmed)
        self._offices()

    def _basis(self, basis: str, clause: str, confirmed: bool) -> None:
        said = ""
        if basis == "decision":  # what the memorandum itself says needs no confirmation
            said = (
                self._("（確認済み）", " (confirmed)")
                if confirmed
                else self._("（未確認）", " (not confirmed)")
            )
        self._say(
            f"[{clause}] {self._('根拠', 'basis')}: {self._(*_BASIS[basis])}{said}", indent=4, style="dim"
        )

    def _offices(self) -> None:
        self._say(
            self._("確認する者（協議の上、決定）", "To be confirmed by both, in consultation"), indent=2
        )
        for party in PARTIES.values():
            self._say(self._(party.office_ja, party.office_en), indent=4)


def _shown(condition: Condition) -> str:
    return f"{condition.column} = {'/'.join(sorted(condition.holds))}"


def _value(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case tuple():
            return ", ".join(value)
        case date():
            return value.isoformat()
        case _:
            return str(value)
