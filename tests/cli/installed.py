"""Install Renkei as a user does: the wheel and the locked packages in a clean environment elsewhere."""

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Final

from exchange.outside import missing

ROOT: Final = Path(__file__).parents[2]


def uv(*command: str | Path) -> str:
    """Run uv and return its output; skip the test if uv is missing, unless everything is required."""
    program = os.environ.get("UV") or shutil.which("uv") or shutil.which("uv", path=ROOT / ".tools/bin")
    if program is None:
        missing("uv in PATH (`make test` brings it)")
    # The variables that `uv run` sets for these tests must not apply to the clean environment.
    ours = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    done = subprocess.run(
        [program, *command], cwd=ROOT, env=ours, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@cache
def wheel(directory: Path) -> Path:
    """Build the wheel into a directory."""
    uv("build", "--wheel", "--quiet", "--out-dir", directory)
    (built,) = directory.glob("*.whl")
    return built


def install(directory: Path, built: Path, *extras: str) -> Path:
    """Install a wheel with the packages that uv.lock has for it; returns where its programs are."""
    chosen = [word for extra in extras for word in ("--extra", extra)]
    locked = directory.with_suffix(".txt")
    locked.write_text(uv("export", "--frozen", "--no-dev", "--no-emit-project", "--quiet", *chosen), "utf-8")
    uv("venv", "--quiet", "--python", sys.executable, directory)
    python = directory / "bin/python"
    uv("pip", "install", "--quiet", "--python", python, "--require-hashes", "--requirement", locked)
    uv("pip", "install", "--quiet", "--python", python, "--no-deps", built)
    return directory / "bin"


def run(
    program: Path, *command: str | Path, where: Path, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run an installed program in another directory; nothing of these tests' environment leads back here."""
    away = {"PATH": os.environ["PATH"], "HOME": str(where), "LANG": "C.UTF-8", **environment}
    return subprocess.run(
        [program, *command], cwd=where, env=away, capture_output=True, text=True, check=False
    )
