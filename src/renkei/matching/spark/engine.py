"""The distributed engine: the same functions, bucket by bucket, on Spark (docs/spark.md).

Tables are split into buckets by card number for `link` and by person for the rest. Each bucket becomes Polars
frames, on which the same functions run that the default engine runs on whole tables.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow as pa

from renkei.agreement.datasets import (
    CARDS,
    NOTIFICATIONS,
    OMISSIONS_WITH_CANDIDATES,
    PERMISSIONS,
    PERSONS,
    Dataset,
    discrepancies,
)
from renkei.agreement.datasets import SUSPECTED_OMISSIONS as OMISSIONS
from renkei.agreement.decisions import Policy
from renkei.matching.hash_index import HashIndex
from renkei.matching.omissions import suspect
from renkei.matching.outcomes import MATCHES, judge_notifications, link
from renkei.matching.reading import Source, text_batch
from renkei.matching.reconciliation import Reconciliation, as_text, kept_columns
from renkei.matching.release import annex_2, annex_3, matches
from renkei.matching.report.statistics import Read, Tally, add_up, count, tally
from renkei.matching.spark.session import ddl, like_before, on_the_wire, to_arrow, to_polars, why_not_finished
from renkei.matching.validation import REJECTS, empty, place_persons, rejects_in_order, type_batch

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from renkei.matching.candidates import Parameters

_FIRST_LINE = 2


def reconcile_on_spark(
    sources: Mapping[Dataset, Source],
    session: "SparkSession",
    *,
    as_of: date,
    policy: Policy,
    buckets: int,
    candidates: "Parameters | None" = None,
) -> Reconciliation:
    """Reconcile files on Spark; the result is exactly that of the default engine.

    Parquet is read by the workers. CSV is read by this process, because only a reader of the whole file knows
    the line of a record. Raises RefusedFile as the default engine does, and SparkFailed if a worker fails.
    """
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    try:
        return _reconciled(_Run(session, policy, buckets), sources, as_of, candidates)
    except (PySparkException, Py4JError, ConnectionError, EOFError) as failure:
        raise why_not_finished(failure, session) from None


def _reconciled(
    run: "_Run", sources: Mapping[Dataset, Source], as_of: date, parameters: "Parameters | None"
) -> Reconciliation:
    notifications = run.take(sources[NOTIFICATIONS])
    persons = run.take(sources[PERSONS])
    known = persons.taken.select("person_id")
    cards = run.take(sources[CARDS], known)
    permissions = run.take(sources[PERMISSIONS], known)
    linked = run.link(notifications.taken, cards.taken)
    found, explaining = None, None
    if parameters is not None:
        searched = run.not_found(linked)
        found = run.find(searched, cards.taken, parameters)
        explaining = (found, searched)
    parts = run.judge(linked, persons.taken, cards.taken, permissions.taken, as_of, explaining)

    taken = (notifications, persons, cards, permissions)
    rejects = rejects_in_order(table.rejects for table in taken)
    counts = [Read(one.dataset, one.read, one.rejects.height, one.read - one.rejects.height) for one in taken]
    return Reconciliation(
        annex2=parts["annex2"],
        annex3=parts["annex3"],
        matches=parts["matches"],
        rejects=rejects,
        statistics=count(counts, _tally_of(parts), rejects, as_of=as_of, policy=run.policy),
        candidates=None if found is None else as_text(found),
    )


@dataclass(frozen=True, slots=True)
class _Table:
    dataset: Dataset
    taken: "DataFrame"
    rejects: pl.DataFrame
    read: int


@dataclass(frozen=True, slots=True)
class _Run:
    session: "SparkSession"
    policy: Policy
    buckets: int

    def take(self, source: Source, known: "DataFrame | None" = None) -> _Table:
        """Type a file's rows on the workers, and reject those that cannot be accepted."""
        from pyspark.sql import Window
        from pyspark.sql import functions as sql

        dataset = source.dataset
        keep = kept_columns(dataset, self.policy)
        identifier = dataset.identifier.name
        wire = on_the_wire(empty(dataset, keep))
        typed = self._text(source).mapInArrow(_typer(dataset, keep), f"{ddl(wire)}, reasons array<string>")
        # Second and later rows with the same identifier, in the order of the file.
        order = sql.row_number().over(Window.partitionBy(identifier).orderBy("line"))
        repeated = sql.when(sql.col(identifier).isNotNull() & (order > 1), f"duplicate:{identifier}")
        typed = typed.withColumn("repeated", repeated)
        if known is not None:
            within = dataset.column("person_id").max_length or 0
            typed = typed.join(known.withColumn("known", sql.lit(True)), "person_id", "left")
            unknown = sql.col("known").isNull() & (sql.length("person_id") <= within)
            typed = typed.withColumn("unknown", sql.when(unknown, "unknown_person"))
        extra = ["repeated", *(["unknown"] if known is not None else [])]
        reasons = sql.array_compact(sql.concat("reasons", sql.array(*extra)))
        typed = typed.withColumn("reasons", reasons).persist()
        rejects = typed.filter(sql.size("reasons") > 0).select(
            sql.lit(dataset.name).alias("dataset"),
            "line",
            sql.col(identifier).alias("identifier"),
            sql.array_join(sql.array_sort("reasons"), ";").alias("reasons"),
        )
        return _Table(
            dataset,
            typed.filter(sql.size("reasons") == 0).select(*wire.columns),
            to_polars(rejects.toArrow()).cast(pl.Schema(REJECTS)),
            typed.count(),
        )

    def _text(self, source: Source) -> "DataFrame":
        """Return the records as text with their line in the file (`line`)."""
        from pyspark.sql import functions as sql

        if source.path.suffix.lower() == ".parquet":
            file = self.session.read.parquet(str(source.path))
            texts = {name: sql.col(f"`{header}`").cast("string") for name, header in source.columns.items()}
            # A time at midnight is written as its date, as in `reading`.
            texts |= {
                name: sql.replace(texts[name], sql.lit(" 00:00:00"), sql.lit(""))
                for name, header in source.columns.items()
                if file.schema[header].dataType.typeName() == "timestamp_ntz"
            }
            line = (sql.col("_metadata.row_index") + _FIRST_LINE).alias("line")
            return file.select(line, *(text.alias(name) for name, text in texts.items()))
        schema = pa.schema([(name, pa.string()) for name in source.dataset.names])
        table = pa.Table.from_batches([batch.cast(schema) for batch in source.batches()], schema)
        lines = pa.array(range(_FIRST_LINE, table.num_rows + _FIRST_LINE), pa.int64())
        frame: DataFrame = self.session.createDataFrame(table.add_column(0, "line", lines))
        return frame

    def link(self, notifications: "DataFrame", cards: "DataFrame") -> "DataFrame":
        """Link within buckets of card numbers."""
        policy = self.policy
        no_rows = self._none_linked()

        def link_bucket(left: pa.Table, right: pa.Table) -> pa.Table:
            reported = _typed(left, NOTIFICATIONS, policy)
            return to_arrow(on_the_wire(_linked(reported, _typed(right, CARDS, policy), policy)))

        sides = [self._bucketed(table, "card_number") for table in (notifications, cards)]
        linked: DataFrame = sides[0].cogroup(sides[1]).applyInArrow(link_bucket, ddl(on_the_wire(no_rows)))
        return linked

    def not_found(self, linked: "DataFrame") -> pl.DataFrame:
        """Collect the notifications whose number no card has: about one in a hundred."""
        from pyspark.sql import functions as sql

        from renkei.matching.candidates.search import not_found

        rows = linked.filter(sql.col("live") & sql.col("person_id").isNull())
        return not_found(like_before(to_polars(rows.toArrow()), self._none_linked())).sort("notification_id")

    def find(self, searched: pl.DataFrame, cards: "DataFrame", parameters: "Parameters") -> pl.DataFrame:
        """Find candidates for the notifications of `not_found`, within buckets of persons."""
        from renkei.matching.spark.candidates import find_on_spark

        return find_on_spark(
            searched, cards, self._bucketed(cards, "person_id"), _no_cards(self.policy), parameters
        )

    def _none_linked(self) -> pl.DataFrame:
        return _linked(
            empty(NOTIFICATIONS, kept_columns(NOTIFICATIONS, self.policy)),
            _no_cards(self.policy),
            self.policy,
        )

    def judge(
        self,
        linked: "DataFrame",
        persons: "DataFrame",
        cards: "DataFrame",
        permissions: "DataFrame",
        as_of: date,
        candidates: tuple[pl.DataFrame, pl.DataFrame] | None,
    ) -> dict[str, pl.DataFrame]:
        """Judge within buckets of persons; returns the parts of the result as text, sorted."""
        from pyspark.sql import functions as sql

        policy = self.policy
        tables = {PERSONS: persons, CARDS: cards, PERMISSIONS: permissions}
        tagged = [table.withColumn("of", sql.lit(dataset.name)) for dataset, table in tables.items()]
        register = tagged[0]
        for table in tagged[1:]:
            register = register.unionByName(table, allowMissingColumns=True)

        def judge_bucket(left: pa.Table, right: pa.Table) -> pa.Table:
            return to_arrow(_judged(to_polars(left), to_polars(right), as_of, policy, candidates))

        sides = [
            # Notifications without a person are spread over all buckets.
            self._bucketed(linked, "person_id", "notification_id"),
            self._bucketed(register, "person_id"),
        ]
        rows = sides[0].cogroup(sides[1]).applyInArrow(judge_bucket, "part string, cells array<string>")
        collected = to_polars(rows.toArrow())
        expected = _parts(policy, with_candidates=candidates is not None)
        return {part: _part(collected, part, columns) for part, columns in expected.items()}

    def _bucketed(self, table: "DataFrame", *keys: str) -> Any:
        from pyspark.sql import functions as sql

        bucket = sql.pmod(sql.xxhash64(sql.coalesce(*keys)), sql.lit(self.buckets))
        return table.withColumn("bucket", bucket).groupBy("bucket")


# --- what runs on the workers --------------------------------------------------------------------------


def _typer(
    dataset: Dataset, keep: frozenset[str] | None
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    columns = {name: name for name in dataset.names}

    def type_batches(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            lines = pl.Series(batch.column("line")).cast(pl.UInt32)
            table, troubles = type_batch(text_batch(batch, dataset, columns), lines, dataset, keep=keep)
            none = pl.DataFrame(schema={"line": pl.UInt32, "reason": pl.String})
            reasons = pl.concat([none, *troubles]).group_by("line").agg(reasons=pl.col("reason"))
            typed = table.join(reasons, on="line", how="left").with_columns(pl.col("reasons").fill_null([]))
            yield from to_arrow(on_the_wire(typed)).to_batches()

    return type_batches


def _linked(notifications: pl.DataFrame, cards: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    # `person` is a row of one bucket of persons; it is looked up again there.
    placed = cards.with_columns(person=pl.lit(None, dtype=pl.UInt32))
    return link(notifications, placed, policy).drop("person", "line")


def _judged(
    linked: pl.DataFrame,
    register: pl.DataFrame,
    as_of: date,
    policy: Policy,
    candidates: tuple[pl.DataFrame, pl.DataFrame] | None,
) -> pl.DataFrame:
    persons, cards, permissions = (
        like_before(
            register.filter(pl.col("of") == dataset.name), empty(dataset, kept_columns(dataset, policy))
        )
        for dataset in (PERSONS, CARDS, PERMISSIONS)
    )
    no_rows = _linked(empty(NOTIFICATIONS, kept_columns(NOTIFICATIONS, policy)), _no_cards(policy), policy)
    known = HashIndex(persons["person_id"])
    judged = judge_notifications(
        place_persons(like_before(linked, no_rows), known), place_persons(cards, known), persons, policy
    )
    placed = place_persons(permissions, known)
    explaining = None
    if candidates is not None:
        from renkei.matching.candidates.search import probable

        explaining = probable(*candidates, persons["person_id"], policy)
    suspected = suspect(placed, judged.notifications, as_of=as_of, policy=policy, probable=explaining)
    tallied = tally(judged.notifications, suspected)
    parts = {
        "matches": matches(judged),
        "annex2": annex_2(judged, persons, as_of=as_of, policy=policy),
        "annex3": annex_3(suspected, persons),
        **tallied._asdict(),
    }
    return pl.concat([_cells(part, table) for part, table in parts.items()])


def _no_cards(policy: Policy) -> pl.DataFrame:
    return empty(CARDS, kept_columns(CARDS, policy))


# --- between Polars, Arrow and Spark -------------------------------------------------------------------


def _typed(table: pa.Table, dataset: Dataset, policy: Policy) -> pl.DataFrame:
    return like_before(to_polars(table), empty(dataset, kept_columns(dataset, policy)))


def _cells(part: str, table: pl.DataFrame) -> pl.DataFrame:
    texts = table.select(pl.all().cast(pl.String).fill_null(""))
    return texts.select(part=pl.lit(part), cells=pl.concat_list(pl.all()))


def _parts(policy: Policy, *, with_candidates: bool) -> dict[str, tuple[str, ...]]:
    """Return the columns of each part of a bucket's result; a part is sorted by its first column."""
    codes = empty(NOTIFICATIONS).select("nationality", "status_of_residence").schema
    permissions = empty(PERMISSIONS).with_columns(reason=pl.lit(""))
    no_counts = tally(pl.DataFrame(schema={**MATCHES, **codes}), permissions)
    return {
        "matches": tuple(MATCHES),
        "annex2": discrepancies(policy.disclosed_items).names,
        "annex3": (OMISSIONS_WITH_CANDIDATES if with_candidates else OMISSIONS).names,
        **{name: tuple(table.columns) for name, table in no_counts._asdict().items()},
    }


def _part(collected: pl.DataFrame, part: str, columns: tuple[str, ...]) -> pl.DataFrame:
    rows = collected.filter(pl.col("part") == part)
    cells = [
        pl.when(pl.col("cells").list.get(place) != "").then(pl.col("cells").list.get(place)).alias(name)
        for place, name in enumerate(columns)
    ]
    return rows.select(cells).sort(columns[0])


def _tally_of(parts: Mapping[str, pl.DataFrame]) -> Tally:
    flags = [name for name, dtype in MATCHES.items() if dtype == pl.Boolean]
    typed = [
        parts[name].with_columns(
            pl.col("rows").cast(pl.UInt32),
            *(pl.col(flag) == "true" for flag in flags if flag in parts[name].columns),
        )
        for name in Tally._fields
    ]
    return add_up([Tally(*typed)])
