"""The distributed engine: the same functions, bucket by bucket, on Spark (docs/spark.md).

Tables are split into buckets by card number for `link` and by person for the rest. Each bucket becomes Polars
frames, on which the same functions run that the default engine runs on whole tables.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow as pa

from renkei.agreement.datasets import (
    CARDS,
    NOTIFICATIONS,
    PERMISSIONS,
    PERSONS,
    SUSPECTED_OMISSIONS,
    Dataset,
    discrepancies,
)
from renkei.agreement.decisions import Policy
from renkei.matching.hash_index import HashIndex
from renkei.matching.omissions import judge_permissions, place_probable
from renkei.matching.outcomes import FAULTY, MATCHES, NO_FAULTY, judge_notifications, link, place_named
from renkei.matching.places import Places
from renkei.matching.reading import Source, text_batch
from renkei.matching.reconciliation import (
    Reconciliation,
    as_text,
    hold_plausible,
    kept_columns,
)
from renkei.matching.release import annex_2, annex_3, matches
from renkei.matching.report.statistics import Read, Tally, add_up, count, tally
from renkei.matching.spark.session import ddl, like_before, on_the_wire, to_arrow, to_polars, why_not_finished
from renkei.matching.validation import (
    REJECTS,
    NotificationsAre,
    Rules,
    empty,
    place_persons,
    reasons_by_line,
    receiving,
    rejects_in_order,
    type_batch,
)

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from renkei.matching.candidates import Parameters
    from renkei.matching.candidates.search import Found

_FIRST_LINE = 2


def reconcile_on_spark(
    sources: Mapping[Dataset, Source],
    session: "SparkSession",
    *,
    as_of: date,
    policy: Policy,
    buckets: int,
    candidates: "Parameters | None" = None,
    notifications_are: NotificationsAre = "all",
    last_said: Mapping[str, int] | None = None,
    confirmed: str | None = None,
) -> Reconciliation:
    """Reconcile files on Spark; the result is exactly that of the default engine.

    Parquet is read by the workers. CSV is read by this process, because only a reader of the whole file knows
    the line of a record. Raises RefusedFile and ImplausibleInput as the default engine does, and SparkFailed
    if a worker fails.
    """
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    try:
        result = _reconciled(_Run(session, policy, buckets, notifications_are), sources, as_of, candidates)
    except (PySparkException, Py4JError, ConnectionError, EOFError) as failure:
        raise why_not_finished(failure, session) from None
    findings = hold_plausible(result.statistics, result.rejects, notifications_are, last_said, confirmed)
    return replace(result, implausible=findings)


def _reconciled(
    run: "_Run", sources: Mapping[Dataset, Source], as_of: date, parameters: "Parameters | None"
) -> Reconciliation:
    notifications = run.take(sources[NOTIFICATIONS])
    persons = run.take(sources[PERSONS])
    known = persons.taken.select("person_id")
    cards = run.take(sources[CARDS], known)
    permissions = run.take(sources[PERMISSIONS], known)
    faulty = pl.concat([cards.faulty, persons.faulty])
    linked = run.link(notifications.taken, cards.taken, faulty)
    found, explaining = None, None
    if parameters is not None:
        searched = run.not_found(linked)
        found = run.find(searched, cards.taken, parameters)
        explaining = (found.candidates, searched)
    due = permissions.taken if run.notifications_are == "all" else permissions.taken.limit(0)
    parts = run.judge(linked, persons.taken, cards.taken, due, as_of, explaining)

    taken = (notifications, persons, cards, permissions)
    rejects = rejects_in_order((table.rejects, table.places) for table in taken)
    counts = [Read(one.dataset, one.read, one.set_aside, one.read - one.set_aside) for one in taken]
    return Reconciliation(
        annex2=parts["annex2"],
        annex3=parts["annex3"],
        matches=parts["matches"],
        rejects=rejects,
        statistics=count(
            counts,
            _tally_of(parts),
            rejects,
            as_of=as_of,
            policy=run.policy,
            candidates=None if found is None else found.counts(),
        ),
        candidates=None if found is None else as_text(found.candidates),
    )


@dataclass(frozen=True, slots=True)
class _Table:
    dataset: Dataset
    taken: "DataFrame"
    rejects: pl.DataFrame
    read: int
    faulty: pl.DataFrame
    places: Places

    @property
    def set_aside(self) -> int:
        return int((self.rejects["action"] == "row").sum())


@dataclass(frozen=True, slots=True)
class _Run:
    session: "SparkSession"
    policy: Policy
    buckets: int
    notifications_are: NotificationsAre

    def take(self, source: Source, known: "DataFrame | None" = None) -> _Table:
        """Type a file's rows on the workers, and set aside those that cannot be taken."""
        from pyspark.sql import Window
        from pyspark.sql import functions as sql

        dataset = source.dataset
        keep = kept_columns(dataset, self.policy)
        identifier = dataset.identifier.name
        wire = on_the_wire(empty(dataset, keep))
        rules = receiving(dataset, self.notifications_are)
        columns = f"{ddl(wire)}, reasons array<string>, action string"
        places = Places()
        typed = self._text(source, places).mapInArrow(_typer(dataset, keep, rules), columns)
        # Other rows with the same identifier than the one that stands, in the order of the file.
        line = sql.col("line").desc() if rules.last_stands else sql.col("line")
        order = sql.row_number().over(Window.partitionBy(identifier).orderBy(line))
        reason = "superseded" if rules.last_stands else "duplicate"
        repeated = sql.when(sql.col(identifier).isNotNull() & (order > 1), f"{reason}:{identifier}")
        typed = typed.withColumn("repeated", repeated)
        if known is not None:
            within = dataset.column("person_id").max_length or 0
            typed = typed.join(known.withColumn("known", sql.lit(True)), "person_id", "left")
            unknown = sql.col("known").isNull() & (sql.length("person_id") <= within)
            typed = typed.withColumn("unknown", sql.when(unknown, "unknown_person"))
        extra = ["repeated", *(["unknown"] if known is not None else [])]
        costs_row = sql.coalesce(*extra).isNotNull()
        typed = typed.withColumns(
            {
                "action": sql.when(costs_row, "row").otherwise(sql.col("action")),
                "reasons": sql.array_compact(sql.concat("reasons", sql.array(*extra))),
            }
        ).persist()
        aside = sql.col("action").eqNullSafe("row")
        rejects = typed.filter(sql.size("reasons") > 0).select(
            sql.lit(dataset.name).alias("dataset"),
            "line",
            sql.col(identifier).alias("identifier"),
            "action",
            sql.array_join(sql.array_sort("reasons"), ";").alias("reasons"),
        )
        return _Table(
            dataset,
            typed.filter(~aside).select(*wire.columns),
            to_polars(rejects.toArrow()).cast(pl.Schema(REJECTS)),
            typed.count(),
            _faulty(typed.filter(aside)) if dataset in (CARDS, PERSONS) else NO_FAULTY,
            places,
        )

    def _text(self, source: Source, places: Places) -> "DataFrame":
        """Return the records as text, numbered (`line`); several files are noted in `places`."""
        from pyspark.sql import functions as sql

        if source.is_one_parquet_file:
            source.prove()  # Spark believes a damaged page, a short column and text that is no UTF-8
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
        batches, number = [], _FIRST_LINE
        for batch in source.batches():
            places.note(number, batch)
            batches.append(batch.cast(schema).replace_schema_metadata(None))
            number += batch.num_rows
        table = pa.Table.from_batches(batches, schema)
        lines = pa.array(range(_FIRST_LINE, table.num_rows + _FIRST_LINE), pa.int64())
        frame: DataFrame = self.session.createDataFrame(table.add_column(0, "line", lines))
        return frame

    def link(self, notifications: "DataFrame", cards: "DataFrame", faulty: pl.DataFrame) -> "DataFrame":
        """Link within buckets of card numbers; the few `faulty` rows go to every bucket."""
        policy, every = self.policy, self.notifications_are == "all"
        no_rows = self._none_linked()

        def link_bucket(left: pa.Table, right: pa.Table) -> pa.Table:
            reported = _typed(left, NOTIFICATIONS, policy)
            records = _typed(right, CARDS, policy)
            return to_arrow(on_the_wire(_linked(reported, records, policy, faulty=faulty, all_given=every)))

        sides = [self._bucketed(table, "card_number") for table in (notifications, cards)]
        linked: DataFrame = sides[0].cogroup(sides[1]).applyInArrow(link_bucket, ddl(on_the_wire(no_rows)))
        return linked

    def not_found(self, linked: "DataFrame") -> pl.DataFrame:
        """Collect the notifications whose number no card has: about one in a hundred."""
        from pyspark.sql import functions as sql

        from renkei.matching.candidates.search import not_found

        rows = linked.filter(sql.col("live") & sql.col("person_id").isNull() & ~sql.col("at_fault"))
        return not_found(like_before(to_polars(rows.toArrow()), self._none_linked())).sort("notification_id")

    def find(self, searched: pl.DataFrame, cards: "DataFrame", parameters: "Parameters") -> "Found":
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
            self._bucketed(linked, "person_id", "named_person_id", "notification_id"),
            self._bucketed(register, "person_id"),
        ]
        rows = sides[0].cogroup(sides[1]).applyInArrow(judge_bucket, "part string, cells array<string>")
        collected = to_polars(rows.toArrow())
        expected = _parts(policy)
        return {part: _part(collected, part, columns) for part, columns in expected.items()}

    def _bucketed(self, table: "DataFrame", *keys: str) -> Any:
        from pyspark.sql import functions as sql

        bucket = sql.pmod(sql.xxhash64(sql.coalesce(*keys)), sql.lit(self.buckets))
        return table.withColumn("bucket", bucket).groupBy("bucket")


# --- what runs on the workers --------------------------------------------------------------------------


def _faulty(rows: "DataFrame") -> pl.DataFrame:
    """Collect rows that were set aside, in the order of the file."""
    found = to_polars(rows.orderBy("line").select(*FAULTY).toArrow())
    return found.cast(pl.Schema(FAULTY))


def _typer(
    dataset: Dataset, keep: frozenset[str] | None, rules: Rules
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    columns = {name: name for name in dataset.names}

    def type_batches(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            lines = pl.Series(batch.column("line")).cast(pl.UInt32)
            table, troubles = type_batch(
                text_batch(batch, dataset, columns), lines, dataset, keep=keep, rules=rules
            )
            reasons = reasons_by_line(troubles).select("line", "reasons", "action")
            typed = table.join(reasons, on="line", how="left").with_columns(pl.col("reasons").fill_null([]))
            yield from to_arrow(on_the_wire(typed)).to_batches()

    return type_batches


def _linked(
    notifications: pl.DataFrame,
    cards: pl.DataFrame,
    policy: Policy,
    *,
    faulty: pl.DataFrame = NO_FAULTY,
    all_given: bool = True,
) -> pl.DataFrame:
    # `person` is a row of one bucket of persons; it is looked up again there.
    placed = cards.with_columns(person=pl.lit(None, dtype=pl.UInt32))
    linked = link(notifications, placed, policy, faulty=faulty, all_given=all_given)
    return linked.drop("person", "line")


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
        place_named(place_persons(like_before(linked, no_rows), known), known),
        place_persons(cards, known),
        persons,
        policy,
    )
    placed = place_persons(permissions, known)
    explaining = None
    if candidates is not None:
        from renkei.matching.candidates.search import probable

        explaining = place_probable(probable(*candidates, policy), known)
    omissions = judge_permissions(placed, judged.crediting, as_of=as_of, policy=policy, probable=explaining)
    tallied = tally(judged.notifications, omissions)
    parts = {
        "matches": matches(judged),
        "annex2": annex_2(judged, persons, as_of=as_of, policy=policy),
        "annex3": annex_3(omissions.suspected, persons),
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


def _parts(policy: Policy) -> dict[str, tuple[str, ...]]:
    """Return the columns of each part of a bucket's result; a part is sorted by its first column."""
    codes = empty(NOTIFICATIONS).select("nationality", "status_of_residence").schema
    permissions = place_persons(empty(PERMISSIONS), HashIndex(empty(PERSONS)["person_id"]))
    nobody = empty(NOTIFICATIONS).with_columns(
        *(pl.lit(None, dtype).alias(name) for name, dtype in {**MATCHES, "person": pl.UInt32}.items()),
        issued_on=pl.lit(None, pl.Date),
    )
    no_omissions = judge_permissions(permissions, nobody, as_of=date.max, policy=policy)
    no_counts = tally(pl.DataFrame(schema={**MATCHES, **codes}), no_omissions)
    return {
        "matches": tuple(MATCHES),
        "annex2": discrepancies(policy.disclosed_items).names,
        "annex3": SUSPECTED_OMISSIONS.names,
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
    flags = ["by_others", *(name for name, dtype in MATCHES.items() if dtype == pl.Boolean)]
    typed = [
        parts[name].with_columns(
            pl.col("rows").cast(pl.UInt32),
            *(pl.col(flag) == "true" for flag in flags if flag in parts[name].columns),
        )
        for name in Tally._fields
    ]
    return add_up([Tally(*typed)])
