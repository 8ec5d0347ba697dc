"""The report of a reconciliation: counts, tables and charts on one HTML page, with disclosure control."""
