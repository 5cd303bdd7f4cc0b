"""Which parts and threads are tried by ``--sweep``."""

from __future__ import annotations

from benchmarks.upload.files import MEGABYTE

THREADS = (1, 2, 4, 8, 16)
PARTS = tuple(size * MEGABYTE for size in (5, 10, 20, 50, 100))
