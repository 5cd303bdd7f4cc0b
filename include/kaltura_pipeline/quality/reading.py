"""A remote file read here and there: in few requests, in bounded memory, up to a limit."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Protocol

from kaltura_provider.api.errors import SourceChangedError

if TYPE_CHECKING:
    from kaltura_provider.api.multipart import ByteStream

BLOCK = 64 * 1024
# 6 MB: all of a usual index, and the places around it that a demuxer returns to.
_KEPT_BLOCKS = 96
_FIRST_BLOCKS = 4
_MOST_BLOCKS = 16


class ReadableSource(Protocol):
    """What can be checked; every :class:`~kaltura_provider.api.UploadSource` can."""

    @property
    def name(self) -> str:
        """File name with extension."""
        ...

    @property
    def size(self) -> int:
        """Length in bytes."""
        ...

    def open(self, start: int, length: int) -> ByteStream:
        """Return a stream of exactly these bytes."""
        ...


class BytesSource:
    """A file that is in memory already.

    :param name: file name with extension.
    :param data: its content.
    """

    def __init__(self, name: str, data: bytes) -> None:
        self.name = name
        self.size = len(data)
        self._data = data

    def open(self, start: int, length: int) -> ByteStream:
        """Return a stream of these bytes."""
        import io

        return io.BytesIO(self._data[start : start + length])


class ReadLimitError(OSError):
    """More of the file was asked for than a check may read."""


class RangedReader:
    """Reads any part of a source; what was read last is kept, and who reads on gets larger pieces.

    :param source: the file.
    :param max_bytes: bytes to take from the source at most.
    :param max_requests: times to open the source at most.
    :ivar bytes_read: bytes taken so far.
    :ivar requests: times the source was opened so far.
    :ivar limit_reached: whether more was asked for than is allowed.
    """

    def __init__(self, source: ReadableSource, max_bytes: int, max_requests: int) -> None:
        self._source = source
        self._max_bytes = max_bytes
        self._max_requests = max_requests
        self._blocks: OrderedDict[int, bytes] = OrderedDict()
        self._next_block = -1
        self._run = 1
        self.size = source.size
        self.bytes_read = 0
        self.requests = 0
        self.limit_reached = False

    def read_at(self, start: int, length: int) -> bytes:
        """Return a part of the file; what lies beyond its end is left out.

        :param start: position of the first byte.
        :param length: number of bytes.
        :raises ReadLimitError: a limit is reached.
        :raises SourceChangedError: the file is no longer the one that was found.
        :raises SourceUnavailableError: it cannot be read just now.
        """
        end = min(start + length, self.size)
        pieces = []
        while 0 <= start < end:
            number, offset = divmod(start, BLOCK)
            piece = self._block(number)[offset : offset + end - start]
            pieces.append(piece)
            start += len(piece)
        return b"".join(pieces)

    def _block(self, number: int) -> bytes:
        if number not in self._blocks:
            self._fetch(number)
        self._blocks.move_to_end(number)
        return self._blocks[number]

    def _fetch(self, number: int) -> None:
        if not self.requests:
            self._run = _FIRST_BLOCKS
        else:
            self._run = min(self._run * 2, _MOST_BLOCKS) if number == self._next_block else 1
        start = number * BLOCK
        length = min(self._run * BLOCK, self.size - start)
        if self.requests >= self._max_requests or self.bytes_read + length > self._max_bytes:
            self.limit_reached = True
            raise ReadLimitError(f"after {self.bytes_read} bytes in {self.requests} requests")
        self.requests += 1
        data = self._take(start, length)
        self.bytes_read += len(data)
        for offset in range(0, len(data), BLOCK):
            self._blocks[number + offset // BLOCK] = data[offset : offset + BLOCK]
        self._next_block = number + -(-len(data) // BLOCK)
        while len(self._blocks) > _KEPT_BLOCKS:
            self._blocks.popitem(last=False)

    def _take(self, start: int, length: int) -> bytes:
        stream = self._source.open(start, length)
        data = bytearray()
        try:
            while len(data) < length and (piece := stream.read(length - len(data))):
                data += piece
        finally:
            stream.close()
        if len(data) < length:
            raise SourceChangedError(
                f"{self._source.name} ended at byte {start + len(data)} of {self.size} while it was checked. Put it in "
                "place again, and clear the task."
            )
        return bytes(data)
