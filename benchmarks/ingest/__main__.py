"""The command ``python -m benchmarks.ingest``; ``make bench-ingest`` runs it."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence

from demo.airflow_api import AirflowApi
from demo.bucket import BUCKET
from demo.processes import Processes
from demo.stack import PARTNER_ID, ROOT, USER

from benchmarks.ingest import report
from benchmarks.ingest.figures import LoopFigures
from benchmarks.ingest.files import fill
from benchmarks.ingest.runs import run_dag, say
from benchmarks.ingest.stand import KALTURA, CountingStack
from benchmarks.ingest.targets import evaluate
from benchmarks.upload.report import targets

STATE = ROOT / ".state" / "bench-ingest"
_SEED = 1


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
        say(f"{options.files} objects with {size / 1e6:.0f} MB are in S3")
        stack.await_airflow()
        api = AirflowApi(stack.airflow_url, USER, stack.password)
        api.pause("kaltura_publish")
        first = run_dag(stack, api, "kaltura_ingest", {"bucket": BUCKET}, options.files)
        print(report.run_table("New files", first), flush=True)
        again = run_dag(stack, api, "kaltura_ingest", {"bucket": BUCKET}, options.files)
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
