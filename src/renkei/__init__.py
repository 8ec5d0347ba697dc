"""Renkei: linking employment notifications with residence records (申合せ 2021-03-18)."""
