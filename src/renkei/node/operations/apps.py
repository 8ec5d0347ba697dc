"""The Django application that registers the system checks."""

from django.apps import AppConfig


class OperationsConfig(AppConfig):
    """Registers `renkei.node.checks`; it has no tables."""

    name = "renkei.node.operations"

    def ready(self) -> None:
        """Register the checks after the settings are loaded."""
        from renkei.node import checks

        checks.register_all()
