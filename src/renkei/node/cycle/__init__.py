"""The business day: a table of steps, each claimed by compare-and-set and done once."""
