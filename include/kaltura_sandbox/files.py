"""Files below the data directory."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class Files:
    """The sandbox's files: one folder an object, and a spool for what is still arriving.

    :param root: the data directory, made when missing.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.spool = root / "spool"
        self.root.mkdir(parents=True, exist_ok=True)
        self._lock: IO[str] | None = None

    def claim(self) -> None:
        """Make this process the only user of the directory and drop what an earlier one left half received.

        :raises RuntimeError: another process uses it.
        """
        lock = (self.root / "lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            raise RuntimeError(
                f"Another sandbox uses {self.root}. Stop it, or give this one another directory with --data."
            ) from None
        self._lock = lock
        shutil.rmtree(self.spool, ignore_errors=True)
        self.spool.mkdir()

    def release(self) -> None:
        """Let other processes use the directory."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def path(self, kind: str, key: str, name: str, *, make: bool = True) -> Path:
        """Return where a file of an object is or belongs.

        :param kind: what the object is, for example ``token``.
        :param key: the object's id.
        :param name: the file's name; its folder part is dropped.
        :param make: make the folder.
        """
        folder = self.root / "files" / kind / key[-2:] / os.path.basename(key)
        if make:
            folder.mkdir(parents=True, exist_ok=True)
        return folder / (os.path.basename(name) or "file")

    def remove(self, kind: str, key: str) -> None:
        """Remove all files of an object."""
        shutil.rmtree(self.root / "files" / kind / key[-2:] / os.path.basename(key), ignore_errors=True)

    def write(self, target: Path, data: bytes) -> None:
        """Write a file so that it is either whole or not there."""
        temporary = self.temporary()
        temporary.write_bytes(data)
        temporary.replace(target)

    def temporary(self, suffix: str = "") -> Path:
        """Return a fresh empty file in the spool; move it to where it belongs."""
        handle, path = tempfile.mkstemp(dir=self.spool, suffix=suffix)
        os.close(handle)
        return self.spool / os.path.basename(path)
