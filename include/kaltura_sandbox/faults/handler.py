"""One connection of the proxy: reads requests, passes them on or does to them what was decided."""

from __future__ import annotations

import http.client
import json
import logging
import re
import socket
import struct
from collections.abc import Iterable, Mapping
from functools import partial
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any

from .body import BLOCK, Body, ClientGoneError
from .control import PATH, control, is_local
from .fault import (
    CUT_ANSWER,
    DROP_ANSWER,
    DROP_REQUEST,
    INDEX_LAG,
    KALTURA,
    LATE,
    STALL_ANSWER,
    STALL_REQUEST,
    Fault,
)
from .made_answers import make_answer
from .request import Request, has_beginning, kaltura_request, s3_request
from .upstream import HOP_BY_HOP, LAST_CHUNK, Split, Upstream, body_of, chunk

if TYPE_CHECKING:
    from .proxy import FaultProxy

_log = logging.getLogger(__name__)

#: Bytes of a request's body that are looked at to find out what it asks for.
_PEEKED_FORM = 1024 * 1024
_PEEKED_MULTIPART = 64 * 1024
_RESET = struct.pack("ii", 1, 0)


class Handler(BaseHTTPRequestHandler):
    """Serves one connection; :class:`~kaltura_sandbox.faults.proxy.FaultProxy` makes a subclass that knows it."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    proxy: FaultProxy

    def handle(self) -> None:
        """Serve until either side ends the connection."""
        try:
            super().handle()
        except OSError:
            self.close_connection = True

    def handle_expect_100(self) -> bool:
        """Say nothing yet: the client is told to go on once its body is wanted."""
        return True

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing: an address may hold a session."""

    def serve(self) -> None:
        """Serve one request, whatever its method."""
        # As it was sent: the base class changes paths that begin with two slashes.
        target = self.requestline.split()[1]
        headers = {name.lower(): value for name, value in self.headers.items()}
        announced = headers.get("content-length", "0")
        if not announced.isdecimal():
            self.close_connection = True
            self._send(400, {"Content-Type": "text/plain"}, b"Content-Length is no number.\n")
            return
        if target.startswith(f"{PATH}/"):
            self._control(target, int(announced))
            return
        if target.startswith("/_sandbox/") and not is_local(self.client_address[0]):
            # To the sandbox every caller would look like one of this machine.
            self.close_connection = True
            self._send(403, {}, b"")
            return
        chunked = "chunked" in headers.get("transfer-encoding", "").lower()
        body = Body(self.rfile, None if chunked else int(announced), partial(self._go_on, headers.get("expect", "")))
        try:
            with self.proxy.treating():
                request = self._look(target, headers, body)
                fault = self.proxy.decide(request)
                body.watch(self.proxy.counts.receipt(request))
                self._treat(request, body, fault)
        except (OSError, http.client.HTTPException) as problem:
            _log.debug("a request was broken off: %s", problem)
            self.reset()

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = serve

    def reset(self) -> None:
        """Break the connection, as a network or a dying server does."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.close_connection = True

    def _go_on(self, expectation: str) -> None:
        if expectation.lower() == "100-continue":
            self.send_response_only(100)
            self.end_headers()

    def _look(self, target: str, headers: dict[str, str], body: Body) -> Request:
        if self.proxy.service != KALTURA:
            return s3_request(self.command, target, headers, body.length)
        kind = headers.get("content-type", "")
        if kind.lower().startswith("multipart/"):
            beginning = body.peek(_PEEKED_MULTIPART, lambda read: has_beginning(kind, read))
        else:
            small = body.length is None or body.length <= _PEEKED_FORM
            beginning = body.peek(_PEEKED_FORM) if small and re.search("json|form", kind.lower()) else b""
        return kaltura_request(self.command, target, headers, body.length, beginning)

    def _treat(self, request: Request, body: Body, fault: Fault | None) -> None:
        if fault and fault.is_answer and not fault.after:
            body.drain()
            self._send_made(request, fault)
            return
        if fault and fault.kind == DROP_REQUEST and not _passed_share(request, fault):
            self.reset()
            return
        if fault and fault.kind == INDEX_LAG:
            self.proxy.set_index_lag(fault.seconds)
        try:
            upstream = Upstream(self.proxy.upstream)
        except OSError as problem:
            _log.warning("%s can not be reached: %s", self.proxy.upstream_url, problem)
            body.drain()
            text = f"The fault proxy can not reach {self.proxy.upstream_url}. Start that server first.\n"
            self._send(502, {"Content-Type": "text/plain; charset=utf-8"}, text.encode())
            return
        try:
            if self._pass_on(upstream, request, body, fault):
                self._pass_back(request, upstream.answer(), fault)
        finally:
            upstream.close()

    def _pass_on(self, upstream: Upstream, request: Request, body: Body, fault: Fault | None) -> bool:
        """Send a request to the server; return whether its answer is wanted."""
        sent = partial(self.proxy.counts.count_passed_on, request)
        upstream.send_head(request, self.headers)
        blocks = body.blocks()
        if fault and fault.kind in (DROP_REQUEST, STALL_REQUEST):
            parts = Split(blocks, _passed_share(request, fault))
            upstream.send(parts.first(), sent)
            if fault.kind == DROP_REQUEST or self._stall(fault):
                self.reset()
                return False
            blocks = parts.second()
        try:
            upstream.send(blocks, sent)
        except ClientGoneError:
            raise
        except OSError:
            # The server answered before it had read everything: pass that back.
            body.drain()
        return True

    def _pass_back(self, request: Request, answer: http.client.HTTPResponse, fault: Fault | None) -> None:
        if fault and (fault.kind == DROP_ANSWER or fault.is_answer):
            for _ in body_of(answer):
                pass
            if fault.kind == DROP_ANSWER:
                self.reset()
            else:
                self._send_made(request, fault)
            return
        if fault and fault.kind == LATE:
            self.proxy.wait(fault.seconds)
        breaks = fault if fault and fault.kind in (CUT_ANSWER, STALL_ANSWER) else None
        without_body = request.method == "HEAD" or answer.status in (204, 304) or answer.length == 0
        if breaks and without_body and self._break_here(breaks):
            # There is no middle of an answer that has only a head.
            return
        chunked = answer.length is None and self.request_version != "HTTP/1.0"
        self.close_connection = self.close_connection or (answer.length is None and not chunked)
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        if chunked:
            self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        if without_body:
            return
        blocks = body_of(answer)
        if breaks:
            parts = Split(blocks, int((answer.length or BLOCK) * breaks.at))
            self._write(request, parts.first(), chunked)
            if self._break_here(breaks):
                return
            blocks = parts.second()
        self._write(request, blocks, chunked)
        if chunked:
            self.wfile.write(LAST_CHUNK)

    def _break_here(self, fault: Fault) -> bool:
        """Cut the answer or let it stall; return whether that was its end."""
        if fault.kind == STALL_ANSWER and not self._stall(fault):
            return False
        self.reset()
        return True

    def _stall(self, fault: Fault) -> bool:
        """Do nothing for some time; return whether the connection is to be broken after it."""
        if fault.half_close:
            self.connection.shutdown(socket.SHUT_WR)
        self.proxy.wait(fault.seconds)
        return fault.half_close

    def _write(self, request: Request, blocks: Iterable[bytes], chunked: bool) -> None:
        for block in blocks:
            self.proxy.counts.count_answered(request, len(block))
            self.wfile.write(chunk(block) if chunked else block)

    def _send_made(self, request: Request, fault: Fault) -> None:
        made = make_answer(fault, request, self.client_address[0])
        body = b"" if request.method == "HEAD" else made.body
        self.proxy.counts.count_answered(request, len(body))
        self._send(made.status, made.headers, body)

    def _send(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Date", self.date_time_string())
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _control(self, target: str, length: int) -> None:
        sent = self.rfile.read(length)
        status, value = control(self.proxy, self.client_address[0], self.command, target, sent)
        self._send(status, {"Content-Type": "application/json"}, json.dumps(value).encode())


def _passed_share(request: Request, fault: Fault) -> int:
    """Bytes of a body that are passed on before a fault; of one that is dropped the end never is."""
    length = BLOCK if request.length is None else request.length
    share = int(length * fault.at)
    return min(share, max(0, length - 1)) if fault.kind == DROP_REQUEST else share
