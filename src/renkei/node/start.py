"""Starting Django for a node named by its directory; everything else imports the node's parts after this."""

import os
from pathlib import Path

import django
from django.conf import settings

from renkei.node import logs


def start(directory: Path) -> None:
    """Set up Django for a node. Raises `Unconfigured` where the directory is none."""
    os.environ["RENKEI_NODE"] = str(directory.resolve())
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "renkei.node.settings")
    django.setup()
    logs.configure(settings.NODE.log_level)
