"""Suspected leaks and outages (申合せ6): what is known, who was informed, which deadlines run."""
