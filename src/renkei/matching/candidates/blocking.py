"""Blocking: selects the pairs to compare, in passes; in a pass, all of its keys must be equal.

A register has millions of persons, and a day has some thousands of notifications that were not found. A pass
costs one scan of the register and one join; it must select few persons for each notification. Together the
passes must select the right person if any one item is wrong, and in most cases if two are.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
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
_MOST_ORDERED_WORDS = 4  # names with up to so many words are tried in every order


@dataclass(frozen=True, slots=True)
class Key:
    """What two rows must have in common: a number (UInt64, null if there is none) of each row.

    `held` computes it for rows of the register, `reported` for notifications, where it may be a list of
    alternatives. `of_number`: a part of the card number. Many cards share it, so the whole numbers must be
    near each other as well.
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
        return plain.cast(pl.Int64).reinterpret(signed=False)  # a day before 1970 is negative

    return keys


def _nationality(rows: pl.DataFrame) -> pl.Series:
    codes = list(NATIONALITIES)
    compare_as = [codes.index(NATIONALITIES[code].compare_as) for code in codes]
    number = rows["nationality"].cast(NATIONALITY_KEYS).to_physical()
    return pl.Series(compare_as, dtype=pl.UInt64).gather(number.cast(pl.UInt32))


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
    """Return the keys of a name in every order of its words: the card has one of these orders."""
    folded = fold_plain(fold_writing(rows["name"]))
    words = folded.str.split(" ")
    count = words.list.len()
    orders = pl.DataFrame({"row": np.arange(len(folded)), "words": words})
    texts = [orders.select("row", text=pl.col("words").list.join(""))]
    for size in range(2, _MOST_ORDERED_WORDS + 1):
        of_size = orders.filter(count == size)
        parts = [pl.col("words").list.get(place) for place in range(size)]
        texts += [
            of_size.select("row", text=pl.concat_str(parts[place] for place in order))
            for order in list(permutations(range(size)))[1:]
        ]
    joined = pl.concat(texts)
    keys = joined.with_columns(key=_hashed(joined["text"]))
    return keys.sort("row").group_by("row", maintain_order=True).agg("key")["key"]


def _of_number(start: int, length: int) -> Key:
    def part(numbers: pl.Series) -> pl.Series:
        return _hashed(numbers.str.slice(start, length)).set(numbers.str.len_chars() < WIDTH - 1, None)

    return Key(
        lambda rows: part(rows["card_number"]), lambda rows: part(clean(rows["card_number"])), of_number=True
    )


def _near_number(rows: pl.DataFrame) -> pl.Series:
    """Return the keys of the reported number and of every well-formed number one edit away from it."""
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
    """Return a key of the table, or for any other name the values of that column."""
    return KEYS.get(name) or _both(_number_of(name))


#: Persons whom one pass may select for one notification. A value that more persons share, such as 1 January
#: as birthday, tells hardly any of them apart, and each pair costs a comparison: the pass is left out for it.
MOST_PERSONS = 500
#: The pass that is never left out: of those who agree in name and birth date, the first so many by person_id.
EXACT_PASS = frozenset({"name", "birth_date"})
MOST_EXACT = 100
#: Beside the keys of a pass, the reason why persons are left out: their name and birth date agree, but a list
#: of candidates has no room for them.
NOT_LISTED = "not_listed"
# Numbers compared at once, to bound the memory.
_NUMBERS_AT_ONCE = 1_000_000


def block(
    reported: pl.DataFrame, held: pl.DataFrame, passes: Sequence[Sequence[str]]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Pair notifications with persons of a whole register: the result of `join`, and that of `too_large`.

    `reported` are notifications, `query` their row numbers; `held` are records with `person`.
    """
    found = blocks(reported, held, passes)
    over = too_large(sizes(found), passes)
    return join(found, over, reported, held, passes), over


@dataclass(frozen=True, slots=True)
class Block:
    """What a pass joins: `wanted` (query, key) and `shared` (key, person, record), each row once."""

    wanted: pl.DataFrame
    shared: pl.DataFrame


def blocks(reported: pl.DataFrame, held: pl.DataFrame, passes: Sequence[Sequence[str]]) -> list[Block]:
    """Return for each pass what it joins, without joining it; arguments as for `block`."""
    names = dict.fromkeys(name for keys in passes for name in keys)
    # Keys that several passes use are computed once.
    held_keys = {name: key_of(name).held(held) for name in names}
    reported_keys = {name: key_of(name).reported(reported) for name in names}
    return [_block(held, held_keys, reported_keys, keys) for keys in passes]


def _block(
    records: pl.DataFrame,
    held: Mapping[str, pl.Series],
    reported: Mapping[str, pl.Series],
    keys: Sequence[str],
) -> Block:
    wanted = pl.DataFrame({name: reported[name] for name in keys}).with_row_index("query")
    for name in keys:
        if reported[name].dtype == pl.List:
            wanted = wanted.explode(name)
    # A null in one key makes the combined key null, and null matches nobody.
    wanted = wanted.drop_nulls().select("query", key=_combined(keys)).unique()
    combined = pl.DataFrame({name: held[name] for name in keys}).select(_combined(keys).alias("key"))
    combined = combined.with_columns(records["person"]).with_row_index("record")
    shared = combined.filter(pl.col("key").is_in(wanted["key"].unique().implode()))
    return Block(wanted.join(shared.select("key").unique(), on="key", how="semi"), shared)


def sizes(found: Sequence[Block]) -> pl.DataFrame:
    """Count the persons whom each pass selects for each notification, before any pair is made.

    Columns `query`, `pass` (its place) and `persons` (UInt32). Of parts of a register that have no person in
    common, the counts add up.
    """
    counted = []
    for place, one in enumerate(found):
        persons = one.shared.select("key", "person").unique().group_by("key").agg(persons=pl.len())
        by_query = one.wanted.join(persons, on="key").group_by("query").agg(pl.col("persons").sum())
        counted.append(by_query.select("query", pl.lit(place, pl.UInt32).alias("pass"), "persons"))
    return pl.concat(counted).sort("query", "pass")


def too_large(counted: pl.DataFrame, passes: Sequence[Sequence[str]]) -> pl.DataFrame:
    """Return the rows of `sizes` that exceed the bound of their pass: it is left out, the exact pass cut."""
    bound = pl.when(pl.col("pass").is_in(exact_passes(passes))).then(MOST_EXACT).otherwise(MOST_PERSONS)
    return counted.filter(pl.col("persons") > bound)


def exact_passes(passes: Sequence[Sequence[str]]) -> list[int]:
    """Return the places of the passes that need the name and the birth date, and no more."""
    return [place for place, keys in enumerate(passes) if frozenset(keys) == EXACT_PASS]


def join(
    found: Sequence[Block],
    left_out: pl.DataFrame,
    reported: pl.DataFrame,
    held: pl.DataFrame,
    passes: Sequence[Sequence[str]],
) -> pl.DataFrame:
    """Pair notifications with persons: `query`, `person` (UInt32), `exact` and `other`, each pair once.

    `left_out` comes from `too_large`. `exact`: selected by the exact pass, of which at most `MOST_EXACT` for
    each notification remain, those with the smallest `person_id`; `other`: selected by another pass.
    """
    joined = []
    for place, (keys, one) in enumerate(zip(passes, found, strict=True)):
        over = left_out.filter(pl.col("pass") == place).select("query")
        exact = place in exact_passes(passes)
        wanted = one.wanted if exact else one.wanted.join(over, on="query", how="anti")
        if any(key_of(name).of_number for name in keys):
            pairs = _with_near_numbers(wanted, one.shared, reported, held)
        elif exact:
            kept = one.wanted.join(over, on="query", how="anti").join(one.shared, on="key")
            pairs = pl.concat([kept.select("query", "person"), _first(one, over, held)])
        else:
            pairs = wanted.join(one.shared, on="key")
        joined.append(pairs.select("query", "person", exact=pl.lit(exact), other=pl.lit(not exact)))
    both = pl.concat(joined).group_by("query", "person").agg(pl.col("exact", "other").any())
    return both.sort("query", "person")


def _first(one: Block, over: pl.DataFrame, held: pl.DataFrame) -> pl.DataFrame:
    """Pair the notifications of `over` with the first persons of each key, without joining the others."""
    wanted = one.wanted.join(over, on="query", how="semi")
    shared = one.shared.join(wanted.select("key").unique(), on="key", how="semi")
    named = shared.with_columns(held["person_id"].gather(shared["record"])).unique(["key", "person"])
    first = named.sort("key", "person_id").group_by("key", maintain_order=True).head(MOST_EXACT)
    pairs = wanted.join(first, on="key").unique(["query", "person"]).sort("query", "person_id")
    return pairs.group_by("query", maintain_order=True).head(MOST_EXACT).select("query", "person")


def in_parts(rows: pl.DataFrame, counted: pl.DataFrame, most: int) -> Iterator[pl.DataFrame]:
    """Cut rows into parts of whole queries that have some `most` pairs each (`counted`: `query`, `pairs`)."""
    part = counted.sort("query").select("query", part=pl.col("pairs").cast(pl.UInt64).cum_sum() // most)
    yield from rows.join(part, on="query").sort("part").partition_by("part", include_key=False)


def _with_near_numbers(
    wanted: pl.DataFrame, shared: pl.DataFrame, reported: pl.DataFrame, held: pl.DataFrame
) -> pl.DataFrame:
    per_key = shared.group_by("key").agg(pairs=pl.len())
    counted = wanted.join(per_key, on="key").group_by("query").agg(pl.col("pairs").sum())
    near = []
    for some in in_parts(wanted, counted, _NUMBERS_AT_ONCE):
        pairs = some.join(shared, on="key")
        numbers = clean(reported["card_number"]).gather(pairs["query"])
        edits, _ = distances(numbers, held["card_number"].gather(pairs["record"]))
        near.append(pairs.filter(pl.Series(edits <= MOST_EDITS, dtype=pl.Boolean)).select("query", "person"))
    return pl.concat(near) if near else pl.DataFrame(schema={"query": pl.UInt32, "person": pl.UInt32})


def _combined(keys: Sequence[str]) -> pl.Expr:
    """Combine several keys into one number; a collision only costs the comparison of one more pair."""
    mixed = pl.col(keys[0])
    for name in keys[1:]:
        mixed = mixed * pl.lit(_PRIME, dtype=pl.UInt64) + pl.col(name)
    return mixed
