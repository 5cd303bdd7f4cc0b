"""Kaltura's analytics tables, complete and with proper rows."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from kaltura_provider.api.errors import KalturaError

if TYPE_CHECKING:
    from kaltura_provider.api.client import KalturaClient

#: Numbers of the common table reports (``KalturaReportType``). Any other number can be given as well.
REPORT_TYPES: Mapping[str, int] = {
    "TOP_CONTENT": 1,
    "CONTENT_DROPOFF": 2,
    "CONTENT_INTERACTIONS": 3,
    "MAP_OVERLAY": 4,
    "TOP_CONTRIBUTORS": 5,
    "TOP_SYNDICATION": 6,
    "USER_ENGAGEMENT": 11,
    "SPECIFIC_USER_ENGAGEMENT": 12,
    "USER_TOP_CONTENT": 13,
    "USER_CONTENT_DROPOFF": 14,
    "USER_CONTENT_INTERACTIONS": 15,
    "APPLICATIONS": 16,
    "USER_USAGE": 17,
    "SPECIFIC_USER_USAGE": 18,
    "TOP_CREATORS": 20,
    "PLATFORMS": 21,
    "OPERATING_SYSTEM": 22,
    "BROWSERS": 23,
    "LIVE": 24,
    "TOP_PLAYBACK_CONTEXT": 25,
    "VPAAS_USAGE": 26,
    "ENTRY_USAGE": 27,
    "MAP_OVERLAY_CITY": 30,
    "OPERATING_SYSTEM_FAMILIES": 32,
    "BROWSERS_FAMILIES": 33,
    "USER_ENGAGEMENT_TIMELINE": 34,
    "UNIQUE_USERS_PLAY": 35,
    "MAP_OVERLAY_COUNTRY": 36,
    "MAP_OVERLAY_REGION": 37,
    "TOP_CONTENT_CREATOR": 38,
    "TOP_CONTENT_CONTRIBUTORS": 39,
    "TOP_SOURCES": 41,
    "PERCENTILES": 43,
    "PLAYER_RELATED_INTERACTIONS": 45,
    "PLAYBACK_RATE": 46,
    "PARTNER_USAGE": 201,
}

#: Kaltura gives no row of a report beyond this one.
MAX_ROWS = 12_000

# In names and titles Kaltura replaces the delimiter by a space; "|" is rarer there than ",".
_DELIMITER = "|"
# Fields that only the filter for end users has; in the plain one they are ignored without a word.
_USER_FIELDS = frozenset({"application", "userIds", "playbackContext", "ancestorPlaybackContext"})


@dataclass(frozen=True)
class ReportTable:
    """A table as Kaltura gives it: texts, in which numbers are plain decimals.

    Mind the units: ``sum_time_viewed`` and ``avg_time_viewed`` are minutes, ``avg_view_drop_off`` is 0 to 1, storage
    and bandwidth are MB.

    :param columns: names of the columns; empty if there is no row.
    :param rows: the cells, as many in each row as there are columns.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def __len__(self) -> int:
        return len(self.rows)

    def records(self) -> Iterator[dict[str, str]]:
        """Go through the rows as dicts."""
        return (dict(zip(self.columns, row, strict=True)) for row in self.rows)


def fetch_table(
    client: KalturaClient,
    report_type: int | str,
    day: datetime.date | str,
    time_zone: str = "UTC",
    *,
    last_day: datetime.date | str | None = None,
    object_ids: Sequence[str] = (),
    filter: Mapping[str, Any] | None = None,
    order: str | None = None,
    page_size: int = 500,
) -> ReportTable:
    """Fetch a whole table of one day (``report.getTable``, all pages).

    Kaltura takes one offset from UTC per call, which is that of noon of the day. Ask for one day at a time: over
    several days with a clock change among them the edges are one hour off.

    :param client: the client; its session needs the permission ANALYTICS_BASE.
    :param report_type: a name of :data:`REPORT_TYPES` or a number.
    :param day: the day, in the time zone; a date or ``YYYY-MM-DD``.
    :param time_zone: IANA name, such as ``Europe/Berlin``.
    :param last_day: last day, inclusive, for more than one day.
    :param object_ids: limits the table to these objects, usually entry IDs.
    :param filter: further fields of ``KalturaReportInputFilter``. Give several values as a list, as their separator
        depends on the one of the answer. Without ``playbackTypeIn`` live plays are left out.
    :param order: such as ``-count_plays``.
    :param page_size: rows of one call, up to 1000.
    :return: the table; without columns if there was nothing to report.
    :raises KalturaError: if a call failed, the table was unreadable, or Kaltura holds back rows beyond 12,000.
    :raises ValueError: if type, day or time zone are unknown.
    """
    number = report_type_number(report_type)
    first, last = _date(day), _date(last_day if last_day is not None else day)
    if last < first:
        raise ValueError(f"last_day {last} lies before day {first}: swap them")
    if not 1 <= page_size <= 1000:
        raise ValueError(f"page_size {page_size} is out of range: use 1 to 1000 rows")
    fields = {
        key: _DELIMITER.join(map(str, value)) if isinstance(value, list | tuple) else value
        for key, value in (filter or {}).items()
    }
    params = {
        "reportType": str(number),
        "reportInputFilter": {
            "objectType": "KalturaEndUserReportInputFilter"
            if _USER_FIELDS & fields.keys()
            else "KalturaReportInputFilter",
            **fields,
            "fromDay": first.strftime("%Y%m%d"),
            "toDay": last.strftime("%Y%m%d"),
            "timeZoneOffset": time_zone_offset(time_zone, first),
        },
        "objectIds": _DELIMITER.join(object_ids) or None,
        "order": order,
        "responseOptions": {"objectType": "KalturaReportResponseOptions", "delimiter": _DELIMITER},
    }
    columns: tuple[str, ...] = ()
    rows: dict[tuple[str, ...], None] = {}
    for page in range(1, MAX_ROWS // page_size + 1):
        pager = {"pageSize": page_size, "pageIndex": page}
        answer = client.call("report", "getTable", {**params, "pager": pager})
        found_columns, found = parse_table(answer)
        if columns and found_columns and columns != found_columns:
            raise _unreadable("the columns changed from one page to the next")
        columns = columns or found_columns
        # The ranking behind the pages is approximate, so that a row may come on two pages.
        rows.update(dict.fromkeys(found))
        if len(found) < page_size:
            return ReportTable(columns, tuple(rows))
    raise KalturaError("REPORT_TOO_LARGE", f"the report has {len(rows)} rows or more", service_action="report.getTable")


def parse_table(answer: Any) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Take a ``KalturaReportTable`` with the delimiter ``|`` apart.

    :param answer: the table as received. Without rows it has neither header nor data.
    :return: columns and rows.
    :raises KalturaError: if rows and columns do not fit.
    """
    if not isinstance(answer, dict):
        raise _unreadable("it is no table")
    header, data = answer.get("header"), answer.get("data")
    if not header or not data:
        return (), []
    columns = tuple(str(header).split(_DELIMITER))
    # Each row ends with ";", the last one too. Within values Kaltura has replaced it.
    rows = [tuple(row.split(_DELIMITER)) for row in str(data).split(";") if row]
    for row in rows:
        if len(row) != len(columns):
            raise _unreadable(f"a row has {len(row)} cells for {len(columns)} columns")
    return columns, rows


def report_type_number(report_type: int | str) -> int:
    """Find the number of a report type.

    :param report_type: a name of :data:`REPORT_TYPES` or a number.
    :raises ValueError: if the name is unknown.
    """
    text = str(report_type).strip()
    if text.isdigit():
        return int(text)
    if text.upper() not in REPORT_TYPES:
        raise ValueError(
            f"Report type {text!r} is unknown: use a number of KalturaReportType or one of {', '.join(REPORT_TYPES)}"
        )
    return REPORT_TYPES[text.upper()]


def time_zone_offset(time_zone: str, day: datetime.date) -> int:
    """Return the offset Kaltura expects: minutes to add to local time to get UTC, so that Berlin in winter is -60.

    :param time_zone: IANA name, such as ``Europe/Berlin``.
    :param day: the day; the offset is that of its noon.
    :raises ValueError: if the time zone is unknown.
    """
    try:
        zone = ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"Time zone {time_zone!r} is unknown: use an IANA name such as Europe/Berlin") from None
    noon = datetime.datetime.combine(day, datetime.time(12), zone)
    offset = noon.utcoffset() or datetime.timedelta(0)
    return -int(offset.total_seconds() // 60)


def _date(day: datetime.date | str) -> datetime.date:
    if isinstance(day, datetime.datetime):
        return day.date()
    if isinstance(day, datetime.date):
        return day
    try:
        return datetime.date.fromisoformat(day.strip())
    except ValueError:
        raise ValueError(f"{day!r} is no day: use the form 2026-01-31") from None


def _unreadable(reason: str) -> KalturaError:
    return KalturaError("BAD_ANSWER", f"the table is unreadable: {reason}", service_action="report.getTable")
