"""Whether the charges fit: uploads of 512 MiB without latency, next to times measured on Kaltura's own server.

That was API server 22.19.0 (Apache and PHP) with client and server on one machine of 2 cores; medians of three.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks.upload.files import MEGABYTE
from benchmarks.upload.matrix import CHUNKED, LIMIT, ONE_SHOT, Candidate, Situation, ours
from benchmarks.upload.runs import Bench

SITUATION = Situation("512", 0)


def _official(part: int | None = None) -> Candidate:
    if part is None:
        return Candidate("official client, one request", "official", ONE_SHOT, {}, peer=True)
    options = {"part_size": part * MEGABYTE}
    return Candidate(f"official client, {part} MB parts", "official", CHUNKED, options, peer=True)


def _parts(parallel: int, part: int) -> Candidate:
    return ours(parallel=parallel, part_size=part * MEGABYTE)


#: Client, and the seconds it took. The provider's first part is smaller than the one that was measured then.
ROWS: tuple[tuple[Candidate, float], ...] = (
    (Candidate("curl, one request", "curl", LIMIT), 1.33),
    (_official(), 1.73),
    (_official(10), 4.02),
    (_official(50), 2.29),
    (Candidate("kaltura-uploader, adaptive", "uploader", CHUNKED, {"adaptive_chunking": True}, peer=True), 2.54),
    (_parts(1, 10), 4.51),
    (_parts(2, 20), 2.12),
    (_parts(2, 50), 1.52),
    (_parts(4, 5), 3.24),
    (_parts(4, 10), 2.12),
    (_parts(4, 20), 1.71),
    (_parts(4, 50), 1.45),
    (_parts(8, 5), 3.79),
    (_parts(8, 10), 2.45),
    (_parts(8, 20), 1.86),
    (_parts(8, 50), 1.45),
)


def calibrate(bench: Bench, path: Path, address: str, rounds: int) -> Iterator[str]:
    """Run the rows and give a table of what they take here and took there."""
    yield f"{'':42} {'here':>6} {'there':>6}  here/there"
    figures = bench.rounds(SITUATION, [(candidate, rounds) for candidate, _ in ROWS], path, address, lambda _: None)
    off = []
    for candidate, there in ROWS:
        here = figures[candidate].seconds
        off.append(abs(here / there - 1))
        yield f"{candidate.name:42} {here:6.2f} {there:6.2f}  {here / there:6.2f}"
    yield f"mean deviation {sum(off) / len(off):.0%}, greatest {max(off):.0%}"
