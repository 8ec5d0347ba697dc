"""What a way to the counterpart does, whatever it is made of: who sends and who compares need no more."""

from typing import Protocol

from renkei.exchange.files import DeliveryFiles


class Unreachable(Exception):
    """The counterpart's node did not answer; `trouble` names the fault's class."""

    def __init__(self, trouble: str) -> None:
        super().__init__(trouble)
        self.trouble = trouble


class Transport(Protocol):
    """A way to the counterpart. Both calls raise `Unreachable`."""

    def send(self, files: DeliveryFiles) -> None:
        """Bring a delivery over, going on where it stopped."""

    def receipts(self, files: DeliveryFiles) -> list[tuple[bytes, bytes]]:
        """Return the receipts that the counterpart has given, each with its signature."""
