"""Django's management commands for developers: `python -m renkei.node.manage makemigrations`."""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "renkei.node.settings")
    execute_from_command_line(sys.argv)
