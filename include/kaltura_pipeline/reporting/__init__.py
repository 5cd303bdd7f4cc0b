"""The nightly report: partitions of tables in S3, their quality, and the pages people look at."""
