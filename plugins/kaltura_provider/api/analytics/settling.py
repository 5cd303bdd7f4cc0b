"""When Kaltura's figures of a day have stopped changing."""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kaltura_provider.api.analytics.asking import Question, ask_total
from kaltura_provider.api.analytics.days import local_day
from kaltura_provider.api.analytics.report_types import ReportType, report_type

if TYPE_CHECKING:
    from kaltura_provider.api.client import KalturaClient

# A pause that ends a moment early is still one.
_SLACK = 0.95


class Settling:
    """Looks at a day until it is settled: old enough, or the same in several reads in a row.

    :param day: the day, as date or ``YYYY-MM-DD``.
    :param time_zone: IANA name, such as ``Europe/Berlin``.
    :param report: a name such as ``TOP_CONTENT``, or a number.
    :param min_age: seconds after the day's end from which on it counts as settled; None for never by age.
    :param equal_reads: so many reads must be equal; None for never by reads.
    :param reads_apart: seconds between two reads.
    :param filter: further fields of ``KalturaReportInputFilter``; several values as a list.
    :raises ValueError: an argument is wrong; names the fix.
    """

    def __init__(
        self,
        day: datetime.date | str,
        time_zone: str = "UTC",
        report: int | str | ReportType = "TOP_CONTENT",
        *,
        min_age: float | None = None,
        equal_reads: int | None = 2,
        reads_apart: float = 1800.0,
        filter: Mapping[str, Any] | None = None,
    ) -> None:
        check_rules(min_age, equal_reads, reads_apart)
        self.report = report_type(report)
        self.period = local_day(day, time_zone)
        self.min_age = min_age
        self.equal_reads = equal_reads
        self.reads_apart = reads_apart
        #: How often in a row Kaltura said the same.
        self.reads = 0
        self._question = Question(self.report, self.period, filter or {})
        self._total: dict[str, float] | None = None
        self._read_at = -math.inf

    def look(self, client: KalturaClient, now: float) -> tuple[str | None, str]:
        """Look once (``report.getTotal``, and no call where age alone decides or a read would come too early).

        :param client: the client; its session needs the permission ANALYTICS_BASE.
        :param now: the present moment, in seconds since 1970.
        :return: what settled it, ``age`` or ``equal_reads``, or None; and how far it is, in words.
        :raises KalturaError: the call failed.
        """
        age = now - self.period.end
        if age < 0:
            return None, f"the day ends in {_hours(-age)}"
        if self.min_age is not None and age >= self.min_age:
            return "age", f"the day ended {_hours(age)} ago"
        waits = []
        if self.min_age is not None:
            waits.append(f"it is old enough in {_hours(self.min_age - age)}")
        if self.equal_reads is not None:
            if now - self._read_at >= self.reads_apart * _SLACK:
                self._read(client, now)
            if self.reads >= self.equal_reads:
                return "equal_reads", f"{self.reads} reads in a row are equal"
            waits.append(f"{self.reads} of {self.equal_reads} reads in a row are equal")
        return None, ", ".join(waits)

    def state(self, settled_by: str) -> dict[str, Any]:
        """Return what is known of a settled day, as plain JSON values.

        :param settled_by: what :meth:`look` returned.
        :return: ``report``, ``day``, ``settled_by``, ``reads``, and ``total``, the figures last read or None.
        """
        return {
            "report": self.report.name, "day": str(self.period.day), "settled_by": settled_by, "reads": self.reads,
            "total": self._total,
        }  # fmt: skip

    def _read(self, client: KalturaClient, now: float) -> None:
        total = ask_total(client, self._question)
        self.reads = self.reads + 1 if total == self._total else 1
        self._total, self._read_at = total, now


def check_rules(min_age: float | None, equal_reads: int | None, reads_apart: float) -> None:
    """Check when a day counts as settled.

    :raises ValueError: a value is out of range, or the day would never be settled; names the fix.
    """
    if min_age is None and equal_reads is None:
        raise ValueError("The day would never be settled: give min_age, equal_reads, or both.")
    if min_age is not None and min_age < 0:
        raise ValueError(f"min_age must be a time after the day's end, 0 or more, not {min_age} seconds.")
    if equal_reads is not None and equal_reads < 2:
        raise ValueError(f"equal_reads must be 2 or more, as one read equals nothing, not {equal_reads}.")
    if reads_apart <= 0:
        raise ValueError(f"reads_apart must be more than 0, such as timedelta(minutes=30), not {reads_apart} seconds.")


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:.1f} hours" if seconds >= 3600 else f"{math.ceil(seconds / 60)} minutes"
