"""Comparing pairs: item by item, each notification with every record of a person."""

from collections.abc import Iterator

import polars as pl

from renkei.matching.candidates.blocking import block
from renkei.matching.candidates.match_weights import level_of, share_of, value_of
from renkei.matching.candidates.parameters import Item, Parameters

_PLACE_BITS = 32


def with_persons(records: pl.DataFrame) -> pl.DataFrame:
    """Add `person`, a number for each `person_id`, where it is not there."""
    if "person" in records.columns:
        return records
    return records.with_columns((pl.col("person_id").rank("dense") - 1).cast(pl.UInt32).alias("person"))


def look(reported: pl.DataFrame, held: pl.DataFrame, parameters: Parameters) -> pl.DataFrame:
    """Pair notifications with the people of a register, or of a part of it, and compare each pair.

    `held` are records with `person`. Returns one row for each pair: `query` (place in `reported`),
    `person_id`, `card_number` (the record's nearest to the one reported), and for each item `<item>_level`
    (UInt8, null where nothing can be said) and, where the value's frequency counts, `<item>_value`.
    """
    compared = compare_pairs(block(reported, held, parameters.passes), reported, held, parameters)
    named = {
        "person_id": held["person_id"].gather(compared["record"]),
        "card_number": held["card_number"].gather(compared["record"]),
    }
    values = {
        value_of(item.name): held[item.name].gather(compared[f"{item.name}_record"])
        for item in by_term_frequency(parameters)
    }
    levels = [level_of(item.name) for item in parameters.items]
    return compared.select("query", **named, **{level: compared[level] for level in levels}, **values)


def by_term_frequency(parameters: Parameters) -> Iterator[Item]:
    """Yield the items whose agreement says less the more people share the value."""
    return (item for item in parameters.items if any(level.by_frequency for level in item.kind.levels))


def compare_pairs(
    pairs: pl.DataFrame, reported: pl.DataFrame, held: pl.DataFrame, parameters: Parameters
) -> pl.DataFrame:
    """Compare each pair's notification with the person's records; the best record speaks for each item.

    `pairs`: `query`, `person`. Returns, in order of query and person, both, `record` (place in `held` of the
    one nearest by number), and for each item `<item>_level` and `<item>_record`, the record it is from.
    """
    names = [item.name for item in parameters.items]
    number = next((item.name for item in parameters.items if item.kind_name == "card_number"), None)
    records = held.select("person").with_row_index("record")
    records = records.join(pairs.select("person").unique(), on="person", how="semi")
    # Of records that say the same, one is taken by what it holds, never by where it stood in a file.
    order = [] if number is None else [held[number].gather(records["record"])]
    records = records.with_columns(order).sort("person", *([] if number is None else [number]))
    records = records.select("person", "record").with_row_index("place")
    each = pairs.join(records, on="person")
    ranked = each.with_columns(
        # The level first, then the place: their smallest is the best level and one record that has it.
        (_levels(item, each, reported, held).cast(pl.UInt64) * 2**_PLACE_BITS + pl.col("place")).alias(
            item.name
        )
        for item in parameters.items
    )
    best = ranked.group_by("query", "person").agg(pl.col(names).min(), pl.col("place").max())
    best = best.sort("query", "person")
    nearest = best["place"] if number is None else _place(best[number])
    return best.select(
        "query",
        "person",
        # Where no number says which record is meant, the last is as good as any.
        records["record"].gather(nearest.zip_with(nearest.is_not_null(), best["place"])).alias("record"),
        *((pl.col(name) // 2**_PLACE_BITS).cast(pl.UInt8).alias(level_of(name)) for name in names),
        *(records["record"].gather(_place(best[name])).alias(f"{name}_record") for name in names),
    )


def _place(best: pl.Series) -> pl.Series:
    place: pl.Series = best % 2**_PLACE_BITS
    return place.cast(pl.UInt32)


def _levels(item: Item, each: pl.DataFrame, reported: pl.DataFrame, held: pl.DataFrame) -> pl.Series:
    sides = {
        "reported": reported[item.name].gather(each["query"]),
        "held": held[item.name].gather(each["record"]),
    }
    if item.kind_name == "name":
        sides["held_kanji"] = held["kanji_name"].gather(each["record"])
    return item.kind.compare(pl.DataFrame(sides))


def weighed_values(seen: pl.DataFrame, item: Item) -> pl.Series:
    """Return the values whose frequency counts: of pairs that agree in them, few of all that were seen."""
    levels = [place for place, level in enumerate(item.kind.levels) if level.by_frequency]
    agree = seen.filter(pl.col(level_of(item.name)).is_in(levels))
    return agree[value_of(item.name)].drop_nulls().unique()


def holders(seen: pl.DataFrame, held: pl.DataFrame, item: Item) -> pl.DataFrame:
    """Count the records that hold each value whose frequency counts: `<item>_value`, `holders`."""
    wanted = weighed_values(seen, item)
    values = held[item.name].alias(value_of(item.name))
    if values.dtype == pl.String:
        # Hashes are far cheaper to look up than text; the few that they let through are then compared.
        values = values.filter(values.hash().is_in(wanted.hash().implode()))
    return values.filter(values.is_in(wanted.implode())).value_counts(name="holders")


def with_shares(seen: pl.DataFrame, counts: dict[str, pl.DataFrame], records: int) -> pl.DataFrame:
    """Put in place of each `<item>_value` the share of all records that hold it, `<item>_share`.

    `counts` are `holders` of each item by its name.
    """
    for name, counted in counts.items():
        value = value_of(name)
        found = seen.select(value).join(counted, on=value, how="left", maintain_order="left")["holders"]
        share = (found.cast(pl.Float64) / records).alias(share_of(name))
        seen = seen.drop(value).with_columns(share)
    return seen
