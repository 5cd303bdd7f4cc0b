"""What was measured, for people."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.waiting.figures import WaitingFigures


def table(found: WaitingFigures) -> str:
    """Return what it costs to wait in one way."""
    grown = found.waiting - found.before
    # Of a single task it is what happened meanwhile.
    a_task = f": {grown / found.tasks / 1e3:.1f} KB a task" if found.tasks > 1 else ""
    rows = {
        "began": f"all wait after {found.began:.0f} s, {found.began_calls} calls to Kaltura meanwhile",
        "polls": f"{', '.join(map(str, found.polls))} lists ({found.fewest} are needed)",
        "calls": f"{found.calls_a_minute:.1f} a minute",
        "bytes a poll": f"{found.received / 1e3:.1f} KB sent, {found.answered / 1e3:.1f} KB answered",
        "triggerer": f"{found.before / 1e6:.0f} MB before, {found.waiting / 1e6:.0f} MB with all waiting{a_task}; "
        f"{found.cpu:.1%} of a CPU",
        "event loop": f"blocked while all wait: {_blocked(found.blocked)}; ever: {_blocked(found.blocked_ever)}",
        "workers": f"{found.slots} held while all wait",
        "READY to event": found.lags.of_events(),
        "READY to success": found.lags.of_tasks(),
    }
    head = f"\n{found.tasks} {'task waits' if found.tasks == 1 else 'tasks wait'} for {found.entries} entries"
    return "\n".join([f"{head}: {found.state}", *(f"  {name:17} {value}" for name, value in rows.items())])


def _blocked(seconds: Sequence[float]) -> str:
    return f"{len(seconds)} times, {max(seconds):.2f} s at most" if seconds else "never"
