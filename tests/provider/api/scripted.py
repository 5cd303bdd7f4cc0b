"""A server that answers with prepared bytes, to show the client Kaltura, proxies and networks at their worst."""

from __future__ import annotations

import json
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from io import BufferedIOBase
from typing import Any

from kaltura_provider.api import ClientConfig, KalturaClient, WidgetCredentials


@dataclass
class Received:
    """A request as it came over the wire."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    complete: bool = True

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Stall:
    """Keeps the client waiting until the test ends."""

    released: threading.Event = field(default_factory=threading.Event)


#: Reads the request and closes the connection.
HANG_UP = object()

Reply = bytes | Stall | object
Script = Callable[[Received], Reply]


def http(
    body: bytes | str = b"", status: str = "200 OK", headers: Mapping[str, str] | None = None, cut: int = 0
) -> bytes:
    """The bytes of an HTTP answer; the last ``cut`` bytes of the announced body are missing."""
    content = body.encode() if isinstance(body, str) else body
    fields = {
        "Content-Type": "application/json",
        "Connection": "close",
        "Content-Length": str(len(content)),
        **(headers or {}),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + content[: len(content) - cut]


def result(value: Any, **headers: str) -> bytes:
    """The answer to a call that worked."""
    return http(json.dumps(value), headers={"X-Kaltura-Session": "4711, 1795394953", **headers})


def api_error(code: str, message: str = "", **args: str) -> bytes:
    """An error of the API, which comes with HTTP status 200."""
    return result({"code": code, "message": message, "objectType": "KalturaAPIException", "args": args or []})


class ScriptedServer:
    """Answers requests one after the other; the last reply is repeated.

    :param replies: what to answer; a function is asked for each request.
    :param context: speaks TLS with it.
    """

    def __init__(self, *replies: Reply | Script, context: ssl.SSLContext | None = None) -> None:
        self.requests: list[Received] = []
        self._replies = list(replies)
        self._lock = threading.Lock()
        outer = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                try:
                    outer._handle(self.rfile, self.wfile)
                except OSError:
                    return

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True

        self._server = Server(("127.0.0.1", 0), Handler)
        if context:
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.port = self._server.server_address[1]
        self.url = f"{'https' if context else 'http'}://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> ScriptedServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for reply in self._replies:
            if isinstance(reply, Stall):
                reply.released.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def calls(self) -> list[str]:
        """The actions that were called, as ``service.action``; requests that broke off were not."""
        return [
            ".".join(request.target.split("?")[0].split("/service/")[-1].split("/action/"))
            for request in self.requests
            if request.complete
        ]

    def _handle(self, rfile: BufferedIOBase, wfile: BufferedIOBase) -> None:
        start = rfile.read(1)
        if not start.isalpha():
            # The client speaks TLS to a server that does not.
            wfile.write(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
            return
        received = _receive(start, rfile)
        with self._lock:
            self.requests.append(received)
            reply = self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]
        if callable(reply):
            reply = reply(received)
        if isinstance(reply, Stall):
            reply.released.wait(30)
        elif isinstance(reply, bytes):
            wfile.write(reply)


def _receive(start: bytes, rfile: BufferedIOBase) -> Received:
    line = (start + rfile.readline()).decode("latin-1").split()
    headers = {}
    while header := rfile.readline().decode("latin-1").strip():
        name, _, value = header.partition(":")
        headers[name.lower()] = value.strip()
    length = int(headers.get("content-length", 0))
    body = rfile.read(length)
    return Received(line[0], line[1], headers, body, complete=len(body) == length)


def quick(url: str, **changes: Any) -> ClientConfig:
    """Settings under which faults do not take long."""
    defaults = {
        "connect_timeout": 2.0,
        "read_timeout": 2.0,
        "max_attempts": 3,
        "backoff_initial": 0.001,
        "backoff_max": 0.002,
        "rate_limit_wait": 0.001,
    }
    return ClientConfig(service_url=url, partner_id=102, **{**defaults, **changes})


class NoSession(WidgetCredentials):
    """Credentials that need no call, for tests that are not about sessions."""

    def start(self, starter: Any, spec: Any) -> Any:
        from kaltura_provider.api.credentials import SessionInfo, StartedSession

        return StartedSession("test-session", SessionInfo(102, "", 2, "", int(starter.server_time()) + 3600))


def client_of(server: ScriptedServer, **changes: Any) -> KalturaClient:
    """A client of a scripted server."""
    return KalturaClient(quick(server.url, **changes), NoSession())


def parts_of(received: Received) -> Iterator[tuple[dict[str, str], bytes]]:
    """Take a multipart body apart into headers and content."""
    boundary = received.headers["content-type"].split("boundary=")[1].encode()
    for piece in received.body.split(b"--" + boundary)[1:-1]:
        head, _, content = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        lines = [line.partition(": ") for line in head.decode().split("\r\n")]
        yield {name.lower(): value for name, _, value in lines}, content.removesuffix(b"\r\n")
