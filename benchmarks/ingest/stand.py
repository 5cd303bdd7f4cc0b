"""The whole stack with a counting proxy in front of Kaltura and of S3."""

from __future__ import annotations

import json
import sqlite3
import sys
import threading
import time
import urllib.request
from typing import Any

from demo.processes import HOST, free_port
from demo.stack import LocalStack

_SAMPLE_SECONDS = 0.2


class CountingStack(LocalStack):
    """Airflow, a Kaltura sandbox and S3, where Airflow reaches the two servers through proxies that count."""

    def __enter__(self) -> CountingStack:
        super().__enter__()
        self._proxies = {"kaltura": free_port(), "s3": free_port()}
        for service, upstream in (("kaltura", self.kaltura_url), ("s3", self.s3_url)):
            port = self._proxies[service]
            command = [
                sys.executable, "-m", "kaltura_sandbox.faults", "--service", service, "--upstream", upstream,
                "--port", str(port), "--log-level", "error",
            ]  # fmt: skip
            child = self._processes.start(f"proxy-{service}", command, self.airflow_environment())
            self._processes.await_ready(child, lambda port=port: bool(self._control(port)), seconds=30)  # type: ignore[misc]
        return self

    def s3_connection(self) -> dict[str, Any]:
        """Return the Airflow connection to S3, through the proxy."""
        connection = super().s3_connection()
        connection["extra"]["endpoint_url"] = f"http://{HOST}:{self._proxies['s3']}"
        return connection

    def kaltura_connection(self) -> dict[str, Any]:
        """Return the Airflow connection to the sandbox, through the proxy."""
        return {**super().kaltura_connection(), "port": self._proxies["kaltura"]}

    def requests(self, service: str) -> dict[str, int]:
        """Return how many requests of each action passed the proxy so far."""
        calls: dict[str, int] = self._control(self._proxies[service])["calls"]
        return calls

    @staticmethod
    def _control(port: int) -> Any:
        with urllib.request.urlopen(f"http://{HOST}:{port}/_faults/counts", timeout=5) as answer:
            return json.load(answer)

    def xcom_bytes(self, run_id: str) -> tuple[int, int]:
        """Return how many bytes the XComs of a run have in Airflow's database, and the greatest of them."""
        with sqlite3.connect(f"file:{self.state / 'airflow' / 'airflow.db'}?mode=ro", uri=True) as database:
            rows = database.execute("SELECT length(value) FROM xcom WHERE run_id = ?", (run_id,)).fetchall()
        sizes = [size or 0 for (size,) in rows]
        return sum(sizes), max(sizes, default=0)


class MemoryWatch:
    """Looks at the memory of Airflow's task processes again and again.

    :param stack: the stack whose tasks are watched.
    """

    def __init__(self, stack: LocalStack) -> None:
        self._root = stack.airflow_pid
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        #: Bytes of the largest process that ran a task.
        self.peak = 0

    def __enter__(self) -> MemoryWatch:
        self._thread.start()
        return self

    def __exit__(self, *failure: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        import psutil

        while not self._stop.wait(_SAMPLE_SECONDS):
            try:
                children = psutil.Process(self._root).children(recursive=True)
            except psutil.Error:
                continue
            for child in children:
                try:
                    if _runs_task(child.cmdline()):
                        self.peak = max(self.peak, child.memory_info().rss)
                except psutil.Error:
                    continue


def _runs_task(command: list[str]) -> bool:
    return "task" in " ".join(command)


def wait_for(what: Any, seconds: float) -> None:
    """Wait until something is true."""
    deadline = time.monotonic() + seconds
    while not what():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not after {seconds:.0f} s")
        time.sleep(0.5)
