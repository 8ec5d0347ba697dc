"""The limit in DuckDB: read, join by card number, compare seven columns as they stand, write what differs.

Scope `whole` reads the four files whole, as our command must; `columns` only what it compares.
"""

import sys

import duckdb

scope, world, out = sys.argv[1:]
items = ["name", "status_of_residence", "stay_expires_on", "birth_date", "sex", "nationality"]
items += ["extra_activity_permission"]
pairs = ", ".join(f"n.{item}, c.{item} AS {item}_held" for item in items)
differs = " OR ".join(f"n.{item} <> c.{item}" for item in items)
notifications = f"read_csv('{world}/annex1.csv', header = true, all_varchar = true)"
tables = {name: f"read_parquet('{world}/{name}.parquet')" for name in ("persons", "cards", "permissions")}
duckdb.sql("SET preserve_insertion_order = false")  # any order will do, and this is faster
if scope == "whole":
    for name, source in {"notifications": notifications, **tables}.items():
        duckdb.sql(f"CREATE TEMP TABLE {name} AS FROM {source}")
    notifications, tables["cards"] = "notifications", "cards"
duckdb.sql(
    f"COPY (SELECT n.notification_id, n.card_number, {pairs}"
    f" FROM {notifications} n JOIN {tables['cards']} c USING (card_number)"
    f" WHERE {differs}) TO '{out}' (HEADER)"
)
