"""The command ``python -m benchmarks.ingest``; ``make bench-ingest`` runs it."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence

from demo.airflow_api import DONE, AirflowApi
from demo.bucket import BUCKET
from demo.processes import Processes
from demo.stack import PARTNER_ID, ROOT, USER

from benchmarks.ingest import report
from benchmarks.ingest.figures import LoopFigures, RunFigures, tasks_of, xcom_of
from benchmarks.ingest.files import fill
from benchmarks.ingest.memory import MemoryWatch
from benchmarks.ingest.stand import KALTURA, S3, CountingStack
from benchmarks.ingest.targets import evaluate
from benchmarks.upload.report import targets

STATE = ROOT / ".state" / "bench-ingest"
_SEED = 1
_HOURS = 3 * 3600


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and tell whether all targets are met."""
    options = _parser().parse_args(arguments)
    print(f"{os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}, Python {sys.version.split()[0]}", flush=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # on the way out, all servers are stopped
    # What a killed run has left behind is named in its state.
    Processes(STATE).stop()
    shutil.rmtree(STATE)
    with CountingStack(STATE) as stack:
        size = fill(stack.s3, BUCKET, options.files, _SEED)
        _say(f"{options.files} objects with {size / 1e6:.0f} MB are in S3")
        stack.await_airflow()
        api = AirflowApi(stack.airflow_url, USER, stack.password)
        api.pause("kaltura_publish")
        first = _run(stack, api, options.files)
        print(report.run_table("New files", first), flush=True)
        again = _run(stack, api, options.files)
        print(report.run_table("The same files again, unchanged", again), flush=True)
        if options.sample:
            loop = _loop(stack, min(options.sample, options.files))
            print(report.loop_table(loop, first), flush=True)
        if options.keep:
            input("Everything is kept running; Enter stops it. ")
    found = evaluate(first, again)
    print(targets(found))
    missed = sum(not each.met for each in found)
    # What was missed, or broke, can be looked into in the logs that are left.
    if not missed:
        shutil.rmtree(STATE, ignore_errors=True)
    print(f"{len(found) - missed} met, {missed} missed; load {os.getloadavg()[0]:.1f}")
    return 1 if missed else 0


def _run(stack: CountingStack, api: AirflowApi, files: int) -> RunFigures:
    """Let Airflow ingest the bucket."""
    stack.reset()
    before = stack.cpu()
    with MemoryWatch(stack.airflow_pid) as memory:
        started = time.monotonic()
        run_id = api.trigger("kaltura_ingest", {"bucket": BUCKET})
        state = _await(api, run_id)
        seconds = time.monotonic() - started
    used = {server: seconds - before[server] for server, seconds in stack.cpu().items()}
    if state != "success":
        _say(api.failure("kaltura_ingest", run_id))
    total, largest = xcom_of(stack.database, run_id)
    return RunFigures(
        files=files,
        state=state,
        seconds=seconds,
        kaltura=stack.requests(KALTURA),
        s3=stack.requests(S3),
        tasks=tasks_of(stack.database, run_id, memory.tasks, memory.cpu),
        xcom_bytes=total,
        xcom_largest=largest,
        helper_memory=memory.helper,
        helpers=memory.helpers,
        entries=_entries(stack),
        servers=used,
    )


def _await(api: AirflowApi, run_id: str) -> str:
    """Wait for the end of a run with few requests: Airflow answers them with the CPUs that are measured."""
    deadline, told = time.monotonic() + _HOURS, 0.0
    while time.monotonic() < deadline:
        state: str = api.get(f"dags/kaltura_ingest/dagRuns/{run_id}")["state"]
        if state in DONE:
            return state
        if time.monotonic() - told > 30:
            told = time.monotonic()
            path = f"dags/kaltura_ingest/dagRuns/{run_id}/taskInstances"
            ended = api.get(path, state="success", limit=1)["total_entries"]
            _say(f"{ended} of {api.get(path, limit=1)['total_entries']} task instances have ended")
        time.sleep(1)
    raise TimeoutError(f"{run_id} did not end in {_HOURS} s")


def _entries(stack: CountingStack) -> int:
    """Return how many entries with content Kaltura has."""
    from kaltura_provider.api import AdminSecretCredentials, ClientConfig, KalturaClient

    with KalturaClient(
        ClientConfig(stack.kaltura_url, PARTNER_ID), AdminSecretCredentials(stack.admin_secret)
    ) as client:
        filter = {"statusIn": "2", "moderationStatusIn": "1,2,3,5,6"}
        answer = client.call("baseEntry", "list", {"filter": filter, "pager": {"pageSize": 1, "pageIndex": 1}})
    return int(answer["totalCount"])


def _loop(stack: CountingStack, files: int) -> LoopFigures:
    """Let the official client send some of the files once more."""
    stack.reset()
    job = {
        "kaltura": stack.counted_kaltura_url, "s3": stack.counted_s3_url, "secret": stack.admin_secret,
        "partner": PARTNER_ID, "bucket": BUCKET, "files": files, "seed": _SEED,
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.ingest.loop"],
        input=json.dumps(job) + "\n", stdout=subprocess.PIPE, text=True, check=True, cwd=ROOT,
    )  # fmt: skip
    result = json.loads(done.stdout.splitlines()[-1])
    return LoopFigures(files, result["seconds"], sum(stack.requests(KALTURA).values()), result["memory"])


def _say(text: str) -> None:
    print(f"  {time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="benchmarks.ingest", description=__doc__)
    parser.add_argument("--files", type=int, default=10_000, help="objects to ingest (default %(default)s)")
    parser.add_argument(
        "--sample",
        type=int,
        default=200,
        help="of these, for the official client; 0 for none (default %(default)s)",
    )
    parser.add_argument("--keep", action="store_true", help="keep servers and state until Enter, to look into them")
    return parser


if __name__ == "__main__":
    sys.exit(main())
