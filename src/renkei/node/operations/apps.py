"""The application that brings the system checks into Django."""

from django.apps import AppConfig


class OperationsConfig(AppConfig):
    """Registers `renkei.node.checks`; it has no tables."""

    name = "renkei.node.operations"

    def ready(self) -> None:
        """Register the checks, once every setting is read."""
        from renkei.node import checks

        checks.register_all()
