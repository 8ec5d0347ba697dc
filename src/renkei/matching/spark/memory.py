"""How much memory Spark's driver may use, from the memory of this machine or its container.

Spark's own default is 1 GB on every machine; a register of today's size needs several.
"""

from collections.abc import Iterator
from pathlib import Path

_MIB = 1024**2
# The other half is for the Python workers, one for each core, and for this process.
_OF_ALL = 1 / 2
# Other processes may use memory already. If the driver used all free memory, the system would kill a process.
_OF_FREE = 3 / 4


def driver_memory(proc: Path = Path("/proc"), cgroups: Path = Path("/sys/fs/cgroup")) -> int | None:
    """Return the MiB for Spark's driver: half of the memory, or three quarters of the free memory if less.

    The memory is the machine's, or the limit of the smallest control group (version 1 or 2) of this process.
    `proc` and `cgroups` are the kernel's folders. Returns None if they do not exist, as outside Linux.
    """
    try:
        lines = (proc / "meminfo").read_text("ascii").splitlines()
    except OSError:
        return None
    machine = {name: int(kib.split()[0]) * 1024 for name, _, kib in (line.partition(":") for line in lines)}
    every = [machine["MemTotal"]]
    free = [machine["MemAvailable"]]
    for limit, used in _limits(proc, cgroups):
        every.append(limit)
        free.append(limit - used)
    return max(0, int(min(min(every) * _OF_ALL, min(free) * _OF_FREE)) // _MIB)


def _limits(proc: Path, cgroups: Path) -> Iterator[tuple[int, int]]:
    """Yield (limit, used) in bytes of each control group of this process that has a limit."""
    try:
        lines = (proc / "self/cgroup").read_text("utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "":  # version 2
            root, limit, used, cache = cgroups, "memory.max", "memory.current", "inactive_file"
        elif "memory" in controllers.split(","):  # version 1
            root, limit, used = cgroups / "memory", "memory.limit_in_bytes", "memory.usage_in_bytes"
            cache = "total_inactive_file"
        else:
            continue
        # A container sees its own group as the root, whatever the path says: check every level of the path.
        names = path.strip("/").split("/")
        for depth in range(len(names) + 1):
            group = root.joinpath(*names[:depth])
            try:
                most = (group / limit).read_text("ascii").strip()
                taken = int((group / used).read_text("ascii"))
                kept = dict(line.split() for line in (group / "memory.stat").read_text("ascii").splitlines())
            except OSError:
                continue
            if most != "max":
                # The page cache counts as used, although the kernel frees it when memory is needed.
                yield int(most), max(0, taken - int(kept.get(cache, 0)))
