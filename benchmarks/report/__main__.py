"""The command ``python -m benchmarks.report``; ``make bench-report`` runs it."""

from __future__ import annotations

import argparse
import json
import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.report.night import nights
from benchmarks.report.readers import READERS
from benchmarks.report.server import answering, prepare
from benchmarks.report.targets import Reading, evaluate, speed_of
from benchmarks.upload.report import targets
from kaltura_sandbox.traffic.plan import TrafficPlan


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and tell whether all targets are met."""
    parser = argparse.ArgumentParser(prog="benchmarks.report", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows to read (default %(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="of each reader, in turns (default %(default)s)")
    parser.add_argument(
        "--latency", type=float, default=0.5, help="seconds an answer takes longer (default %(default)s)"
    )
    parser.add_argument("--report-only", action="store_true", help="missed targets are no failure")
    options = parser.parse_args(arguments)
    logging.disable(logging.INFO)
    print(f"{os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}, Python {sys.version.split()[0]}", flush=True)
    found = read(options.rows, options.rounds)
    print(f"\nTOP_CONTENT, {options.rows:,} rows, from the answers of the API to Parquet, median of {options.rounds}")
    print(f"  {'':10} {'rows a second':>14} {'seconds':>8} {'waited':>7} {'peak MB':>8}")
    for name, readings in found.items():
        middle = sorted(readings, key=lambda each: each.speed)[len(readings) // 2]
        print(
            f"  {name:10} {speed_of(readings):14,.0f} {middle.seconds:8.2f} {middle.waited:7.2f} "
            f"{max(each.rss for each in readings):8.0f}"
        )
    slow = nights(TrafficPlan(7), options.latency)
    print(f"\nkaltura_report over the synthetic year, each answer {options.latency:g} s late")
    print(f"  {'day':12} {'rows':>8} {'requests':>9} {'seconds':>8} {'waited':>7}")
    for night in slow:
        print(f"  {night.day:12} {night.rows:8,} {night.requests:9} {night.seconds:8.1f} {night.waited:7.1f}")
    judged = evaluate(found["provider"], found["pandas"], slow, options.rows)
    print(targets(judged))
    return 0 if options.report_only or all(each.met for each in judged) else 1


def read(rows: int, rounds: int) -> dict[str, list[Reading]]:
    """Let all readers read the same rows, in turns.

    :param rows: how many.
    :param rounds: how often each.
    """
    found: dict[str, list[Reading]] = {name: [] for name in READERS}
    with tempfile.TemporaryDirectory() as folder:
        count = prepare(Path(folder), rows)
        with answering(Path(folder)) as url:
            for _ in range(rounds):
                for name, readings in found.items():
                    with tempfile.TemporaryDirectory() as target:
                        command = [sys.executable, "-m", "benchmarks.report.readers", name, url, str(count), target]
                        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
                    readings.append(Reading(**json.loads(done.stdout)))
    return found


if __name__ == "__main__":
    sys.exit(main())
