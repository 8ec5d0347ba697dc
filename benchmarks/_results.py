"""Print results as a table, and store them with machine, versions and date."""

import json
import os
import platform
import re
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
RESULTS = HERE / "results"


@dataclass(frozen=True)
class Target:
    """A target: the promise, the measured figure, and whether it is met (None: not measured)."""

    promise: str
    figure: str
    met: bool | None

    @property
    def word(self) -> str:
        """The verdict as one word."""
        return {True: "pass", False: "FAIL", None: "not measured"}[self.met]


def machine() -> dict[str, str]:
    """Describe the machine, for comparison with other machines."""
    fields = dict(re.findall(r"^(.+?)\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE))
    total = int(re.findall(r"^MemTotal:\s*(\d+)", Path("/proc/meminfo").read_text())[0]) / 2**20
    kernel = re.match(r"[0-9.]+", platform.release())
    return {
        "processor": fields.get("model name", platform.machine()),
        "cores": str(os.cpu_count()),
        "memory": f"{total:.1f} GiB",
        "system": f"{platform.system()} {kernel[0] if kernel else ''}".strip(),
        "virtual": "yes" if "hypervisor" in fields.get("flags", "").split() else "no",
    }


def versions(packages: Iterable[str]) -> dict[str, str]:
    """Return the versions: Python, the packages, and the commit of this tree."""
    return {
        "Python": platform.python_version(),
        **{name: version(name) for name in packages},
        "commit": commit_of(HERE),
    }


def commit_of(directory: Path) -> str:
    """Return the commit of the checkout in which a directory is, and whether its source was changed."""

    def git(*words: str) -> str:
        ran = subprocess.run(["git", *words], cwd=directory, capture_output=True, text=True, check=False)
        return ran.stdout.strip()

    commit = git("rev-parse", "--short", "HEAD")
    changed = git("status", "--porcelain", "--", ":/src")
    return commit + (" with changes not committed" if changed else "") if commit else "unknown"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Lay out a Markdown table, the first column left, the others right."""
    cells = [list(header), *(list(row) for row in rows)]
    widths = [max(len(row[at]) for row in cells) for at in range(len(header))]

    def line(row: Sequence[str]) -> str:
        padded = [
            cell.ljust(width) if not at else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        return "| " + " | ".join(padded) + " |"

    rule = (
        "|"
        + "|".join(("-" * (w + 2) if not at else "-" * (w + 1) + ":") for at, w in enumerate(widths))
        + "|"
    )
    return "\n".join([line(cells[0]), rule, *map(line, cells[1:])])


def targets_table(targets: Sequence[Target]) -> str:
    """Lay out the targets and their results as a table."""
    return table(("target", "measured", "verdict"), [(t.promise, t.figure, t.word) for t in targets])


def publish(
    name: str,
    title: str,
    sections: Sequence[str],
    data: dict[str, Any],
    packages: Iterable[str],
    directory: Path | None,
) -> None:
    """Print a benchmark's results; with a directory, store them there as NAME.md and NAME.json."""
    now = datetime.now(UTC).replace(microsecond=0)
    about, used = machine(), versions(packages)
    head = (
        f"# {title}\n\n"
        f"{now:%Y-%m-%d %H:%M} UTC · {about['processor']}, {about['cores']} cores"
        f"{', virtual' if about['virtual'] == 'yes' else ''}, {about['memory']}, {about['system']} · "
        + ", ".join(f"{package} {number}" for package, number in used.items())
    )
    page = "\n\n".join([head, *sections]) + "\n"
    print("\n" + page)
    if directory is None:
        print("(not kept: not the full size; --results DIR keeps it)")
        return
    directory.mkdir(parents=True, exist_ok=True)
    record = {"benchmark": name, "date": now.isoformat(), "machine": about, "versions": used, **data}
    (directory / f"{name}.md").write_text(page, encoding="utf-8")
    (directory / f"{name}.json").write_text(json.dumps(record, ensure_ascii=False, indent=1) + "\n", "utf-8")
