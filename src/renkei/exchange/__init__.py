"""Sealed deliveries: how batches travel between the two agencies (申合せ5・6・7).

Pure: the time is an argument, and only the directories given as arguments are read or written.
"""
