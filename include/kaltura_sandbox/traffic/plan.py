"""What the synthetic traffic is like."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, timedelta

HOUR = 3600
DAY = 24 * HOUR
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class TrafficPlan:
    """A made-up library and its viewers. The same plan gives the same events, on every machine and Python.

    Nothing but ``random.Random.random``, hashes, and the four basic operations decides, which are the same everywhere.

    :param seed: what it is made from.
    :param entries: titles.
    :param viewers: known users.
    :param first_day: first UTC day with traffic.
    :param days: days with traffic.
    :param sessions: sessions a day, on the average of a year; each has about four events.
    :param exam_users: known users who watch on an exam day, besides the usual sessions.
    :raises ValueError: a number is below one.
    """

    seed: int
    entries: int = 2000
    viewers: int = 50_000
    first_day: date = date(2025, 11, 1)
    days: int = 400
    sessions: int = 3500
    exam_users: int = 13_000

    def __post_init__(self) -> None:
        if min(self.entries, self.viewers, self.days, self.sessions) < 1:
            raise ValueError("Give synthetic traffic at least one entry, viewer, day, and session a day.")
        if self.entries > 99_999:
            raise ValueError(f"Synthetic traffic has at most 99,999 entries, not {self.entries}.")

    @property
    def start(self) -> int:
        """First Unix second with traffic."""
        return (self.first_day - _EPOCH).days * DAY

    @property
    def end(self) -> int:
        """First Unix second in which no session begins any more."""
        return self.start + self.days * DAY

    def day_of(self, moment: int) -> date:
        """Return the UTC day of a Unix second."""
        return _EPOCH + timedelta(days=moment // DAY)

    def chance(self, *what: object) -> float:
        """Return a number from 0 up to 1 that depends on nothing but the seed and what it is for."""
        text = ":".join(map(str, (self.seed, *what)))
        return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=6).digest(), "big") / (1 << 48)
