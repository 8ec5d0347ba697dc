"""Whom a notification may mean whose card number is in no card: searched by ISA, decided by its officers."""
