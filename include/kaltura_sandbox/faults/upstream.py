"""The proxy's side towards the server: one connection a request, so that no fault is made that nobody asked for."""

from __future__ import annotations

import http.client
from collections.abc import Callable, Iterable, Iterator
from email.message import Message
from typing import TYPE_CHECKING
from urllib.parse import quote

from .body import BLOCK

if TYPE_CHECKING:
    from urllib.parse import SplitResult

    from .request import Request

#: Seconds the server may take for an answer.
_TIMEOUT = 600.0
#: Headers that are about one connection and not about the request.
HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "expect"}
)


class Upstream:
    """A connection to the server for one request.

    :param address: the server.
    :raises OSError: it is not there.
    """

    def __init__(self, address: SplitResult) -> None:
        kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
        self._connection = kind(address.hostname or "", address.port, timeout=_TIMEOUT, blocksize=BLOCK)
        self._connection.connect()
        self._chunked = False

    def send_head(self, request: Request, headers: Message) -> None:
        """Send line and headers of a request as they came; the host too, as it is part of what S3 clients sign."""
        target = quote(request.target.encode("latin-1"), safe="!#$%&'()*+,/:;=?@[]~\"<>\\^`{|}")
        self._connection.putrequest(request.method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in headers.items():
            if name.lower() not in HOP_BY_HOP:
                self._connection.putheader(name, value)
        self._connection.putheader("Connection", "close")
        self._chunked = request.length is None
        if self._chunked:
            self._connection.putheader("Transfer-Encoding", "chunked")
        self._connection.endheaders()

    def send(self, blocks: Iterable[bytes], on_sent: Callable[[int], object]) -> None:
        """Send a part of the body, or all of it.

        :param on_sent: called with the number of bytes after each block.
        """
        for block in blocks:
            self._connection.send(chunk(block) if self._chunked else block)
            on_sent(len(block))

    def answer(self) -> http.client.HTTPResponse:
        """End the body and return the answer, its own body still unread."""
        if self._chunked:
            self._connection.send(LAST_CHUNK)
        return self._connection.getresponse()

    def close(self) -> None:
        """Close the connection; a request that was not sent whole is broken off by that."""
        self._connection.close()


LAST_CHUNK = b"0\r\n\r\n"


def chunk(block: bytes) -> bytes:
    """Return a block as a chunk of a body of unknown length."""
    return b"%x\r\n%b\r\n" % (len(block), block)


def body_of(answer: http.client.HTTPResponse) -> Iterator[bytes]:
    """Give the body of an answer as it comes.

    :raises ConnectionError: the server broke off.
    """
    while block := answer.read1(BLOCK):
        yield block
    if answer.length:
        raise ConnectionError(f"the server broke off its answer {answer.length} bytes early")


class Split:
    """Blocks cut in two at a number of bytes.

    :param blocks: the blocks.
    :param count: bytes of the first part.
    """

    def __init__(self, blocks: Iterable[bytes], count: int) -> None:
        self._blocks = iter(blocks)
        self._left = count
        self._rest = b""

    def first(self) -> Iterator[bytes]:
        """Give the bytes before the cut."""
        while self._left:
            block = next(self._blocks, b"")
            if not block:
                return
            piece, self._rest = block[: self._left], block[self._left :]
            self._left -= len(piece)
            yield piece

    def second(self) -> Iterator[bytes]:
        """Give the bytes behind it, once the first ones have been taken."""
        if self._rest:
            yield self._rest
        yield from self._blocks
