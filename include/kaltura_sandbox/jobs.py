"""Background jobs that survive a restart: what makes a video READY some seconds after its upload.

A job is a row in the database. It is removed after its handler has returned, so a handler that was interrupted runs
again: handlers must check the present state first.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from .registry import JOBS

if TYPE_CHECKING:
    from .sandbox import Sandbox

_log = logging.getLogger(__name__)

_WORKERS = 4
_MAX_ATTEMPTS = 5
_RETRY_SECONDS = 5.0


class Jobs:
    """Runs the jobs of one sandbox.

    :param sandbox: handed to the handlers.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._wake = threading.Condition()
        self._stopping = False
        self._running: set[int] = set()
        self._pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="sandbox-job")
        self._thread = threading.Thread(target=self._loop, name="sandbox-jobs", daemon=True)

    def schedule(self, kind: str, payload: dict[str, Any], delay: float = 0.0) -> None:
        """Run a job later; inside a transaction it counts only if that is committed.

        :param kind: the name given to :func:`~kaltura_sandbox.registry.job`.
        :param payload: JSON data for the handler.
        :param delay: seconds.
        :raises KeyError: there is no such kind.
        """
        if kind not in JOBS:
            raise KeyError(f"no job is declared as {kind!r}")
        store = self._sandbox.store
        with store.transaction() as connection:
            connection.execute(
                "INSERT INTO jobs (kind, payload, due_at) VALUES (?, ?, ?)",
                (kind, json.dumps(payload), time.time() + delay),
            )
            store.after_commit(self._notify)

    def start(self) -> None:
        """Begin to run jobs, also those left by an earlier process."""
        self._thread.start()

    def stop(self) -> None:
        """Stop; jobs that are running are finished, the others wait for the next start."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        if self._thread.is_alive():
            self._thread.join()
        self._pool.shutdown(wait=True)

    def _notify(self) -> None:
        with self._wake:
            self._wake.notify()

    def _loop(self) -> None:
        while True:
            with self._wake:
                if self._stopping:
                    return
                wait = self._start_due()
                self._wake.wait(wait)

    def _start_due(self) -> float | None:
        """Start the jobs that are due; return the seconds until the next one, None when there is none."""
        now = time.time()
        rows = self._sandbox.store.connection.execute(
            "SELECT seq, kind, payload, due_at, attempts FROM jobs ORDER BY due_at LIMIT 200"
        ).fetchall()
        for seq, kind, payload, due_at, attempts in rows:
            if seq in self._running:
                continue
            if due_at > now:
                return float(due_at - now)
            self._running.add(seq)
            self._pool.submit(self._run, seq, kind, json.loads(payload), attempts)
        return None

    def _run(self, seq: int, kind: str, payload: dict[str, Any], attempts: int) -> None:
        try:
            handler = JOBS.get(kind)
            if handler is not None:
                handler(self._sandbox, payload)
            statement, values = "DELETE FROM jobs WHERE seq = ?", (seq,)
        except Exception:
            _log.exception("job %s %s failed", kind, payload)
            statement = "UPDATE jobs SET attempts = attempts + 1, due_at = ? WHERE seq = ?"
            values = (time.time() + _RETRY_SECONDS, seq)  # type: ignore[assignment]
            if attempts + 1 >= _MAX_ATTEMPTS:
                statement, values = "DELETE FROM jobs WHERE seq = ?", (seq,)
        with self._sandbox.store.transaction() as connection:
            connection.execute(statement, values)
        with self._wake:
            self._running.discard(seq)
            self._wake.notify()
