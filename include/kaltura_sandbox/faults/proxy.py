"""A proxy in front of the sandbox, or of an S3 server, that makes things go wrong."""

from __future__ import annotations

import contextlib
import http.client
import logging
import socket
import socketserver
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .counts import Counts, Event
from .fault import EXPIRED_KS, KALTURA, SERVICES, Fault
from .handler import Handler
from .rules import Rule, RuleBook

if TYPE_CHECKING:
    from types import TracebackType

    from .request import Request
    from .schedule import Schedule

_log = logging.getLogger(__name__)

Judge = Callable[["Request"], "Fault | None"]

# A client whose request is not read any further notices soon, instead of sending megabytes into the kernel's buffers.
_RECEIVE_BUFFER = 128 * 1024
_LAG_TIMEOUT = 30.0


def at_request(action: str, number: int, do: Callable[[], object], fault: Fault | None = None) -> Judge:
    """Make a judge that does something the moment a certain request arrives, before it is passed on.

    To replace an object while it is read: ``at_request("GetObject", 2, lambda: s3.put_object(...))``.

    :param action: the action, such as ``media.add`` or ``GetObject``.
    :param number: which of its requests, from 1.
    :param do: what to do; the request waits for it.
    :param fault: what becomes of the request then; None passes it on.
    """
    seen = 0
    lock = threading.Lock()

    def judge(request: Request) -> Fault | None:
        nonlocal seen
        if request.action != action and action not in request.items:
            return None
        with lock:
            seen += 1
            mine = seen == number
        if not mine:
            return None
        do()
        return fault

    return judge


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, address: tuple[str, int], proxy: FaultProxy) -> None:
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(address, type("ProxyHandler", (Handler,), {"proxy": proxy}))

    def server_bind(self) -> None:
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
        super().server_bind()

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        # Without the orderly end the base class adds: a reset is to be one.
        with self._lock:
            self._open.discard(request)
        request.close()

    def break_all(self) -> None:
        with self._lock:
            for each in self._open:
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: object, client_address: object) -> None:
        _log.exception("fault of the proxy itself")


class FaultProxy:
    """Passes HTTP requests on to a server, and makes faults for those that rules or a schedule name.

    Bodies are streamed both ways. A request is looked at by the judge first, then by the rules, then by the schedule;
    the first that names a fault wins. Use it as a context manager, or call :meth:`start` and :meth:`stop`. Rules,
    schedule and judge may change at any time.

    :param upstream_url: the server, such as ``SandboxServer.url``; behind https its certificate must be trusted.
    :param service: what that is: ``kaltura`` or ``s3`` (in path style).
    :param rules: faults for certain requests.
    :param schedule: faults at random.
    :param judge: called with every :class:`~kaltura_sandbox.faults.request.Request` before it is passed on, in the
        thread of its connection: it may wait, and may return a fault.
    :param host: address to listen on.
    :param port: port to listen on, 0 for a free one.
    """

    def __init__(
        self,
        upstream_url: str,
        *,
        service: str = KALTURA,
        rules: Iterable[Rule] = (),
        schedule: Schedule | None = None,
        judge: Judge | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self.upstream_url = upstream_url.rstrip("/")
        self.upstream = urlsplit(self.upstream_url)
        if self.upstream.scheme not in ("http", "https") or not self.upstream.hostname or self.upstream.path:
            raise ValueError(f"{upstream_url!r} is no address of a server; write http://127.0.0.1:8123.")
        if service not in SERVICES:
            raise ValueError(f"There is no service {service!r}; use one of {', '.join(SERVICES)}.")
        self.service = service
        self.schedule = schedule
        self.judge = judge
        self.counts = Counts()
        self._rules = RuleBook(rules)
        self._expired: set[str] = set()
        self._stopping = threading.Event()
        self._in_flight = 0
        self._idle = threading.Condition()
        try:
            self._server = _Server((host, port), self)
        except OSError as problem:
            raise RuntimeError(
                f"Cannot listen on {host}:{port} ({problem.strerror}). Choose another --port, or 0 for a free one."
            ) from problem
        self.port: int = self._server.server_address[1]
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="faults", daemon=True)

    def start(self) -> None:
        """Begin to serve, in threads."""
        self._thread.start()

    def stop(self) -> None:
        """Break all connections and end."""
        self._stopping.set()
        if self._thread.is_alive():
            self._server.shutdown()
        self._server.server_close()
        self._server.break_all()

    def __enter__(self) -> FaultProxy:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules in force."""
        return self._rules.rules

    def set_rules(self, rules: Iterable[Rule]) -> None:
        """Replace all rules; they count from now on."""
        self._rules = RuleBook(rules)

    def add_rules(self, rules: Iterable[Rule]) -> None:
        """Add rules behind the others; all count from now on."""
        self._rules = RuleBook([*self._rules.rules, *rules])

    def reset(self) -> None:
        """Forget counts, events and expired sessions; rules and schedule begin anew."""
        self.counts.reset()
        self._rules = RuleBook(self._rules.rules)
        self._expired.clear()

    @property
    def calls(self) -> list[str]:
        """The actions of all requests, in order of arrival."""
        return self.counts.order()

    @property
    def events(self) -> list[Event]:
        """The faults that were made, in order."""
        return self.counts.events()

    def set_index_lag(self, seconds: float) -> None:
        """Change the index lag of the sandbox behind the proxy.

        :param seconds: until lists see a new or changed object.
        :raises RuntimeError: the server behind is no sandbox, or is not there.
        """
        connection = http.client.HTTPConnection(self.upstream.hostname or "", self.upstream.port, timeout=_LAG_TIMEOUT)
        try:
            connection.request("PUT", f"/_sandbox/index-lag?seconds={seconds}")
            status = connection.getresponse().status
        except OSError as problem:
            raise RuntimeError(f"{self.upstream_url} can not be reached: {problem}") from problem
        finally:
            connection.close()
        if status != 200:
            raise RuntimeError(f"{self.upstream_url} takes no index lag (HTTP {status}): is it the sandbox?")

    def decide(self, request: Request) -> Fault | None:
        """Count a request and return the fault it gets, if any."""
        number = self.counts.count_call(request)
        fault = self._find(request, number)
        if fault is None:
            return None
        if fault.kind == EXPIRED_KS and fault.sticky:
            self._expired.add(request.session)
        event = self.counts.count_fault(request, number, fault)
        _log.info("%s", event)
        return fault

    @contextlib.contextmanager
    def treating(self) -> Iterator[None]:
        """Note that a request is on its way, for :meth:`wait_until_idle`."""
        with self._idle:
            self._in_flight += 1
        try:
            yield
        finally:
            with self._idle:
                self._in_flight -= 1
                self._idle.notify_all()

    def wait_until_idle(self, seconds: float) -> bool:
        """Wait until no request is on its way, also none of a client that has died meanwhile.

        :param seconds: not longer than this.
        :return: whether that came true.
        """
        with self._idle:
            return self._idle.wait_for(lambda: not self._in_flight, seconds)

    def wait(self, seconds: float) -> None:
        """Wait, but not longer than the proxy runs."""
        self._stopping.wait(seconds)

    def _find(self, request: Request, number: int) -> Fault | None:
        if request.session and request.session in self._expired:
            return Fault(EXPIRED_KS)
        judged = self.judge(request) if self.judge else None
        # All are asked, so that what one says does not change what the others say later.
        ruled = self._rules.decide(request)
        scheduled = self.schedule.decide(request.action, number) if self.schedule else None
        if scheduled and not request.can_get(scheduled):
            scheduled = None
        return judged or ruled or scheduled
