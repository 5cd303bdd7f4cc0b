"""What all schedules share: an S3 server, and the server that forks workers."""

from __future__ import annotations

import contextlib
import logging
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import boto3
from moto.server import ThreadedMotoServer

from tests.chaos.worker import Job, order

ROOT = Path(__file__).resolve().parents[2]


class Worker:
    """A worker process, watched by a handle that never means another process."""

    def __init__(self, process: int, folder: Path) -> None:
        self.folder = folder
        self._handle: int | None = None
        with contextlib.suppress(ProcessLookupError):
            self._handle = os.pidfd_open(process)

    def kill(self) -> None:
        """Kill it, if it still runs: SIGKILL, as the kernel does when memory is short."""
        if self._handle is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle, signal.SIGKILL)

    def wait(self, seconds: float) -> bool:
        """Wait for its end; return whether it came."""
        if self._handle is None:
            return True
        watch = select.poll()
        watch.register(self._handle, select.POLLIN)
        return bool(watch.poll(seconds * 1000))

    def close(self) -> None:
        """Stop watching."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


class Ground:
    """An S3 server in this process, and a server of workers beside it. A context manager, usable by threads."""

    def __init__(self) -> None:
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self._moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self._home = tempfile.TemporaryDirectory(prefix="chaos-airflow-")
        self._forks: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> Ground:
        # Never the user's own Airflow.
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "KALTURA"))}
        environment |= {"AIRFLOW_HOME": self._home.name, "AIRFLOW__CORE__LOAD_EXAMPLES": "False"}
        self._forks = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.worker"], cwd=ROOT, env=environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self._moto.start()
        host, port = self._moto.get_host_and_port()
        self.s3_url = f"http://{host}:{port}"
        self.s3: Any = boto3.client(
            "s3", endpoint_url=self.s3_url, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
        )
        if self._answer() != "ready":
            raise RuntimeError("The server of workers did not start; run `python -m tests.chaos.worker` to see why.")
        return self

    def __exit__(self, *_: object) -> None:
        if self._forks is not None:
            self._forks.communicate()
        self._moto.stop()
        self._home.cleanup()

    def start(self, job: Job) -> Worker:
        """Start a worker."""
        assert self._forks is not None
        assert self._forks.stdin is not None
        with self._lock:
            self._forks.stdin.write(order(job))
            self._forks.stdin.flush()
            process = int(self._answer())
            return Worker(process, Path(job.folder))

    def _answer(self) -> str:
        assert self._forks is not None
        assert self._forks.stdout is not None
        while line := self._forks.stdout.readline().strip():
            # Airflow's own remarks come this way too.
            if line == "ready" or line.isdecimal():
                return line
        raise RuntimeError("The server of workers ended; run `python -m tests.chaos.worker` to see why.")
