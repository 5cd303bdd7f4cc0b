"""Tables for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from benchmarks.upload.matrix import CHUNKED, LIMIT, Candidate, Situation
from benchmarks.upload.runs import Figures
from benchmarks.upload.targets import Target, best_speed

_HEAD = (
    f"{'':30} {'n':>2} {'s':>7} {'range':>13} {'MB/s':>6} {'x curl':>6} {'x peer':>6} {'CPU s':>6} "
    f"{'RSS MB':>6} {'+idle':>6} {'requests':>8} {'twice MB':>8} {'at once':>7}"
)


def table(situation: Situation, figures: Mapping[Candidate, Figures]) -> str:
    """What the candidates reached in a situation; the head tells what was between them and the server."""
    line = "no latency"
    if situation.line is not None:
        line = f"round trip {situation.round_trip} ms, {situation.line.rate * 8 / 1e6:.0f} Mbit/s per connection"
    rows = [f"\n{situation.name}: {situation.bytes / 1e6:.0f} MB, {line}", _HEAD]
    curl, peer = best_speed(figures, LIMIT), best_speed(figures, CHUNKED)
    for candidate, each in figures.items():
        times = [run.seconds for run in each.runs]
        memory, over = f"{each.memory / 1e6:.0f}", f"{each.memory_over_idle / 1e6:+.1f}"
        if candidate.kind == LIMIT:  # it is the script around curl that was looked at
            memory = over = "-"
        rows.append(
            f"{candidate.name:30} {len(times):2} {each.seconds:7.2f} {min(times):6.2f}-{max(times):<6.2f} "
            f"{each.speed:6.0f} {_ratio(each.speed, curl)} {_ratio(each.speed, peer)} {each.cpu:6.2f} "
            f"{memory:>6} {over:>6} {each.requests:8.0f} {each.bytes_twice / 1e6:8.1f} {each.at_once:7}"
        )
    return "\n".join(rows)


def _ratio(speed: float, other: float | None) -> str:
    return f"{speed / other:6.2f}" if other else f"{'-':>6}"


def targets(found: Iterable[Target]) -> str:
    """The goals, one a line."""
    rows = [f"{'met   ' if each.met else 'MISSED'} {each.name}: {each.value}" for each in found]
    return "\n".join(["\nTargets", *rows])
