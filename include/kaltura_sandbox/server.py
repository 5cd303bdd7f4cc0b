"""Running the sandbox: inside a test's process, or as a program of its own."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING

import uvicorn

from .app import build_app
from .receiving.handover import HandoverApp
from .receiving.processes import ReceivingProcesses
from .sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType, TracebackType

    from starlette.types import ASGIApp

    from .settings import Settings

_NOT_STARTED = "The sandbox did not start. The log above says why; a damaged --data directory can be deleted."


class _Server(uvicorn.Server):
    """uvicorn, telling when it listens and when a signal ends it."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None], on_exit: Callable[[], None]) -> None:
        super().__init__(config)
        self.on_ready = on_ready
        self._on_exit = on_exit

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._on_exit()
        super().handle_exit(sig, frame)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self.on_ready()


class SandboxServer:
    """A sandbox on a loopback port, for tests: ``with SandboxServer(settings) as server: server.url``.

    :param settings: what the sandbox is made of; port 0 takes a free one.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.sandbox = Sandbox(settings)
        try:
            self._socket = _listen(settings.host, settings.port)
        except BaseException:
            self.sandbox.stop()
            raise
        port = self._socket.getsockname()[1]
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        self.url = self.sandbox.url = f"http://{host}:{port}"
        self._ready = threading.Event()
        app: ASGIApp = build_app(self.sandbox)
        self.receivers: ReceivingProcesses | None = None
        if settings.receivers:
            spool, meter = self.sandbox.files.spool, self.sandbox.meter
            self.receivers = ReceivingProcesses(settings, self._socket, meter, spool)
            app = HandoverApp(app, self.receivers.secret)
        config = uvicorn.Config(
            app, log_level="warning", access_log=False, server_header=False,
            headers=[("Server", "Apache")], timeout_graceful_shutdown=5, lifespan="on",
        )  # fmt: skip
        self._server = _Server(config, self._ready.set, self.sandbox.stopping.set)
        self._thread = threading.Thread(target=self._run, name="sandbox-server", daemon=True)

    def serve(self, on_ready: Callable[[], None]) -> None:
        """Serve in this thread until a signal ends it.

        :param on_ready: called once requests are answered.
        :raises RuntimeError: the server did not start.
        """
        self._server.on_ready = on_ready
        try:
            self._run()
        finally:
            self._stop_receivers()
        if not self._server.started:
            raise RuntimeError(_NOT_STARTED)

    def start(self) -> None:
        """Serve in a thread of its own; returns once requests are answered.

        :raises RuntimeError: the server did not start.
        """
        self._thread.start()
        while not self._ready.wait(0.05):
            if not self._thread.is_alive():
                raise RuntimeError(_NOT_STARTED)

    def stop(self) -> None:
        """Stop and wait for the end; the data stays."""
        self.sandbox.stopping.set()
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join()
        self._stop_receivers()
        self._socket.close()

    def __enter__(self) -> SandboxServer:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _run(self) -> None:
        if self.receivers is not None:
            self.receivers.start()
        self._server.run(sockets=[self.receivers.application if self.receivers else self._socket])

    def _stop_receivers(self) -> None:
        if self.receivers is not None:
            self.receivers.stop()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(512)
    except OSError as problem:
        listener.close()
        raise RuntimeError(
            f"Cannot listen on {host}:{port} ({problem.strerror}). Choose another --port, or 0 for a free one."
        ) from problem
    return listener
