"""The distributed engine: the same kernel on buckets of the tables (docs/spark.md)."""
