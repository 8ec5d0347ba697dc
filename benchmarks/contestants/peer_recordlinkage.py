"""recordlinkage, join and comparison alone: prints how many pairs differ.

Exact comparisons on columns read and held by Arrow: its fastest way.
"""

import sys

import pandas as pd
import pyarrow as pa
import pyarrow.csv as csv
import recordlinkage

scope, world = sys.argv[1:]
items = ["name", "status_of_residence", "stay_expires_on", "birth_date", "sex", "nationality"]
items += ["extra_activity_permission"]
columns = ["card_number", *items]
as_text = csv.ConvertOptions(
    include_columns=columns if scope == "columns" else [],
    column_types=dict.fromkeys(columns, pa.string()),
    strings_can_be_null=True,
)
notifications = csv.read_csv(f"{world}/annex1.csv", convert_options=as_text).to_pandas(
    types_mapper=pd.ArrowDtype
)
needed = columns if scope == "columns" else None
cards = pd.read_parquet(f"{world}/cards.parquet", columns=needed, dtype_backend="pyarrow")
if scope == "whole":
    persons, permissions = (
        pd.read_parquet(f"{world}/{name}.parquet", dtype_backend="pyarrow")
        for name in ("persons", "permissions")
    )
notifications, cards = notifications[columns], cards[columns]

index = recordlinkage.Index()
index.block("card_number")
pairs = index.index(notifications, cards)

compare = recordlinkage.Compare()
for item in items:
    compare.exact(item, item, missing_value=1, label=item)
vectors = compare.compute(pairs, notifications, cards)
print(int((vectors == 0).any(axis=1).sum()))
