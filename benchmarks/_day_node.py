"""ISA's node of the benchmark `day`, in a separate process: filled once, then run for several days.

    python _day_node.py fill NODE WORLD DAYS   a register, a first delivery, a first matching; changes drawn
    python _day_node.py live NODE NUMBER       one day; prints the time of each step as JSON

RENKEI_DATABASE_URL names an empty PostgreSQL database.
"""

import json
import os
import sys
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from _databases import server

FIRST = date(2026, 4, 1)
SEED = 20
#: A day's changes: notifications, and people who change in the register and get a new card.
NEW, UPDATED, DELETED, PEOPLE = 8_000, 6_000, 2_000, 2_000


def _node(directory: Path) -> None:
    import django

    os.environ |= {"DJANGO_SETTINGS_MODULE": "renkei.node.settings", "RENKEI_NODE": str(directory / "isa")}
    os.environ["RENKEI_KEY_PASSPHRASE"] = (directory / "passphrase").read_text()
    django.setup()


def _moment(number: int) -> datetime:
    return datetime(2026, 4, 1, 3, tzinfo=UTC) + timedelta(days=number)


def fill(directory: Path, world: Path, days: int) -> None:
    """Make two nodes with an agreement, load ISA's by plain COPY, match, and draw the days' changes."""
    from renkei.node.rehearsal import rehearse

    made = rehearse(directory, _moment(0))
    (directory / "passphrase").write_text(made.passphrase.decode())
    _node(directory)
    import polars as pl
    import pyarrow.parquet as pq
    from django.core.management import call_command
    from django.db import connection, transaction

    from renkei.agreement.datasets import CARDS, NOTIFICATIONS, PERMISSIONS, PERSONS
    from renkei.matching.reading import open_source
    from renkei.matching.validation import PREPARING, type_batch
    from renkei.matching.values import to_text
    from renkei.node.matching_run import outgoing as answers
    from renkei.node.matching_run import run
    from renkei.node.records import bulk_copy
    from renkei.node.records.blocking_keys import name_key

    call_command("migrate", verbosity=0)
    tables = {
        PERSONS: ("records_person", "persons.parquet"),
        CARDS: ("records_card", "cards.parquet"),
        PERMISSIONS: ("records_permission", "permissions.parquet"),
        NOTIFICATIONS: ("records_receivednotification", "annex1.csv"),
    }
    for dataset, (table, file) in tables.items():
        numbered = [pl.lit(0).alias("sequence")] if dataset is NOTIFICATIONS else []
        line = 0
        with transaction.atomic():
            for batch in open_source(world / file, dataset).batches():
                lines = pl.int_range(line, line + batch.num_rows, dtype=pl.UInt32, eager=True)
                typed, _ = type_batch(batch, lines, dataset, rules=PREPARING)
                named = [to_text(each.kind, pl.col(each.name)).alias(each.name) for each in dataset.columns]
                own = [name_key(typed["name"]).alias("name_key")] if dataset is PERSONS else numbered
                good = typed.select(*named, *own).drop_nulls(dataset.identifier.name)
                bulk_copy.put(table, good.unique(dataset.identifier.name, keep="first", maintain_order=True))
                line += batch.num_rows
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    first = run.match(FIRST)
    answers.select(FIRST)
    answers.mark_sent(FIRST, 0)
    answers.accepted(0)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    _draw(directory, days)
    print(json.dumps({"cards": pq.read_metadata(world / "cards.parquet").num_rows, "first": dict(first)}))


def _draw(directory: Path, days: int) -> None:
    import polars as pl

    from renkei.agreement.datasets import CARDS, NOTIFICATIONS, PERSONS
    from renkei.node.records import bulk_copy

    def sample(table, dataset, count, condition):
        names = ", ".join(f'"{name}"' for name in dataset.names)
        # md5 of the identifier: the same rows each time, spread over the table.
        query = (
            f'SELECT {names} FROM "{table}" WHERE {condition} '
            f"ORDER BY md5({dataset.identifier.name} || '{SEED}') LIMIT {count}"
        )
        return bulk_copy.read(query, dataset.names)

    a_day = NEW + UPDATED + DELETED
    notifications = sample("records_receivednotification", NOTIFICATIONS, days * a_day, "deleted_on IS NULL")
    persons = sample("records_person", PERSONS, days * PEOPLE, "true")
    # A small register has fewer notifications than these days change: the sample is used repeatedly.
    notifications = pl.concat([notifications] * (days * a_day // notifications.height + 1))
    for number in range(1, days + 1):
        place = directory / f"day-{number}"
        place.mkdir()
        today = (FIRST + timedelta(days=number)).isoformat()
        rows = notifications.slice((number - 1) * a_day, a_day).unique("notification_id", maintain_order=True)
        new, updated, deleted = (
            rows.slice(0, NEW),
            rows.slice(NEW, UPDATED),
            rows.slice(NEW + UPDATED, DELETED),
        )
        marks = ("notification_id", "card_number", "registered_on", "updated_on", "deleted_on")
        pl.concat(
            [
                new.with_columns(
                    notification_id=pl.format("BENCH{}-{}", pl.lit(number), pl.int_range(pl.len())),
                    registered_on=pl.lit(today),
                ),
                updated.with_columns(
                    updated_on=pl.lit(today),
                    # One in four now differs, the others change in a column that is not compared.
                    birth_date=pl.when(pl.int_range(pl.len()) % 4 == 0)
                    .then(pl.lit("1970-01-01"))
                    .otherwise("birth_date"),
                    address=pl.lit(f"東京都架空区{number}"),
                ),
                deleted.with_columns(
                    pl.lit(None, pl.String).alias(name) for name in NOTIFICATIONS.names if name not in marks
                ).with_columns(deleted_on=pl.lit(today)),
            ]
        ).write_csv(place / "notifications.csv")
        moved = persons.slice((number - 1) * PEOPLE, PEOPLE).with_columns(
            card_number=pl.format(
                "ZZ{}ZZ", pl.format("{}{}", pl.lit(number), pl.int_range(pl.len()) + 1_000_000)
            ),
            address=pl.lit(f"東京都架空区{number}"),
            stay_expires_on=pl.lit("2029-12-31"),
        )
        moved.write_csv(place / "persons.csv")
        moved.with_columns(issued_on=pl.lit(today)).select(CARDS.names).write_csv(place / "cards.csv")


def live(directory: Path, number: int) -> None:
    """Import the register's changes and the day's delivery, match, select, seal; time each step."""
    _node(directory)
    from contextlib import contextmanager

    from django.conf import settings
    from django.db import connection, transaction

    from renkei.exchange.home import Home
    from renkei.exchange.outbox import Order, Outbox
    from renkei.node.audit import trail
    from renkei.node.deliveries import incoming, outgoing
    from renkei.node.matching_run import outgoing as answers
    from renkei.node.matching_run import run
    from renkei.node.records import annex1, bulk_copy, imports

    now, day = _moment(number), FIRST + timedelta(days=number)
    place = directory / f"day-{number}"
    theirs = Home(directory / "mhlw" / "exchange")
    made = Outbox(theirs.directory / "outbox", theirs.terms()).make(
        Order(
            service="annex1",
            purpose="residence",
            kind="data",
            business_day=day,
            sources={"notifications": place / "notifications.csv"},
            trail_head=trail.FIRST_PREVIOUS,
        ),
        theirs.signer(settings.KEY_PASSPHRASE, now),
        theirs.recipient(now),
        now,
    )
    took: dict[str, float] = {}
    processor: dict[str, float] = {}

    connection.ensure_connection()
    server_process = Path(f"/proc/{connection.connection.info.backend_pid}/stat")

    def spent() -> float:
        """Return the processor time of this process and of the database server's process for it."""
        user, system = server_process.read_text().rsplit(")", 1)[1].split()[11:13]
        return time.process_time() + (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    @contextmanager
    def timed(step: str):
        wall, cpu = time.perf_counter(), spent()
        yield
        took[step], processor[step] = time.perf_counter() - wall, spent() - cpu

    with timed("register"):
        changed = [
            imports.import_file(place / f"{name}.csv", name, "delta", now=now).counts
            for name in ("persons", "cards")
        ]
    with timed("receive"):
        incoming.receive(made.files, now)
    with timed("open"):
        opened = incoming.open_next(
            "annex1",
            lambda sequence, package: annex1.import_annex1(sequence, package, now=now),
            now=now,
        )
    touched = bulk_copy.read("SELECT kind, key FROM records_changedkey", ("kind", "key"))
    with timed("match"):
        counts = run.match(day)
    with timed("select"):
        told = answers.select(day)
    with timed("seal"):
        sent = outgoing.make(
            "annex2-3",
            day,
            answers.to_send(day),
            now=now,
            sealed=lambda sequence: answers.mark_sent(day, sequence),
        )
    with transaction.atomic():  # rolled back: only to read the matched rows, for the file command
        bulk_copy.put("records_changedkey", touched)
        _write_scope(place / "scope", day)
        transaction.set_rollback(True)
    with connection.cursor() as cursor:
        on = server(cursor)
    words = {
        "seconds": took,
        "processor": processor,
        "taken": [dict(each) for each in changed] + [dict(opened.counts)],
        "matched": dict(counts),
        "told": dict(told),
        "sealed_bytes": sent.sealed_size,
        "server": on,
    }
    print(json.dumps(words))


def _write_scope(directory: Path, day: date) -> None:
    from renkei.agreement.datasets import CARDS, PERMISSIONS, PERSONS
    from renkei.node.matching_run import scope as matching_run_scope
    from renkei.node.matching_run.scope import determine_scope

    directory.mkdir(exist_ok=True)
    matching_run_scope.find_card_owners()
    with determine_scope(day - timedelta(days=1), day, at_most=sys.maxsize) as concerned:
        (notifications, *register), *others = concerned.parts()
    if others:
        raise SystemExit("The day was matched in parts: there are no files of it for the bare command.")
    notifications.write_csv(directory / "notifications.csv")
    for dataset, rows in zip((PERSONS, CARDS, PERMISSIONS), register, strict=True):
        rows.write_parquet(directory / f"{dataset.name}.parquet")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["fill", node, world, days]:
            fill(Path(node), Path(world), int(days))
        case ["live", node, number]:
            live(Path(node), int(number))
        case _:
            raise SystemExit(__doc__)
