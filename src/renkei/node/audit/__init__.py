"""The audit trail: who did or read what, when, in which case and for which purpose, in one unbroken chain."""
