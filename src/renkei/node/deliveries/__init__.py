"""Deliveries to and from the counterpart, by network or by medium."""
