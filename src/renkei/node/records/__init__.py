"""What the agency knows: its ministry's extracts, or the residence register and received notifications."""
