"""Kaltura's own CSV export of a report: a file with blocks, of which the table is one."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kaltura_provider.api.analytics.periods import question_over
from kaltura_provider.api.errors import KalturaError

if TYPE_CHECKING:
    import datetime

    from kaltura_provider.api.analytics.report_types import ReportType
    from kaltura_provider.api.client import KalturaClient

#: Kaltura writes no more rows into a file.
MAX_CSV_ROWS = 60_000
_ACTION = "report.getUrlForReportAsCsv"
_ADDRESS = re.compile(r"(https?://[^/]+)/.*/serve/ks/([^/]+)/id/([^/]+)/.*")


def fetch_report_csv(
    client: KalturaClient,
    report: int | str | ReportType,
    first: datetime.date | str,
    last: datetime.date | str,
    time_zone: str = "UTC",
    *,
    title: str = "",
    filter: Mapping[str, Any] | None = None,
    order: str | None = None,
) -> bytes:
    """Fetch the file that Kaltura writes of a report (``report.getUrlForReportAsCsv``, ``report.serve``).

    It is for people: values and units are Kaltura's own, such as minutes, and a table that can change from one call to
    the next is not checked against its total. For tables to count on there is :class:`DayReport`. The address of the
    file holds a session, so it is kept out of everything, and the file is returned instead.

    :param client: the client.
    :param report: a name of :data:`REPORT_TYPES`, or a number; its columns must be known.
    :param first: first local day.
    :param last: last local day, included.
    :param time_zone: IANA name.
    :param title: first line of the file; the report's name when empty.
    :param filter: further fields of ``KalturaReportInputFilter``; several values as a list.
    :param order: such as ``-count_plays``.
    :return: the file: UTF-8 with a byte order mark. :func:`read_report_csv` finds the table in it.
    :raises KalturaError: a call failed; ``SEARCH_TOO_GENERAL`` for more than 60,000 rows; ``BAD_ANSWER`` where Kaltura
        gives no address, as it does for any other fault.
    :raises ValueError: report, days or time zone are wrong.
    """
    question = question_over(report, first, last, time_zone, filter)
    columns = question.report.columns
    if not columns:
        raise ValueError(f"the columns of {question.report.name} are not known: use report.getTable through DayReport")
    params = {
        **question.params(),
        "reportTitle": title or question.report.name,
        "reportText": f"{first} to {last}, {time_zone}",
        # Headings of the totals stand before the semicolon; without it Kaltura leaves out the table.
        "headers": f";{','.join(columns)}",
        "pager": {"pageSize": MAX_CSV_ROWS, "pageIndex": 1},
        "order": order,
    }
    address = client.call("report", "getUrlForReportAsCsv", params)
    found = _ADDRESS.fullmatch(address) if isinstance(address, str) else None
    if found is None:
        raise KalturaError(
            "BAD_ANSWER", "Kaltura gave no address of the file, and does not say why; report.getTable does",
            service_action=_ACTION,
        )  # fmt: skip
    host, session, file_id = found.groups()
    client.redactor.add(session)
    # Not by the address itself, which would bring the session into the log of whatever is on the way. The file is kept
    # on that host only.
    data: bytes = client.call(
        "report", "serve", {"id": file_id, "ks": session}, idempotent=True, anonymous=True, base_url=host
    )
    return data


def read_report_csv(data: bytes) -> list[dict[str, str]]:
    """Return the rows of the table in a file of :func:`fetch_report_csv`, by Kaltura's names of the columns.

    :param data: the file.
    :raises KalturaError: ``BAD_ANSWER`` if there is no table in it.
    """
    lines = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    begins = next((number for number, line in enumerate(lines) if line == ["Table"]), None)
    if begins is None:
        raise KalturaError("BAD_ANSWER", "there is no table in the file", service_action=_ACTION)
    # A rule follows the heading.
    header, *rows = [line for line in lines[begins + 1 :] if line and not line[0].startswith("# -")] or [[]]
    return [dict(zip(header, row, strict=False)) for row in rows]
