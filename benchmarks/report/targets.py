"""The goals of reading reports, held against what was measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.report.night import Night
from benchmarks.upload.targets import Target

# Both end in Arrow's writer, and pandas' reader of CSV is as quick as Arrow's, so nobody is much faster. The provider
# has JSON around the rows besides, and looks at every figure's range. What it must not have is pandas' memory.
SPEED = 0.6
MEMORY = 200.0


@dataclass(frozen=True)
class Reading:
    """What one candidate took in one round.

    :param rows: rows read.
    :param seconds: wall time.
    :param waited: seconds of these in which answers were awaited.
    :param rss: peak memory in MB.
    """

    rows: int
    seconds: float
    waited: float
    rss: float

    @property
    def speed(self) -> float:
        """Rows a second from the answer to the file."""
        return self.rows / (self.seconds - self.waited)


def speed_of(readings: Sequence[Reading]) -> float:
    """Return the rows a second of a candidate: the median of its rounds."""
    return median(each.speed for each in readings)


def evaluate(ours: Sequence[Reading], pandas: Sequence[Reading], nights: Sequence[Night], rows: int) -> list[Target]:
    """Hold the measurements against the goals.

    :param ours: rounds of the provider.
    :param pandas: rounds of pandas over the same rows.
    :param nights: days, with their waiting.
    :param rows: rows that had to be read.
    """
    ratio = speed_of(ours) / speed_of(pandas)
    most = max(each.rss for each in ours)
    whole = all(each.rows == rows for each in (*ours, *pandas))
    return [
        Target("every row is in the file", f"{rows:,} in each" if whole else "no", whole),
        Target(f"rows a second: at least {SPEED:g} times pandas", f"{ratio:.2f}", ratio >= SPEED),
        Target(f"MB of the process: under {MEMORY:g}", f"{most:.0f}", most < MEMORY),
        *(
            Target(
                f"{night.day}: waiting for the API is the largest part of the time",
                f"{night.waited / night.seconds:.0%}", night.waited > night.seconds / 2,
            )
            for night in nights
        ),
    ]  # fmt: skip
