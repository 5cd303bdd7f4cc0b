"""A backfill of local days by worker processes that are killed, started again, and now and then two at once."""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
import time
from collections import Counter, deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any

from tests.chaos.publish.trials import aws_connection
from tests.chaos.report.direct_count import REPORTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from kaltura_sandbox.settings import Settings

SECRET = "admin-secret-for-tests"
PARTNER = 102
PREFIX = "analytics/"
_WORKERS = 2
# Every so many batches one is done by two workers at once, as when a lost worker turns out to be alive.
_TWICE_EVERY = 8
# A table is put in about as many seconds.
_PUT_SECONDS = 0.03
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(
    [
        "kaltura_provider.transfers.kaltura_to_s3",
        "kaltura_provider.hooks.kaltura",
        "kaltura_provider.hooks.s3_partitions",
        "kaltura_provider.api.analytics.day_files",
        "airflow.providers.amazon.aws.hooks.s3",
        "airflow.sdk",
        "pyarrow.compute",
        "pyarrow.csv",
        "pyarrow.parquet",
        "boto3",
        "requests",
        "kaltura_sandbox.server",
    ]
)
PHASES = ("start", "ask", "put", "done")

#: A report of a day.
Task = tuple[str, str]


def work(kaltura: str, s3: str, bucket: str, time_zone: str, tasks: Sequence[Task], done: Any, phase: Any) -> None:
    """Write reports of days, one after the other, as the tasks of a backfill do.

    :param kaltura: address of the sandbox.
    :param s3: address of S3.
    :param bucket: the bucket.
    :param time_zone: whose days.
    :param tasks: what to do.
    :param done: shared number of tasks that are done.
    :param phase: shared number, for the position in :data:`PHASES`.
    """
    os.environ["AIRFLOW_CONN_AWS_DEFAULT"] = aws_connection(s3)
    os.environ["AIRFLOW_CONN_KALTURA_DEFAULT"] = json.dumps(
        {"conn_type": "kaltura", "host": kaltura, "login": str(PARTNER), "extra": {"admin_secret": SECRET}}
    )
    # Airflow tells much; what breaks is told on the other channel.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    from kaltura_provider.hooks import s3_partitions
    from kaltura_provider.transfers.kaltura_to_s3 import KalturaReportToS3Operator

    class Watched(s3_partitions.S3Partitions):
        """Tells when it puts files."""

        def put(self, written: Any) -> str:
            phase.value = 2
            return super().put(written)

    setattr(s3_partitions, "S3Partitions", Watched)  # noqa: B010 - mypy knows of no other way to exchange a class
    for report, day in tasks:
        phase.value = 1
        operator = KalturaReportToS3Operator(
            task_id="report", report_type=report, day=day, time_zone=time_zone, s3_bucket=bucket, s3_prefix=PREFIX
        )
        operator.execute({})
        done.value += 1
    phase.value = 3


def _serve(settings: Settings, address: Any) -> None:
    from kaltura_sandbox.server import SandboxServer

    server = SandboxServer(settings)
    server.start()
    address.send(server.url)
    address.recv()
    server.stop()


@contextmanager
def sandbox_of_its_own(settings: Settings) -> Iterator[str]:
    """Run a sandbox in a process of its own; give its address."""
    ours, theirs = _CONTEXT.Pipe()
    process = _CONTEXT.Process(target=_serve, args=(settings, theirs), daemon=True)
    process.start()
    try:
        if not ours.poll(120):
            raise RuntimeError("the sandbox did not start in two minutes; what it said is above")
        yield ours.recv()
    finally:
        ours.send("stop")
        process.join(10)
        process.kill()


def export(settings: Settings, first: str, days: int, file: Path) -> Path:
    """Write the raw events of UTC days with the sandbox's command.

    :param first: the first day.
    """
    plan = settings.traffic
    assert plan is not None
    options = {
        "--traffic-seed": plan.seed, "--traffic-entries": plan.entries, "--traffic-viewers": plan.viewers,
        "--traffic-from": plan.first_day, "--traffic-days": plan.days, "--traffic-sessions": plan.sessions,
        "--from": first, "--days": days, "--out": file,
    }  # fmt: skip
    command = [sys.executable, "-m", "kaltura_sandbox.traffic"]
    subprocess.run([*command, *(str(part) for pair in options.items() for part in pair)], check=True)
    return file


@dataclass
class _Run:
    batch: list[Task]
    process: Any
    done: Any
    phase: Any
    started: float
    # Seconds after the start, or the task whose files are being put, and seconds after that.
    kill_at: float | None = None
    kill_in_put: tuple[int, float] | None = None
    put_seen: float | None = None

    def is_due(self) -> bool:
        """Tell whether it is to be killed now."""
        now = time.monotonic()
        if self.kill_at is not None:
            return now - self.started >= self.kill_at
        if self.kill_in_put is None:
            return False
        number, later = self.kill_in_put
        if self.put_seen is None and self.done.value >= number and self.phase.value == 2:
            self.put_seen = now
        return self.put_seen is not None and now - self.put_seen >= later


@dataclass
class Backfill:
    """A backfill with kills.

    :param kaltura: addresses of sandboxes that answer the same; each worker asks one.
    :param s3: address of S3.
    :param bucket: where to write.
    :param time_zone: whose days.
    :param tasks: what is to be done.
    :param kills: processes to kill at work.
    :param seed: of the moments.
    :param batch: tasks of one process.
    """

    kaltura: Sequence[str]
    s3: str
    bucket: str
    time_zone: str
    tasks: Sequence[Task]
    kills: int
    seed: int
    batch: int
    met: Counter[str] = field(default_factory=Counter)
    processes: int = 0
    executed: int = 0

    def run(self) -> None:
        """Do it all; a process that is killed is followed by one that begins with the task it was at."""
        batches = [list(self.tasks[at : at + self.batch]) for at in range(0, len(self.tasks), self.batch)]
        twice = [batch for number, batch in enumerate(batches) if number % _TWICE_EVERY == 1]
        waiting = deque(each for batch in batches for each in ([batch, batch] if batch in twice else [batch]))
        chance = Random(self.seed)
        running: list[_Run] = []
        seconds = self.batch * 0.3
        while waiting or running:
            while waiting and len(running) < _WORKERS:
                missing = self.kills - self.met.total() - sum(each.kill_at is not None for each in running)
                armed = missing > 0 and chance.random() < 2 * missing / len(waiting)
                running.append(self._start(waiting.popleft(), chance if armed else None, seconds))
            for each in list(running):
                if each.process.is_alive():
                    if each.is_due():
                        self._kill(each)
                    continue
                each.process.join()
                running.remove(each)
                self.executed += each.done.value
                rest = each.batch[each.done.value :]
                if each.process.exitcode == -9:
                    waiting.appendleft(rest)
                elif each.process.exitcode:
                    raise RuntimeError(f"a worker ended with {each.process.exitcode}; what it said is above")
                else:
                    seconds = 0.7 * seconds + 0.3 * (time.monotonic() - each.started)
            if not waiting and not running and self.met.total() < self.kills:
                # Not enough were at work when their moment came: what is there already is written once more.
                waiting.append(list(chance.choice(batches)))
            time.sleep(0.001)

    def _start(self, batch: list[Task], chance: Random | None, seconds: float) -> _Run:
        done, phase = _CONTEXT.Value("i", 0), _CONTEXT.Value("i", 0)
        kaltura = self.kaltura[self.processes % len(self.kaltura)]
        process = _CONTEXT.Process(
            target=work, args=(kaltura, self.s3, self.bucket, self.time_zone, batch, done, phase), daemon=True
        )
        process.start()
        self.processes += 1
        run = _Run(batch, process, done, phase, time.monotonic())
        if chance is not None and chance.random() < 0.5:
            run.kill_at = chance.uniform(0, seconds * len(batch) / self.batch)
        elif chance is not None:
            run.kill_in_put = chance.randrange(len(batch)), chance.uniform(0, _PUT_SECONDS)
        return run

    def _kill(self, run: _Run) -> None:
        run.kill_at = run.kill_in_put = None
        run.process.kill()
        run.process.join()
        # A process that came to its end before is no kill.
        if run.process.exitcode == -9 and 0 < run.phase.value < 3:
            self.met[PHASES[run.phase.value]] += 1


def fetch(s3: Any, bucket: str, folder: Path) -> dict[str, list[str]]:
    """Copy all tables from S3; return the names of the files by prefix."""
    found: dict[str, list[str]] = {}
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=PREFIX):
        for item in page.get("Contents", []):
            prefix, _, name = item["Key"].removeprefix(PREFIX).rpartition("/")
            found.setdefault(prefix, []).append(name)
            (folder / prefix).mkdir(parents=True, exist_ok=True)
            (folder / prefix / name).write_bytes(s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read())
    return found


def unfit(files: dict[str, list[str]], folder: Path, days: Sequence[str]) -> list[str]:
    """Return the partitions that are not whole: one data file and a manifest that says what is in it, for every day."""
    import hashlib

    import pyarrow.parquet as parquet

    expected = {f"{report.lower()}/day={day}" for report in REPORTS for day in days}
    wrong = [f"{prefix} is missing" for prefix in sorted(expected - files.keys())]
    wrong += [f"{prefix} should not be there" for prefix in sorted(files.keys() - expected)]
    for prefix in sorted(expected & files.keys()):
        if sorted(files[prefix]) != ["_manifest.json", "data.parquet"]:
            wrong.append(f"{prefix} has {', '.join(files[prefix])}")
            continue
        body = (folder / prefix / "data.parquet").read_bytes()
        manifest = json.loads((folder / prefix / "_manifest.json").read_bytes())
        held = {"bytes": len(body), "sha256": hashlib.sha256(body).hexdigest()}
        table = parquet.read_metadata(folder / prefix / "data.parquet")
        if manifest["files"] != {"data.parquet": held}:
            wrong.append(f"{prefix}: the manifest is not that of the file")
        if manifest["rows"] != table.num_rows:
            wrong.append(f"{prefix}: the manifest says {manifest['rows']} rows, the file has {table.num_rows}")
        if [each["name"] for each in manifest["schema"]] != table.schema.to_arrow_schema().names:
            wrong.append(f"{prefix}: the manifest's schema is not that of the file")
        if f"{manifest['report'].lower()}/day={manifest['day']}" != prefix:
            wrong.append(f"{prefix}: the manifest is of {manifest['report']} of {manifest['day']}")
        wrong += [f"{prefix}: {each['column']} disagrees" for each in manifest["totals"] if not each["agrees"]]
    return wrong
