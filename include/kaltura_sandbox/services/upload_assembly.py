"""Joining the chunks of one upload on disk, in whatever order they come.

The joined file grows from its beginning. A chunk that does not touch its end yet waits beside it and is joined by a
later request. Everything here works on one folder; the caller holds the token's lock.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

# Waiting chunks one request joins before its own; the final request joins all.
MAX_JOINED = 10
_COPY_BYTES = 8 * 1024 * 1024
_WAITING = "chunk."


class ChunkFolder:
    """The files of one upload.

    :param folder: exists already.
    :param appending: entered with the number of bytes around each copy into the joined file, to charge for it.
    """

    def __init__(self, folder: Path, appending: Callable[[int], AbstractContextManager[object]] = nullcontext) -> None:
        self._folder = folder
        self._appending = appending

    def start(self, part: Path, suffix: str) -> str:
        """Take a first chunk as a new joined file; an earlier one stays until :meth:`tidy` removes it.

        The new file has a name of its own, so that a crash before the token is saved leaves the old state intact.

        :param part: the received bytes, on the same disk; moved away.
        :param suffix: the file's extension with its dot, may be empty.
        :return: the name of the joined file.
        """
        name = f"{secrets.token_hex(8)}{suffix}"
        os.replace(part, self._folder / name)
        return name

    def put(self, name: str, size: int, part: Path, length: int, offset: int) -> int:
        """Write a chunk where it belongs if it makes the joined file grow, else let it wait.

        :param name: the joined file.
        :param size: its present size in bytes.
        :param part: the received bytes, on the same disk; used up.
        :param length: its size in bytes.
        :param offset: where it belongs.
        :return: the new size.
        """
        if offset <= size < offset + length:
            with self._appending(length):
                _copy_into(self._folder / name, part, offset, length)
            return offset + length
        os.replace(part, self._folder / f"{_WAITING}{offset}")
        return size

    def join_waiting(self, name: str, size: int, limit: int | None = MAX_JOINED) -> tuple[int, list[Path]]:
        """Join waiting chunks that touch the end of the joined file.

        :param limit: at most this many; None for all.
        :return: the new size, and the joined chunks. Remove those once the size is saved: until then a crash would
            lose bytes that their sender believes to be safe.
        """
        joined: list[Path] = []
        for offset, chunk in self._waiting():
            if offset > size or (limit is not None and len(joined) >= limit):
                break
            length = chunk.stat().st_size
            if size < offset + length:
                with self._appending(length):
                    _copy_into(self._folder / name, chunk, offset, length)
                size = offset + length
                joined.append(chunk)
        return size, joined

    def close(self, name: str, size: int) -> Path:
        """Cut off bytes of a write that a crash interrupted; return the finished file."""
        path = self._folder / name
        if path.stat().st_size != size:
            os.truncate(path, size)
        return path

    def tidy(self, name: str) -> None:
        """Remove everything but the joined file."""
        for path in self._folder.iterdir():
            if path.name != name:
                path.unlink(missing_ok=True)

    def drop(self, name: str | None) -> None:
        """Remove a joined file that has been replaced; waiting chunks stay, as they do in Kaltura."""
        if name:
            (self._folder / name).unlink(missing_ok=True)

    def _waiting(self) -> list[tuple[int, Path]]:
        found = [path for path in self._folder.iterdir() if path.name.startswith(_WAITING)]
        return sorted((int(path.name.removeprefix(_WAITING)), path) for path in found)


def _copy_into(target: Path, source: Path, offset: int, length: int) -> None:
    """Write a whole file at an offset of another, inside the kernel where the system can."""
    with source.open("rb", buffering=0) as reader, target.open("r+b") as writer:
        done = _copy_in_kernel(reader.fileno(), writer.fileno(), offset, length)
        if done < length:
            reader.seek(done)
            writer.seek(offset + done)
            shutil.copyfileobj(reader, writer, _COPY_BYTES)


def _copy_in_kernel(reader: int, writer: int, offset: int, length: int) -> int:
    """Copy as much as the system manages; return how many bytes that was."""
    copy = getattr(os, "copy_file_range", None)
    done = 0
    while copy is not None and done < length:
        try:
            count = copy(reader, writer, length - done, done, offset + done)
        except OSError:
            break
        if count == 0:
            break
        done += count
    return done
