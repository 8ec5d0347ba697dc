"""Run the test data of other projects, on checkouts that one names, and print a table of what came of it.

    python tools/peers.py --csv-spectrum DIR --parquet-testing DIR --cp932 FILE_OR_DIR \
                          --nomenklatura DIR --geolonia DIR --ja-timex DIR [--list]

Each option may be missing; what is not given is not run. `--list` also names each case that is otherwise.
None of the data is part of Renkei: a developer fetches it (docs/matching.md has the addresses).
"""

import argparse
import ast
import csv
import json
import re
import subprocess
import tempfile
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from enum import Enum
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import polars as pl
import pyarrow as pa

from renkei.agreement.causes import CAUSES
from renkei.agreement.datasets import NOTIFICATIONS, Column, Dataset, Kind
from renkei.agreement.decisions import DEFAULT_POLICY
from renkei.agreement.outcomes import Verdict
from renkei.matching.addresses import fold_addresses, same_place
from renkei.matching.codes import AGREEING
from renkei.matching.names import compare_names, fold_kanji, fold_writing
from renkei.matching.reading import RefusedFile
from renkei.matching.reading.contents import open_content
from renkei.matching.reading.csv_files import csv_headers
from renkei.matching.reading.parquet_files import parquet_headers
from renkei.matching.reading.sources import Encoding, Part
from renkei.matching.values import read


class Came(Enum):
    """What came of a case."""

    AGREED = "agreed"
    REFUSED = "refused with a reason"
    OTHERWISE = "otherwise"


Cases = Iterator[tuple[str, Came]]


@dataclass(frozen=True, slots=True)
class Check:
    """Cases of a suite, with what the numbers mean."""

    option: str
    suite: str
    licence: str
    cases: str
    meaning: str
    run: Callable[[Path], Cases]


# --- reading -----------------------------------------------------------------------------------------


def _dataset(names: Iterable[str]) -> Dataset:
    """Return a dataset of columns of text, for files that are none of ours."""
    columns = (Column("peer", name, "", name, Kind.TEXT, None, False, False, "") for name in names)
    return Dataset("peer", tuple(columns))


def _records(path: Path, encoding: Encoding = "utf-8") -> list[dict[str, str]]:
    """Read every record as our readers do. Raises RefusedFile."""
    content = open_content(path)
    is_parquet = ".parquet" in path.name
    headers = parquet_headers(content) if is_parquet else csv_headers(content, NOTIFICATIONS, encoding)
    dataset, columns = _dataset(headers), {name: name for name in headers}
    part = Part(content, dataset, columns, headers, encoding, "parquet" if is_parquet else "csv")
    return [
        {name: "" if value is None else str(value) for name, value in row.items()}
        for batch in part.batches()
        for row in batch.to_pylist()
    ]


def _csv_spectrum(checkout: Path) -> Cases:
    for path in sorted((checkout / "csvs").glob("*.csv")):
        expected = json.loads((checkout / "json" / f"{path.stem}.json").read_text("utf-8"))
        try:
            yield path.name, Came.AGREED if _records(path) == expected else Came.OTHERWISE
        except RefusedFile:
            yield path.name, Came.REFUSED


#: Refusals that say what a file is: a column's type, or text that is not UTF-8.
_SAYS_WHAT_IT_IS: Final = re.compile(r"columns of a type|is not UTF-8|that is not UTF-8")
_UNSOUND: Final = re.compile(r"(?:^|/)bad_data/|corrupt|\.encrypted$")


def _parquet_read(path: Path) -> str:
    """Read a file; return "" or the refusal, or "values" if the suite expects others."""
    try:
        found = _records(path)
    except RefusedFile as refusal:
        return refusal.en
    expected = path.with_name(f"{path.stem}_expect.csv")
    if not expected.exists():
        return ""
    with expected.open(encoding="utf-8", newline="") as file:
        rows = [list(row.values()) for row in csv.DictReader(file)]
    return "" if rows == [list(row.values()) for row in found] else "values"


def _parquet(checkout: Path, *, sound: bool) -> Cases:
    pool = None
    for path in sorted(checkout.glob("*data/**/*.parquet*")):
        if path.suffix == ".json" or bool(_UNSOUND.search(path.as_posix())) is sound:
            continue
        # In a process of its own: a library that crashes ends with it, and the next file has a new one.
        pool = pool or ProcessPoolExecutor(1, get_context("spawn"))
        try:
            said = pool.submit(_parquet_read, path).result()
        except BrokenProcessPool:
            said, pool = "crash", None
        except Exception as fault:  # what was not foreseen is what this looks for
            said = type(fault).__name__
        if sound:
            refused = Came.REFUSED if _SAYS_WHAT_IT_IS.search(said) else Came.OTHERWISE
            yield path.name, refused if said else Came.AGREED
        else:
            yield path.name, Came.AGREED if "refused whole" in said else Came.OTHERWISE
    if pool is not None:
        pool.shutdown()


# --- characters --------------------------------------------------------------------------------------

_LEADS, _LEAD_GAP, _TRAIL_GAP = 188, 0x1F, 0x3F


def _index(place: Path) -> dict[bytes, str]:
    """Return the character by its two bytes in CP932 (Encoding Standard, Shift_JIS decoder)."""
    file = place / "index-jis0208.txt" if place.is_dir() else place
    pairs = {}
    for line in file.read_text("utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            pointer, code = line.split()[:2]
            lead, trail = divmod(int(pointer), _LEADS)
            first = lead + (0x81 if lead < _LEAD_GAP else 0xC1)
            pairs[bytes([first, trail + (0x40 if trail < _TRAIL_GAP else 0x41)])] = chr(int(code, 16))
    return pairs


def _cp932_decoded(place: Path) -> Cases:
    pairs = _index(place)
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "pairs.csv"
        # Together, and those that refuse the file one by one.
        found = _decoded(file, list(pairs)) or [
            one for pair in pairs for one in _decoded(file, [pair]) or [""]
        ]
    for (pair, character), read_as in zip(pairs.items(), found, strict=True):
        agrees = Came.AGREED if read_as == character else Came.OTHERWISE
        yield pair.hex(), agrees if read_as else Came.REFUSED


def _decoded(file: Path, pairs: list[bytes]) -> list[str] | None:
    # A letter before each, since nothing but blanks is a blank; half-width kana, which UTF-8 is not.
    file.write_bytes(b"\n".join([b"x", *(b"\xb1" + pair for pair in pairs)]) + b"\n")
    try:
        return [row["x"][1:] for row in _records(file, "cp932")]
    except RefusedFile:
        return None


def _cp932_folded(place: Path) -> Cases:
    letters = sorted({one for one in _index(place).values() if unicodedata.category(one)[0] in "LN"})
    folded = fold_kanji(fold_writing(pl.Series(letters, dtype=pl.String)))
    for letter, left in zip(letters, folded, strict=True):
        yield letter, Came.AGREED if left.strip() else Came.OTHERWISE


# --- values ------------------------------------------------------------------------------------------


def _names(checkout: Path, *, one_person: bool) -> Cases:
    with (checkout / "contrib/name_bench/cases.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["schema"] == "Person"]
    rows = [row for row in rows if (row["is_match"] == "true") is one_person]
    pairs = pl.DataFrame(
        {
            "reported": [row["name1"] for row in rows],
            "held": [row["name2"] for row in rows],
            "held_kanji": pl.Series([None] * len(rows), dtype=pl.String),
        }
    )
    judged = compare_names(pairs, DEFAULT_POLICY)
    for row, (verdict, cause) in zip(rows, judged.iter_rows(), strict=True):
        agrees, differs = verdict in AGREEING, verdict == int(Verdict.DIFFERENT)
        explained = not differs or (cause in CAUSES and cause != "different")
        if one_person:
            came = Came.AGREED if agrees else Came.REFUSED if explained else Came.OTHERWISE
        else:
            came = Came.OTHERWISE if agrees else Came.REFUSED if explained else Came.AGREED
        yield f"{row['name1']} | {row['name2']} ({cause})", came


_ADDRESS_PARTS: Final = ("都道府県", "市区町村", "町字", "番地号", "その他")


def _addresses(checkout: Path, *, one_place: bool) -> Cases:
    with (checkout / "test/addresses/addresses.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["町字"]]
    normal = ["".join(row[part] for part in _ADDRESS_PARTS) for row in rows]
    if not one_place:
        each = list(dict.fromkeys(normal))
        following = dict(zip(each, [*each[1:], *each[:1]], strict=True))
        normal = [following[one] for one in normal]
    same = same_place(
        fold_addresses(pl.Series([row["住所"] for row in rows], dtype=pl.String)),
        fold_addresses(pl.Series(normal, dtype=pl.String)),
    )
    for row, other, agree in zip(rows, normal, same, strict=True):
        yield f"{row['住所']} | {other}", Came.AGREED if agree is one_place else Came.OTHERWISE


_A_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _expressions(checkout: Path) -> dict[str, str]:
    """Return what the suite's tests say of expressions: `assert t.parse("…").value == "…"`."""
    found = {}
    for file in sorted((checkout / "tests").glob("test_*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            match node:
                case ast.Compare(
                    left=ast.Attribute(
                        value=ast.Call(
                            func=ast.Attribute(attr="parse"), args=[ast.Constant(value=str(text))]
                        ),
                        attr="value",
                    ),
                    ops=[ast.Eq()],
                    comparators=[ast.Constant(value=str(value))],
                ):
                    found[text] = value
    return found


def _dates(checkout: Path, *, days: bool) -> Cases:
    said = {
        text: value for text, value in _expressions(checkout).items() if bool(_A_DAY.fullmatch(value)) is days
    }
    column = NOTIFICATIONS.column("stay_expires_on")
    typed = read(column, pa.array(list(said), pa.string()).dictionary_encode()).typed.to_list()
    for (text, value), day in zip(said.items(), typed, strict=True):
        if days:
            read_as = Came.AGREED if str(day) == value else Came.OTHERWISE
            yield text, read_as if day is not None else Came.REFUSED
        else:
            yield text, Came.AGREED if day is None else Came.OTHERWISE


# --- the table ---------------------------------------------------------------------------------------

CHECKS: Final = (
    Check(
        "csv-spectrum", "max-mapper/csv-spectrum", "BSD-2-Clause", "files against their JSON",
        "other values", _csv_spectrum,
    ),
    Check(
        "parquet-testing", "apache/parquet-testing", "Apache-2.0", "sound files",
        "other values, refused as damaged, or a fault of ours",
        lambda place: _parquet(place, sound=True),
    ),
    Check(
        "parquet-testing", "apache/parquet-testing", "Apache-2.0", "damaged or encrypted files, to refuse",
        "read as if they were sound, or a fault of ours",
        lambda place: _parquet(place, sound=False),
    ),
    Check(
        "cp932", "whatwg/encoding, index-jis0208", "CC-BY-4.0", "pairs of bytes, decoded",
        "another character", _cp932_decoded,
    ),
    Check(
        "cp932", "whatwg/encoding, index-jis0208", "CC-BY-4.0", "letters and numerals in a name",
        "nothing is left of it", _cp932_folded,
    ),
    Check(
        "nomenklatura", "opensanctions/nomenklatura", "MIT", "pairs of names of one person",
        "different without a cause", lambda place: _names(place, one_person=True),
    ),
    Check(
        "nomenklatura", "opensanctions/nomenklatura", "MIT", "pairs of names of two people",
        "taken for one name", lambda place: _names(place, one_person=False),
    ),
    Check(
        "geolonia", "geolonia/normalize-japanese-addresses", "MIT", "addresses against their normal form",
        "taken for two places", lambda place: _addresses(place, one_place=True),
    ),
    Check(
        "geolonia", "geolonia/normalize-japanese-addresses", "MIT", "addresses against the next other one",
        "taken for one place", lambda place: _addresses(place, one_place=False),
    ),
    Check(
        "ja-timex", "yagays/ja-timex", "MIT", "expressions that are a day",
        "read as another day", lambda place: _dates(place, days=True),
    ),
    Check(
        "ja-timex", "yagays/ja-timex", "MIT", "expressions that are no whole day, to refuse",
        "read as a day", lambda place: _dates(place, days=False),
    ),
)  # fmt: skip
_HEAD: Final = (
    "suite",
    "commit",
    "licence",
    "cases",
    "number",
    *(came.value for came in Came),
    "otherwise means",
)


def _commit(place: Path) -> str:
    """Return the commit of a checkout; blank if it is none."""
    directory = place if place.is_dir() else place.parent
    told = subprocess.run(
        ["git", "-C", str(directory), "rev-parse", "--short=12", "HEAD"],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    )
    return told.stdout.strip()


def main(arguments: list[str] | None = None) -> int:
    """Run what is given and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    for option in dict.fromkeys(check.option for check in CHECKS):
        parser.add_argument(f"--{option}", type=Path, metavar="CHECKOUT")
    parser.add_argument("--list", action="store_true", help="name each case that is otherwise")
    given = vars(parser.parse_args(arguments))
    lines, odd = [_HEAD, ("---",) * len(_HEAD)], []
    for check in CHECKS:
        place = given[check.option.replace("-", "_")]
        if place is None:
            continue
        cases = list(check.run(place))
        came = Counter(one for _, one in cases)
        numbers = (str(came[one]) for one in Came)
        lines.append(
            (
                check.suite,
                _commit(place),
                check.licence,
                check.cases,
                str(len(cases)),
                *numbers,
                check.meaning,
            )
        )
        odd += [f"{check.suite}, {check.cases}: {case}" for case, one in cases if one is Came.OTHERWISE]
    print("\n".join(f"| {' | '.join(line)} |" for line in lines))
    if given["list"]:
        print("\n" + "\n".join(odd))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
