"""Fetch the console's styles, fonts and htmx again from the npm registry (`make assets`).

`assets/package.json` and its lock pin the versions and digests of the packages; `vendor/SHA256SUMS` has the
digest of each resulting file. The files are committed, so neither running nor testing needs Node. Run this
only to change a version.
"""

import gzip
import hashlib
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

PACKAGES = ("@digital-go-jp/design-tokens", "@fontsource-variable/noto-sans-jp", "htmx.org")
PINNED = Path(__file__).parent / "assets"
VENDOR = Path(__file__).parents[1] / "src/renkei/node/console/static/console/vendor"


def main() -> None:
    """Fetch the packages, rename the font face to the name in the tokens, and copy the files."""
    with tempfile.TemporaryDirectory() as place:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(PINNED / name, place)
        subprocess.run(
            ["npm", "ci", "--silent", "--ignore-scripts", "--prefix", place],  # noqa: S607
            check=True,
        )
        found = Path(place) / "node_modules"
        shutil.rmtree(VENDOR, ignore_errors=True)
        (VENDOR / "fonts").mkdir(parents=True)
        tokens, font, htmx = (found / name for name in PACKAGES)
        shutil.copy(tokens / "dist/tokens.css", VENDOR)
        shutil.copy(tokens / "LICENSE", VENDOR / "LICENSE-tokens-MIT")
        shutil.copy(htmx / "dist/htmx.min.js", VENDOR)
        shutil.copy(htmx / "LICENSE", VENDOR / "LICENSE-htmx-0BSD")
        shutil.copy(font / "LICENSE", VENDOR / "fonts/LICENSE-OFL")
        for file in (font / "files").glob("*wght-normal.woff2"):
            shutil.copy(file, VENDOR / "fonts")
        faces = (font / "index.css").read_text("utf-8")
        for old, new in (
            ("'Noto Sans JP Variable'", "'Noto Sans JP'"),
            ("./files/", "fonts/"),
            ("woff2-variations", "woff2"),
            ("100 900", "400 700"),
        ):
            faces = faces.replace(old, new)
        faces = re.sub(r"/\*.*?\*/|\n\s*", "", faces)
        (VENDOR / "noto-sans-jp.css").write_text(faces + "\n", "utf-8")
    compress()
    (VENDOR / "SHA256SUMS").write_text(sums(), "utf-8")


def compress() -> None:
    """Also write a .gz of each file that a browser loads for every page; WhiteNoise sends it instead."""
    for path in [*VENDOR.glob("*.css"), *VENDOR.glob("*.js")]:
        path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes(), mtime=0))


def sums() -> str:
    """Return the digests of all fetched files in the format of `sha256sum -c`."""
    files = sorted(path for path in VENDOR.rglob("*") if path.is_file() and path.name != "SHA256SUMS")
    return "".join(
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(VENDOR)}\n" for path in files
    )


if __name__ == "__main__":
    main()
