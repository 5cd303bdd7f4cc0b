"""The command ``python -m benchmarks.upload``; ``make bench-upload`` runs it."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.upload import capacity, report
from benchmarks.upload.calibration import SITUATION, calibrate
from benchmarks.upload.environment import Missing, need_system_packages, peers_python, versions
from benchmarks.upload.files import make_file, scratch
from benchmarks.upload.matrix import CANDIDATES, SITUATIONS, Candidate, Situation, ours
from benchmarks.upload.processes import delay_proxy
from benchmarks.upload.runs import Bench, Figures
from benchmarks.upload.server import DEFAULT_COSTS, RECEIVERS, running_server
from benchmarks.upload.storage import running_storage
from benchmarks.upload.sweep import PARTS, THREADS
from benchmarks.upload.targets import evaluate
from kaltura_sandbox.receiving.costs import Costs

#: Bytes per second the server must take for figures without latency to be an uploader's, not its own.
ENOUGH = 1e9


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and tell whether all targets are met."""
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # on the way out, files of gigabytes are removed
    costs = _costs(options)
    try:
        need_system_packages()
        if any(each.peer for each in _chosen(options)) or options.calibrate:
            peers_python()
        print(f"{os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}; {versions()}")
    except Missing as problem:
        print(problem, file=sys.stderr)
        return 2
    print(
        f"Charged on {costs.cores} cores that all requests share: {costs.call * 1000:.0f} ms an API call, "
        f"{costs.receive * 1000:.1f} ms per MB received, {costs.append * 1000:.1f} ms per MB appended"
    )
    print("S3: nginx with static files and ranges, read with boto3")
    situations = [SITUATION] if options.calibrate else options.only or list(SITUATIONS)
    greatest = max(each.bytes for each in situations)
    with scratch(4 * greatest) as folder:
        print(f"Files in {folder.parent}", flush=True)
        if not options.no_capacity:
            _print_capacity(folder)
        with _stand(folder, costs) as (bench, address, objects):
            if options.calibrate:
                path = make_file(objects / "512.mp4", SITUATION.bytes)
                for line in calibrate(bench, path, address, options.rounds):
                    print(line, flush=True)
                return 0
            measured = {each.name: _measure(bench, each, objects, address, options) for each in situations}
    found = evaluate(measured)
    print(report.targets(found))
    missed = sum(not each.met for each in found)
    print(f"{len(found) - missed} met, {missed} missed")
    return 1 if missed and not options.report_only else 0


@contextlib.contextmanager
def _stand(folder: Path, costs: Costs) -> Iterator[tuple[Bench, str, Path]]:
    """Everything that is uploaded to and from."""
    objects = folder / "objects" / "bucket"
    objects.mkdir(parents=True)
    with running_server(folder / "data", costs) as server, running_storage(folder / "s3", objects.parent) as storage:
        yield Bench(server, storage), server.address, objects


def _measure(
    bench: Bench, situation: Situation, objects: Path, address: str, options: argparse.Namespace
) -> dict[Candidate, Figures]:
    """Let the candidates take turns in one situation, and print their table."""
    wanted = options.far_rounds if situation.line else options.rounds
    if options.sweep:
        chosen = [(ours(parallel=n, part_size=part), wanted) for n in THREADS for part in PARTS]
    else:
        every = [(each, each.rounds(situation, wanted, full=options.full)) for each in CANDIDATES]
        left_out = [each.name for each, count in every if not count and each in _chosen(options)]
        chosen = [(each, count) for each, count in every if count and each in _chosen(options)]
        if left_out:
            print(f"\n{situation.name}: left out, as it takes minutes (FULL=1 runs it): {', '.join(left_out)}")
    path = make_file(objects / f"{situation.size}.mp4", situation.bytes)

    def told(line: str) -> None:
        print(f"  {time.strftime('%H:%M:%S')} {line}", file=sys.stderr, flush=True)

    try:
        if situation.line is None:
            figures = bench.rounds(situation, chosen, path, address, told)
        else:
            with delay_proxy(address, situation.line) as far:
                figures = bench.rounds(situation, chosen, path, far, told)
    finally:
        path.unlink()
    print(report.table(situation, figures), flush=True)
    return figures


def _chosen(options: argparse.Namespace) -> list[Candidate]:
    words = options.candidates.split(",")
    return [each for each in CANDIDATES if any(word in each.name for word in words)]


def _print_capacity(folder: Path) -> None:
    path = make_file(folder / "poured.mp4", 512 * 1024 * 1024)
    server = capacity.of_server(folder / "unpaid", path)
    paced, free = capacity.of_proxy(path)
    path.unlink()
    print(
        f"The server takes {server / 1e9:.2f} GB/s in {RECEIVERS} processes, charging nothing. The delay proxy carries "
        f"{paced / 1e6:.0f} MB/s over 16 connections of 200 Mbit/s, {free / 1e6:.0f} MB/s without that limit.",
        flush=True,
    )
    if server < ENOUGH:
        print(
            "That is too little: something else keeps the machine busy, and figures without latency mean nothing now."
        )


def _costs(options: argparse.Namespace) -> Costs:
    per_megabyte = options.cost_per_mb
    usual = DEFAULT_COSTS.receive + DEFAULT_COSTS.append
    share = 1.0 if per_megabyte is None else per_megabyte / 1000 / usual
    return Costs(
        DEFAULT_COSTS.cores, options.cost_call / 1000, DEFAULT_COSTS.receive * share, DEFAULT_COSTS.append * share
    )


def _situations(text: str) -> list[Situation]:
    return [Situation.parse(each) for each in text.replace(",", " ").split()]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="benchmarks.upload", description=__doc__)
    parser.add_argument("--only", type=_situations, metavar="SIZE@MS,...", help="situations such as 512@0,64@80")
    parser.add_argument("--candidates", default="", metavar="TEXT,...", help="only those with this in their names")
    parser.add_argument("--rounds", type=int, default=3, help="without latency (default %(default)s)")
    parser.add_argument("--far-rounds", type=int, default=1, help="over far lines (default %(default)s)")
    parser.add_argument("--full", action="store_true", help="run the slowest peers everywhere")
    parser.add_argument("--report-only", action="store_true", help="exit with 0 whatever was missed")
    parser.add_argument("--no-capacity", action="store_true", help="do not measure what server and proxy can take")
    parser.add_argument("--calibrate", action="store_true", help="hold the charges against times of Kaltura's server")
    parser.add_argument("--sweep", action="store_true", help="try many part sizes and numbers of threads instead")
    parser.add_argument("--cost-call", type=float, default=DEFAULT_COSTS.call * 1000, metavar="MS")
    parser.add_argument(
        "--cost-per-mb", type=float, metavar="MS",
        help="for receiving and appending together (default 3.4), shared between them as it is by default",
    )  # fmt: skip
    return parser


if __name__ == "__main__":
    sys.exit(main())
