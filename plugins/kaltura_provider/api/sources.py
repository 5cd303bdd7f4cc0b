"""Where the bytes of an upload come from."""

from __future__ import annotations

import os
import threading
import uuid
from pathlib import Path
from typing import BinaryIO, Protocol

from kaltura_provider.api.checksums import Checksum
from kaltura_provider.api.errors import SourceChangedError
from kaltura_provider.api.multipart import ByteStream


class UploadSource(Protocol):
    """Something that can be uploaded and read again from any position."""

    @property
    def name(self) -> str:
        """File name with extension, under which Kaltura stores the file."""
        ...

    @property
    def size(self) -> int:
        """Length in bytes."""
        ...

    @property
    def fingerprint(self) -> str:
        """A text that changes when the content changes, such as an ETag, or size and time of change."""
        ...

    @property
    def checksum(self) -> Checksum | None:
        """The checksum the source has of its content; None if it has none."""
        ...

    def open(self, start: int, length: int) -> ByteStream:
        """Return a stream of exactly these bytes. Several may be open at once.

        :param start: position of the first byte.
        :param length: number of bytes.
        :raises SourceChangedError: if the content is no longer the one that was found first. The stream may raise it
            too.
        :raises SourceUnavailableError: if it cannot be read just now. The stream may raise it too.
        """
        ...


class FileSource:
    """A local file.

    :param path: path of the file.
    :param name: name to use in Kaltura; that of the file when None.
    :raises OSError: if there is no such file.
    """

    checksum: Checksum | None = None

    def __init__(self, path: str | os.PathLike[str], name: str | None = None) -> None:
        self._path = Path(path)
        self.name = name or self._path.name
        self._state = _state(self._path.stat())
        self.size = self._state[0]
        self.fingerprint = "-".join(map(str, self._state))

    def __repr__(self) -> str:
        return f"FileSource({str(self._path)!r})"

    def open(self, start: int, length: int) -> ByteStream:
        """Return a stream of exactly these bytes; see :class:`UploadSource`."""
        return _FileSlice(self._path, self._state, start, length)


class _FileSlice:
    """A piece of a file that notices when the file changes under it."""

    def __init__(self, path: Path, state: tuple[int, int], start: int, length: int) -> None:
        self._name = path.name
        self._state = state
        self._left = length
        self._file = path.open("rb", buffering=0)
        try:
            self._check()
            self._file.seek(start)
        except BaseException:
            self._file.close()
            raise

    def read(self, size: int = -1, /) -> bytes:
        data = self._file.read(self._left if size < 0 else min(size, self._left)) or b""
        self._left -= len(data)
        if not self._left or not data:
            # A file that is overwritten in place keeps its length, but not its time.
            self._check()
        return data

    def close(self) -> None:
        self._file.close()

    def _check(self) -> None:
        if _state(os.fstat(self._file.fileno())) != self._state:
            raise SourceChangedError(
                f"{self._name} changed while it was uploaded. Upload it again once it is complete."
            )


class StreamSource:
    """A binary stream that is open and can be positioned, such as a file in memory or one of a library.

    Its parts are read in turns, as it has one position only. It stays open.

    :param stream: the stream; its content must not change.
    :param name: file name with extension, under which Kaltura stores the file.
    :param fingerprint: a text that tells the content from any other, if there is one. Without it an interrupted upload
        begins anew in another process.
    :raises OSError: if the stream cannot be positioned.
    """

    checksum: Checksum | None = None

    def __init__(self, stream: BinaryIO, name: str, fingerprint: str | None = None) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self.name = name
        self.size = stream.seek(0, os.SEEK_END)
        self.fingerprint = fingerprint or uuid.uuid4().hex

    def open(self, start: int, length: int) -> ByteStream:
        """Return a stream of exactly these bytes; see :class:`UploadSource`."""
        return _StreamSlice(self._stream, self._lock, start, length)


class _StreamSlice:
    """A piece of a stream that others read as well."""

    def __init__(self, stream: BinaryIO, lock: threading.Lock, start: int, length: int) -> None:
        self._stream = stream
        self._lock = lock
        self._position = start
        self._end = start + length

    def read(self, size: int = -1, /) -> bytes:
        left = self._end - self._position
        with self._lock:
            self._stream.seek(self._position)
            data = self._stream.read(left if size < 0 else min(size, left)) or b""
        self._position += len(data)
        return data

    def close(self) -> None:
        return


def _state(stat: os.stat_result) -> tuple[int, int]:
    return stat.st_size, stat.st_mtime_ns
