"""ISA: the daily matching, its findings, and the answers that report them to MHLW."""
