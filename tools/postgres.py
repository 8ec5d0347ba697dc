"""A temporary PostgreSQL server for tests: it starts and ends with a command.

    python tools/postgres.py [SETTING=VALUE …] -- COMMAND …   run a command with RENKEI_DATABASE_URL set
    python tools/postgres.py start DIR                        start one and print its URL
    python tools/postgres.py stop DIR                         end it and remove DIR

It listens only on a Unix socket in its own directory. If started by root, it runs as the user `postgres`,
because the server refuses to run as root.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final
from urllib.parse import quote

_NAME: Final = "renkei"
# The data is temporary: the settings that make a real server durable would only cost time.
_HASTE: Final = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=256MB")


def programs() -> Path:
    """Return the directory of the newest server's programs. Raises SystemExit if there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[4]))
    if found:
        return found[-1].parent
    if on_path := shutil.which("postgres"):
        return Path(on_path).parent
    raise SystemExit("No PostgreSQL server found. Install it: apt-get install postgresql")


def start(directory: Path, *settings: str) -> str:
    """Make a cluster in a directory, start it with more settings, and return the URL of an empty database."""
    directory.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:
        shutil.chown(directory, "postgres", "postgres")
    data = directory / "data"
    _run(
        "initdb", "--auth=trust", "--username", _NAME, "--encoding=UTF8", "--locale=C.UTF-8", "-D", str(data)
    )
    haste = " ".join(f"-c {setting}" for setting in (*_HASTE, *settings))
    options = f"-c listen_addresses='' -c unix_socket_directories={directory} {haste}"
    _run("pg_ctl", "-D", str(data), "-w", "-l", str(directory / "log"), "-o", options, "start")
    _run("createdb", "-h", str(directory), "-U", _NAME, _NAME)
    return f"postgres://{_NAME}@{quote(str(directory), safe='')}/{_NAME}"


def stop(directory: Path) -> None:
    """Stop the cluster in a directory and remove it."""
    _run("pg_ctl", "-D", str(directory / "data"), "-m", "immediate", "stop")
    shutil.rmtree(directory)


def _run(program: str, *arguments: str) -> None:
    command = [str(programs() / program), *arguments]
    if os.geteuid() == 0:
        command = ["runuser", "-u", "postgres", "--", *command]
    # The output is discarded: the server that keeps running would hold a pipe open.
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", check=False)
    if done.returncode:
        raise SystemExit(f"{program} failed; see the log in its directory")


def main() -> int:
    """Run the subcommand; see the module's docstring."""
    words = sys.argv[1:]
    if "--" in words[:-1]:
        settings, command = words[: words.index("--")], words[words.index("--") + 1 :]
        place = Path(tempfile.mkdtemp(prefix="renkei-pg-"))
        try:
            environment = os.environ | {"RENKEI_DATABASE_URL": start(place, *settings)}
            return subprocess.run(command, env=environment, check=False).returncode
        finally:
            stop(place)
    match words:
        case ["start", directory]:
            print(start(Path(directory)))
        case ["stop", directory]:
            stop(Path(directory))
        case _:
            raise SystemExit(__doc__)
    return 0


if __name__ == "__main__":
    sys.exit(main())
