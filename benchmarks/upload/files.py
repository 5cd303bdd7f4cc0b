"""Files to upload, and a place for them that is not slowed down by a disk."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

MEGABYTE = 1000 * 1000
HEAD = Path(__file__).parents[2] / "tests" / "contract" / "scenarios" / "_fixtures" / "tiny.mp4"
_MEMORY = Path("/dev/shm")  # noqa: S108
_BLOCK = 8 * 1024 * 1024


@contextlib.contextmanager
def scratch(needed: int) -> Iterator[Path]:
    """A folder that is removed at the end: in memory if there is room for it, else on disk.

    :param needed: bytes it must hold.
    """
    in_memory = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > needed and _available_memory() > 1.2 * needed
    with tempfile.TemporaryDirectory(prefix="bench-upload-", dir=_MEMORY if in_memory else None) as folder:
        yield Path(folder)


def _available_memory() -> int:
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return 0


def make_file(path: Path, size: int) -> Path:
    """An MP4 of this size: the beginning is real, the rest is random bytes in a box that players skip.

    Kaltura refuses an upload whose content has no known type when it is closed.
    """
    head = HEAD.read_bytes()
    with path.open("wb") as file:
        file.write(head + (1).to_bytes(4, "big") + b"free" + (size - len(head)).to_bytes(8, "big"))
        while (left := size - file.tell()) > 0:
            file.write(os.urandom(min(left, _BLOCK)))
    return path


def same_content(one: Path, other: Path) -> bool:
    """Compare two files byte by byte."""
    with one.open("rb") as first, other.open("rb") as second:
        while True:
            block = first.read(_BLOCK)
            if block != second.read(_BLOCK):
                return False
            if not block:
                return True
