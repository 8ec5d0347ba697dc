"""Suspected leaks and outages (申合せ6): what is known, who was told, which clocks run."""
