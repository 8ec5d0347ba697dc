"""The driver's memory from what the kernel shows of the machine and of the control groups around us."""

from pathlib import Path

import pytest

from renkei.matching.spark.memory import driver_memory

GIB = 1024**3


def kernel(
    directory: Path, *, free: int, groups: str, limits: dict[str, tuple[str, int, int]]
) -> tuple[Path, Path]:
    """A machine of 16 GiB: what it shows under /proc and /sys/fs/cgroup."""
    proc, cgroups = directory / "proc", directory / "cgroup"
    (proc / "self").mkdir(parents=True)
    lines = f"MemTotal: {16 * GIB // 1024} kB\nMemFree: 1 kB\nMemAvailable: {free * GIB // 1024} kB\n"
    (proc / "meminfo").write_text(lines)
    (proc / "self/cgroup").write_text(groups)
    for path, (limit, used, cache) in limits.items():
        group = cgroups / path
        group.mkdir(parents=True, exist_ok=True)
        old = path.startswith("memory")
        (group / ("memory.limit_in_bytes" if old else "memory.max")).write_text(f"{limit}\n")
        (group / ("memory.usage_in_bytes" if old else "memory.current")).write_text(f"{used}\n")
        name = "total_inactive_file" if old else "inactive_file"
        (group / "memory.stat").write_text(f"anon 1\n{name} {cache}\n")
    return proc, cgroups


NO_LIMIT_OF_OLD = str(2**63 - 4096)
V2 = "0::/system.slice/renkei.service\n"
V1 = "8:pids:/\n5:cpu,memory:/docker/abc\n0::/\n"


@pytest.mark.parametrize(
    ("free", "groups", "limits", "mib"),
    [
        (15, "0::/\n", {}, 8192),  # half
        (4, "0::/\n", {}, 3072),  # three quarters of what is free
        (15, "0::/\n", {"": (str(4 * GIB), 0, 0)}, 2048),  # a container sees its limit at the root
        (15, "0::/\n", {"": (str(4 * GIB), 3 * GIB, 2 * GIB)}, 2048),  # pages of files are given up
        (15, "0::/\n", {"": (str(4 * GIB), 3 * GIB, 0)}, 768),
        (15, V2, {"system.slice/renkei.service": (str(2 * GIB), 0, 0)}, 1024),
        (15, V2, {"system.slice": (str(2 * GIB), 0, 0), "system.slice/renkei.service": ("max", 0, 0)}, 1024),
        (15, V2, {"system.slice/renkei.service": ("max", GIB, 0)}, 8192),
        (15, V1, {"memory/docker/abc": (str(6 * GIB), 0, 0)}, 3072),
        (15, V1, {"memory": (str(6 * GIB), 0, 0)}, 3072),
        (15, V1, {"memory": (NO_LIMIT_OF_OLD, 9 * GIB, 0)}, 8192),
        (15, V2, {"system.slice/renkei.service": (str(GIB), 2 * GIB, 0)}, 0),  # already above it
        (15, V2, {"another.slice": (str(GIB), 0, 0)}, 8192),  # not ours
    ],
)
def test_half_of_the_memory_or_less_where_less_is_free(tmp_path: Path, free, groups, limits, mib) -> None:
    assert driver_memory(*kernel(tmp_path, free=free, groups=groups, limits=limits)) == mib


def test_where_the_kernel_shows_nothing_spark_decides(tmp_path: Path) -> None:
    assert driver_memory(tmp_path, tmp_path) is None


def test_this_machine_gives_at_most_half() -> None:
    memory = driver_memory()
    if memory is not None:
        total = int(Path("/proc/meminfo").read_text().split()[1]) // 1024
        assert 0 < memory <= total // 2
