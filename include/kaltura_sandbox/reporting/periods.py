"""The time a report is about: days in a time zone, and the steps of its graphs."""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta, timezone

_MINUTE = 60
_EARLIEST = -14 * 60
_LATEST = 12 * 60
# Differences to UTC in minutes, with the sign of JavaScript, that are in use somewhere and are no whole hours.
_PART_HOURS = frozenset({
    -825, -765, -690, -645, -630, -585, -570, -525, -510, -390, -345, -330, -270, -210, 90, 150, 210, 270, 570,
})  # fmt: skip

# How far apart the points of a graph are, and how each is named.
STEPS: dict[str, str] = {
    "days": "%Y%m%d",
    "months": "%Y%m",
    "years": "%Y",
    "hours": "%Y%m%d%H",
    "ten_minutes": "%Y%m%d%H%M",
    "minutes": "%Y%m%d%H%M",
    "ten_seconds": "%Y%m%d%H%M%S",
}
_FIXED_STEPS = {"days": 86400, "hours": 3600, "ten_minutes": 600, "minutes": 60, "ten_seconds": 10}


def usable_offset(minutes: int) -> int:
    """Return the difference to UTC that a report uses: one that no place has is rounded to the hour.

    :param minutes: as asked for, west positive, as JavaScript's ``getTimezoneOffset`` has it: India is -330.
    """
    if minutes in _PART_HOURS:
        return minutes
    bounded = min(max(minutes, _EARLIEST), _LATEST)
    return int(math.copysign(math.floor(abs(bounded) / _MINUTE + 0.5), bounded)) * _MINUTE


def days_period(first: str, last: str, offset: int) -> tuple[int, int] | None:
    """Return the Unix seconds of the start of one day and the end of another (exclusive).

    :param first: ``YYYYMMDD``.
    :param last: ``YYYYMMDD``, included; the days may come in either order.
    :param offset: minutes, as :func:`usable_offset` returns them.
    :return: None when either is no date.
    """
    days = [_parse_day(first), _parse_day(last)]
    if days[0] is None or days[1] is None:
        return None
    start, end = sorted(day for day in days if day is not None)
    midnight = datetime(start.year, start.month, start.day, tzinfo=timezone.utc)
    seconds = int(midnight.timestamp()) + offset * _MINUTE
    return seconds, seconds + ((end - start).days + 1) * 86400


def _parse_day(text: str) -> date | None:
    if len(text) != 8 or not text.isdecimal():
        return None
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None


def label(moment: int, step: str, offset: int) -> str:
    """Return the name of the graph point that a moment belongs to.

    :param moment: Unix seconds.
    :param step: a key of :data:`STEPS`.
    :param offset: minutes, as :func:`usable_offset` returns them.
    """
    local = datetime.fromtimestamp(moment - offset * _MINUTE, tz=timezone.utc)
    if step in {"ten_minutes", "ten_seconds"}:
        seconds = _FIXED_STEPS[step]
        local -= timedelta(seconds=int(local.timestamp()) % seconds)
    return local.strftime(STEPS[step])


def slot_seconds(step: str) -> int:
    """Return a number of seconds such that all moments of one such slot of Unix time have the same label."""
    # Offsets are multiples of a quarter of an hour.
    return {"ten_seconds": 10, "minutes": 60}.get(step, 300)


def labels(start: int, end: int, step: str, offset: int) -> list[str]:
    """Return the names of all graph points of a period, in order."""
    stride = _FIXED_STEPS.get(step, 86400)
    names = dict.fromkeys(label(moment, step, offset) for moment in range(start, end, stride))
    return list(names)
