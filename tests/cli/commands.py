"""Run commands through their real entry point, and read their output files."""

import csv
import os
import subprocess
import sys
from pathlib import Path

MARK = "ヒミツノナマエ"  # used in names; no output may contain it


def run(*arguments: str, lang: str = "en_US.UTF-8") -> subprocess.CompletedProcess[str]:
    plain = {
        key: value for key, value in os.environ.items() if key not in ("FORCE_COLOR", "LC_ALL", "LC_MESSAGES")
    }
    return subprocess.run(
        [sys.executable, "-m", "renkei", *arguments],
        env=plain | {"LANG": lang, "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir()) if directory.exists() else []


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
