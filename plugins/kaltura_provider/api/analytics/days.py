"""Local days as Kaltura's reports take them."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_HOUR = 3600
_DAY = 24 * _HOUR


@dataclass(frozen=True)
class Period:
    """A stretch of time within a local day.

    :param start: first Unix second.
    :param end: first Unix second after it.
    :param day: the local day, if it is all of it.
    :param offset: minutes to add to local time to get UTC, at its noon or its start: Berlin in winter is -60.
    """

    start: int
    end: int
    day: datetime.date | None
    offset: int

    def fields(self) -> dict[str, Any]:
        """Return it as fields of ``KalturaReportInputFilter``.

        A day is asked for by its name, as Kaltura's own console does. One on which the clocks change has 23 or 25
        hours; Kaltura would count 24 from its midnight. So it is asked for by its seconds, the last one included.
        """
        if self.day is not None and self.end - self.start == _DAY:
            name = self.day.strftime("%Y%m%d")
            return {"fromDay": name, "toDay": name, "timeZoneOffset": self.offset}
        return {"fromDate": self.start, "toDate": self.end - 1, "timeZoneOffset": self.offset}

    def halves(self) -> tuple[Period, Period] | None:
        """Return its two halves at a full hour from its start; None if it is an hour or less."""
        hours = -(-(self.end - self.start) // _HOUR)
        if hours < 2:
            return None
        middle = self.start + hours // 2 * _HOUR
        return (
            Period(self.start, middle, None, self.offset),
            Period(middle, self.end, None, self.offset),
        )


def local_day(day: datetime.date | str, time_zone: str) -> Period:
    """Return a local day.

    :param day: the day, as date or ``YYYY-MM-DD``.
    :param time_zone: IANA name, such as ``Europe/Berlin``.
    :raises ValueError: day or time zone are unknown.
    """
    date, zone = parse_day(day), parse_zone(time_zone)
    # Where clocks change at midnight the first second is the one of the change: what fold 0 gives.
    start, end = (
        int(datetime.datetime.combine(each, datetime.time(), zone).timestamp())
        for each in (date, date + datetime.timedelta(days=1))
    )
    noon = datetime.datetime.combine(date, datetime.time(12), zone)
    offset = noon.utcoffset() or datetime.timedelta(0)
    return Period(start, end, date, -int(offset.total_seconds() // 60))


def parse_day(day: datetime.date | str) -> datetime.date:
    """Read a day.

    :raises ValueError: it is none.
    """
    if isinstance(day, datetime.datetime):
        return day.date()
    if isinstance(day, datetime.date):
        return day
    try:
        return datetime.date.fromisoformat(day.strip())
    except ValueError:
        raise ValueError(f"{day!r} is no day: use the form 2026-01-31") from None


def parse_zone(time_zone: str) -> ZoneInfo:
    """Read a time zone.

    :raises ValueError: its name is unknown.
    """
    try:
        return ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"Time zone {time_zone!r} is unknown: use an IANA name such as Europe/Berlin") from None
