"""What ingesting many small files costs: in requests, tasks, memory and time."""
