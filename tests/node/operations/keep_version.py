"""Keep two nodes and their backups of this version as test data, for test_upgrade.py of every later version.

    python tools/postgres.py -- python tests/node/operations/keep_version.py 0.1

Run it once, by hand, when a version is made, and commit the folder `kept/0.1`; it is never made again. The
PostgreSQL should be of the oldest version supported, since an older pg_restore reads no newer dump. Without
`tools/postgres.py` no backup of PostgreSQL is made, and the script refuses. Everything is synthetic: the
rows, the officers, the keys, whose passphrase stands in `about.json`.

Of each party the folder has the node's directory with its database of SQLite (`-node.tar.xz`), and a sealed
backup for each database. Certificates end after a hundred years and retention after as many, so that no test
depends on the day it runs.
"""

import os
import sys
from pathlib import Path

# Nothing else stands outside: a forked command of a node imports this file again, before it knows its node.
if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "renkei.node.settings")
    import django

    django.setup()
    from node.operations import days_to_keep

    days_to_keep.main()
