"""Starting Django for a node named by its directory; everything else imports the node's parts after this."""

import os
from pathlib import Path

import django
import structlog
from django.conf import settings


def start(directory: Path) -> None:
    """Set up Django for a node. Raises `Unconfigured` where the directory is none."""
    os.environ["RENKEI_NODE"] = str(directory.resolve())
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "renkei.node.settings")
    django.setup()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            # One line of JSON for each event: names, numbers and codes, never a row's value.
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(settings.NODE.log_level.lower()),
        logger_factory=structlog.WriteLoggerFactory(),
    )
