"""Times in Parquet: a day is read only where the file says which day it is."""

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from builders import a_permission

from renkei.agreement.datasets import PERMISSIONS
from renkei.matching.reading import RefusedFile, open_source

DAYS = [datetime(9999, 12, 31, tzinfo=UTC), datetime(2026, 2, 10, tzinfo=UTC)]


@pytest.mark.parametrize(
    ("dtype", "int96", "taken"),
    [
        (pa.timestamp("us"), False, True),
        (pa.timestamp("us", "Asia/Tokyo"), False, False),
        # It does not say whether it has a zone, and Arrow reads the first of the days as one of 1816.
        (pa.timestamp("us"), True, False),
    ],
    ids=["no zone", "zone", "INT96"],
)
def test_a_time_is_read_where_it_has_no_zone(dtype: pa.DataType, int96: bool, taken: bool, tmp_path) -> None:
    path: Path = tmp_path / "permissions.parquet"
    table = pa.Table.from_pylist([a_permission(permission_id=f"K{place}") for place in range(len(DAYS))])
    place = table.schema.get_field_index("permitted_on")
    table = table.set_column(place, "permitted_on", pa.array(DAYS, dtype))
    pq.write_table(table, path, use_deprecated_int96_timestamps=int96)

    if taken:
        (batch,) = open_source(path, PERMISSIONS).batches()
        assert batch.column("permitted_on").to_pylist() == ["9999-12-31", "2026-02-10"]
        return
    with pytest.raises(RefusedFile) as refusal:
        open_source(path, PERMISSIONS)
    assert "columns of a type" in refusal.value.en
    assert "permitted_on" in refusal.value.en
    assert "permitted_on" in refusal.value.ja
