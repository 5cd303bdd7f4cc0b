"""Reports over several local days at once: for figures that cannot be added up from days."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kaltura_provider.api.analytics.asking import MAX_ROWS, Question, ask_graphs, ask_table, ask_total
from kaltura_provider.api.analytics.days import Period, local_day
from kaltura_provider.api.analytics.reading import read_table, schema_of
from kaltura_provider.api.analytics.report_types import ReportType, report_type
from kaltura_provider.api.errors import KalturaError

if TYPE_CHECKING:
    import pyarrow as pa

    from kaltura_provider.api.client import KalturaClient


def fetch_period_table(
    client: KalturaClient,
    report: int | str | ReportType,
    first: datetime.date | str,
    last: datetime.date | str,
    time_zone: str = "UTC",
    *,
    filter: Mapping[str, Any] | None = None,
) -> pa.Table:
    """Fetch a table over several local days (``report.getTable``, one call).

    Different viewers are counted once over all the days, which no sum of days can do.

    :param first: first day.
    :param last: last day, included.
    :param filter: further fields of ``KalturaReportInputFilter``; several values as a list.
    :return: the rows; a table without rows if nothing happened.
    :raises KalturaError: the call failed, or ``REPORT_TOO_LARGE``: fetch the days one by one.
    :raises ValueError: report, days or time zone are wrong.
    """
    question = question_over(report, first, last, time_zone, filter)
    table, _ = read_table(ask_table(client, question, MAX_ROWS, 1), question.report, "warn")
    if table is None:
        return schema_of(question.report.described()).empty_table()
    if len(table) >= MAX_ROWS:
        raise KalturaError(
            "REPORT_TOO_LARGE", f"{question.report.name} has {MAX_ROWS:,} rows or more from {first} to {last}",
            service_action="report.getTable",
        )  # fmt: skip
    return table


def fetch_period_total(
    client: KalturaClient,
    report: int | str | ReportType,
    first: datetime.date | str,
    last: datetime.date | str,
    time_zone: str = "UTC",
    *,
    filter: Mapping[str, Any] | None = None,
) -> dict[str, float]:
    """Fetch the figures of a whole report over several local days (``report.getTotal``).

    :param first: first day.
    :param last: last day, included.
    :param filter: further fields of ``KalturaReportInputFilter``; several values as a list.
    :return: figures by their name in typed tables; empty if nothing happened.
    :raises KalturaError: the call failed.
    :raises ValueError: report, days or time zone are wrong.
    """
    return ask_total(client, question_over(report, first, last, time_zone, filter))


def fetch_graphs(
    client: KalturaClient,
    report: int | str | ReportType,
    first: datetime.date | str,
    last: datetime.date | str,
    time_zone: str = "UTC",
    *,
    interval: str = "days",
    filter: Mapping[str, Any] | None = None,
) -> dict[str, dict[str, float]]:
    """Fetch the curves of a report over local days (``report.getGraphs``).

    All points are cut by the offset that the first day has from UTC: over a change of the clocks the days after it are
    an hour off. Ask for the days before and after it apart.

    :param first: first day.
    :param last: last day, included.
    :param interval: ``hours``, ``days``, ``months`` or ``years``.
    :param filter: further fields of ``KalturaReportInputFilter``; several values as a list.
    :return: by figure, in typed names and units: value by point, such as ``20260131`` or ``2026013114``. Points without
        events are missing.
    :raises KalturaError: the call failed, or a curve cannot be read.
    :raises ValueError: report, days or time zone are wrong.
    """
    return ask_graphs(client, question_over(report, first, last, time_zone, filter), interval=interval)


def question_over(
    report: int | str | ReportType, first: Any, last: Any, time_zone: str, filter: Mapping[str, Any] | None
) -> Question:
    """Return a question over local days.

    :raises ValueError: report, days or time zone are wrong.
    """
    begin, end = local_day(first, time_zone), local_day(last, time_zone)
    if end.end <= begin.start:
        raise ValueError(f"the last day {last} lies before the first day {first}: swap them")
    period = begin if begin == end else Period(begin.start, end.end, None, begin.offset)
    return Question(report_type(report), period, filter or {})
