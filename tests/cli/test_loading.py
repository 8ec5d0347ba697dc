"""A command loads its own and little else, and says no other than the whole application would."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ON_FILES = ("simulate", "prepare", "reconcile", "explain", "demo")
LOADED = """
import json, sys
from renkei.cli import main
try:
    main()
finally:
    print(json.dumps(sorted(sys.modules)), file=sys.stderr)
"""


def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )


def test_a_matching_loads_no_other_command_and_no_report() -> None:
    modules = json.loads(run("-c", LOADED, "reconcile", "--help").stderr)

    assert "renkei.matching.reading" in modules
    for other in (
        "polars",
        "renkei.simulation",
        "renkei.exchange",
        "cryptography",
        "jinja2",
        "pyspark",
        "pandas",
    ):
        assert other not in modules


@pytest.mark.parametrize("command", ON_FILES)
def test_a_command_alone_is_that_of_the_whole(command: str) -> None:
    whole = "import sys; from renkei.cli import app; sys.argv[0] = 'renkei'; app(prog_name='renkei')"
    alone = run(str(Path(sys.executable).with_name("renkei")), command, "--help")

    assert alone.returncode == 0
    assert alone.stdout == run("-c", whole, command, "--help").stdout
    assert f"Usage: renkei {command}" in alone.stdout


def test_a_users_own_setting_of_the_allocator_stands() -> None:
    code = (
        "import os, sys; from renkei.cli import main\n"
        "try: main()\nfinally: print(os.environ['ARROW_DEFAULT_MEMORY_POOL'])"
    )

    assert run("-c", code, "prepare", "--help").stdout.splitlines()[-1] == "jemalloc"
    own = run("-c", code, "prepare", "--help", ARROW_DEFAULT_MEMORY_POOL="system")
    assert own.stdout.splitlines()[-1] == "system"
