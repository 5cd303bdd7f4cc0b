"""What an ingest run leaves behind: per-file results, a table for the log, and a page that says why."""
