"""Keep out of the repository: personal data, private keys, paths of a person's machine.

    python tools/pii_hook.py FILE…      the files of a commit, as the commit hook does
    python tools/pii_hook.py --all      every file of the tree; part of `make check`

The test data of this project is synthetic, and **looks** synthetic: a number in a committed file has digits
that nobody takes for real (`is_plainly_made_up`), such as AB00000001CD or AB12345678CD. A number that looks
real is refused; random data of the simulation is never committed. Findings name file, line and kind, never
the value.
"""

import re
import subprocess
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDERS_LEFT_OUT = {".git", ".venv", ".tools", "demo", "dist", "__pycache__"}

# Path to the reason why its content is no personal data. Keep it short; prefer plainly made-up values.
ALLOWED = {
    "uv.lock": "hashes and addresses of packages",
}

# Files that a reviewer cannot read in a diff, or that contain keys: never in the repository.
CLOSED_ENDINGS = {
    ".parquet",
    ".arrow",
    ".xls",
    ".xlsx",
    ".sqlite",
    ".sqlite3",
    ".db",
    ".p12",
    ".pfx",
    ".pem",
    ".key",
}


def is_plainly_made_up(digits: str) -> bool:
    """Whether it has four equal digits in a row, five that count up or down, or at most two different digits.

    One random number in two hundred does: the hook finds a pasted list, not every single number.
    """
    counting = ("0123456789", "9876543210")
    runs = {way[start : start + 5] for way in counting for start in range(6)}
    return (
        re.search(r"(.)\1{3}", digits) is not None
        or any(run in digits for run in runs)
        or len(set(digits)) <= 2
    )


def is_my_number(digits: str) -> bool:
    """Whether the last of twelve digits is the check digit defined by the ordinance on マイナンバー."""
    weights = (6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)
    rest = sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False)) % 11
    return int(digits[-1]) == (0 if rest <= 1 else 11 - rest)


def _looks_real(found: str) -> bool:
    return not is_plainly_made_up("".join(c for c in found if c.isdigit()))


@dataclass(frozen=True)
class Kind:
    """One kind of data that must not be committed."""

    name: str
    pattern: re.Pattern[str]
    is_serious: Callable[[str], bool] = lambda _found: True


# The text is normalised by NFKC before the search, so full-width digits are found too.
KINDS = (
    Kind(
        "residence card number",
        re.compile(r"(?<![0-9A-Za-z])[A-Za-z]{2}[ -]?[0-9]{8}[ -]?[A-Za-z]{2}(?![0-9A-Za-z])"),
        _looks_real,
    ),
    Kind(
        "my number (個人番号)",
        re.compile(r"(?<![0-9A-Za-z.])[0-9]{4}([ -]?)[0-9]{4}\1[0-9]{4}(?![0-9A-Za-z])"),
        lambda found: _looks_real(found) and is_my_number("".join(c for c in found if c.isdigit())),
    ),
    Kind("passport number", re.compile(r"(?<![0-9A-Za-z])[A-Z]{2}[0-9]{7}(?![0-9A-Za-z])"), _looks_real),
    Kind(
        "mobile phone number",
        re.compile(r"(?<![0-9])0[789]0-[0-9]{4}-[0-9]{4}(?![0-9])"),
        lambda found: _looks_real(found[4:]),
    ),
    Kind(
        "mail address",
        re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
        # `renkei-cycle@isa.timer` is a unit of systemd.
        lambda found: (
            re.search(r"(^|[@.])example(\.(com|net|org|jp))?$|\.(test|invalid|service|timer)$", found) is None
        ),
    ),
    Kind("private key", re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")),
    Kind(
        "path of somebody's machine",
        re.compile(r"(?<![\w.)/])/(?:home|Users|root|work)/\w|\b[A-Z]:\\Users\\"),
    ),
)


@dataclass(frozen=True)
class Finding:
    """The place of data that must not be committed. The value itself is not repeated."""

    path: str
    line: int
    kind: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.kind}"


def search(text: str, path: str = "-") -> Iterator[Finding]:
    """Yield the data in a text that must not be committed."""
    for number, line in enumerate(text.splitlines(), start=1):
        folded = unicodedata.normalize("NFKC", line)
        for kind in KINDS:
            if any(kind.is_serious(match.group()) for match in kind.pattern.finditer(folded)):
                yield Finding(path, number, kind.name)


def search_files(paths: Iterable[Path]) -> Iterator[Finding]:
    """Yield the data in files that must not be committed; files in ALLOWED are skipped."""
    for path in paths:
        name = path.resolve().relative_to(ROOT).as_posix()
        if name in ALLOWED:
            continue
        if path.suffix.lower() in CLOSED_ENDINGS:
            yield Finding(name, 0, f"{path.suffix} files are not committed")
            continue
        content = path.read_bytes()
        if b"\0" in content:
            continue  # a picture or a font
        yield from search(content.decode("utf-8", errors="replace"), name)


def tree() -> list[Path]:
    """Return every file of the repository; without git, every file outside FOLDERS_LEFT_OUT."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607 - git is on the path
            cwd=ROOT,
            capture_output=True,
            check=True,
            text=True,
        )
    except (OSError, subprocess.CalledProcessError):
        found = [p for p in ROOT.rglob("*") if not FOLDERS_LEFT_OUT & set(p.relative_to(ROOT).parts)]
    else:
        found = [ROOT / name for name in listed.stdout.split("\0") if name]
    return sorted(path for path in found if path.is_file())


def main(arguments: list[str]) -> int:
    """Report the findings; 1 if there are any."""
    paths = tree() if arguments == ["--all"] else [Path(argument) for argument in arguments]
    findings = list(search_files(paths))
    for finding in findings:
        print(finding)
    if findings:
        print(
            "Such data must not be committed. Use plainly made-up digits in test data, see CONTRIBUTING.md."
        )
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
