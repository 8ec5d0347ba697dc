"""Check docs/dependencies.md against the lock file."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def needed_at_run_time() -> set[tuple[str, str]]:
    """Return name and version of every package that a user installs, with the extras."""
    lock = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
    packages: dict[str, list[dict]] = {}
    for package in lock["package"]:  # a package may occur twice, for two versions of Python
        packages.setdefault(package["name"], []).append(package)
    found: set[str] = set()
    waiting = ["renkei"]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        for package in packages[name]:
            optional = [each for group in package.get("optional-dependencies", {}).values() for each in group]
            waiting += [each["name"] for each in [*package.get("dependencies", []), *optional]]
    return {(name, package["version"]) for name in found - {"renkei"} for package in packages[name]}


def test_every_package_that_a_user_installs_is_listed_with_its_version():
    page = (ROOT / "docs/dependencies.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| ([a-z0-9-]+) \| ([0-9][^ ]*) \|", page, re.MULTILINE))

    assert listed == needed_at_run_time()


def test_each_is_permissive():
    page = (ROOT / "docs/dependencies.md").read_text(encoding="utf-8")
    licences = set(re.findall(r"^\| [a-z0-9-]+ \| [0-9][^|]*\|[^|]*\| ([^|]+) \|", page, re.MULTILINE))

    assert licences <= {
        "MIT",
        "ISC",
        "PSF-2.0",
        "Apache-2.0",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "Apache-2.0 or BSD-2-Clause",
        "Apache-2.0 or BSD-3-Clause",
        "MIT-0",
        "MIT or Apache-2.0",
        "Apache-2.0 and BSD-2-Clause",
        "Unlicense",
        "LGPL-3.0-only",
        "MPL-2.0",
        "MIT-CMU",
    }
