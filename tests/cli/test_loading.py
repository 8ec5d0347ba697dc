"""A command loads only its own modules, and prints the same as the whole application."""

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


#: The help of many commands as the whole application tells it, each into a file: it is loaded once.
WHOLE = """
import os, sys
from contextlib import suppress
from renkei.cli import app
directory, *commands = sys.argv[1:]
for command in commands:
    with open(os.path.join(directory, command), "w") as file:
        os.dup2(file.fileno(), 1)
        sys.argv = ["renkei", command, "--help"]
        with suppress(SystemExit):
            app(prog_name="renkei")
        sys.stdout.flush()
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


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("whole")
    assert run("-c", WHOLE, str(directory), *ON_FILES).returncode == 0
    return directory


@pytest.mark.slow
def test_a_command_alone_is_that_of_the_whole(whole: Path) -> None:
    for command in ON_FILES:
        alone = run(str(Path(sys.executable).with_name("renkei")), command, "--help")

        assert alone.returncode == 0
        assert alone.stdout == (whole / command).read_text()
        assert f"Usage: renkei {command}" in alone.stdout


def test_a_users_own_setting_of_the_allocator_stands() -> None:
    code = (
        "import os, sys; from renkei.cli import main\n"
        "try: main()\nfinally: print(os.environ['ARROW_DEFAULT_MEMORY_POOL'])"
    )

    assert run("-c", code, "prepare", "--help").stdout.splitlines()[-1] == "jemalloc"
    own = run("-c", code, "prepare", "--help", ARROW_DEFAULT_MEMORY_POOL="system")
    assert own.stdout.splitlines()[-1] == "system"
