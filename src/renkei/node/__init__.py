"""One agency's service: its records, its day, its deliveries, its findings and cases (docs/node.md)."""
