"""Comparing pairs: item by item, each notification with every record of a person."""

import polars as pl

from renkei.matching.candidates.parameters import Item, Parameters
from renkei.matching.candidates.weighing import level_of, share_of

_ROW_BITS = 32


def compare_pairs(
    pairs: pl.DataFrame, reported: pl.DataFrame, held: pl.DataFrame, parameters: Parameters
) -> pl.DataFrame:
    """Compare each pair's notification with the person's records; the best record speaks for each item.

    `pairs`: `query` (place in `reported`), `person`. `held`: records with `person`, several for one.
    Returns one row for each pair, in order of query and person: `query`, `person`, `record` (place in `held`
    of the one nearest by number), `<item>_level` (UInt8, null where nothing can be said) and
    `<item>_value` (as the record with the best level has it).
    """
    records = held.select("person").with_row_index("record")
    each = pairs.join(records, on="person", how="inner").sort("query", "person", "record")
    levels = {item.name: _levels(item, each, reported, held) for item in parameters.items}
    ranked = each.with_columns(
        # The level first, then the record: their smallest is the best level and one record that has it.
        (levels[name].cast(pl.UInt64) * 2**_ROW_BITS + each["record"].cast(pl.UInt64)).alias(name)
        for name in levels
    )
    best = ranked.group_by("query", "person", maintain_order=True).agg(
        *(pl.col(name).min() for name in levels), pl.col("record").max()
    )
    numbers = [item.name for item in parameters.items if item.kind_name == "card_number"]
    nearest = [(pl.col(name) % 2**_ROW_BITS).cast(pl.UInt32) for name in numbers]
    return best.select(
        "query",
        "person",
        # Where no number says which record is meant, the last is as good as any.
        pl.coalesce(*nearest, "record").alias("record"),
        *((pl.col(name) // 2**_ROW_BITS).cast(pl.UInt8).alias(level_of(name)) for name in levels),
        *((pl.col(name) % 2**_ROW_BITS).cast(pl.UInt32).alias(f"{name}_record") for name in levels),
    )


def _levels(item: Item, each: pl.DataFrame, reported: pl.DataFrame, held: pl.DataFrame) -> pl.Series:
    sides = {
        "reported": reported[item.name].gather(each["query"]),
        "held": held[item.name].gather(each["record"]),
    }
    if item.kind_name == "name":
        sides["held_kanji"] = held["kanji_name"].gather(each["record"])
    return item.kind.compare(pl.DataFrame(sides))


def shares(compared: pl.DataFrame, held: pl.DataFrame, parameters: Parameters) -> pl.DataFrame:
    """Put in place of each `<item>_record` the share of records that hold the same value, `<item>_share`."""
    columns = {}
    for item in parameters.items:
        places = compared[f"{item.name}_record"]
        columns[item.name] = (
            _share(held[item.name], places)
            if any(level.by_frequency for level in item.kind.levels)
            else pl.repeat(None, compared.height, dtype=pl.Float64, eager=True)
        )
    return compared.drop(f"{item.name}_record" for item in parameters.items).with_columns(
        values.alias(share_of(name)) for name, values in columns.items()
    )


def _share(values: pl.Series, places: pl.Series) -> pl.Series:
    """The share of all records that hold the value of the record at each place; null for a blank."""
    wanted = values.gather(places)
    plain = values.to_physical() if values.dtype in (pl.Enum, pl.Date) else values
    asked = plain.gather(places)
    # Hashes are far cheaper to count than text.
    key, asked_key = (one.hash() if one.dtype == pl.String else one for one in (plain, asked))
    counts = key.filter(key.is_in(asked_key.unique().implode())).rename("key").value_counts(name="holders")
    found = asked_key.alias("key").to_frame().join(counts, on="key", how="left", maintain_order="left")
    share = found["holders"].cast(pl.Float64) / max(len(values), 1)
    return share.set(wanted.is_null(), None)


def with_persons(records: pl.DataFrame) -> pl.DataFrame:
    """Add `person`, a number for each `person_id`, where it is not there."""
    if "person" in records.columns:
        return records
    return records.with_columns((pl.col("person_id").rank("dense") - 1).cast(pl.UInt32).alias("person"))
