"""The service of one agency: its records, daily cycle, deliveries, findings and cases (docs/node.md)."""
