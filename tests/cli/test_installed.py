"""Renkei from its wheel, in a clean environment and another directory, without a node's packages.

`test_demo.py` runs the whole demonstration with them.
"""

import zipfile
from pathlib import Path

import pytest

from cli import installed

pytestmark = pytest.mark.slow

SMALL = ("--residents", "300", "--notifications", "200")
#: Commands that need a node's packages, and what each would leave behind or ask for first.
OF_A_NODE = (
    ("demo", "--out", "out", *SMALL),
    ("init", "out", "--party", "isa"),
    ("migrate", "--node", "out"),
    ("serve", "--node", "out"),
    ("cycle", "run", "--node", "out"),
    ("status", "--node", "out"),
    ("doctor", "--node", "out"),
    ("officer", "list", "--node", "out"),
    ("audit", "verify", "--node", "out"),
    ("restore", "backup.tar.gz", "--node", "out"),
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return installed.wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def base(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment without a node's packages."""
    return installed.install(tmp_path_factory.mktemp("base") / "venv", wheel)


def test_the_wheel_holds_every_file_of_the_package_and_no_other(wheel):
    source = installed.ROOT / "src"
    files = (path for path in (source / "renkei").rglob("*") if path.is_file())
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}

    assert packed == {str(path.relative_to(source)) for path in files if "__pycache__" not in path.parts}


def test_a_small_demonstration_from_the_base_install(base, tmp_path):
    where = installed.run(base / "python", "-c", "import renkei; print(renkei.__file__)", where=tmp_path)
    done = installed.run(
        base / "renkei", "demo", "--out", "out", "--no-nodes", *SMALL, "--lang", "en", where=tmp_path
    )

    assert Path(where.stdout.strip()).is_relative_to(base.parent)
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        *("annex1.csv", "rejects.csv", "report.html", "result", "world")
    ]
    assert "renkei explain" in done.stdout


@pytest.mark.parametrize("command", OF_A_NODE, ids=lambda command: command[0])
def test_without_a_nodes_packages_its_commands_say_what_to_install_and_leave_nothing(base, tmp_path, command):
    for lang, says in (("ja_JP.UTF-8", "インストールしてください"), ("en_US.UTF-8", "Install them")):
        done = installed.run(base / "renkei", *command, where=tmp_path, LC_MESSAGES=lang)

        assert (done.returncode, done.stdout) == (2, "")
        assert says in done.stderr
        assert "pip install 'renkei[node]'" in done.stderr
        assert ("--no-nodes" in done.stderr) == (command[0] == "demo")
        assert list(tmp_path.iterdir()) == []
