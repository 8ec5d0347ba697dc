"""The interface of a transport to the counterpart, for sending and for the check after a restore."""

from typing import Protocol

from renkei.exchange.files import DeliveryFiles


class Unreachable(Exception):
    """The counterpart's node did not answer; `trouble` names the class of the fault."""

    def __init__(self, trouble: str) -> None:
        super().__init__(trouble)
        self.trouble = trouble


class Transport(Protocol):
    """A transport to the counterpart. Both calls raise `Unreachable`."""

    def send(self, files: DeliveryFiles) -> None:
        """Send a delivery, resuming where it stopped."""

    def receipts(self, files: DeliveryFiles) -> list[tuple[bytes, bytes]]:
        """Return the receipts that the counterpart has given, each with its signature."""
