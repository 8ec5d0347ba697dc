"""The network between the two nodes: tus 1.0 over TLS 1.3, both certificates pinned (exchange format §4)."""
