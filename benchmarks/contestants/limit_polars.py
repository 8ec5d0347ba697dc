"""The limit in Polars: read, join by card number, compare seven columns as they stand, write what differs."""

import sys

import polars as pl

world, out = sys.argv[1:]
items = ["name", "status_of_residence", "stay_expires_on", "birth_date", "sex", "nationality"]
items += ["extra_activity_permission"]
notifications = pl.scan_csv(f"{world}/annex1.csv", infer_schema=False).select(
    "notification_id", "card_number", *items
)
cards = pl.scan_parquet(f"{world}/cards.parquet").select("card_number", *items)
pairs = notifications.join(cards, on="card_number", suffix="_held")
pairs.filter(pl.any_horizontal(pl.col(item) != pl.col(f"{item}_held") for item in items)).sink_csv(out)
