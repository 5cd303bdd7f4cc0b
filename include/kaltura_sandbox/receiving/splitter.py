"""A multipart body cut in two while it arrives: its short pieces stay, the content of long parts goes to files."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import BinaryIO

#: Content up to this many bytes stays in the body.
SHORT = 64 * 1024
_ROOM = 1024 * 1024
_MAX_SHORT = 64 * 1024 * 1024


@dataclass(frozen=True)
class LongPart:
    """The content of one part, moved to a file.

    :param index: which part of the body, from 0.
    :param path: the file.
    :param size: bytes.
    """

    index: int
    path: Path
    size: int


def boundary_of(content_type: str) -> bytes:
    """Return the boundary of a multipart form, empty if the header names none."""
    header = Message()
    header["Content-Type"] = content_type
    if header.get_content_type() != "multipart/form-data":
        return b""
    return (header.get_boundary() or "").encode("latin-1", "replace")


class Splitter:
    """Splits one body: fill :meth:`room`, say with :meth:`took` how far, and :meth:`finish`.

    What stays in :attr:`short` is a multipart body again, in which the long parts are empty. Whether it is a good one
    is left to its reader.

    :param boundary: the body's boundary.
    :param spool: directory for the files.
    """

    def __init__(self, boundary: bytes, spool: Path) -> None:
        self._delimiter = b"\r\n--" + boundary
        self._spool = spool
        self._buffer = bytearray(b"\r\n").ljust(_ROOM, b"\0")
        self._view = memoryview(self._buffer)
        self._held = 2  # the line end that the first delimiter lacks
        self._in_content = False
        self._index = -1
        self._size = 0
        self._sink: BinaryIO | None = None
        self._path: Path | None = None
        self.short = bytearray()
        self.long: list[LongPart] = []

    def room(self) -> memoryview:
        """Return where the next bytes go."""
        return self._view[self._held :]

    def took(self, count: int) -> None:
        """Split what has been put into :meth:`room`.

        :param count: bytes.
        :raises OSError: a file can not be written.
        """
        end = self._held + count
        used = self._split(end, last=False)
        # What may be the beginning of a delimiter or a head is looked at again with what follows.
        self._held = end - used
        self._view[: self._held] = self._buffer[used:end]

    def finish(self) -> None:
        """Split what is left; nothing follows."""
        self._split(self._held, last=True)
        self._end_part()
        self._held = 0
        del self.short[:2]

    def discard(self) -> None:
        """Remove the files that nobody has moved away."""
        if self._sink is not None and self._path is not None:
            self._sink.close()
            self._path.unlink(missing_ok=True)
        for part in self.long:
            part.path.unlink(missing_ok=True)

    def _split(self, end: int, *, last: bool) -> int:
        """Split the buffer up to here; return how far that was possible."""
        position = 0
        while position < end:
            if self._in_content:
                stop, is_end = self._find_delimiter(position, end, last=last)
                self._keep_content(position, stop)
                position = stop
                if not is_end:
                    break
                self._end_part()
            else:
                blank = self._buffer.find(b"\r\n\r\n", position, end)
                if blank < 0 and not last and end - position <= SHORT:
                    break
                stop = blank + 4 if blank >= 0 else end
                self._keep(self._view[position:stop])
                position = stop
                if blank >= 0:
                    self._in_content = True
                    self._index += 1
                    self._size = 0
        return position

    def _find_delimiter(self, position: int, end: int, *, last: bool) -> tuple[int, bool]:
        """Return where the content ends for now, and whether that is its end."""
        start = position
        while (found := self._buffer.find(self._delimiter, start, end)) >= 0:
            behind = found + len(self._delimiter)
            if behind + 2 > end and not last:
                return found, False
            if bytes(self._buffer[behind : behind + 2]) in {b"\r\n", b"--"}:
                return found, True
            start = found + 1
        return (end if last else max(position, end - len(self._delimiter) - 1)), False

    def _keep(self, data: memoryview | bytearray) -> None:
        if len(self.short) < _MAX_SHORT:
            self.short += data

    def _keep_content(self, start: int, end: int) -> None:
        """Let content stay while it is short; move it to a file once it is not."""
        self._size += end - start
        if self._sink is None:
            self._keep(self._view[start:end])
            if self._size <= SHORT:
                return
            handle, path = tempfile.mkstemp(dir=self._spool)
            self._sink, self._path = os.fdopen(handle, "wb", buffering=0), Path(path)
            data = memoryview(bytes(self.short[len(self.short) - self._size :]))
            del self.short[len(self.short) - self._size :]
        else:
            data = self._view[start:end]
        while data:  # a disk that fills up takes a part first and refuses the next
            data = data[self._sink.write(data) :]

    def _end_part(self) -> None:
        if self._sink is not None and self._path is not None:
            self._sink.close()
            self.long.append(LongPart(self._index, self._path, self._size))
        self._sink, self._path, self._in_content = None, None, False
