"""Implausible input: what cannot be true is refused before it accuses anybody (reconciliation §1).

A file that is cut short or wrongly written makes employers suspect who did notify. So the counts of what was
read are held against limits, which are decisions, before anything is written. Whoever has looked at the files
can confirm them with a reason.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import polars as pl

from renkei.agreement.datasets import CARDS, NOTIFICATIONS, PERSONS
from renkei.agreement.decisions import DEFAULT_POLICY, Policy
from renkei.agreement.errors import RenkeiError
from renkei.agreement.text import Words

REGISTER = frozenset({PERSONS.name, CARDS.name})
"""Datasets that never lack rows; permissions and a day's changes may have none."""
ALL_GIVEN = REGISTER | {NOTIFICATIONS.name}
"""The same where all notifications that stand are given."""

Rule = Literal["set_aside", "empty", "shrunk", "removed", "suspected"]


@dataclass(frozen=True, slots=True)
class RowCounts:
    """The rows of one dataset: read, set aside, of these with an item that the agreement withholds.

    `before` is how many were last said (read by an earlier run, or standing in a node), None if unknown.
    `removed` of the `stored` rows of a node are gone after an import.
    """

    dataset: str
    read: int
    set_aside: int = 0
    forbidden: int = 0
    before: int | None = None
    removed: int = 0
    stored: int = 0


@dataclass(frozen=True, slots=True)
class Implausible:
    """One count that cannot be true: `count` of `of`, where at most `limit` would be taken without a word.

    `dataset` is whose rows are counted, for the rule `suspected` permissions. `forbidden` says that most rows
    set aside have an item that the agreement withholds.
    """

    rule: Rule
    dataset: str
    count: int
    of: int
    limit: int
    forbidden: bool = False

    def as_data(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "rule": self.rule,
            "dataset": self.dataset,
            "count": self.count,
            "of": self.of,
            "limit": self.limit,
        }

    def words(self) -> Words:
        """Return one sentence with the counts and the limit."""
        said = _SENTENCES[self.rule]
        values = {"dataset": self.dataset, "count": self.count, "of": self.of, "limit": self.limit}
        ja, en = said.ja.format(**values), said.en.format(**values)
        return Words(ja + _NOT_PREPARED.ja, f"{en} {_NOT_PREPARED.en}") if self.forbidden else Words(ja, en)


_SENTENCES: Mapping[Rule, Words] = {
    "set_aside": Words(
        "{dataset}: {of:,}行のうち{count:,}行を受理できません(限度{limit:,}行)。",
        "{dataset}: {count:,} of {of:,} rows would be set aside (limit {limit:,}).",
    ),
    "empty": Words(
        "{dataset}: 行が一つもありません({count:,}行)。",
        "{dataset}: there are no rows at all ({count:,}).",
    ),
    "shrunk": Words(
        "{dataset}: 前回の{of:,}行から{count:,}行減っています(限度{limit:,}行)。",
        "{dataset}: {count:,} rows fewer than the {of:,} of the last time (limit {limit:,}).",
    ),
    "removed": Words(
        "{dataset}: 登録済みの{of:,}行のうち{count:,}行が失われます(限度{limit:,}行)。",
        "{dataset}: {count:,} of the {of:,} rows stored would be removed (limit {limit:,}).",
    ),
    "suspected": Words(
        "{dataset}: 期限の過ぎた許可{of:,}件のうち{count:,}件が届出未確認になります(限度{limit:,}件)。",
        "{dataset}: {count:,} of {of:,} permissions due would be suspected omissions (limit {limit:,}).",
    ),
}
_NOT_PREPARED = Words(
    "大半は、申合せで提供しない項目が入っているため(forbidden)です。別紙1にする前の抽出データとみられます。"
    "先に renkei prepare を実行してください。",
    "Most of them hold an item that the agreement withholds (forbidden): this seems to be the ministry's raw "
    "extract. Run renkei prepare first.",
)
_WHAT_NOW = Words(
    "何も書き出していません。ファイルを確かめてください。正しい場合は、理由を付けて確認すると"
    "(--confirmed 理由)先へ進みます。",
    "Nothing was written. Check the files. If they are right, confirm it with a reason "
    "(--confirmed REASON) to go on.",
)


def in_words(findings: Iterable[Implausible]) -> Words:
    """Return a sentence for each count, one after the other."""
    said = [finding.words() for finding in findings]
    return Words("".join(each.ja for each in said), " ".join(each.en for each in said))


class ImplausibleInput(RenkeiError):
    """Input that cannot be true; nothing was written. `findings` are the counts and their limits (§1).

    `what_now` says how to go on.
    """

    exit_status: ClassVar[int] = 3

    def __init__(self, findings: tuple[Implausible, ...], what_now: Words = _WHAT_NOW) -> None:
        said = in_words(findings)
        super().__init__(f"{said.en} {what_now.en}", said.ja + what_now.ja)
        self.findings = findings


def implausible(
    rows: Iterable[RowCounts],
    policy: Policy = DEFAULT_POLICY,
    *,
    never_empty: Collection[str] = ALL_GIVEN,
    due: int = 0,
    suspected: int = 0,
) -> tuple[Implausible, ...]:
    """Hold counts against the limits of a policy (§1); returns what cannot be true, by dataset and rule.

    `never_empty`: the datasets that must have rows. `due`: the permissions in scope whose due date has
    passed, `suspected`: those of them without a notification that counts.
    """
    found = [finding for each in rows for finding in _of_dataset(each, policy, never_empty)]
    limit = due * policy.suspected_percent // 100
    if due >= policy.suspected_from and suspected > limit:
        found.append(Implausible("suspected", "permissions", suspected, due, limit))
    return tuple(found)


def _of_dataset(rows: RowCounts, policy: Policy, never_empty: Collection[str]) -> Iterator[Implausible]:
    if not rows.read and rows.dataset in never_empty:
        yield Implausible("empty", rows.dataset, 0, rows.before or 0, 0)
    limit = max(rows.read * policy.set_aside_percent // 100, policy.set_aside_rows)
    if rows.set_aside > limit:
        forbidden = rows.forbidden * 2 > rows.set_aside
        yield Implausible("set_aside", rows.dataset, rows.set_aside, rows.read, limit, forbidden)
    if rows.before is not None:
        limit = max(rows.before * policy.shrunk_percent // 100, policy.shrunk_rows)
        if (lost := rows.before - rows.read) > limit:
            yield Implausible("shrunk", rows.dataset, lost, rows.before, limit)
    limit = max(rows.stored * policy.removed_percent // 100, policy.removed_rows)
    if rows.removed > limit:
        yield Implausible("removed", rows.dataset, rows.removed, rows.stored, limit)


def require_plausible(
    findings: tuple[Implausible, ...], confirmed: str | None, what_now: Words = _WHAT_NOW
) -> None:
    """Raise ImplausibleInput if there are findings, unless a reason confirms them."""
    if findings and not (confirmed and confirmed.strip()):
        raise ImplausibleInput(findings, what_now)


def row_counts(
    datasets: Mapping[str, Mapping[str, int]], rejects: pl.DataFrame, before: Mapping[str, int] | None = None
) -> tuple[RowCounts, ...]:
    """Return the counts of each dataset: of `Statistics.datasets` (read, rejected) and the rejects (§8)."""
    forbidden = rejects.filter(
        (pl.col("action") == "row") & pl.col("reasons").str.contains("forbidden:", literal=True)
    )
    by_dataset = dict(forbidden.group_by("dataset").len().iter_rows())
    return tuple(
        RowCounts(name, counts["read"], counts["rejected"], by_dataset.get(name, 0), (before or {}).get(name))
        for name, counts in datasets.items()
    )
