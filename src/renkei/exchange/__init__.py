"""Sealed deliveries: how batches travel between the two agencies (申合せ5・6・7).

Pure: the time is an argument, and no file is touched beyond the directories that are handed in.
"""
