"""Matching: from two agencies' tables to Annex 1, 2 and 3, as values in and values out."""

from renkei.matching.reading import RefusedFile
from renkei.matching.reconciliation import Reconciliation, reconcile

__all__ = ["Reconciliation", "RefusedFile", "reconcile"]
