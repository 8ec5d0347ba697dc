"""Matching: from two agencies' tables to Annex 1, 2 and 3, as values in and values out."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from renkei.matching.reading import RefusedFile
    from renkei.matching.reconciliation import Reconciliation, reconcile

__all__ = ["Reconciliation", "RefusedFile", "reconcile"]


def __getattr__(name: str) -> Any:
    """Load what computes only when it is asked for: whoever only reads files begins before it is there."""
    if name == "RefusedFile":
        from renkei.matching import reading

        return reading.RefusedFile
    if name in __all__:
        from renkei.matching import reconciliation

        return getattr(reconciliation, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """Name what can be asked for."""
    return __all__
