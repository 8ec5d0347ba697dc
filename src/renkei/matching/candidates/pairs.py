"""Comparing pairs item by item: each notification with every record of a person."""

from collections.abc import Iterator

import polars as pl

from renkei.matching.candidates.blocking import MOST_EXACT, exact_passes, in_parts
from renkei.matching.candidates.match_weights import RECORDS, agrees_exactly, level_of, share_of, value_of
from renkei.matching.candidates.parameters import Item, Parameters

_PLACE_BITS = 32
# Compared at once, with every record of a person: some 0.5 KiB each.
_PAIRS_AT_ONCE = 2_000_000


def with_persons(records: pl.DataFrame) -> pl.DataFrame:
    """Add `person` (UInt32), a number for each `person_id`, if the column is missing."""
    if "person" in records.columns:
        return records
    return records.with_columns((pl.col("person_id").rank("dense") - 1).cast(pl.UInt32).alias("person"))


def look(
    pairs: pl.DataFrame, reported: pl.DataFrame, held: pl.DataFrame, parameters: Parameters
) -> pl.DataFrame:
    """Compare the pairs that blocking made (`blocking.join`) of notifications and persons.

    `held` are records of the register, or of a part of it, with `person`. Returns a row for each pair:
    `query` (row of `reported`), `person_id`, `card_number` (of the person's record whose number is nearest to
    the reported one), and for each item `<item>_level` (UInt8, null if not comparable) and, if term frequency
    counts for it, `<item>_value`; also `exact` and `other` of the pair.
    """
    compared = compare_pairs(pairs.select("query", "person"), reported, held, parameters)
    named = {
        "person_id": held["person_id"].gather(compared["record"]),
        "card_number": held["card_number"].gather(compared["record"]),
    }
    values = {
        value_of(item.name): held[item.name].gather(compared[f"{item.name}_record"])
        for item in by_term_frequency(parameters)
    }
    levels = [level_of(item.name) for item in parameters.items]
    # Both are sorted by query and person.
    selected = pairs.select("exact", "other")
    return compared.select(
        "query", **named, **{level: compared[level] for level in levels}, **values
    ).with_columns(selected.get_columns())


def in_portions(pairs: pl.DataFrame, held: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Cut pairs into portions of whole notifications, to bound the memory of comparing them."""
    records = held.group_by("person").agg(pairs=pl.len())
    counted = pairs.join(records, on="person").group_by("query").agg(pl.col("pairs").sum())
    for portion in in_parts(pairs, counted, _PAIRS_AT_ONCE):
        yield portion.sort("query", "person")


def by_term_frequency(parameters: Parameters) -> Iterator[Item]:
    """Yield the items with a level whose weight depends on the term frequency of the value."""
    return (item for item in parameters.items if any(level.by_frequency for level in item.kind.levels))


def compare_pairs(
    pairs: pl.DataFrame, reported: pl.DataFrame, held: pl.DataFrame, parameters: Parameters
) -> pl.DataFrame:
    """Compare each notification with all records of the person; for each item the best record counts.

    `pairs`: `query`, `person`. Returns, sorted by them, `query`, `person`, `record` (row of `held` with the
    nearest number), and for each item `<item>_level` and `<item>_record`, the record with that level.
    """
    names = [item.name for item in parameters.items]
    number = next((item.name for item in parameters.items if item.kind_name == "card_number"), None)
    records = held.select("person").with_row_index("record")
    records = records.join(pairs.select("person").unique(), on="person", how="semi")
    # Records with the same level are ordered by their content, not by their place in a file.
    order = [] if number is None else [held[number].gather(records["record"])]
    records = records.with_columns(order).sort("person", *([] if number is None else [number]))
    records = records.select("person", "record").with_row_index("place")
    compared = pairs.join(records, on="person")
    ranked = compared.with_columns(
        # The level in the high bits, the place in the low ones: the minimum is the best level and its record.
        (_levels(item, compared, reported, held).cast(pl.UInt64) * 2**_PLACE_BITS + pl.col("place")).alias(
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
        # If no number shows which record is meant, the last one is used.
        records["record"].gather(nearest.zip_with(nearest.is_not_null(), best["place"])).alias("record"),
        *((pl.col(name) // 2**_PLACE_BITS).cast(pl.UInt8).alias(level_of(name)) for name in names),
        *(records["record"].gather(_place(best[name])).alias(f"{name}_record") for name in names),
    )


def _place(best: pl.Series) -> pl.Series:
    place: pl.Series = best % 2**_PLACE_BITS
    return place.cast(pl.UInt32)


def _levels(item: Item, compared: pl.DataFrame, reported: pl.DataFrame, held: pl.DataFrame) -> pl.Series:
    sides = {
        "reported": reported[item.name].gather(compared["query"]),
        "held": held[item.name].gather(compared["record"]),
    }
    if item.kind_name == "name":
        sides["held_kanji"] = held["kanji_name"].gather(compared["record"])
    return item.kind.compare(pl.DataFrame(sides))


def weighed_values(seen: pl.DataFrame, item: Item) -> pl.Series:
    """Return the values whose term frequency is needed: those in which a pair of `seen` (`look`) agrees."""
    levels = [place for place, level in enumerate(item.kind.levels) if level.by_frequency]
    agree = seen.filter(pl.col(level_of(item.name)).is_in(levels))
    return agree[value_of(item.name)].drop_nulls().unique()


def holders(seen: pl.DataFrame, held: pl.DataFrame, item: Item) -> pl.DataFrame:
    """Count the records with each value whose term frequency is needed: `<item>_value`, `holders`."""
    wanted = weighed_values(seen, item)
    values = held[item.name].alias(value_of(item.name))
    if values.dtype == pl.String:
        # Hashes are much faster to look up than text; the few values that remain are then compared.
        values = values.filter(values.hash().is_in(wanted.hash().implode()))
    return values.filter(values.is_in(wanted.implode())).value_counts(name="holders")


def with_shares(seen: pl.DataFrame, counts: dict[str, pl.DataFrame], records: int) -> pl.DataFrame:
    """Replace each `<item>_value` by the share of all records that have it, `<item>_share` (Float64).

    Adds `records` as well, since shares of few records say little.
    `counts` are the results of `holders` by item name; `records` is the number of records of the register.
    """
    for name, counted in counts.items():
        value = value_of(name)
        count = seen.select(value).join(counted, on=value, how="left", maintain_order="left")["holders"]
        share = (count.cast(pl.Float64) / records).alias(share_of(name))
        seen = seen.drop(value).with_columns(share)
    return seen.with_columns(pl.lit(records, pl.Float64).alias(RECORDS))


def with_unseen(seen: pl.DataFrame, over: pl.DataFrame, parameters: Parameters) -> pl.DataFrame:
    """Add `unseen`: how many persons the exact pass selected for the notification and were not compared.

    If several parts of a register each kept their first ones (`over`: of the whole, `blocking.too_large`),
    only the first of all are kept.
    """
    of_exact = pl.when("exact").then("person_id").rank("ordinal").over("query")
    first = (of_exact <= MOST_EXACT).fill_null(False)
    kept = seen.with_columns(exact=first).filter(pl.col("other") | pl.col("exact"))
    cut = over.filter(pl.col("pass").is_in(exact_passes(parameters.passes))).select("query", "persons")
    agree = (pl.col("exact") | agrees_exactly(parameters)).sum().over("query")
    return (
        kept.join(cut, on="query", how="left", maintain_order="left")
        .with_columns(unseen=(pl.col("persons").cast(pl.Int64) - agree).fill_null(0).clip(lower_bound=0))
        .drop("persons")
    )
