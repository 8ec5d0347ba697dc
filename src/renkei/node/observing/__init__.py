"""How a node is watched by machines: metrics, health, and what its log may hold."""
