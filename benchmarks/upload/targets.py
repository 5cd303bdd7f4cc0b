"""The goals of the upload, held against what was measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from benchmarks.upload.matrix import CHUNKED, LIMIT, OURS, OURS_S3, Candidate
from benchmarks.upload.runs import Figures

Measured = Mapping[str, Mapping[Candidate, Figures]]

#: By situation: at least so many times the speed of curl, and of the best peer that sends in parts.
SPEEDS = {
    "512@0": (0.9, 1.4),
    "2000@0": (0.95, 1.4),
    "512@20": (5.2, 3.4),
    "512@80": (4.1, 3.4),
    "512@200": (3.1, 3.4),
    "64@80": (2.1, None),
    "64@200": (1.6, None),
}
S3_SHARE = 0.9
CPU_PER_512 = 1.0
MEMORY_BASE, MEMORY_A_THREAD = 8e6, 2e6
_512 = 512 * 1024 * 1024


@dataclass(frozen=True)
class Target:
    """A goal and how it was met.

    :param name: what is asked for.
    :param value: what was measured, for people.
    :param met: whether that is enough.
    """

    name: str
    value: str
    met: bool


def of_kind(figures: Mapping[Candidate, Figures], kind: str) -> dict[str, Figures]:
    """The candidates that have a role, by name."""
    return {candidate.name: each for candidate, each in figures.items() if candidate.kind == kind}


def best_speed(figures: Mapping[Candidate, Figures], kind: str) -> float | None:
    """The speed of the fastest candidate of a role, None if there is none."""
    return max((each.speed for each in of_kind(figures, kind).values()), default=None)


def evaluate(measured: Measured) -> list[Target]:
    """Hold what was measured against the goals; what was not measured is left out.

    :param measured: by situation, then by candidate.
    """
    targets: list[Target] = []
    for name, figures in measured.items():
        for ours in of_kind(figures, OURS).values():
            targets += _speeds(name, ours, figures)
            targets += _resources(name, "file", ours, ours.cpu if name == "512@0" else None)
        for from_s3 in of_kind(figures, OURS_S3).values():
            if (own := best_speed(figures, OURS)) is not None:
                share = from_s3.speed / own
                goal = f"{name}: from S3 at least {S3_SHARE} x its own speed from a file"
                targets.append(Target(goal, f"{share:.2f}", share >= S3_SHARE))
            # Airflow, which the transfer's module imports, is there in a task anyway.
            cpu = from_s3.cpu - from_s3.idle.cpu if name == "512@0" else None
            targets += _resources(name, "S3", from_s3, cpu)
    return targets


def _speeds(name: str, ours: Figures, figures: Mapping[Candidate, Figures]) -> Iterator[Target]:
    for goal, kind, who in zip(SPEEDS.get(name, ()), (LIMIT, CHUNKED), ("curl", "the best chunked peer"), strict=False):
        other = best_speed(figures, kind)
        if goal is not None and other is not None:
            ratio = ours.speed / other
            yield Target(f"{name}: at least {goal} x {who}", f"{ratio:.2f}", ratio >= goal)


def _resources(name: str, source: str, ours: Figures, cpu: float | None) -> Iterator[Target]:
    yield Target(f"{name}, {source}: no byte sent twice", str(ours.bytes_twice), ours.bytes_twice == 0)
    allowed = MEMORY_BASE + MEMORY_A_THREAD * ours.at_once
    yield Target(
        f"{name}, {source}: peak memory at most 8 MB + 2 MB x {ours.at_once} threads over an idle process",
        f"{ours.memory_over_idle / 1e6:.1f} of {allowed / 1e6:.0f} MB",
        ours.memory_over_idle <= allowed,
    )
    if cpu is not None:
        share = cpu * _512 / ours.size
        over = "" if source == "file" else " over an idle process"
        yield Target(f"{name}, {source}: CPU at most {CPU_PER_512} s per 512 MB{over}", f"{share:.2f}", cpu_met(share))


def cpu_met(share: float) -> bool:
    """Whether seconds of CPU per 512 MB are few enough."""
    return share <= CPU_PER_512
