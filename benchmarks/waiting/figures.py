"""What is measured while many entries are waited for, and once they are ready."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

#: Entries that one list can be asked for.
A_LIST = 150
#: Seconds between two looks, as the sensor has it by default.
INTERVAL = 30.0
# Seconds without a list between two polls.
_QUIET = 5.0


@dataclass(frozen=True)
class Lags:
    """Seconds from the moment at which all entries became ready, one for each task.

    :param stored: until Airflow had stored the event of the task's trigger.
    :param ended: until the task had ended.
    """

    stored: Sequence[float]
    ended: Sequence[float]

    def of_events(self) -> str:
        """Return the median and the longest until the events were stored."""
        return _spread(self.stored)

    def of_tasks(self) -> str:
        """Return the median and the longest until the tasks had ended."""
        return _spread(self.ended)


def _spread(seconds: Sequence[float]) -> str:
    return f"median {median(seconds):.1f} s, longest {max(seconds):.1f} s" if seconds else "not known"


@dataclass(frozen=True)
class WaitingFigures:
    """One way to wait for some entries.

    :param entries: how many.
    :param tasks: how many tasks wait for them.
    :param state: how the run ended.
    :param began: seconds until all tasks waited in the triggerer.
    :param began_calls: calls to Kaltura meanwhile.
    :param polls: lists asked for by each poll, when all waited.
    :param calls_a_minute: calls of any kind, when all waited.
    :param received: bytes that one poll sends.
    :param answered: bytes that it is answered.
    :param before: bytes of memory (PSS) of the triggerer before the run.
    :param waiting: the same when all waited.
    :param cpu: share of one CPU that the triggerer took when all waited.
    :param slots: most tasks at once that held a worker, or were about to, when all waited.
    :param blocked: seconds for which the triggerer's event loop was blocked, as it says itself, when all waited.
    :param blocked_ever: the same from the beginning of the run to its end.
    :param lags: from READY to what follows.
    """

    entries: int
    tasks: int
    state: str
    began: float
    began_calls: int
    polls: Sequence[int]
    calls_a_minute: float
    received: float
    answered: float
    before: int
    waiting: int
    cpu: float
    slots: int
    blocked: Sequence[float]
    blocked_ever: Sequence[float]
    lags: Lags

    @property
    def fewest(self) -> int:
        """How many lists a poll needs."""
        return math.ceil(self.entries / A_LIST)


def polls_of(samples: Sequence[tuple[float, int]]) -> list[int]:
    """Tell polls from the pauses between them.

    :param samples: moments in seconds, and how many lists had been asked for by then.
    :return: how many lists each poll asked for; of polls without a pause, those of each interval.
    """
    began, ended = samples[0][0], samples[-1][0]
    groups: list[list[float]] = []
    for (_, before), (moment, after) in pairwise(samples):
        for _ in range(after - before):
            if not groups or moment - groups[-1][-1] > _QUIET:
                groups.append([])
            groups[-1].append(moment)
    # What the edges may have cut is left out.
    whole = [len(each) for each in groups if each[0] - began > _QUIET and ended - each[-1] > _QUIET]
    if whole:
        return whole
    total = samples[-1][1] - samples[0][1]
    return [math.ceil(total * INTERVAL / (ended - began))]
