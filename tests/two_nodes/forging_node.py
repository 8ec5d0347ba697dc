"""Seal a node's waiting delivery anew with other bytes: `python forging_node.py NUMBER FILE ROWS`.

The sender's own check lets no such file through. What this process makes is signed with the node's key and
right in all but the table's bytes, as from another implementation of the format, or from one with a fault.
"""

import gzip
import io
import json
import os
import sys
import tarfile
from pathlib import Path


def main() -> None:
    from django.utils import timezone

    from renkei.exchange import cms, package
    from renkei.exchange.cms import Sealer
    from renkei.exchange.manifest import dump, sha256
    from renkei.exchange.package import FileFacts
    from renkei.exchange.schemas import NOTIFICATIONS_TABLE
    from renkei.node.deliveries import keystore
    from renkei.node.deliveries.models import Delivery

    number, data, rows = int(sys.argv[1]), Path(sys.argv[2]).read_bytes(), int(sys.argv[3])
    now = timezone.now()
    made = keystore.home().outbox().find("annex1", number)
    facts = FileFacts(NOTIFICATIONS_TABLE, rows, len(data), sha256(data))
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        described = package.describe("annex1", [facts])
        for name, content in ((NOTIFICATIONS_TABLE.path, data), (package.DESCRIPTION, described)):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    sealer = Sealer(keystore.home().recipient(now))
    sealed = sealer.head() + sealer.chunk(gzip.compress(archive.getvalue())) + sealer.tail()
    made.sealed.write_bytes(sealed)
    manifest = json.loads(made.manifest_bytes())
    manifest |= {"sealed_sha256": sha256(sealed), "sealed_size": len(sealed)}
    made.manifest.write_bytes(dump(manifest))
    made.signature.write_bytes(cms.sign(dump(manifest), keystore.signer(now), now))
    Delivery.objects.filter(direction="out", service="annex1", sequence=number).update(
        manifest_sha256=sha256(dump(manifest)), sealed_size=len(sealed)
    )


if __name__ == "__main__":
    from renkei.node.start import start

    start(Path(os.environ["RENKEI_NODE"]))
    main()
