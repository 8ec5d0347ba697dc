"""Which pairs are looked at: passes, each of keys that must agree wholly.

A register has millions of people, a day some thousands of notifications without one. A pass costs one look at
the register and one join; what it lets through must be few for each notification. Together the passes must
let through the right person whatever single thing, and most two things, are wrong.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np
import polars as pl

from renkei.agreement.nationalities import NATIONALITIES
from renkei.matching.candidates.numbers import MOST_EDITS, WIDTH, clean, distances
from renkei.matching.names import fold_plain, fold_writing
from renkei.matching.values import NATIONALITY_KEYS

Keys = Callable[[pl.DataFrame], pl.Series]
_PRIME = 0x9E3779B97F4A7C15
_MOST_ORDERS = 4  # words of a name whose every order is tried


@dataclass(frozen=True, slots=True)
class Key:
    """What two rows must share: a number (UInt64, null where there is none) of each row.

    `held` is of the register's rows; `reported`, of the notifications', may be a list where several would do.
    `of_number`: a part of the card number, which so many share that the whole must be near as well.
    """

    held: Keys
    reported: Keys
    of_number: bool = False


def _both(keys: Keys) -> Key:
    return Key(keys, keys)


def _number_of(column: str) -> Keys:
    def keys(rows: pl.DataFrame) -> pl.Series:
        values = rows[column]
        if values.dtype == pl.String:
            return _hashed(values)
        plain = values.to_physical() if values.dtype in (pl.Date, pl.Enum) else values
        return plain.cast(pl.Int64).reinterpret(signed=False)  # a day before 1970 is below nought

    return keys


def _nationality(rows: pl.DataFrame) -> pl.Series:
    code = list(NATIONALITIES)
    same = [code.index(NATIONALITIES[one].compare_as) for one in code]
    place = rows["nationality"].cast(NATIONALITY_KEYS).to_physical()
    return pl.Series(same, dtype=pl.UInt64).gather(place.cast(pl.UInt32))


def _part_of_birth(least: int, most: int) -> Keys:
    def keys(rows: pl.DataFrame) -> pl.Series:
        return (rows["birth_date"] // least % most).cast(pl.UInt64)

    return keys


def _hashed(text: pl.Series) -> pl.Series:
    return text.hash().set(text.is_null() | (text == ""), None)


def _name(rows: pl.DataFrame) -> pl.Series:
    return _hashed(_joined(fold_plain(fold_writing(rows["name"]))))


def _joined(names: pl.Series) -> pl.Series:
    return names.str.replace_all(" ", "", literal=True)


def _name_in_any_order(rows: pl.DataFrame) -> pl.Series:
    """Return the keys of a name under every order of its words: a card has one of them."""
    folded = fold_plain(fold_writing(rows["name"]))
    words = folded.str.split(" ")
    count = words.list.len()
    orders = pl.DataFrame({"row": np.arange(len(folded)), "words": words})
    found = [orders.select("row", text=pl.col("words").list.join(""))]
    for size in range(2, _MOST_ORDERS + 1):
        of_size = orders.filter(count == size)
        parts = [pl.col("words").list.get(place) for place in range(size)]
        found += [
            of_size.select("row", text=pl.concat_str(parts[place] for place in order))
            for order in list(permutations(range(size)))[1:]
        ]
    texts = pl.concat(found).with_columns(key=_hashed(pl.concat(found)["text"]))
    return texts.sort("row").group_by("row", maintain_order=True).agg("key")["key"]


def _of_number(start: int, length: int) -> Key:
    def part(numbers: pl.Series) -> pl.Series:
        return _hashed(numbers.str.slice(start, length)).set(numbers.str.len_chars() < WIDTH - 1, None)

    return Key(
        lambda rows: part(rows["card_number"]), lambda rows: part(clean(rows["card_number"])), of_number=True
    )


def _near_number(rows: pl.DataFrame) -> pl.Series:
    """Return the keys of every number of the right shape one edit away from the one reported, and its own."""
    numbers = clean(rows["card_number"])
    places = pl.DataFrame({"row": np.arange(len(numbers)), "number": numbers})
    whole = places.filter(pl.col("number").str.len_chars() == WIDTH)
    found = [whole]
    number = pl.col("number")
    for place in range(WIDTH):
        head, tail = number.str.slice(0, place), number.str.slice(place + 1)
        found += [
            whole.select("row", number=pl.concat_str(head, pl.lit(sign), tail)) for sign in _signs(place)
        ]
        if place + 1 < WIDTH:
            exchanged = pl.concat_str(
                head, number.str.slice(place + 1, 1), number.str.slice(place, 1), number.str.slice(place + 2)
            )
            found.append(whole.select("row", number=exchanged))
    short = places.filter(number.str.len_chars() == WIDTH - 1)
    for place in range(WIDTH):
        head, tail = number.str.slice(0, place), number.str.slice(place)
        found += [
            short.select("row", number=pl.concat_str(head, pl.lit(sign), tail)) for sign in _signs(place)
        ]
    long = places.filter(number.str.len_chars() == WIDTH + 1)
    found += [
        long.select("row", number=pl.concat_str(number.str.slice(0, place), number.str.slice(place + 1)))
        for place in range(WIDTH + 1)
    ]
    near = pl.concat(found).unique()
    keys = near.with_columns(key=_hashed(near["number"])).group_by("row").agg("key")
    return places.select("row").join(keys, on="row", how="left", maintain_order="left")["key"]


def _signs(place: int) -> str:
    return "0123456789" if 2 <= place < WIDTH - 2 else "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


_FROM_END = 4
KEYS: Mapping[str, Key] = {
    "card_number_nearly": Key(lambda rows: _hashed(rows["card_number"]), _near_number),
    "card_number_begins": _of_number(0, 4),
    "card_number_middle": _of_number(4, 4),
    "card_number_ends": _of_number(-4, 4),
    "name": Key(_name, _name_in_any_order),
    "birth_year": _both(_part_of_birth(10_000, 10_000)),
    "birth_day": _both(_part_of_birth(1, 10_000)),
    "nationality": _both(_nationality),
}


def key_of(name: str) -> Key:
    """Return a key of the table, or for any other name the column of that name as it stands."""
    return KEYS.get(name) or _both(_number_of(name))


def block(reported: pl.DataFrame, held: pl.DataFrame, passes: Sequence[Sequence[str]]) -> pl.DataFrame:
    """Pair notifications with people: columns `query` and `person` (UInt32), each pair once.

    `reported` are notifications, their place being `query`; `held` are records with `person`.
    """
    names = dict.fromkeys(name for keys in passes for name in keys)
    # A key of the register that all passes share is reckoned once.
    held_keys = {name: key_of(name).held(held) for name in names}
    asked_keys = {name: key_of(name).reported(reported) for name in names}
    found = []
    for keys in passes:
        pairs = _pass(held_keys, asked_keys, keys)
        if any(key_of(name).of_number for name in keys):
            pairs = _with_near_numbers(pairs, reported, held)
        found.append(pairs.select("query", person=held["person"].gather(pairs["record"])))
    return pl.concat(found).unique().sort("query", "person")


def _with_near_numbers(pairs: pl.DataFrame, reported: pl.DataFrame, held: pl.DataFrame) -> pl.DataFrame:
    asked = clean(reported["card_number"]).gather(pairs["query"])
    edits, _ = distances(asked, held["card_number"].gather(pairs["record"]))
    return pairs.filter(pl.Series(edits <= MOST_EDITS))


def _pass(held: Mapping[str, pl.Series], asked: Mapping[str, pl.Series], keys: Sequence[str]) -> pl.DataFrame:
    wanted = pl.DataFrame({name: asked[name] for name in keys}).with_row_index("query")
    for name in keys:
        if asked[name].dtype == pl.List:
            wanted = wanted.explode(name)
    # A null in any part makes the whole null, and null meets nobody.
    wanted = wanted.drop_nulls().select("query", key=_together(keys))
    records = pl.DataFrame({name: held[name] for name in keys}).select(_together(keys).alias("key"))
    shared = records.with_row_index("record").filter(pl.col("key").is_in(wanted["key"].unique().implode()))
    return wanted.join(shared, on="key").select("query", "record").unique()


def _together(keys: Sequence[str]) -> pl.Expr:
    """Mix several keys into one number; that two mixtures meet by chance costs one pair more, no more."""
    mixed = pl.col(keys[0])
    for name in keys[1:]:
        mixed = mixed * pl.lit(_PRIME, dtype=pl.UInt64) + pl.col(name)
    return mixed
