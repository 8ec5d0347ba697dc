"""Fetch the console's styles, fonts and htmx anew from the npm registry, as pinned below (`make assets`).

They are committed, so that neither running nor testing needs Node; this is for whoever moves a version.
"""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

PINNED = {
    "@digital-go-jp/design-tokens": "1.1.9",
    "@fontsource-variable/noto-sans-jp": "5.3.1",
    "htmx.org": "2.0.11",
}
VENDOR = Path(__file__).parents[1] / "src/renkei/node/console/static/console/vendor"


def main() -> None:
    """Fetch, rename the face so that the token finds it, and put everything in its place."""
    with tempfile.TemporaryDirectory() as place:
        packages = [f"{name}@{version}" for name, version in PINNED.items()]
        subprocess.run(
            ["npm", "install", "--silent", "--no-save", "--prefix", place, *packages],  # noqa: S607
            check=True,
        )
        found = Path(place) / "node_modules"
        shutil.rmtree(VENDOR, ignore_errors=True)
        (VENDOR / "fonts").mkdir(parents=True)
        tokens, font, htmx = (found / name for name in PINNED)
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


if __name__ == "__main__":
    main()
