"""Splink on DuckDB, join and comparison alone: prints how many pairs differ.

Exact comparisons and fixed weights, so nothing to train: the cheapest way to a comparison vector per pair.
"""

import sys

import duckdb
import splink.comparison_library as cl
from splink import Linker, SettingsCreator, block_on
from splink.backends.duckdb import DuckDBAPI

scope, world = sys.argv[1:]
items = ["name", "status_of_residence", "stay_expires_on", "birth_date", "sex", "nationality"]
items += ["extra_activity_permission"]
columns = ", ".join(["card_number", *items])
connection = duckdb.connect()
connection.execute("SET preserve_insertion_order = false")
sources = {"notifications": f"read_csv('{world}/annex1.csv', header = true, all_varchar = true)"}
sources |= {name: f"read_parquet('{world}/{name}.parquet')" for name in ("persons", "cards", "permissions")}
if scope == "whole":
    for name, source in sources.items():
        connection.execute(f"CREATE TABLE {name}_whole AS FROM {source}")
        sources[name] = f"{name}_whole"
for name, identifier in (("notifications", "notification_id"), ("cards", "card_number")):
    connection.execute(
        f"CREATE TABLE {name} AS SELECT {identifier} AS unique_id, {columns} FROM {sources[name]}"
    )
backend = DuckDBAPI(connection)
linker = Linker(
    [backend.register("notifications"), backend.register("cards")],
    SettingsCreator(
        link_type="link_only",
        blocking_rules_to_generate_predictions=[block_on("card_number")],
        comparisons=[
            cl.ExactMatch(item).configure(m_probabilities=[0.95, 0.05], u_probabilities=[0.1, 0.9])
            for item in items
        ],
    ),
)
vectors = linker.inference.predict(warning_mode="never").physical_name
differs = " OR ".join(f"gamma_{item} = 0" for item in items)
print(connection.execute(f"SELECT count(*) FROM {vectors} WHERE {differs}").fetchone()[0])
