"""The goals of waiting, held against what was measured."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.upload.targets import Target
from benchmarks.waiting.figures import INTERVAL, WaitingFigures


def evaluate(found: WaitingFigures) -> Iterator[Target]:
    """Hold one way to wait against the goals."""
    name = f"{found.tasks} for {found.entries}"
    yield Target(f"{name}: the run succeeds", found.state, found.state == "success")
    done = len(found.lags.ended)
    yield Target(f"{name}: every task ends", f"{done} of {found.tasks}", done == found.tasks)
    most = max(found.polls)
    yield Target(f"{name}: at most {found.fewest} lists a poll", f"{most}", most <= found.fewest)
    calls, limit = found.calls_a_minute, found.fewest * 60 / INTERVAL
    # An edge of the time that was watched may have cut a poll.
    yield Target(f"{name}: at most {limit:.0f} calls a minute", f"{calls:.1f}", calls <= limit * 1.05)
    yield Target(f"{name}: no worker is held", f"{found.slots}", found.slots == 0)
