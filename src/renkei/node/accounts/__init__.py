"""Officers, their duties and offices, and the purposes they state (申合せ7)."""
