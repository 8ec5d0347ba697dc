"""ISA: what matching found, what of it was sent, and what stands."""
