"""How much goes on at a university: by term, weekday and hour, all in UTC."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

from .plan import HOUR, TrafficPlan

_HOURS = (2, 1, 1, 1, 1, 2, 4, 9, 16, 20, 22, 21, 17, 20, 22, 21, 18, 14, 13, 14, 13, 9, 5, 3)
# Whole numbers throughout: sums of fractions are not the same in every version of Python.
_WEEKDAYS = (120, 130, 125, 120, 95, 50, 60)
# Up to and with this month and day: lectures, exams, holidays.
_TERMS = (
    (106, 35), (215, 135), (405, 60), (715, 110), (731, 125), (1009, 45), (1220, 120), (1231, 35),
)  # fmt: skip
# Over so many days, four years, the weekdays go round and the average is taken.
_DAYS = 4 * 365 + 1
_EXAM_EVERY, _FIRST_EXAM = 61, 17
# Within one calendar day from UTC-12 to UTC+9, and from UTC+12 on: those users fill one day's report nearly everywhere.
_EXAM_HOURS = range(12, 15)


def usual_sessions(plan: TrafficPlan, hour: int) -> float:
    """Return how many sessions are to be expected.

    :param hour: Unix time in hours.
    """
    of_day, of_all_days = _HOURS[hour % len(_HOURS)], sum(_HOURS) * _busy_together()
    return plan.sessions * _busy(plan.day_of(hour * HOUR)) * of_day * _DAYS / of_all_days


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
def _busy(day: date) -> int:
    """Return how busy a day is beside others."""
    term = next(factor for last, factor in _TERMS if day.month * 100 + day.day <= last)
    return term * _WEEKDAYS[day.weekday()]


@lru_cache(maxsize=1)
def _busy_together() -> int:
    return sum(_busy(date(2025, 1, 1) + timedelta(days=number)) for number in range(_DAYS))
