"""One schedule, from the first worker to the last check."""

from __future__ import annotations

import hashlib
import json
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kaltura_sandbox.faults import S3, Fault, FaultProxy, Request
from kaltura_sandbox.server import SandboxServer
from kaltura_sandbox.settings import Partner, Settings
from tests.chaos.ground import Ground, Worker
from tests.chaos.invariants import Facts, violations_of
from tests.chaos.scenario import CLOCK, KALTURA_SIDE, READ_TIMEOUT, S3_SIDE, Kill, Scenario
from tests.chaos.worker import ADMIN_SECRET, AWS_SECRET, PARTNER, Job

KEY = "lectures/talk.mp4"
#: Tries of a task that fails by itself: Airflow's retries of the DAG, and the first one.
TRIES = 4
#: A worker that takes longer hangs.
LONGEST_WORK = 90.0

_HEAD = (Path(__file__).parents[1] / "contract" / "scenarios" / "_fixtures" / "tiny.mp4").read_bytes()


@dataclass
class Verdict:
    """How one schedule ended.

    :param scenario: the schedule.
    :param violations: what must not be, in words; empty if all is well.
    :param ends: how each worker ended: ``done``, ``killed``, or its error.
    :param facts: what was found in the end.
    :param faults: what was done to both sides, in order.
    :param seconds: how long it took.
    """

    scenario: Scenario
    violations: list[str] = field(default_factory=list)
    ends: list[str] = field(default_factory=list)
    facts: Facts | None = None
    faults: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def report(self, folder: Path) -> str:
        """Tell a person what happened and how to have it again."""
        logs = [f"--- {log.parent.name}\n{_without_noise(log.read_text())}" for log in sorted(folder.glob("*/log.txt"))]
        return "\n".join(
            [
                f"Schedule {self.scenario.seed} violates:",
                *(f"  * {text}" for text in self.violations),
                f"Again: make chaos N=1 SEED={self.scenario.seed}",
                f"{self.scenario!r}",
                f"Workers: {', '.join(self.ends)}",
                "Faults:",
                *self.faults,
                *logs,
            ]
        )


def _without_noise(log: str) -> str:
    """A worker's log without what Airflow says each time it reads a connection."""
    return "\n".join(line for line in log.splitlines() if "AwsConnectionWrapper" not in line)


def make_file(size: int, seed: int) -> bytes:
    """A playable video of this size; what it lacks is a box that players skip."""
    box = max(size - len(_HEAD), 8)
    filler = b"".join(hashlib.sha256(f"{seed} {number}".encode()).digest() for number in range(box // 32 + 1))
    return _HEAD + box.to_bytes(4, "big") + b"free" + filler[: box - 8]


def told(**proxies: FaultProxy) -> list[str]:
    """What the proxies did, in the order of time."""
    events = [(event.seconds, f"  {name:8}{event}") for name, proxy in proxies.items() for event in proxy.events]
    return [text for _, text in sorted(events)]


class Trial:
    """One schedule on servers of its own.

    :param ground: what all share.
    :param scenario: the schedule.
    :param folder: for logs; must not exist.
    """

    def __init__(self, ground: Ground, scenario: Scenario, folder: Path) -> None:
        self.ground = ground
        self.scenario = scenario
        self.folder = folder
        self.bucket = f"chaos-{scenario.seed}"
        self.verdict = Verdict(scenario)

    def run(self) -> Verdict:
        """Let it happen, then look."""
        started = time.monotonic()
        self.folder.mkdir(parents=True)
        content = make_file(self.scenario.size, self.scenario.seed)
        with self._servers(content) as (sandbox, kaltura, s3):
            sandbox.sandbox.store.set_index_lag(self.scenario.index_lag)
            kaltura.schedule, s3.schedule = self.scenario.kaltura, self.scenario.s3
            self._work(kaltura, s3)
            kaltura.schedule = s3.schedule = kaltura.judge = s3.judge = None
            self.verdict.faults = told(kaltura=kaltura, s3=s3)
            interruptions = sum(end != "done" for end in self.verdict.ends)
            dropped = [event for event in kaltura.events if event.action == "uploadToken.upload"]
            # What a dead worker had sent may still be on its way; a person who clears the task comes later than that.
            kaltura.wait_until_idle(30)
            s3.wait_until_idle(30)
            self._clean_run(kaltura, s3)
            sent = sum(kaltura.counts.part_bytes_announced.values())
            facts = self.verdict.facts = Facts.find(sandbox, self.ground.s3, self.bucket, sent)
            self.verdict.violations += violations_of(self.scenario, facts, content, interruptions, len(dropped))
        logs = "".join(log.read_text() for log in self.folder.glob("*/log.txt"))
        if ADMIN_SECRET in logs or AWS_SECRET in logs:
            self.verdict.violations.append("a worker logged a secret")
        self.verdict.seconds = round(time.monotonic() - started, 2)
        return self.verdict

    @contextmanager
    def _servers(self, content: bytes) -> Iterator[tuple[SandboxServer, FaultProxy, FaultProxy]]:
        data = self.folder / "sandbox"
        settings = Settings(
            data=data, partners=(Partner(PARTNER, ADMIN_SECRET, "user-secret"),), conversion_seconds=0.1,
            final_chunk_wait=READ_TIMEOUT, worker_threads=32,
        )  # fmt: skip
        with ExitStack() as running:
            running.callback(shutil.rmtree, data, ignore_errors=True)
            sandbox = running.enter_context(SandboxServer(settings))
            kaltura = running.enter_context(FaultProxy(sandbox.url))
            s3 = running.enter_context(FaultProxy(self.ground.s3_url, service=S3))
            self.ground.s3.create_bucket(Bucket=self.bucket)
            running.callback(self._remove_bucket)
            self.ground.s3.put_object(Bucket=self.bucket, Key=KEY, Body=content)
            yield sandbox, kaltura, s3

    def _remove_bucket(self) -> None:
        for item in self.ground.s3.list_objects_v2(Bucket=self.bucket)["Contents"]:
            self.ground.s3.delete_object(Bucket=self.bucket, Key=item["Key"])
        self.ground.s3.delete_bucket(Bucket=self.bucket)

    def _work(self, kaltura: FaultProxy, s3: FaultProxy) -> None:
        """Run the task, and again as Airflow would, until it is done or has failed or been killed often enough."""
        kills = [*self.scenario.kills]
        failures = 0
        while failures < TRIES:
            kill = kills.pop(0) if kills else None
            end = self._worker(kaltura, s3, "dirty", "update", kill)
            self.verdict.ends.append(end)
            if end == "done":
                return
            failures += end != "killed"

    def _clean_run(self, kaltura: FaultProxy, s3: FaultProxy) -> None:
        """Run the task once more, with a plan of its own and nothing in its way."""
        end = self._worker(kaltura, s3, "clean", "retry", None)
        self.verdict.ends.append(f"clean: {end}")
        if end != "done":
            self.verdict.violations.append(f"without any fault the task ends with: {end}")

    def _worker(self, kaltura: FaultProxy, s3: FaultProxy, plan: str, known_files: str, kill: Kill | None) -> str:
        """Run one worker; return how it ended."""
        scenario = self.scenario
        folder = self.folder / f"worker-{len(self.verdict.ends) + 1}"
        folder.mkdir()
        job = Job(
            folder=str(folder), plan=str(self.folder / f"{plan}-plan.json"), kaltura_url=kaltura.url, s3_url=s3.url,
            bucket=self.bucket, owner="kaltura_ingest/run/transfer[0]", known_files=known_files,
            part_size=scenario.part_size, first_size=scenario.first_size, parallel=scenario.parallel,
            settle=scenario.settle, read_timeout=READ_TIMEOUT,
        )  # fmt: skip
        executioner = Executioner(kill)
        kaltura.judge = executioner.judge(KALTURA_SIDE)
        s3.judge = executioner.judge(S3_SIDE)
        worker = self.ground.start(job)
        executioner.take(worker)
        try:
            if not worker.wait(LONGEST_WORK):
                self.verdict.violations.append(f"a worker did not end within {LONGEST_WORK:.0f} s")
                worker.kill()
                worker.wait(10)
        finally:
            executioner.end()
            worker.close()
        result = folder / "result.json"
        if result.exists():
            return str(json.loads(result.read_text()).get("error", "done"))
        if not executioner.killed:
            self.verdict.violations.append("a worker died by itself")
        return "killed"


class Executioner:
    """Kills a worker at its moment.

    :param kill: the moment; None spares it.
    """

    def __init__(self, kill: Kill | None) -> None:
        self.killed = False
        self._kill = kill
        self._seen = 0
        self._lock = threading.Lock()
        self._known = threading.Event()
        self._worker: Worker | None = None
        self._timer: threading.Timer | None = None

    def take(self, worker: Worker) -> None:
        """Get to know the worker."""
        self._worker = worker
        self._known.set()
        if self._kill and self._kill.side == CLOCK:
            self._timer = threading.Timer(self._kill.at, self._execute)
            self._timer.start()

    def end(self) -> None:
        """Kill no more."""
        self._kill = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer.join()

    def judge(self, side: str) -> Any:
        """Make a judge for the proxy of one side."""

        def judge(request: Request) -> Fault | None:
            kill = self._kill
            if kill is None or kill.side != side or kill.action not in ("", request.action):
                return None
            with self._lock:
                self._seen += 1
                if self._seen != kill.at:
                    return None
            self._execute()
            return None if kill.arrives else Fault("drop_request", at=0)

        return judge

    def _execute(self) -> None:
        assert self._known.wait(30)
        assert self._worker is not None
        self.killed = True
        self._worker.kill()
        self._worker.wait(10)
