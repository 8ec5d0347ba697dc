"""Splink on DuckDB, join and comparison alone: prints how many pairs differ.

Exact comparisons and fixed weights, so nothing to train: the cheapest way to a comparison vector per pair.
"""

import sys

import duckdb
import splink.comparison_library as cl
from splink import Linker, SettingsCreator, block_on
from splink.backends.duckdb import DuckDBAPI

world = sys.argv[1]
items = ["name", "status_of_residence", "stay_expires_on", "birth_date", "sex", "nationality"]
items += ["extra_activity_permission"]
columns = ", ".join(["card_number", *items])
connection = duckdb.connect()
connection.execute("SET preserve_insertion_order = false")
connection.execute(
    f"CREATE TABLE notifications AS SELECT notification_id AS unique_id, {columns}"
    f" FROM read_csv('{world}/annex1.csv', header = true, all_varchar = true)"
)
connection.execute(
    f"CREATE TABLE cards AS SELECT card_number AS unique_id, {columns}"
    f" FROM read_parquet('{world}/cards.parquet')"
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
