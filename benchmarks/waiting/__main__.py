"""The command ``python -m benchmarks.waiting``; ``make bench-waiting`` runs it."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
from collections.abc import Sequence

from demo.airflow_api import AirflowApi
from demo.processes import Processes
from demo.stack import ROOT, USER

from benchmarks.upload.report import targets
from benchmarks.upload.targets import Target
from benchmarks.waiting.report import table
from benchmarks.waiting.runs import wait_for, warm_up
from benchmarks.waiting.stand import WaitingStack
from benchmarks.waiting.targets import evaluate

STATE = ROOT / ".state" / "bench-waiting"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and tell whether all targets are met."""
    options = _parser().parse_args(arguments)
    print(f"{os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}, Python {sys.version.split()[0]}", flush=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # on the way out, all servers are stopped
    # What a killed run has left behind is named in its state.
    Processes(STATE).stop()
    shutil.rmtree(STATE)
    found: list[Target] = []
    with WaitingStack(STATE) as stack:
        stack.await_airflow()
        api = AirflowApi(stack.airflow_url, USER, stack.password)
        warm_up(stack, api)
        for tasks in options.tasks or [1, options.entries]:
            figures = wait_for(stack, api, options.entries, tasks, options.polls)
            print(table(figures), flush=True)
            found += evaluate(figures)
    print(targets(found))
    missed = sum(not each.met for each in found)
    # What was missed, or broke, can be looked into in the logs that are left.
    if not missed:
        shutil.rmtree(STATE, ignore_errors=True)
    print(f"{len(found) - missed} met, {missed} missed; load {os.getloadavg()[0]:.1f}")
    return 1 if missed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="benchmarks.waiting", description=__doc__)
    parser.add_argument("--entries", type=int, default=1000, help="entries to wait for (default %(default)s)")
    parser.add_argument(
        "--tasks",
        type=lambda text: [int(number) for number in text.split(",")],
        help="how many tasks share them, one measurement for each number (default: one task, and one for each entry)",
    )
    parser.add_argument("--polls", type=int, default=4, help="polls to watch when all wait (default %(default)s)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
