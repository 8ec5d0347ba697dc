"""Parquet that contradicts itself, names that are not UTF-8, and times of which no day is known (§1)."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from builders import a_notification, a_permission

from renkei.agreement.datasets import NOTIFICATIONS, PERMISSIONS
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


# A number that stands nowhere else in the file, as Parquet writes it (a zigzag varint of two bytes), and the
# next lower one, which is as long.
VALUES, NUMBER, ONE_LESS = 1001, b"\xd2\x0f", b"\xd0\x0f"


def written(path: Path) -> tuple[bytes, list[int], list[int]]:
    """Write a file, and return its bytes and where the number stands in pages and in the footer."""
    row = a_permission(**dict.fromkeys(PERMISSIONS.names, "x"))
    table = pa.Table.from_pylist([row | {"permission_id": f"K{place}"} for place in range(VALUES)])
    pq.write_table(
        table, path, use_dictionary=False, write_statistics=False, compression="none", store_schema=False
    )
    content = path.read_bytes()
    footer = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    places = [match.start() for match in re.finditer(re.escape(NUMBER), content)]
    return content, [at for at in places if at < footer], [at for at in places if at > footer]


@pytest.mark.parametrize(
    ("part", "place"),
    [("footer", 0), ("footer", 1), ("footer", 9), ("footer", -1), ("page", 0), ("page", 8)],
    ids=["rows of the file", "values of a column", "of another", "rows of a group", "a page", "another page"],
)
def test_a_file_whose_counts_do_not_agree_is_refused(part: str, place: int, tmp_path: Path) -> None:
    path = tmp_path / "permissions.parquet"
    content, pages, footer = written(path)
    assert sum(batch.num_rows for batch in open_source(path, PERMISSIONS).batches()) == VALUES

    at = (footer if part == "footer" else pages)[place]
    path.write_bytes(content[:at] + ONE_LESS + content[at + len(ONE_LESS) :])

    with pytest.raises(RefusedFile) as refusal:
        list(open_source(path, PERMISSIONS).batches())
    assert "permissions.parquet" in refusal.value.en
    assert "damaged" in refusal.value.en


@pytest.mark.parametrize(("name", "taken"), [("industry", True), (b"industr\xff", False)])
def test_a_name_of_a_column_that_is_not_utf8_is_refused(name: str | bytes, taken: bool, tmp_path) -> None:
    path: Path = tmp_path / "notifications.parquet"
    pq.write_table(pa.Table.from_pylist([a_notification()]), path, store_schema=False)
    as_bytes = name if isinstance(name, bytes) else name.encode()
    path.write_bytes(path.read_bytes().replace(b"industry", as_bytes))

    if taken:
        assert len(list(open_source(path, NOTIFICATIONS).batches())) == 1
        return
    with pytest.raises(RefusedFile) as refusal:
        open_source(path, NOTIFICATIONS)
    assert "name of a column is not UTF-8" in refusal.value.en
