"""The receiving processes of a sandbox: started, restarted when one dies, and stopped with it."""

from __future__ import annotations

import logging
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from .front import Front

if TYPE_CHECKING:
    from ..settings import Settings
    from .costs import Meter

_log = logging.getLogger(__name__)


class ReceivingProcesses:
    """Takes the requests of a sandbox in several processes.

    :param settings: how many processes, what they charge.
    :param listener: the socket that clients connect to; it stays the caller's.
    :param meter: where they charge and count.
    :param spool: directory for bodies.
    """

    def __init__(self, settings: Settings, listener: socket.socket, meter: Meter, spool: Path) -> None:
        self._folder = tempfile.mkdtemp(prefix="kaltura-sandbox-")
        path = os.path.join(self._folder, "application")
        #: What the application listens on.
        self.application = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.application.bind(path)
        self.application.listen(512)
        #: What a request must know to be let in there.
        self.secret = secrets.token_hex(16)
        self._front = Front(
            listener.fileno(), os.dup(meter.handle), settings.costs, path, str(spool.resolve()), self.secret,
            settings.post_max_bytes,
        )  # fmt: skip
        self._count = settings.receivers
        self._guard = threading.Lock()
        self._stopping = False
        self._running: list[subprocess.Popen[str]] = []

    @property
    def process_ids(self) -> list[int]:
        """The ids of the processes that run now."""
        with self._guard:
            return [each.pid for each in self._running]

    def start(self) -> None:
        """Start the processes, and look after them from now on.

        :raises RuntimeError: one did not start.
        """
        for _ in range(self._count):
            process = self._start_one()
            threading.Thread(target=self._keep, args=[process], name="sandbox-receiver", daemon=True).start()

    def stop(self) -> None:
        """Stop the processes."""
        with self._guard:
            self._stopping = True
            running = list(self._running)
        for each in running:
            each.terminate()
        for each in running:
            each.wait()
        self.application.close()
        os.close(self._front.meter)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _start_one(self) -> subprocess.Popen[str]:
        with self._guard:
            if self._stopping:
                raise RuntimeError("The sandbox stops.")
            process = subprocess.Popen(
                [sys.executable, "-m", "kaltura_sandbox.receiving.front"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                pass_fds=(self._front.listener, self._front.meter),
            )  # fmt: skip
            self._running.append(process)
        if process.stdin is not None:
            # Not on the command line, which everybody can read.
            process.stdin.write(self._front.to_json() + "\n")
            process.stdin.flush()
        if not (process.stdout and process.stdout.readline()):
            raise RuntimeError("A receiving process did not start. The log above says why.")
        return process

    def _keep(self, process: subprocess.Popen[str]) -> None:
        """Start another process whenever this one has ended."""
        while True:
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    stream.close()
            with self._guard:
                self._running.remove(process)
                if self._stopping:
                    return
            _log.warning("receiving process %d ended with %s; another one is started", process.pid, process.returncode)
            try:
                process = self._start_one()
            except RuntimeError as problem:
                if not self._stopping:
                    _log.error("%s", problem)
                return
