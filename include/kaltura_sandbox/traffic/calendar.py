"""How much goes on at a university: by term, weekday and hour, all in UTC."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

from .plan import HOUR, TrafficPlan

_HOURS = (2, 1, 1, 1, 1, 2, 4, 9, 16, 20, 22, 21, 17, 20, 22, 21, 18, 14, 13, 14, 13, 9, 5, 3)
_WEEKDAYS = (1.2, 1.3, 1.25, 1.2, 0.95, 0.5, 0.6)
# Up to and with this month and day: lectures, exams, holidays.
_TERMS = (
    (106, 0.35), (215, 1.35), (405, 0.6), (715, 1.1), (731, 1.25), (1009, 0.45), (1220, 1.2), (1231, 0.35),
)  # fmt: skip
_EXAM_EVERY, _FIRST_EXAM = 61, 17
# Within one calendar day from UTC-12 to UTC+9, and from UTC+12 on: those users fill one day's report nearly everywhere.
_EXAM_HOURS = range(12, 15)


def usual_sessions(plan: TrafficPlan, hour: int) -> float:
    """Return how many sessions are to be expected.

    :param hour: Unix time in hours.
    """
    share = _HOURS[hour % len(_HOURS)] / sum(_HOURS)
    return plan.sessions * _busy(plan.day_of(hour * HOUR)) / _average() * share


def exam_sessions(plan: TrafficPlan, hour: int) -> range:
    """Return the numbers of the users, of those who watch on an exam day, who do so in this hour."""
    of_day = hour % len(_HOURS)
    if of_day not in _EXAM_HOURS or not is_exam_day(plan, plan.day_of(hour * HOUR)):
        return range(0)
    users, slot = min(plan.exam_users, plan.viewers), of_day - _EXAM_HOURS.start
    return range(users * slot // len(_EXAM_HOURS), users * (slot + 1) // len(_EXAM_HOURS))


def is_exam_day(plan: TrafficPlan, day: date) -> bool:
    """Tell whether everybody watches on a day: every 61st, the first of them the 18th."""
    return (day - plan.first_day).days % _EXAM_EVERY == _FIRST_EXAM


@lru_cache(maxsize=512)
def _busy(day: date) -> float:
    """Return how busy a day is beside others."""
    term = next(factor for last, factor in _TERMS if day.month * 100 + day.day <= last)
    return term * _WEEKDAYS[day.weekday()]


@lru_cache(maxsize=1)
def _average() -> float:
    """Return how busy a day is on average, over four years, in which the weekdays go round."""
    first, days = date(2025, 1, 1), 4 * 365 + 1
    return sum(_busy(first + timedelta(days=number)) for number in range(days)) / days
