"""A node in processes of its own: its commands, run to their end, and its serving.

Serving is waited for, and its log read for as long as it lives.
"""

import subprocess
import sys
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from typing import IO, Final, cast

from renkei.agreement.errors import RenkeiError

#: The command that serves the node that the environment names.
SERVE: Final = (sys.executable, "-m", "renkei", "serve")
_KEPT: Final = 40  # lines of the log, for whoever asks why it does not serve


class CommandFailed(RenkeiError):
    """A command of a node's ended with a fault or a refusal; the sentence ends with what it said."""


def run(environment: Mapping[str, str], *command: str) -> str:
    """Run a command of Renkei's to its end and return what it says. Raises CommandFailed."""
    renkei = [sys.executable, "-m", "renkei", *command]
    done = subprocess.run(renkei, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise failed(command, done.returncode, done.stderr)
    return done.stdout


def failed(command: Sequence[str], status: int, said: str = "") -> CommandFailed:
    """Return the refusal that names a command, how it ended, and what it said."""
    name = " ".join(command[:2])
    return CommandFailed(
        f"`renkei {name}` ended with status {status}.\n{said}".rstrip(),
        f"`renkei {name}`が状態{status}で終わりました。\n{said}".rstrip(),
    )


class DoesNotServe(RenkeiError):
    """A node's process ended, or said nothing, before it served; the sentence ends as its log does."""


class Served(subprocess.Popen[bytes]):
    """`renkei serve` as a process. Its log is read until its end: a full pipe would make it stand still."""

    def __init__(self, environment: Mapping[str, str], command: Sequence[str] = SERVE) -> None:
        super().__init__(
            command,
            env=dict(environment) | {"PYTHONUNBUFFERED": "1"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        self._last: deque[str] = deque(maxlen=_KEPT)
        self._said = threading.Event()
        self._serves = False
        self._reader = threading.Thread(target=self._read, name="log of a node", daemon=True)
        self._reader.start()

    def ready(self, seconds: float = 60) -> "Served":
        """Wait until carrier and console serve. Raises DoesNotServe, and then leaves no process behind."""
        self._said.wait(seconds)
        if not self._serves:
            self.stop()
            raise DoesNotServe(
                "The node does not serve. The end of its log:\n" + "".join(self._last),
                "ノードが稼働しません。ログの末尾:\n" + "".join(self._last),
            )
        return self

    def stop(self, seconds: float = 30) -> int:
        """Ask it to end, wait for that, and return how it ended."""
        self.terminate()
        return self.over(seconds)

    def over(self, seconds: float = 30) -> int:
        """Wait for the end of a process that was told to end, and of its log; return how it ended."""
        status = self.wait(seconds)
        self._reader.join(seconds)
        return status

    def _read(self) -> None:
        waited = {"carrier", "console"}
        with cast("IO[bytes]", self.stderr) as log:
            for line in log:
                said = line.decode(errors="replace")
                self._last.append(said)
                waited -= {each for each in waited if '"serving"' in said and f'"{each}"' in said}
                if not waited:
                    self._serves = True
                    self._said.set()
        self._said.set()
