"""What the console brings of others is what was recorded when it was fetched, no more and no less."""

import gzip
import hashlib
from pathlib import Path

import pytest

from renkei.node import console

VENDOR = Path(console.__file__).parent / "static/console/vendor"


def test_every_vendored_file_has_its_recorded_digest():
    recorded = dict(
        reversed(line.split("  ", 1)) for line in (VENDOR / "SHA256SUMS").read_text("utf-8").splitlines()
    )
    found = {
        str(path.relative_to(VENDOR)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in VENDOR.rglob("*")
        if path.is_file() and path.name != "SHA256SUMS"
    }

    assert len(found) > 100
    assert found == recorded


@pytest.mark.parametrize("party", ["isa"])
@pytest.mark.parametrize("name", ["htmx.min.js", "noto-sans-jp.css", "tokens.css"])
def test_styles_and_script_are_sent_compressed_to_who_takes_it(client, node, name):
    plain = (VENDOR / name).read_bytes()
    sent = {}
    for accepted in ("gzip", "identity"):
        answer = client.get(f"/static/console/vendor/{name}", headers={"accept-encoding": accepted})
        sent[accepted] = (answer.get("Content-Encoding"), b"".join(answer.streaming_content))

    assert sent["identity"] == (None, plain)
    assert sent["gzip"][0] == "gzip"
    assert len(sent["gzip"][1]) < len(plain) / 2
    assert gzip.decompress(sent["gzip"][1]) == plain
