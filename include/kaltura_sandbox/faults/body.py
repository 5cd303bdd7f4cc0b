"""The body of a request, read block by block: never all of it is in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import BufferedIOBase

BLOCK = 256 * 1024


class ClientGoneError(ConnectionError):
    """The client closed the connection in the middle of its request."""


class Body:
    """The body of one request.

    :param stream: the connection, behind the head.
    :param length: its bytes as announced; None if it comes in chunks.
    :param on_start: called before the first byte is read.
    """

    def __init__(
        self,
        stream: BufferedIOBase,
        length: int | None,
        on_start: Callable[[], object],
    ) -> None:
        self.length = length
        self.received = 0
        self._stream = stream
        self._on_start: Callable[[], object] | None = on_start
        self._beginning = b""
        self._on_read: Callable[[int], object] = lambda _: None
        self._raw = self._chunks() if length is None else self._measured(length)

    def watch(self, on_read: Callable[[int], object]) -> None:
        """Tell how much has come, now and after each block.

        :param on_read: called with the number of all bytes so far.
        """
        self._on_read = on_read
        on_read(self.received)

    def peek(self, limit: int, enough: Callable[[bytes], bool] = lambda _: False) -> bytes:
        """Return the beginning, which :meth:`blocks` gives again.

        :param limit: read not much more than this many bytes.
        :param enough: tells whether what has come will do; the whole body always does.
        """
        while len(self._beginning) < limit and not enough(self._beginning):
            block = next(self._raw, b"")
            if not block:
                break
            self._beginning += block
        return self._beginning

    def blocks(self) -> Iterator[bytes]:
        """Give the whole body.

        :raises ClientGoneError: the client went away.
        """
        if self._beginning:
            beginning, self._beginning = self._beginning, b""
            yield beginning
        yield from self._raw

    def drain(self) -> None:
        """Read what is left and throw it away."""
        for _ in self.blocks():
            pass

    def _start(self) -> None:
        if self._on_start is not None:
            start, self._on_start = self._on_start, None
            start()

    def _read(self, size: int) -> bytes:
        self._start()
        try:
            block = self._stream.read1(size)
        except OSError as problem:
            raise ClientGoneError(f"the connection to the client broke: {problem}") from problem
        if not block:
            raise ClientGoneError("the client closed the connection in the middle of its request")
        self.received += len(block)
        self._on_read(self.received)
        return block

    def _measured(self, left: int) -> Iterator[bytes]:
        while left:
            block = self._read(min(left, BLOCK))
            left -= len(block)
            yield block

    def _chunks(self) -> Iterator[bytes]:
        self._start()
        while True:
            size = self._chunk_size()
            if not size:
                # Trailing fields end with an empty line.
                while self._line().strip():
                    pass
                return
            yield from self._measured(size)
            self._line()

    def _chunk_size(self) -> int:
        try:
            return int(self._line().partition(b";")[0], 16)
        except ValueError:
            raise ClientGoneError("the client sent no size of a chunk") from None

    def _line(self) -> bytes:
        try:
            line = self._stream.readline(1 << 16)
        except OSError as problem:
            raise ClientGoneError(f"the connection to the client broke: {problem}") from problem
        if not line.endswith(b"\n"):
            raise ClientGoneError("the client closed the connection in the middle of its request")
        return line
