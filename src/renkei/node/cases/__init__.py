"""MHLW: each discrepancy and suspected omission as a case that an office follows up."""
