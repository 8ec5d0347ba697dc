"""Correction requests: MHLW asks ISA to look at an item of its register, and ISA answers."""
