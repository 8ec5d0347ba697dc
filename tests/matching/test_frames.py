"""Tables of other libraries as input: the same result, or a refusal that names the column."""

from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from builders import a_card, a_notification, a_permission, a_person, a_table

from renkei.agreement.datasets import CARDS, NOTIFICATIONS, PERMISSIONS, PERSONS
from renkei.matching import Reconciliation, RefusedFile, reconcile

NOTIFIED = a_table(NOTIFICATIONS, [a_notification(sex="2"), a_notification(notification_id="N2")])
REGISTER = (
    a_table(PERSONS, [a_person()]),
    a_table(CARDS, [a_card()]),
    a_table(PERMISSIONS, [a_permission()]),
)


def of(notifications: Any, **how: Any) -> Reconciliation:
    return reconcile(notifications, *REGISTER, **({"as_of": "2026-04-13"} | how))


def a_file(directory: Path, ending: str) -> Path:
    path = directory / f"notifications.{ending}"
    NOTIFIED.write_csv(path) if ending == "csv" else NOTIFIED.write_parquet(path)
    return path


def on_arrow() -> pd.DataFrame:
    return NOTIFIED.to_pandas().convert_dtypes(dtype_backend="pyarrow")


def a_relation() -> Any:
    arrow = NOTIFIED.to_arrow()
    return duckdb.connect().from_arrow(arrow)


@pytest.mark.parametrize(
    "table",
    [
        pytest.param(lambda place: NOTIFIED.lazy(), id="polars lazy"),
        pytest.param(lambda place: NOTIFIED.to_arrow(), id="arrow"),
        pytest.param(lambda place: NOTIFIED.to_pandas(), id="pandas"),
        pytest.param(lambda place: on_arrow(), id="pandas on arrow"),
        pytest.param(lambda place: pd.read_csv(a_file(place, "csv"), dtype=str), id="pandas from csv"),
        pytest.param(lambda place: a_relation(), id="duckdb"),
        pytest.param(lambda place: a_file(place, "csv"), id="path"),
        pytest.param(lambda place: str(a_file(place, "parquet")), id="path as text"),
        pytest.param(lambda place: NOTIFIED.with_columns(pl.all().cast(pl.Categorical)), id="categories"),
    ],
)
def test_any_table_gives_the_same_result(table: Any, tmp_path: Path):
    expected, found = of(NOTIFIED), of(table(tmp_path))

    assert found.matches.equals(expected.matches)
    assert found.annex2.equals(expected.annex2)
    assert found.rejects.equals(expected.rejects)


FITS = [
    ("birth_date", pl.Series([date(1998, 4, 21)] * 2)),
    ("birth_date", pl.Series([pd.Timestamp(1998, 4, 21)] * 2)),
    ("birth_date", pl.Series([19980421, None])),
    ("stay_expires_on", pl.Series([20270930, 20270930])),
    ("sex", pl.Series([1, 2])),
    ("extra_activity_permission", pl.Series([False, True])),
    ("extra_activity_permission", pl.Series([1, 2])),
    ("establishment_number", pl.Series([13010000001, None])),
    ("postal_code", pl.Series([1600022, None])),
    ("notification_id", pl.Series([1, 2])),
    ("employment_end", pl.Series([None, None], dtype=pl.Float64)),
]
UNFIT = [
    ("card_number", pl.Series([12345678, 2])),
    ("birth_date", pl.Series([35906, 35907])),
    ("birth_date", pl.Series([35906.0, None])),
    ("stay_expires_on", pl.Series([1_900_000_000, 46000])),
    ("stay_expires_on", pl.Series([pd.Timestamp(2027, 9, 30)] * 2).dt.replace_time_zone("Asia/Tokyo")),
    ("sex", pl.Series([1.0, 2.0])),
    ("sex", pl.Series([True, False])),
    ("name", pl.Series([1, 2])),
    ("name", pl.Series([b"A", b"B"])),
    ("establishment_number", pl.Series([13010000001, 101000001])),
    ("postal_code", pl.Series([1600022, 600000])),
    ("establishment_phone", pl.Series([312345678, None])),
    ("industry", pl.Series([6, 7])),
    ("address", pl.Series([["a"], ["b"]])),
]


@pytest.mark.parametrize(("column", "values"), FITS)
def test_a_type_that_holds_its_values_is_taken(column: str, values: pl.Series):
    result = of(NOTIFIED.with_columns(values.alias(column)))

    assert result.matches.height == 2


@pytest.mark.parametrize(("column", "values"), UNFIT)
def test_a_type_that_cannot_hold_its_values_is_refused_by_name(column: str, values: pl.Series):
    with pytest.raises(RefusedFile, match=column) as refused:
        of(NOTIFIED.with_columns(values.alias(column)))

    assert not any(str(value) in refused.value.en for value in values.drop_nulls() if len(str(value)) > 3)


def test_numbers_as_pandas_infers_them_are_refused(tmp_path: Path):
    NOTIFIED.with_columns(postal_code=pl.lit("0600001")).write_csv(tmp_path / "n.csv")

    with pytest.raises(RefusedFile, match="postal_code"):
        of(pd.read_csv(tmp_path / "n.csv"))


def test_a_column_of_mixed_objects_is_refused_by_name():
    mixed = NOTIFIED.to_pandas()
    mixed["birth_date"] = pd.Series(["1998-04-21", pd.Timestamp(1998, 4, 21)], dtype=object)

    with pytest.raises(RefusedFile, match="birth_date"):
        of(mixed)


@pytest.mark.parametrize("nothing", [3, {"a": [1]}, None, [1, 2]])
def test_what_is_no_table_is_refused_by_its_type(nothing: Any):
    with pytest.raises(RefusedFile, match=type(nothing).__name__):
        of(nothing)


@pytest.mark.parametrize("day", ["2026-04-13", " 2026/4/13", "令和8年4月13日", date(2026, 4, 13)])
def test_the_day_may_be_text(day: Any):
    assert of(NOTIFIED, as_of=day).statistics.as_of == date(2026, 4, 13)


@pytest.mark.parametrize("day", ["2026-04-31", "yesterday", "1985-00-00", ""])
def test_a_day_that_is_none_is_refused(day: str):
    with pytest.raises(ValueError, match="not a date"):
        of(NOTIFIED, as_of=day)


def test_a_result_shows_counts_and_no_person():
    result = of(pa.table(NOTIFIED.to_arrow()))

    for shown in (repr(result), result._repr_html_()):
        assert "annex2" in shown
        assert "NGUYEN" not in shown
        assert "AB12345678CD" not in shown
    assert "<td>2</td>" in result._repr_html_()
