"""What it costs to wait for many entries at once: in requests, memory and time."""
