"""The goals of the ingest, held against what was measured."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.ingest.figures import RunFigures
from benchmarks.upload.targets import Target

CALLS_A_NEW_FILE, CALLS_A_KNOWN_FILE = 4.0, 0.02
INSTANCES = 250
XCOM_BYTES = 64 * 1024
MEMORY = 300e6
AGAIN_SECONDS = 60.0


def evaluate(first: RunFigures, again: RunFigures) -> list[Target]:
    """Hold a run over new files, and one over the same files afterwards, against the goals."""
    return [
        *_sound("new", first),
        _most("new: requests to Kaltura a file", first.calls_a_file, CALLS_A_NEW_FILE, "{:.2f}"),
        *_small("new", first),
        *_sound("unchanged", again),
        Target("unchanged: no further entry", f"{again.entries - first.entries}", again.entries == first.entries),
        _most("unchanged: requests to Kaltura a file", again.calls_a_file, CALLS_A_KNOWN_FILE, "{:.4f}"),
        _most("unchanged: seconds", again.seconds, AGAIN_SECONDS, "{:.1f}"),
        *_small("unchanged", again),
    ]


def _sound(name: str, run: RunFigures) -> Iterator[Target]:
    yield Target(f"{name}: the run succeeds", run.state, run.state == "success")
    yield Target(f"{name}: one entry a file", f"{run.entries} of {run.files}", run.entries == run.files)


def _small(name: str, run: RunFigures) -> Iterator[Target]:
    yield _most(f"{name}: task instances", run.instances, INSTANCES, "{:.0f}")
    yield _most(f"{name}: bytes of XCom", run.xcom_bytes, XCOM_BYTES, "{:.0f}")
    held = _most(f"{name}: MB of any task", run.memory / 1e6, MEMORY / 1e6, "{:.0f}")
    # Of a task nobody saw nothing is known.
    yield held if run.memory else Target(held.name, "not seen", met=False)


def _most(name: str, value: float, limit: float, form: str) -> Target:
    return Target(f"{name}: at most {limit:g}", form.format(value), value <= limit)
