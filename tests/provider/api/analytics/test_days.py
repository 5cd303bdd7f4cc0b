"""Local days: whole also when the clocks change, and named as Kaltura takes them."""

from __future__ import annotations

import itertools
from datetime import date
from typing import Any

import pytest

from kaltura_provider.api.analytics.days import local_day, parse_day

HOUR = 3600


@pytest.mark.parametrize(
    ("zone", "day", "offset"),
    [
        ("UTC", "2026-06-01", 0),
        ("Europe/Berlin", "2026-01-15", -60),
        ("Europe/Berlin", "2026-07-15", -120),
        ("America/New_York", "2026-01-15", 300),
        ("Asia/Kolkata", "2026-01-15", -330),
        ("Pacific/Chatham", "2026-01-15", -825),
    ],
)
def test_a_day_of_24_hours_is_asked_for_by_name(zone: str, day: str, offset: int) -> None:
    name = day.replace("-", "")
    assert local_day(day, zone).fields() == {"fromDay": name, "toDay": name, "timeZoneOffset": offset}


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", "2026-03-29", 23),
        ("Europe/Berlin", "2026-10-25", 25),
        ("Pacific/Chatham", "2026-04-05", 25),
        ("Pacific/Chatham", "2026-09-27", 23),
        ("Australia/Lord_Howe", "2026-04-05", 24.5),
        # The clocks change at midnight, which does not exist on that day.
        ("America/Santiago", "2026-09-06", 23),
    ],
)
def test_a_day_on_which_clocks_change_is_asked_for_by_its_seconds(zone: str, day: str, hours: float) -> None:
    period = local_day(day, zone)
    fields = period.fields()
    assert (period.end - period.start) / HOUR == hours
    assert (fields["fromDate"], fields["toDate"]) == (period.start, period.end - 1)
    assert "fromDay" not in fields


@pytest.mark.parametrize("zone", ["Pacific/Chatham", "Europe/Berlin", "America/Santiago", "Asia/Kolkata"])
def test_days_follow_one_another_without_gap_or_overlap(zone: str) -> None:
    days = [date.fromordinal(date(2026, 1, 1).toordinal() + number) for number in range(366)]
    periods = [local_day(day, zone) for day in days]
    assert all(before.end == after.start for before, after in itertools.pairwise(periods))


def test_halves_are_whole_hours_and_an_hour_has_none() -> None:
    period = local_day("2026-10-25", "Europe/Berlin")
    first, second = period.halves() or (None, None)
    assert first is not None
    assert second is not None
    assert (first.start, first.end, second.end) == (period.start, second.start, period.end)
    assert (first.end - first.start) % HOUR == 0
    assert first.day is None
    hour: Any = first
    while hour.halves():
        hour = hour.halves()[0]
    assert hour.end - hour.start == HOUR


@pytest.mark.parametrize("wrong", ["31.1.2026", "", "2026-02-30"])
def test_what_is_no_day(wrong: str) -> None:
    with pytest.raises(ValueError, match="use the form 2026-01-31"):
        parse_day(wrong)


def test_what_is_no_time_zone() -> None:
    with pytest.raises(ValueError, match="use an IANA name"):
        local_day("2026-01-31", "Mars/Olympus")
