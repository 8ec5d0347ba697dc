"""A node's command that is killed -9 at its n-th commit point: `python dying_node.py N COMMAND…`.

A commit point is the moment before or after a database commit or the rename of a file; they are counted in
the order of their occurrence. With N = 0 the command runs undisturbed. The number of commit points is written
to the file that RENKEI_COMMIT_POINTS names.
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any


def main() -> None:
    at = int(sys.argv.pop(1))
    passed = 0

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def step(*arguments: Any, **options: Any) -> Any:
            pass_one()
            found = real(*arguments, **options)
            pass_one()
            return found

        return step

    def pass_one() -> None:
        nonlocal passed
        passed += 1
        if passed == at:
            os.kill(os.getpid(), signal.SIGKILL)

    from django.db.backends.base.base import BaseDatabaseWrapper

    BaseDatabaseWrapper.commit = counted(BaseDatabaseWrapper.commit)
    for name in ("rename", "replace"):
        setattr(os, name, counted(getattr(os, name)))
    from renkei.cli import main as command

    try:
        command()
    finally:
        if "RENKEI_COMMIT_POINTS" in os.environ:
            Path(os.environ["RENKEI_COMMIT_POINTS"]).write_text(str(passed), "ascii")


if __name__ == "__main__":
    main()
