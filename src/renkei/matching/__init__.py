"""Matching: computes Annex 1, 2 and 3 from the tables of two agencies; frames in, frames out."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from renkei.matching.plausibility import ImplausibleInput
    from renkei.matching.reading import RefusedFile
    from renkei.matching.reconciliation import Reconciliation, reconcile

__all__ = ["ImplausibleInput", "Reconciliation", "RefusedFile", "reconcile"]


def __getattr__(name: str) -> Any:
    """Load the computing modules only when they are used: code that only reads files starts faster."""
    if name == "RefusedFile":
        from renkei.matching import reading

        return reading.RefusedFile
    if name == "ImplausibleInput":
        from renkei.matching import plausibility

        return plausibility.ImplausibleInput
    if name in __all__:
        from renkei.matching import reconciliation

        return getattr(reconciliation, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """List the public names."""
    return __all__
