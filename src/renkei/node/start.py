"""Start Django for the node in a directory; import the node's other modules only after this."""

import os
from pathlib import Path

import django
from django.conf import settings

from renkei.node import logs


def start(directory: Path) -> None:
    """Set up Django for a node. Raises `Unconfigured` if the directory is not a node."""
    os.environ["RENKEI_NODE"] = str(directory.resolve())
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "renkei.node.settings")
    django.setup()
    logs.configure(settings.NODE.log_level)
