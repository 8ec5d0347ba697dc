"""Create a node: its directory, its commented configuration, its database, its exchange directory."""

from pathlib import Path
from typing import Final

from renkei.exchange import durable
from renkei.node.config import FILE
from renkei.node.errors import Unconfigured

_TEMPLATE: Final = """\
# One node of Renkei. Secrets are not in this file: RENKEI_SECRET_KEY and RENKEI_KEY_PASSPHRASE, and a token's
# RENKEI_TOKEN_PIN, come from the environment. Every key may be left out; what stands here is what holds then.

party = "{party}"                        # isa | mhlw
environment = "verification"          # production: secure cookies, no ribbon, secrets required
database = "sqlite:///node.db"        # or postgres://USER@HOST/NAME; RENKEI_DATABASE_URL overrides it
policy = ""                           # TOML with decisions of clause 8(2), relative to this file
log_level = "INFO"

[console]                             # where officers' browsers reach it, behind the agency's reverse proxy
listen = "127.0.0.1:8000"
hosts = ["127.0.0.1", "localhost"]
support = ""                          # a telephone number for the foot of every page

[carrier]                             # the port of the exchange: TLS 1.3, both certificates pinned
listen = "127.0.0.1:9443"
counterpart = "https://127.0.0.1:9444"

[metrics]                             # /metrics (Prometheus), /healthz, /readyz: for this machine alone
listen = ""                           # as "127.0.0.1:9464"

[token]                               # PKCS#11: signing and decryption keys in a token instead of files
module = ""                           # as "/usr/lib/softhsm/libsofthsm2.so"
label = ""                            # the token's
signing = []                          # labels of key pairs in it; several while keys are rolled over
decryption = []

[retention]                           # days after which a class of data is erased (8(2): to be confirmed)
notifications = 1095
register = 1095
closed_cases = 1825
deliveries = 1825
"""


def make(directory: Path, party: str) -> None:
    """Create a node's directory. Raises `Unconfigured` if there is a node already: nothing is overwritten."""
    if (directory / FILE).exists():
        raise Unconfigured(
            f"{directory} is a node already. Choose another directory, or work with this one.",
            f"{directory}には既にノードがあります。別のディレクトリを指定してください。",
        )
    durable.make_directory(directory)
    for name in ("extracts", "exchange"):
        durable.make_directory(directory / name)
    durable.write(directory / FILE, _TEMPLATE.format(party=party).encode())


def migrate() -> None:
    """Migrate the database and the steps of open days to this version, and set the party of the exchange.

    Django must be started.
    """
    from django.conf import settings
    from django.core.management import call_command
    from django.db import transaction
    from django.utils import timezone

    from renkei.exchange.home import Home
    from renkei.node.audit.models import Entry
    from renkei.node.audit.trail import record
    from renkei.node.audit.verbs import Verb
    from renkei.node.cycle import runner
    from renkei.node.cycle.steps_by_party import DAY, RENAMED

    call_command("migrate", verbosity=0)
    Home(settings.NODE.exchange).settle(settings.NODE.party)
    with transaction.atomic():
        if not Entry.objects.exists():
            record(None, Verb.NODE_MADE, settings.NODE.party)
    runner.carry_over(DAY[settings.NODE.party], RENAMED, timezone.now())
