"""The whole stack with a counting proxy in front of Kaltura and of S3."""

from __future__ import annotations

import json
import os
import sys
import time
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from demo.processes import HOST, free_port
from demo.stack import LocalStack

from benchmarks.ingest.memory import cpu_seconds

KALTURA, S3 = "kaltura", "s3"


class CountingStack(LocalStack):
    """Airflow, a Kaltura sandbox and S3, where Airflow reaches the two servers through proxies that count.

    :param state: an empty directory; nothing in it is used again.
    """

    def __init__(self, state: Path) -> None:
        super().__init__(state)
        self._counting = {KALTURA: free_port(), S3: free_port()}

    def __enter__(self) -> CountingStack:
        super().__enter__()
        with ExitStack() as undo:
            undo.push(self)
            for service, upstream in ((KALTURA, self.kaltura_url), (S3, self.s3_url)):
                self._start_proxy(service, upstream)
            undo.pop_all()
        return self

    def __exit__(self, *failure: object) -> None:
        self._processes.stop()
        if self._s3_server is not None:
            # Unlike the demonstration's, these objects are not worth saving.
            self._s3_server.stop()

    def _start_proxy(self, service: str, upstream: str) -> None:
        port = self._counting[service]
        command = [
            sys.executable, "-m", "kaltura_sandbox.faults", "--service", service, "--upstream", upstream,
            "--port", str(port), "--log-level", "error",
        ]  # fmt: skip
        # What a killed run leaves behind is known by its state directory, when the next one starts.
        environment = {**os.environ, "BENCH_STATE": str(self.state)}
        child = self._processes.start(f"proxy-{service}", command, environment)
        self._processes.await_ready(child, lambda: bool(self._counts(service)), seconds=30)

    @property
    def counted_kaltura_url(self) -> str:
        """Address of Kaltura, through the proxy."""
        return f"http://{HOST}:{self._counting[KALTURA]}"

    @property
    def counted_s3_url(self) -> str:
        """Address of S3, through the proxy."""
        return f"http://{HOST}:{self._counting[S3]}"

    @property
    def database(self) -> Path:
        """Airflow's database."""
        return self.state / "airflow" / "airflow.db"

    def s3_connection(self) -> dict[str, Any]:
        """Return the Airflow connection to S3, through the proxy."""
        connection = super().s3_connection()
        return {**connection, "extra": {**connection["extra"], "endpoint_url": self.counted_s3_url}}

    def kaltura_connection(self) -> dict[str, Any]:
        """Return the Airflow connection to the sandbox, through the proxy."""
        return {**super().kaltura_connection(), "port": self._counting[KALTURA]}

    def requests(self, service: str) -> dict[str, int]:
        """Return how many requests of each action passed a proxy since :meth:`reset`."""
        calls: dict[str, int] = self._counts(service)["calls"]
        return calls

    def reset(self) -> None:
        """Let both proxies count from zero."""
        for service in self._counting:
            self._counts(service, "DELETE")

    def cpu(self) -> dict[str, float]:
        """Return the seconds of CPU of each server so far; that of S3 is this process's."""
        used = {child.name: cpu_seconds(Path(f"/proc/{child.process.pid}")) for child in self._processes.children}
        # Its parts run in processes of their own, its tasks are counted as tasks.
        used.pop("airflow", None)
        return {**used, "s3": time.process_time()}

    def _counts(self, service: str, method: str = "GET") -> Any:
        address = f"http://{HOST}:{self._counting[service]}/_faults/counts"
        request = urllib.request.Request(address, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return json.load(answer)
