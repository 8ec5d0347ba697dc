"""The agency's own rows and what it received: import, changes and retention."""
