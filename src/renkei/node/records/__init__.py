"""The agency's own rows and what it received: in and out in bulk, what changed, and how long it is kept."""
