"""Splink on DuckDB at the same task, as well set as we know how: the best person of each notification.

Several blocking rules, among them parts of the card number; edit distances of number, name and dates; term
frequencies; u by random sampling, m from labels (which Renkei does without).
"""

import sys
import time
from pathlib import Path

import duckdb
import splink.comparison_library as cl
from splink import Linker, SettingsCreator, block_on
from splink.backends.duckdb import DuckDBAPI

what, place, out = sys.argv[1:]
directory = Path(place)
connection = duckdb.connect()
FEBRL_BLOCKS = (
    "soc_sec_id",
    "date_of_birth",
    "surname",
    "given_name",
    "postcode",
    "suburb",
    "address_1",
    "substr(soc_sec_id, 1, 4)",
    "substr(soc_sec_id, -4)",
    "substr(date_of_birth, 1, 6)",
    "substr(date_of_birth, 5, 4)",
    "least(given_name, surname)",
    "greatest(given_name, surname)",
)
BY_TERM = {"term_frequency_adjustments": True}


def predict(settings: SettingsCreator, left: str, right: str, label: str | None) -> None:
    """Train, predict, and write the likeliest of each left row."""
    backend = DuckDBAPI(connection)
    linker = Linker([backend.register(left), backend.register(right)], settings)
    began = time.perf_counter()
    linker.training.estimate_u_using_random_sampling(max_pairs=2_000_000, seed=1)
    if label:
        linker.training.estimate_m_from_label_column(label)
    print("training", round(time.perf_counter() - began, 1))
    found = linker.inference.predict(threshold_match_probability=0.001, warning_mode="never").physical_name
    connection.execute(
        f"COPY (SELECT notification_id, person_id, probability FROM (SELECT l.notification_id, r.person_id, "
        "p.match_probability AS probability, row_number() OVER "
        "(PARTITION BY l.notification_id ORDER BY p.match_weight DESC, r.person_id) AS rank "
        f"FROM {found} p JOIN {left} l ON l.unique_id = p.unique_id_l "
        f"JOIN {right} r ON r.unique_id = p.unique_id_r) WHERE rank = 1) TO '{out}' (HEADER)"
    )


def world(*, numbered: bool) -> None:
    name = "strip_accents(upper(name)) AS name"
    columns = (
        f"card_number, {name}, status_of_residence, CAST(stay_expires_on AS varchar) AS stay_expires_on, "
    )
    columns += "CAST(birth_date AS varchar) AS birth_date, sex, nationality"
    connection.execute(
        "CREATE TABLE cards AS SELECT card_number AS unique_id, CAST(NULL AS varchar) AS notification_id, "
        f"person_id, person_id AS label, {columns} "
        f"FROM read_parquet('{directory}/cards.parquet')"
    )
    connection.execute(
        "CREATE TABLE lost AS "
        "SELECT n.notification_id AS unique_id, n.notification_id, t.person_id, t.person_id AS label, "
        f"n.{columns} FROM read_csv('{directory}/annex1.csv', header = true, all_varchar = true) n "
        f"JOIN read_parquet('{directory}/truth/notifications.parquet') t "
        "ON t.notification_id = n.notification_id "
        "WHERE n.deleted_on IS NULL AND n.card_number NOT IN (SELECT unique_id FROM cards)"
    )
    of_number = [
        block_on("substr(card_number, 1, 5)"),
        block_on("substr(card_number, -5)"),
        block_on("substr(card_number, 4, 6)"),
    ]
    rules = [
        block_on("birth_date", "nationality"),
        block_on("birth_date", "stay_expires_on"),
        block_on("name", "substr(birth_date, 1, 4)"),
        block_on("name", "substr(birth_date, 6, 5)"),
    ]
    comparisons = [
        cl.JaroWinklerAtThresholds("name", [0.95, 0.88, 0.75]).configure(**BY_TERM),
        cl.DamerauLevenshteinAtThresholds("birth_date", [1, 2]).configure(**BY_TERM),
        cl.DamerauLevenshteinAtThresholds("stay_expires_on", [1]).configure(**BY_TERM),
        cl.ExactMatch("sex"),
        cl.ExactMatch("nationality").configure(**BY_TERM),
        cl.ExactMatch("status_of_residence").configure(**BY_TERM),
    ]
    if numbered:
        # No random pair shows a near number, so what Splink cannot learn is given: it is arithmetic.
        near = cl.DamerauLevenshteinAtThresholds("card_number", [1, 2])
        comparisons.append(near.configure(u_probabilities=[1e-9, 1e-8, 3e-7, 1 - 3.2e-7]))
    settings = SettingsCreator(
        link_type="link_only",
        blocking_rules_to_generate_predictions=[*rules, *(of_number if numbered else [])],
        comparisons=comparisons,
        probability_two_random_records_match=1e-6,
    )
    predict(settings, "lost", "cards", "label")


def febrl() -> None:
    for table, side in (("lost", "a"), ("people", "b")):
        connection.execute(
            f"CREATE TABLE {table} AS SELECT rec_id AS unique_id, rec_id AS notification_id, "
            "rec_id AS person_id, "
            "split_part(rec_id, '-', 2) AS label, * EXCLUDE (rec_id) "
            f"FROM read_csv('{directory}/{side}.csv', header = true, all_varchar = true)"
        )
    names = ("given_name", "surname", "address_1", "address_2", "suburb")
    settings = SettingsCreator(
        link_type="link_only",
        blocking_rules_to_generate_predictions=[
            *(block_on(key) for key in FEBRL_BLOCKS),
            block_on("substr(surname, 1, 4)", "state"),
            block_on("substr(address_1, 1, 5)", "state"),
        ],
        comparisons=[
            *(cl.JaroWinklerAtThresholds(name, [0.95, 0.88, 0.75]).configure(**BY_TERM) for name in names),
            *(
                cl.DamerauLevenshteinAtThresholds(column, [1, 2]).configure(**BY_TERM)
                for column in ("date_of_birth", "soc_sec_id", "postcode", "street_number")
            ),
            cl.ExactMatch("state"),
        ],
        probability_two_random_records_match=1 / 5000,
    )  # fmt: skip
    predict(settings, "lost", "people", "label")


febrl() if what == "febrl" else world(numbered=what == "world")
