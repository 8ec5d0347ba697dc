"""The distributed engine: the same computation on buckets of the tables (docs/spark.md)."""
