"""Parameters: how often right and wrong pairs are at each comparison level, in a small readable file.

The weight of a level is log2 of the share of right pairs divided by the share of wrong pairs. The file says
when and from which data it was learned; a run says which file it used.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from renkei.agreement.errors import RenkeiError
from renkei.matching.candidates.blocking import KEYS
from renkei.matching.candidates.comparison_levels import KINDS, Kind

_DEFAULT = Path(__file__).with_name("tables") / "parameters.toml"


class ParametersError(RenkeiError):
    """A file of parameters that cannot be used."""


@dataclass(frozen=True, slots=True)
class Item:
    """An item to compare, and the shares of its levels.

    `right` and `wrong` are, for each level of the kind, the share of right pairs (one person) and of wrong
    pairs (two persons) at it, counting pairs that have both values.
    """

    name: str
    kind_name: str
    right: tuple[float, ...]
    wrong: tuple[float, ...]

    @property
    def kind(self) -> Kind:
        """The kind's levels and comparison."""
        return KINDS[self.kind_name]


@dataclass(frozen=True, slots=True)
class Parameters:
    """All that `find` needs besides the rows.

    `prior`: the share of notifications that were not found whose person is in the register.
    `sharpness`: the factor of all weights, below 1 if the weights alone gave too high probabilities.
    """

    version: str
    learned_on: date
    learned_from: str
    prior: float
    sharpness: float
    items: tuple[Item, ...]
    passes: tuple[tuple[str, ...], ...]

    def item(self, name: str) -> Item:
        """Return an item by its name; KeyError if there is none."""
        for item in self.items:
            if item.name == name:
                return item
        raise KeyError(f"no item {name} among the parameters")


@cache
def default_parameters() -> Parameters:
    """Return the parameters that come with this version (tables/parameters.toml)."""
    return load_parameters(_DEFAULT)


def load_parameters(path: Path) -> Parameters:
    """Read parameters from a file. Raises ParametersError, with the place and what is expected there."""
    try:
        given = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        raise _refused(path, "the file", "ファイル", "readable TOML", "読めるTOML") from None
    return _read(path, given)


def _read(path: Path, given: Mapping[str, Any]) -> Parameters:
    wanted = {
        "version": str, "learned_on": date, "learned_from": str, "prior": float, "sharpness": float,
        "passes": list, "items": dict,
    }  # fmt: skip
    for key in given:
        if key not in wanted:
            raise _refused(path, key, key, f"one of {', '.join(wanted)}", f"{'、'.join(wanted)}のいずれか")
    for key, kind in wanted.items():
        if not isinstance(given.get(key), kind):
            raise _refused(path, key, key, f"a {kind.__name__}", f"{kind.__name__}の値")
    if not 0 < given["prior"] < 1:
        raise _refused(path, "prior", "prior", "between 0 and 1", "0と1の間の数")
    if not 0 < given["sharpness"] <= 1:
        raise _refused(path, "sharpness", "sharpness", "above 0 and at most 1", "0より大きく1以下の数")
    items = tuple(_item(path, name, one) for name, one in given["items"].items())
    return Parameters(
        version=given["version"],
        learned_on=given["learned_on"],
        learned_from=given["learned_from"],
        prior=given["prior"],
        sharpness=given["sharpness"],
        items=items,
        passes=_passes(path, given["passes"], {item.name for item in items}),
    )


def _item(path: Path, name: str, given: Any) -> Item:
    place = f"items.{name}"
    kind_name = str(given.get("kind", name)) if isinstance(given, dict) else ""
    if kind_name not in KINDS:
        raise _refused(path, f"{place}.kind", f"{place}.kind", f"one of {', '.join(KINDS)}", "既知の種類")
    levels = given.get("levels", {})
    names = [level.name for level in KINDS[kind_name].levels]
    shares = [levels.get(level) for level in names]
    if set(levels) != set(names) or not all(_is_pair_of_shares(one) for one in shares):
        en = f"two shares above 0, of right and of wrong pairs, for each of {', '.join(names)}"
        ja = f"各段階（{'、'.join(names)}）の、正しい組と誤った組における割合（0より大きい二つの数）"
        raise _refused(path, f"{place}.levels", f"{place}.levels", en, ja)
    return Item(name, kind_name, tuple(one[0] for one in shares), tuple(one[1] for one in shares))


def _is_pair_of_shares(given: object) -> bool:
    return (
        isinstance(given, list)
        and len(given) == 2
        and all(isinstance(one, float) and 0 < one <= 1 for one in given)
    )


def _passes(path: Path, given: Sequence[Any], items: set[str]) -> tuple[tuple[str, ...], ...]:
    known = {*KEYS, *items}
    for keys in given:
        if not isinstance(keys, list) or not keys or not known.issuperset(keys):
            en = f"lists of some of {', '.join(sorted(known))}"
            raise _refused(path, "passes", "passes", en, f"{'、'.join(sorted(known))}の一覧")
    return tuple(tuple(keys) for keys in given)


def _refused(path: Path, place_en: str, place_ja: str, wanted_en: str, wanted_ja: str) -> ParametersError:
    return ParametersError(
        f"{path.name}: {place_en} must be {wanted_en}.", f"{path.name}: {place_ja}には{wanted_ja}が必要です。"
    )


def written(parameters: Parameters) -> str:
    """Write parameters as the TOML that `load_parameters` reads."""
    lines = [
        "# How often right and wrong pairs are at each comparison level; see docs/candidates.md.",
        f'version = "{parameters.version}"',
        f"learned_on = {parameters.learned_on.isoformat()}",
        f'learned_from = "{parameters.learned_from}"',
        "# The share of notifications not found whose person is in the register.",
        f"prior = {_number(parameters.prior)}",
        "# The factor of all weights; below 1 if the weights alone gave too high probabilities.",
        f"sharpness = {_number(parameters.sharpness)}",
        "# A person who shares all keys of one line with a notification is compared with it.",
        "passes = [",
        *(f"    [{', '.join(f'{chr(34)}{key}{chr(34)}' for key in keys)}]," for keys in parameters.passes),
        "]",
    ]
    for item in parameters.items:
        lines += ["", f"[items.{item.name}]"]
        lines += [f'kind = "{item.kind_name}"'] if item.kind_name != item.name else []
        lines += ["", f"[items.{item.name}.levels] # share among right pairs, among wrong pairs"]
        lines += [
            f"{level.name} = [{_number(right)}, {_number(wrong)}]"
            for level, right, wrong in zip(item.kind.levels, item.right, item.wrong, strict=True)
        ]
    return "\n".join(lines) + "\n"


def _number(share: float) -> str:
    text = f"{share:.6g}"
    return text if "." in text or "e" in text else f"{text}.0"
