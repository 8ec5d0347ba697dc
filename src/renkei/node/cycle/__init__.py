"""The day: a table of steps, claimed by compare-and-set, each done once."""
