"""The events of any hour: a function of the plan and the hour, so that none has to be stored."""

from __future__ import annotations

import random
from bisect import bisect_left
from collections.abc import Iterator
from functools import lru_cache
from operator import itemgetter
from typing import Any

from ..reporting.metrics import MEDIA_LOADED, OPEN_DOWNLOAD, OPEN_VIRAL, PLAY, QUARTILES
from .calendar import exam_sessions, usual_sessions
from .library import Title, shelf, titles
from .plan import DAY, HOUR, TrafficPlan
from .viewers import Viewer, exam_viewer, page, some_viewer

#: When (Unix seconds), the type of a ``KalturaStatsEvent``, and what all events of the session have in common.
Event = tuple[int, int, dict[str, Any]]

#: ``clientVer`` of synthetic events.
MARK = "synthetic"
# A session that began so many hours ago may still send events: the longest title takes 90 minutes.
_LONGEST_HOURS = 2
# Hours kept in memory: a usual week, about 60 MB.
_KEPT_HOURS = 180
_REPLAY, _SEEK = 16, 17
_EXAM_TITLES = 40
# Chance to get through each further quarter, in parts of what then still leaves after the one before.
_LEAVES = 0.6


def events_between(plan: TrafficPlan, start: int, end: int) -> Iterator[Event]:
    """Yield the events of a time, in order.

    :param start: first Unix second.
    :param end: first Unix second after it.
    """
    first, last = max(start, plan.start), min(end, plan.end + (_LONGEST_HOURS + 1) * HOUR)
    for hour in range(first // HOUR, -(-last // HOUR)):
        found = events_of_hour(plan, hour)
        if first <= hour * HOUR and (hour + 1) * HOUR <= last:
            yield from found
        else:
            yield from (event for event in found if first <= event[0] < last)


@lru_cache(maxsize=_KEPT_HOURS)
def events_of_hour(plan: TrafficPlan, hour: int) -> tuple[Event, ...]:
    """Return the events of an hour, in order; do not change them.

    :param hour: Unix time in hours.
    """
    begin, end = hour * HOUR, (hour + 1) * HOUR
    found = [
        event
        for begun in range(hour - _LONGEST_HOURS, hour + 1)
        for event in _begun_in(plan, begun)
        if begin <= event[0] < end
    ]
    found.sort(key=itemgetter(0))
    return tuple(found)


# Hours are asked for one after the other: the last three are enough, and a few more where two ask at once.
@lru_cache(maxsize=4 * (_LONGEST_HOURS + 1))
def _begun_in(plan: TrafficPlan, hour: int) -> tuple[Event, ...]:
    """Return all events of the sessions that begin in an hour."""
    return tuple(_sessions(plan, hour)) if plan.start <= hour * HOUR < plan.end else ()


def _sessions(plan: TrafficPlan, hour: int) -> Iterator[Event]:
    roll = random.Random(f"{plan.seed}:{hour}").random
    library, day = titles(plan), hour * HOUR // DAY
    weights = shelf(plan, day)
    for number in range(int(usual_sessions(plan, hour) * (0.85 + 0.3 * roll()) + 0.5)):
        title = library[bisect_left(weights, weights[-1] * roll())]
        viewer = some_viewer(plan, roll(), roll(), roll())
        yield from _session(hour, f"syn-{hour:x}-{number:x}", title, viewer, roll, plays=roll() < 0.88)
    for number in exam_sessions(plan, hour):
        # Those whom the exam is about watch one of the few titles that matter.
        title = library[bisect_left(weights, weights[min(_EXAM_TITLES, len(weights)) - 1] * roll())]
        viewer = exam_viewer(plan, day, number, roll())
        yield from _session(hour, f"syn-{hour:x}-x{number:x}", title, viewer, roll, plays=True)


def _session(hour: int, name: str, title: Title, viewer: Viewer, roll: Any, *, plays: bool) -> Iterator[Event]:
    moment = hour * HOUR + int(roll() * HOUR)
    referrer, context = page(roll(), title.category_id)
    shared = {
        "clientVer": MARK, "entryId": title.entry_id, "sessionId": name, "userId": viewer.user_id,
        "uniqueViewer": viewer.device_id, "duration": title.duration, "userAgent": viewer.agent,
        "country": viewer.place.country, "region": viewer.place.region, "city": viewer.place.city,
        "referrer": referrer, "contextId": context,
    }  # fmt: skip
    yield moment, MEDIA_LOADED, shared
    if not plays:
        return
    moment += 1 + int(roll() * 15)
    yield moment, PLAY, shared
    extra = roll()
    if extra < 0.12:
        kind = _SEEK if extra < 0.08 else OPEN_VIRAL if extra < 0.1 else OPEN_DOWNLOAD
        yield moment + title.duration // 8000, kind, shared
    stay = title.stay
    for quarter, kind in enumerate(QUARTILES, 1):
        if roll() >= stay:
            return
        yield moment + quarter * title.duration // 4000, kind, shared
        stay = 1 - (1 - stay) * _LEAVES
    if roll() < 0.05:
        yield moment + title.duration // 1000 + 1 + int(roll() * 30), _REPLAY, shared
