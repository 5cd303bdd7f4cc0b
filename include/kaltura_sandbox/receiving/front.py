"""A receiving process: takes requests from the shared port, keeps long bodies in files, passes the rest on.

Run by :mod:`kaltura_sandbox.receiving.processes`, which writes what it needs to know as one line to its standard input;
it ends when that does.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import socket
import struct
import sys
import threading
from dataclasses import asdict, dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import TYPE_CHECKING

import h11

from .costs import Costs, Meter
from .handover import HEADER, Handover
from .splitter import SHORT, LongPart, Splitter, boundary_of

if TYPE_CHECKING:
    from collections.abc import Iterator

_log = logging.getLogger(__name__)

_IDLE_SECONDS = 5.0
_BODY_SECONDS = 300.0
_BLOCK = 1024 * 1024
_DROPPED_REQUEST_HEADERS = {HEADER.encode(), b"connection", b"expect", b"content-length", b"transfer-encoding"}
_SERVER_ERROR = b"HTTP/1.1 500 Internal Server Error\r\nServer: Apache\r\nContent-Length: 0\r\n\r\n"
_BAD_REQUEST = b"HTTP/1.1 400 Bad Request\r\nServer: Apache\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_DROPPED_ANSWER_HEADERS = {"connection", "keep-alive"}


@dataclass(frozen=True)
class Front:
    """What a receiving process needs to know.

    :param listener: file descriptor of the shared listening socket.
    :param meter: file descriptor of the meter.
    :param costs: what is charged.
    :param application: path of the Unix socket the application listens on.
    :param spool: directory for the bodies.
    :param secret: proves to the application that a request comes from here.
    :param post_max_bytes: a longer body is dropped, as PHP does.
    """

    listener: int
    meter: int
    costs: Costs
    application: str
    spool: str
    secret: str
    post_max_bytes: int

    def to_json(self) -> str:
        """Write it as one line of JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Front:
        """Read what :meth:`to_json` has written."""
        fields = json.loads(text)
        return cls(**{**fields, "costs": Costs(**fields["costs"])})


class _Broken(Exception):
    """The client went away, or sends what is no HTTP."""


class _Connection:
    """One connection of a client, served by one thread."""

    def __init__(self, front: Front, meter: Meter, client: socket.socket, address: str) -> None:
        self._front = front
        self._meter = meter
        self._client = client
        self._address = address
        self._rest = b""

    def serve(self) -> None:
        with self._client:
            self._client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with contextlib.suppress(_Broken, OSError, h11.ProtocolError, HTTPException):
                while True:
                    self._wait_at_most(_IDLE_SECONDS)
                    http = h11.Connection(h11.SERVER)
                    if self._rest:
                        http.receive_data(self._rest)
                        self._rest = b""
                    request = self._head(http)
                    self._wait_at_most(_BODY_SECONDS)
                    if not self._exchange(http, request):
                        return

    def _wait_at_most(self, seconds: float) -> None:
        # The kernel's own limit: with Python's the socket would not block, and each read return a little.
        self._client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", int(seconds), 0))

    def _head(self, http: h11.Connection) -> h11.Request:
        try:
            while (event := http.next_event()) is h11.NEED_DATA:
                data = self._client.recv(_BLOCK)
                if not data:
                    raise _Broken
                http.receive_data(data)
        except h11.RemoteProtocolError:
            self._client.sendall(_BAD_REQUEST)
            raise
        if not isinstance(event, h11.Request):
            raise _Broken
        return event

    def _exchange(self, http: h11.Connection, request: h11.Request) -> bool:
        """Serve one request; tell whether the connection goes on."""
        headers = dict(request.headers)
        if http.they_are_waiting_for_100_continue:
            self._client.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        declared = int(headers.get(b"content-length", b"0"))
        boundary = boundary_of(headers.get(b"content-type", b"").decode("latin-1"))
        if b"transfer-encoding" in headers:
            body, parts = self._chunks(http), None
        elif declared > self._front.post_max_bytes:
            self._drain(http, declared)
            body, parts = b"", None
        elif boundary and declared > SHORT and request.method == b"POST":
            parts = Splitter(boundary, Path(self._front.spool))
            if not self._receive(parts, http, declared):
                self._client.sendall(_SERVER_ERROR)
                return True
            body = bytes(parts.short)
        else:
            body, parts = self._short_body(http, declared), None
        try:
            return self._pass_on(request, body, [] if parts is None else parts.long) and (
                request.http_version == b"1.1" and headers.get(b"connection", b"").lower() != b"close"
            )
        finally:
            if parts is not None:
                parts.discard()

    def _receive(self, body: Splitter, http: h11.Connection, length: int) -> bool:
        """Take a long body straight from the socket, charging for it as it comes; tell whether it could be kept."""
        receipt = self._meter.receiving()
        left, kept = length, True
        with self._counted_body(length) as count:
            try:
                early = self._early(http, length)
                while left:
                    room = body.room()
                    if early:
                        got = min(len(early), len(room))
                        room[:got], early = early[:got], early[got:]
                    else:
                        got = self._client.recv_into(room, min(left, len(room)), socket.MSG_WAITALL)
                    if not got:
                        raise _Broken
                    left -= got
                    count(got)
                    kept = kept and self._keep(body, got)
                    receipt.took(got)
                if kept:
                    body.finish()
            except BaseException:
                body.discard()
                raise
        return kept

    def _keep(self, body: Splitter, count: int) -> bool:
        try:
            body.took(count)
        except OSError as problem:
            _log.error("answering HTTP 500: a body can not be kept: %s", problem)
            body.discard()
            return False
        return True

    @contextlib.contextmanager
    def _counted_body(self, length: int) -> Iterator[_Counter]:
        counter = _Counter()
        self._meter.count(bodies=1)
        try:
            yield counter
        finally:
            broken = 0 if counter.total == length else counter.total
            self._meter.count(bodies=-1, body_bytes=counter.total, broken_bytes=broken)

    def _early(self, http: h11.Connection, length: int) -> bytes:
        """Return what has come together with the head; what belongs to the next request waits."""
        early = http.trailing_data[0]
        self._rest = early[length:]
        return early[:length]

    def _short_body(self, http: h11.Connection, length: int) -> bytes:
        body = bytearray(self._early(http, length))
        while len(body) < length:
            data = self._client.recv(min(_BLOCK, length - len(body)))
            if not data:
                raise _Broken
            body += data
        return bytes(body)

    def _drain(self, http: h11.Connection, length: int) -> None:
        left = length - len(self._early(http, length))
        waste = memoryview(bytearray(_BLOCK))
        while left:
            got = self._client.recv_into(waste, min(left, _BLOCK))
            if not got:
                raise _Broken
            left -= got

    def _chunks(self, http: h11.Connection) -> bytes:
        """Take a body without a length; too long a one is dropped."""
        body = bytearray()
        while not isinstance(event := http.next_event(), h11.EndOfMessage):
            if event is h11.NEED_DATA:
                data = self._client.recv(_BLOCK)
                if not data:
                    raise _Broken
                http.receive_data(data)
            elif isinstance(event, h11.Data) and len(body) <= self._front.post_max_bytes:
                body += event.data
        self._rest = http.trailing_data[0]
        return b"" if len(body) > self._front.post_max_bytes else bytes(body)

    def _pass_on(self, request: h11.Request, body: bytes, parts: list[LongPart]) -> bool:
        """Give a request to the application and its answer to the client; tell whether both ended well."""
        self._meter.count(requests=1)
        application = _UnixConnection(self._front.application)
        try:
            application.putrequest(
                request.method.decode(), request.target.decode("latin-1"), skip_host=True, skip_accept_encoding=True
            )
            for name, value in request.headers:
                if name not in _DROPPED_REQUEST_HEADERS:
                    application.putheader(name, value)
            application.putheader(HEADER, Handover(self._front.secret, self._address, tuple(parts)).to_header())
            if body or request.method in {b"POST", b"PUT", b"PATCH"}:
                application.putheader("Content-Length", str(len(body)))
            application.putheader("Connection", "close")
            application.endheaders(body)
            answer = application.getresponse()
            lines = [f"HTTP/1.1 {answer.status} {answer.reason}"]
            lines += [f"{k}: {v}" for k, v in answer.getheaders() if k.lower() not in _DROPPED_ANSWER_HEADERS]
            framed = answer.length is not None
            if not framed:
                lines.append("Connection: close")
            head = "\r\n".join([*lines, "", ""]).encode("latin-1")
            first = answer.read(_BLOCK)
            self._client.sendall(head + first)
            while data := first and answer.read(_BLOCK):
                self._client.sendall(data)
            return framed
        finally:
            application.close()


class _Counter:
    """Adds up."""

    def __init__(self) -> None:
        self.total = 0

    def __call__(self, count: int) -> None:
        self.total += count


class _UnixConnection(HTTPConnection):
    """A connection to a Unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("sandbox")
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(self._path)


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(0)


def main() -> None:
    """Serve until the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is meant for the parent
    front = Front.from_json(sys.stdin.readline())
    meter = Meter(front.costs, front.meter)
    listener = socket.socket(fileno=front.listener)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while True:
        client, address = listener.accept()
        connection = _Connection(front, meter, client, str(address[0]))
        threading.Thread(target=connection.serve, daemon=True).start()


if __name__ == "__main__":
    main()
