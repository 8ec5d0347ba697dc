"""What lies in the directory: the same bytes for the same seed, in either form, whole or not at all."""

import hashlib
import json
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from renkei.simulation import Plan, default_flaws, write_world
from renkei.simulation.world import TableFiles

PLAN = Plan(2_000, 1_200, seed=11, as_of=date(2026, 4, 1))


def digests(directory: Path) -> dict[str, str]:
    return {
        path.relative_to(directory).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }


@pytest.mark.slow
@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_the_same_seed_gives_the_same_bytes(tmp_path: Path, form):
    for name in ("one", "two"):
        write_world(PLAN, default_flaws(), tmp_path / name, form, days=2)

    assert digests(tmp_path / "one") == digests(tmp_path / "two")


@pytest.mark.slow
def test_another_seed_gives_another_world(tmp_path: Path):
    for seed in (1, 2):
        write_world(Plan(500, 300, seed, PLAN.as_of), default_flaws(), tmp_path / str(seed))
    one, two = (pl.read_csv(tmp_path / seed / "persons.csv", infer_schema=False) for seed in ("1", "2"))

    assert not one.equals(two)


@pytest.mark.slow
def test_parquet_holds_what_csv_holds_as_text(tmp_path: Path):
    for form in ("csv", "parquet"):
        write_world(PLAN, default_flaws(), tmp_path / form, form, days=1)

    for name in ("persons", "cards", "permissions", "notifications", "truth/notifications", "day-01/cards"):
        from_csv = pl.read_csv(tmp_path / "csv" / f"{name}.csv", infer_schema=False)
        from_parquet = pl.read_parquet(tmp_path / "parquet" / f"{name}.parquet")

        assert set(from_parquet.dtypes) == {pl.String}
        assert from_parquet.equals(from_csv)


@pytest.mark.slow
def test_the_extract_is_always_there_as_csv(tmp_path: Path):
    write_world(PLAN, default_flaws(), tmp_path, "parquet")

    assert (tmp_path / "notifications.csv").exists()
    assert (tmp_path / "notifications.parquet").exists()
    assert not (tmp_path / "persons.csv").exists()


@pytest.mark.slow
def test_a_world_replaces_the_one_before_it(tmp_path: Path):
    (tmp_path / "mine.txt").write_text("kept")
    write_world(PLAN, default_flaws(), tmp_path, "csv", days=2)
    write_world(PLAN, default_flaws(), tmp_path, "parquet", days=1)
    found = {path.name for path in tmp_path.iterdir()}

    assert "persons.csv" not in found
    assert "day-02" not in found
    assert {"persons.parquet", "day-01", "truth", "world.json", "mine.txt"} <= found


@pytest.mark.slow
def test_a_failure_leaves_the_world_of_before(tmp_path: Path):
    write_world(PLAN, default_flaws(), tmp_path, "csv")
    before = digests(tmp_path)

    def stop(what: str, rows: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_world(Plan(2_000, 1_200, 12, PLAN.as_of), default_flaws(), tmp_path, "csv", progress=stop)
    assert digests(tmp_path) == before


def test_a_failed_write_is_told(tmp_path: Path):
    with (
        pytest.raises(pl.exceptions.ColumnNotFoundError),
        TableFiles(tmp_path, {"t": ("a",)}, "csv") as files,
    ):
        files.append(t=pl.DataFrame({"b": ["x"]}))


@pytest.mark.slow
def test_the_world_says_what_it_is(tmp_path: Path):
    counts = write_world(PLAN, default_flaws(), tmp_path, "csv", days=1)
    about = json.loads((tmp_path / "world.json").read_text(encoding="utf-8"))

    assert about["as_of"] == "2026-04-01"
    assert about["rows"] == {name: count for name, count in counts.items() if name != "days"}
    assert json.loads((tmp_path / "day-01/day.json").read_text())["business_date"] == "2026-04-02"


@pytest.mark.slow
@pytest.mark.parametrize(("residents", "notifications"), [(1, 0), (1, 3), (5, 2), (40, 400)])
def test_a_world_may_be_tiny(tmp_path: Path, residents: int, notifications: int):
    counts = write_world(
        Plan(residents, notifications, 3, PLAN.as_of), default_flaws(), tmp_path, "csv", days=2
    )

    assert counts["persons"] == residents
    assert counts["notifications"] == notifications


@pytest.mark.parametrize(
    ("residents", "notifications"), [(1, 1), (199_999, 7), (200_001, 50_003), (1_000_000, 575_000)]
)
def test_chunks_cover_the_world_without_gaps(residents: int, notifications: int):
    chunks = list(Plan(residents, notifications, 1, PLAN.as_of).chunks())

    assert sum(size for _, size, _, _ in chunks) == residents
    assert sum(count for *_, count in chunks) == notifications
    assert [first for first, *_ in chunks[1:]] == [first + size for first, size, *_ in chunks[:-1]]
