"""The limit in Polars: read, join by card number, compare seven columns as they stand, write what differs.

Scope `whole` reads the four files whole, as our command must; `columns` only what it compares.
"""

import sys

import polars as pl

scope, world, out = sys.argv[1:]
items = ["name", "status_of_residence", "stay_expires_on", "birth_date", "sex", "nationality"]
items += ["extra_activity_permission"]
if scope == "whole":
    notifications = pl.read_csv(f"{world}/annex1.csv", infer_schema=False).lazy()
    persons, cards, permissions = (
        pl.read_parquet(f"{world}/{name}.parquet").lazy() for name in ("persons", "cards", "permissions")
    )
else:
    notifications = pl.scan_csv(f"{world}/annex1.csv", infer_schema=False)
    cards = pl.scan_parquet(f"{world}/cards.parquet")
notifications = notifications.select("notification_id", "card_number", *items)
cards = cards.select("card_number", *items)
pairs = notifications.join(cards, on="card_number", suffix="_held")
pairs.filter(pl.any_horizontal(pl.col(item) != pl.col(f"{item}_held") for item in items)).sink_csv(out)
