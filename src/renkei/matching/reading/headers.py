"""Headers: the columns of a file matched with those of a dataset (reconciliation §1)."""

import re
import unicodedata
from collections.abc import Iterable, Sequence

from renkei.agreement.datasets import DATASETS, Dataset
from renkei.matching.reading.refusals import RefusedFile

_MOST_REPEATED = 5
# Unicode's Default_Ignorable_Code_Point: characters that nobody can see.
_IGNORABLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
# A word such as a table's author writes: no digits in a row, no Latin words with spaces between.
_LIKE_A_NAME = re.compile(r"[^\W\d]\w{0,29}(?:[（(]\w{1,20}[)）])?")
_DIGITS = re.compile(r"\d\d")
FORBIDDEN_BY_LAW = frozenset({"my_number", "mynumber", "個人番号", "マイナンバー"})


def normalise(header: str) -> str:
    """Return a header without invisible characters, in one normalisation, width and case."""
    folded = unicodedata.normalize("NFKC", _IGNORABLE.sub("", header))
    return " ".join(folded.split()).casefold()


def known_headers(dataset: Dataset) -> dict[str, str]:
    """Return the column name by normalised header: names and Japanese labels."""
    labels = {normalise(column.label_ja): column.name for column in dataset.columns}
    return labels | {normalise(column.name): column.name for column in dataset.columns}


def match_columns(headers: Sequence[str], dataset: Dataset, where: str) -> dict[str, str]:
    """Match headers with a dataset's columns: column name → header as it stands in the file.

    Headers are names or Japanese labels in any normalisation and width. A column that is optional may be
    lacking. Raises RefusedFile, with the columns, if one is unknown, missing or given twice. A header that
    is none may hold a person's data: of it only words of the data dictionary are repeated (§1).
    """
    known = known_headers(dataset)
    names = [known.get(normalise(header)) for header in headers]
    # 個人番号 and other columns outside the agreement must not come in, even unread.
    unknown = [header for header, name in zip(headers, names, strict=True) if name is None]
    if len(unknown) * 2 > len(headers) or not headers:
        raise _no_header(unknown, dataset, where)
    twice = sorted({name for name in names if name and names.count(name) > 1})
    missing = [column.name for column in dataset.columns if column.name not in names and not column.optional]
    faults = (
        ("unknown columns", "知らない列", shown(unknown)),
        ("missing columns", "足りない列", missing),
        ("columns given twice", "重複する列", twice),
    )
    if any(columns for _, _, columns in faults):
        raise RefusedFile(
            f"{where}: refused whole as {dataset.name}: "
            + "; ".join(f"{what}: {', '.join(columns)}" for what, _, columns in faults if columns)
            + ". Nothing was read. Send exactly the columns of the data dictionary.",
            f"{where}: {dataset.name}として受け取れません(全体を拒否)。"
            + "、".join(f"{what}: {', '.join(columns)}" for _, what, columns in faults if columns)
            + "。何も読み込んでいません。データ辞書の列だけを過不足なく含めてください。",
        )
    return {name: header for header, name in zip(headers, names, strict=True) if name}


def guess_dataset(headers: Sequence[str], where: str) -> Dataset:
    """Return the dataset whose columns a header is nearest to. Raises RefusedFile if it has none of any."""
    found = {normalise(header) for header in headers}

    def recognised(dataset: Dataset) -> int:
        known = known_headers(dataset)
        return len({known[header] for header in found if header in known})

    # Of datasets that have as many of the columns (persons, cards) the one that lacks the fewest.
    nearest = max(DATASETS.values(), key=lambda dataset: (recognised(dataset), -len(dataset.names)))
    if not recognised(nearest):
        raise RefusedFile(
            f"{where}: refused whole: the first record (line 1) is no header of any dataset. Write the "
            "columns of the data dictionary there, or name the dataset with --dataset.",
            f"{where}: 全体を拒否。1行目がどのデータの見出しでもありません。データ辞書の列名を見出しに"
            "するか、--dataset でデータの種類を指定してください。",
        )
    return nearest


def shown(headers: Sequence[str], *, only: Iterable[str] | None = None) -> list[str]:
    """Return what of headers may be repeated: at most five, only such as look like names, and the number.

    With `only`, normalised words, nothing else is repeated.
    """
    allowed = None if only is None else frozenset(only)
    alike = [
        _IGNORABLE.sub("", header).strip()
        for header in headers
        if (_looks_like_a_name(header) if allowed is None else normalise(header) in allowed)
    ][:_MOST_REPEATED]
    rest = len(headers) - len(alike)
    return [*alike, *([f"(+{rest})"] if rest else [])]


def _looks_like_a_name(header: str) -> bool:
    word = unicodedata.normalize("NFKC", _IGNORABLE.sub("", header)).strip()
    return bool(_LIKE_A_NAME.fullmatch(word)) and not _DIGITS.search(word)


def _no_header(unknown: list[str], dataset: Dataset, where: str) -> RefusedFile:
    others = {word for other in DATASETS.values() for word in known_headers(other)}
    named = shown(unknown, only=others | FORBIDDEN_BY_LAW)[:-1]
    expected = ", ".join(dataset.names[:_MOST_REPEATED])
    en = f" It names other columns: {', '.join(named)}." if named else ""
    ja = f"別の列があります: {'、'.join(named)}。" if named else ""
    return RefusedFile(
        f"{where}: refused whole as {dataset.name}: unknown columns: the first record (line 1) is no header "
        f"of this dataset.{en} Write the columns of the data dictionary there: {expected}, …",
        f"{where}: {dataset.name}として受け取れません(全体を拒否)。知らない列: 1行目がこのデータの見出しでは"
        f"ありません。{ja}データ辞書の列名を見出しにしてください: {expected}、…",
    )
