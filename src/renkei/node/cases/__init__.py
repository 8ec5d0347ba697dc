"""MHLW: each mismatch and suspected omission as a case that an office follows up."""
