"""ISA: candidates for notifications whose card number is on no card: search, and review by officers."""
