"""What one schedule of the chaos is made of: everything follows from its seed."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from kaltura_sandbox.faults import S3, Schedule

#: The longest a late answer or a stall takes; the worker's own read timeout is shorter.
LONGEST = 1.5
READ_TIMEOUT = 1.0

KALTURA_SIDE, S3_SIDE, CLOCK = "kaltura", "s3", "clock"

#: Calls that come once or a few times in an upload.
ONCE = {
    KALTURA_SIDE: (
        "media.add",
        "uploadToken.add",
        "media.addContent",
        "baseEntry.listByReferenceId",
        "uploadToken.get",
    ),
    S3_SIDE: ("PutObject", "HeadObject"),
}  # fmt: skip


@dataclass(frozen=True)
class Kill:
    """When a worker is killed.

    :param side: whose requests are counted, or ``clock``.
    :param at: the how manieth request since the worker began, or seconds.
    :param action: which requests count, such as ``media.add``; all when empty.
    :param arrives: whether the server still gets that request.
    """

    side: str
    at: float
    action: str = ""
    arrives: bool = True


@dataclass(frozen=True)
class Scenario:
    """One file, what happens on its way, and how a worker is set up.

    :param seed: everything else follows from it.
    :param size: bytes of the file.
    :param part_size: bytes of a part.
    :param first_size: bytes of the first part.
    :param parallel: parts in flight.
    :param index_lag: seconds until Kaltura's lists see a new entry.
    :param settle: seconds the pipeline is told that takes; not always the truth.
    :param kaltura: faults on the side of Kaltura.
    :param s3: faults on the side of S3.
    :param kills: one for each worker, until none is left.
    """

    seed: int
    size: int
    part_size: int
    first_size: int
    parallel: int
    index_lag: float
    settle: float
    kaltura: Schedule
    s3: Schedule
    kills: tuple[Kill, ...]

    @classmethod
    def of(cls, seed: int) -> Scenario:
        """Make the scenario of a seed."""
        chance = Random(f"scenario {seed}")
        size = chance.randint(60_000, 3_000_000)
        part_size = chance.choice([16_384, 65_536, 150_000, 262_144, 5_000_000])
        part_size = max(part_size, size // 60)
        index_lag = round(chance.choice([0, 0, chance.uniform(0.2, 2), chance.uniform(2, 4)]), 2)
        expected = size // part_size + 10
        return cls(
            seed=seed,
            size=size,
            part_size=part_size,
            first_size=chance.choice([1_000, 16_384, 65_536]),
            parallel=chance.choice([1, 2, 4, 4, 8]),
            index_lag=index_lag,
            settle=round(index_lag + 1 if chance.random() < 0.5 else 0.5, 2),
            kaltura=Schedule(
                chance.randrange(2**32), _rate(chance, 0.3), seconds=LONGEST, rates=_rates(chance, ONCE[KALTURA_SIDE])
            ),
            s3=Schedule(
                chance.randrange(2**32),
                _rate(chance, 0.2),
                seconds=LONGEST,
                service=S3,
                rates=_rates(chance, ONCE[S3_SIDE]),
            ),
            kills=tuple(_kill(chance, expected) for _ in range(chance.choice([0, 1, 1, 2, 3]))),
        )

    @property
    def largest_part(self) -> int:
        """Bytes of the largest request of the upload."""
        return min(self.size, max(self.part_size, self.first_size))


def _rate(chance: Random, most: float) -> float:
    return round(chance.choice([0, chance.uniform(0.01, most), chance.uniform(0.01, most)]), 3)


def _rates(chance: Random, actions: tuple[str, ...]) -> dict[str, float]:
    """Calls that come once in an upload are the ones that hurt: in some schedules they get more than their share."""
    return {action: round(chance.uniform(0.2, 0.8), 2) for action in actions if chance.random() < 0.4}


def _kill(chance: Random, requests: int) -> Kill:
    side = chance.choice([KALTURA_SIDE, KALTURA_SIDE, S3_SIDE, CLOCK])
    if side == CLOCK:
        return Kill(side, round(chance.uniform(0.05, 1.5), 2))
    arrives = chance.random() < 0.5
    if chance.random() < 0.5:
        return Kill(side, chance.randint(1, requests), arrives=arrives)
    action = chance.choice(ONCE[side])
    return Kill(side, chance.randint(1, 3) if action == "PutObject" else 1, action, arrives)
