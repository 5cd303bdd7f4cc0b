"""Running clients, each in a fresh process, and what is known of a run afterwards."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.upload.environment import peers_python
from benchmarks.upload.matrix import OURS_S3, Candidate, Situation
from benchmarks.upload.server import PARTNER, Server

_CLIENTS = Path(__file__).parent / "clients"
_TIMEOUT = 900.0


@dataclass(frozen=True)
class Run:
    """One upload.

    :param seconds: from uploadToken.add to the answer that closed the file.
    :param cpu: seconds of the whole process, its start and imports included.
    :param memory: bytes it held at most.
    :param requests: HTTP requests.
    :param bytes_twice: bytes the server got beyond the file's own.
    :param at_once: long bodies in flight at most.
    """

    seconds: float
    cpu: float
    memory: int
    requests: int
    bytes_twice: int
    at_once: int


@dataclass(frozen=True)
class Idle:
    """A process with the same modules that uploads nothing.

    :param cpu: seconds.
    :param memory: bytes it held at most.
    """

    cpu: float
    memory: int


@dataclass(frozen=True)
class Figures:
    """What a candidate reached in a situation: medians of its runs.

    :param runs: the runs.
    :param idle: its process without an upload.
    :param size: bytes of the file.
    """

    runs: tuple[Run, ...]
    idle: Idle
    size: int

    @property
    def seconds(self) -> float:
        """Median."""
        return statistics.median(run.seconds for run in self.runs)

    @property
    def speed(self) -> float:
        """10⁶ bytes per second."""
        return self.size / 1e6 / self.seconds

    @property
    def cpu(self) -> float:
        """Median of the whole process, seconds."""
        return statistics.median(run.cpu for run in self.runs)

    @property
    def memory(self) -> int:
        """Greatest of all runs, bytes."""
        return max(run.memory for run in self.runs)

    @property
    def memory_over_idle(self) -> int:
        """What the upload itself took at most, bytes."""
        return self.memory - self.idle.memory

    @property
    def requests(self) -> float:
        """Median."""
        return statistics.median(run.requests for run in self.runs)

    @property
    def bytes_twice(self) -> int:
        """Greatest of all runs."""
        return max(run.bytes_twice for run in self.runs)

    @property
    def at_once(self) -> int:
        """Greatest of all runs."""
        return max(run.at_once for run in self.runs)


class Bench:
    """Runs candidates against one server.

    :param server: the server.
    :param storage: endpoint of the S3 that has the same files.
    """

    def __init__(self, server: Server, storage: str) -> None:
        self._server = server
        self._storage = storage
        self._idle: dict[str, Idle] = {}

    def rounds(
        self,
        situation: Situation,
        candidates: Sequence[tuple[Candidate, int]],
        path: Path,
        address: str,
        told: Callable[[str], None],
    ) -> dict[Candidate, Figures]:
        """Let candidates take turns.

        :param situation: the situation.
        :param candidates: each with the number of its runs.
        :param path: the file.
        :param address: where the server is reached.
        :param told: called with a line about each run.
        """
        runs: dict[str, list[Run]] = {candidate.name: [] for candidate, _ in candidates}
        for number in range(max(count for _, count in candidates)):
            for candidate, count in candidates:
                if number < count:
                    run = self.run(candidate, path, address)
                    runs[candidate.name].append(run)
                    told(f"{situation.name} round {number + 1}: {candidate.name} {run.seconds:.2f} s")
        return {
            candidate: Figures(tuple(runs[candidate.name]), self._idle[candidate.name], situation.bytes)
            for candidate, _ in candidates
        }

    def run(self, candidate: Candidate, path: Path, address: str) -> Run:
        """Upload once and verify the result.

        :raises RuntimeError: the upload failed or is not right.
        """
        job = {
            "address": address, "partner": PARTNER, "secret": self._server.secret, "path": str(path),
            "options": candidate.options,
        }  # fmt: skip
        if candidate.kind == OURS_S3:
            job |= {"s3": self._storage, "key": path.name}
        self._server.begin()
        answer, cpu = run_client(candidate, job)
        seen = self._server.check(answer["token"], path)
        if candidate.name not in self._idle:
            idle, idle_cpu = run_client(candidate, {**job, "modules": answer["modules"]})
            self._idle[candidate.name] = Idle(idle_cpu, idle["memory"])
        return Run(answer["seconds"], cpu, answer["memory"], seen.requests, seen.bytes_twice, seen.at_once)


def run_client(candidate: Candidate, job: dict[str, Any]) -> tuple[dict[str, Any], float]:
    """Run a client script; return what it reports and the seconds of CPU its process took.

    :raises RuntimeError: it failed; the message has its last words.
    """
    python = peers_python() if candidate.peer else Path(sys.executable)
    with subprocess.Popen(
        [str(python), str(_CLIENTS / f"{candidate.script}.py")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        stdin, stdout, stderr = process.stdin, process.stdout, process.stderr
        if stdin is None or stdout is None or stderr is None:
            raise RuntimeError("the process has no pipes")
        limit = threading.Timer(_TIMEOUT, process.kill)
        limit.start()
        try:
            stdin.write(json.dumps(job) + "\n")
            stdin.close()
            output, complaints = stdout.read(), stderr.read()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        finally:
            limit.cancel()
    lines = output.splitlines()
    if process.returncode or not lines:
        raise RuntimeError(f"{candidate.name} failed: {complaints[-2000:]}")
    answer: dict[str, Any] = json.loads(lines[-1])
    return answer, usage.ru_utime + usage.ru_stime
