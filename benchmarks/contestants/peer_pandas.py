"""pandas, join and comparison alone: prints how many pairs differ. Arrow reads and holds: its fastest way."""

import sys

import pandas as pd
import pyarrow as pa
import pyarrow.csv as csv

scope, world = sys.argv[1:]
items = ["name", "status_of_residence", "stay_expires_on", "birth_date", "sex", "nationality"]
items += ["extra_activity_permission"]
columns = ["notification_id", "card_number", *items]
as_text = csv.ConvertOptions(
    include_columns=columns if scope == "columns" else [],
    column_types=dict.fromkeys(columns, pa.string()),
    strings_can_be_null=True,
)
notifications = csv.read_csv(f"{world}/annex1.csv", convert_options=as_text).to_pandas(
    types_mapper=pd.ArrowDtype
)
needed = columns[1:] if scope == "columns" else None
cards = pd.read_parquet(f"{world}/cards.parquet", columns=needed, dtype_backend="pyarrow")
if scope == "whole":
    persons, permissions = (
        pd.read_parquet(f"{world}/{name}.parquet", dtype_backend="pyarrow")
        for name in ("persons", "permissions")
    )
notifications, cards = notifications[columns], cards[columns[1:]]

pairs = notifications.merge(cards, on="card_number", suffixes=("", "_held"))
differs = pd.Series(False, index=pairs.index)
for item in items:
    differs |= (pairs[item] != pairs[f"{item}_held"]).fillna(False).astype(bool)
print(int(differs.sum()))
