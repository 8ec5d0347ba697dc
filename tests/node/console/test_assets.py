"""What the console brings of others is what was recorded when it was fetched, no more and no less."""

import hashlib
from pathlib import Path

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
