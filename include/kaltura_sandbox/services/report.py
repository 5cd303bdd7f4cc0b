"""Service ``report``: tables, totals and curves over the events of players, real and made up."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

from ..answers import FileAnswer
from ..context import Context
from ..errors import ApiError, fail, register_error
from ..ids import long_id
from ..registry import ADMIN, USER, action, job, param
from ..reporting.answers import points_of, rows_of, total_of
from ..reporting.csv_file import write_csv
from ..reporting.figures import Question
from ..reporting.periods import STEPS
from ..reporting.questions import DEFAULT_DELIMITER, LIST_PROPERTIES, read_question
from ..reporting.types import REPORT_TYPES, ReportType
from ..schema import ApiObject, kaltura_type, prop, props, render, string_enum

if TYPE_CHECKING:
    from ..inputs import Parameter
    from ..sandbox import Sandbox

_log = logging.getLogger(__name__)

_DEFAULT_PAGE = 30
_ZERO_PAGE = 10
_MAX_ROWS = 12_000
_MAX_CSV_ROWS = 60_000
_CSV_SECONDS = 86_400

register_error("SEARCH_TOO_GENERAL", "Search is too general, please refine it")

_KNOWN_TYPES = (
    *range(1, 7), *range(11, 19), *range(20, 71), 201, *range(10001, 10017), *range(20001, 20024),
    *range(30001, 30065), *range(40001, 40014), *range(60001, 60020), 70001, *range(80001, 80007),
)  # fmt: skip
string_enum("KalturaReportType", *map(str, _KNOWN_TYPES))
string_enum("KalturaReportInterval", *STEPS)
kaltura_type("KalturaReportInputBaseFilter", None, *props("time", "fromDate toDate"), *props("string", "fromDay toDay"))
kaltura_type(
    "KalturaReportInputFilter", "KalturaReportInputBaseFilter",
    prop("keywords"), prop("searchInTags", "bool"), prop("timeZoneOffset", "int"),
    prop("interval", "KalturaReportInterval"), *props("string", " ".join(LIST_PROPERTIES)),
    *props("time", "entryCreatedAtGreaterThanOrEqual entryCreatedAtLessThanOrEqual"),
)  # fmt: skip
kaltura_type(
    "KalturaEndUserReportInputFilter", "KalturaReportInputFilter",
    *props("string", "application userIds playbackContext ancestorPlaybackContext"),
)  # fmt: skip
kaltura_type(
    "KalturaReportResponseOptions", None,
    prop("delimiter"), prop("skipEmptyDates", "bool"), prop("useFriendlyHeadersNames", "bool"),
)  # fmt: skip
kaltura_type("KalturaReportTable", None, prop("header"), prop("data"), prop("totalCount", "int"))
kaltura_type("KalturaReportTotal", None, prop("header"), prop("data"))
kaltura_type("KalturaReportGraph", None, prop("id"), prop("data"))

_TYPE = param("reportType", "KalturaReportType")
_FILTER = param("reportInputFilter", "KalturaReportInputFilter")
_DIMENSION = param("dimension", default=None)
_OPTIONS: tuple[Parameter, ...] = (
    param("objectIds", default=None), param("responseOptions", "KalturaReportResponseOptions", None),
)  # fmt: skip


@action("report", "getTable", _TYPE, _FILTER, param("pager", "KalturaFilterPager"), param("order", default=None),
        *_OPTIONS, access=ADMIN)  # fmt: skip
def get_table(
    context: Context, report_type: str, report_input_filter: ApiObject, pager: ApiObject, order: str | None,
    object_ids: str | None, response_options: ApiObject | None,
) -> dict[str, Any]:  # fmt: skip
    """Answer one page of a report's rows; a report without rows has neither header nor data."""
    delimiter = _delimiter(response_options)
    first, last = _page(pager)
    question = _question(context, report_type, report_input_filter, object_ids, delimiter)
    count, rows = rows_of(context.store, question, order, first, last) if question else (0, [])
    if question is None or not rows:
        return render("KalturaReportTable", {})
    report = question.report
    lines = [delimiter.join(_clean(cell, delimiter) for cell in cells) for cells in rows]
    return render(
        "KalturaReportTable",
        {
            "header": delimiter.join([*(name for name, _ in report.columns), *report.metrics]),
            "data": "".join(f"{line};" for line in lines), "totalCount": count,
        },
    )  # fmt: skip


@action("report", "getTotal", _TYPE, _FILTER, *_OPTIONS, access=ADMIN)
def get_total(
    context: Context, report_type: str, report_input_filter: ApiObject, object_ids: str | None,
    response_options: ApiObject | None,
) -> dict[str, Any]:  # fmt: skip
    """Answer the figures of a whole report; without events every figure is empty."""
    delimiter = _delimiter(response_options)
    report = _report(report_type)
    question = _question(context, report_type, report_input_filter, object_ids, delimiter)
    values = (total_of(context.store, question) if question else None) or [""] * len(report.metrics)
    return render("KalturaReportTotal", {"header": delimiter.join(report.metrics), "data": delimiter.join(values)})


@action("report", "getGraphs", _TYPE, _FILTER, _DIMENSION, *_OPTIONS, access=ADMIN)
def get_graphs(
    context: Context, report_type: str, report_input_filter: ApiObject, dimension: str | None,
    object_ids: str | None, response_options: ApiObject | None,
) -> list[dict[str, Any]]:  # fmt: skip
    """Answer a curve for each figure of a report: points and values; days without events are left out."""
    delimiter = _delimiter(response_options)
    report = _report(report_type)
    question = _question(context, report_type, report_input_filter, object_ids, delimiter)
    points = _points(context, question, report_input_filter, response_options) if question else {}
    return [
        render(
            "KalturaReportGraph",
            {
                "id": name,
                "data": "".join(f"{label}{delimiter}{values[number]};" for label, values in points.items()),
            },
        )
        for number, name in enumerate(report.metrics)
    ]  # fmt: skip


@action("report", "getBaseTotal", _TYPE, _FILTER, *_OPTIONS, access=ADMIN)
def get_base_total(
    context: Context, report_type: str, report_input_filter: ApiObject, object_ids: str | None,
    response_options: ApiObject | None,
) -> None:  # fmt: skip
    """Fail, as Kaltura does for every report but those on the storage of users, which are not kept here."""
    raise fail("INTERNAL_SERVERL_ERROR")


@action(
    "report", "getUrlForReportAsCsv",
    param("reportTitle"), param("reportText"), param("headers"), _TYPE, _FILTER, _DIMENSION,
    param("pager", "KalturaFilterPager", None), param("order", default=None), *_OPTIONS, access=ADMIN,
)  # fmt: skip
def get_url_for_report_as_csv(
    context: Context, report_title: str, report_text: str, headers: str, report_type: str,
    report_input_filter: ApiObject, dimension: str | None, pager: ApiObject | None, order: str | None,
    object_ids: str | None, response_options: ApiObject | None,
) -> str | None:  # fmt: skip
    """Write a report to a file and answer its address, which holds a session of a day.

    What goes wrong but an excess of rows is answered with nothing, as by Kaltura.
    """
    try:
        question = _question(context, report_type, report_input_filter, object_ids, _delimiter(response_options))
    except ApiError:
        return None
    report = _report(report_type)
    count, rows = rows_of(context.store, question, order, 0, None) if question else (0, [])
    if count > _MAX_CSV_ROWS:
        raise fail("SEARCH_TOO_GENERAL")
    totals = total_of(context.store, question) if question else None
    points = _points(context, question, report_input_filter, response_options) if question and dimension else {}
    content = write_csv(
        report, report_title, report_text, headers, rows, totals,
        curve=[(label, values[report.metrics.index(dimension)]) for label, values in points.items()]
        if dimension in report.metrics else [],
        period=(question.start, question.end - 1, question.offset) if question else None,
    )  # fmt: skip
    file_id = long_id()
    context.files.write(context.files.path("report", file_id, "report.csv"), content.encode("utf-8-sig"))
    context.jobs.schedule("report.forget", {"id": file_id}, delay=_CSV_SECONDS)
    ks = context.sandbox.sessions.issue(
        context.partner_id, context.user_id, 0, int(time.time()) + _CSV_SECONDS, f"download:{file_id}"
    )
    return f"{context.base_url}/api_v3/index.php/service/report/action/serve/ks/{ks}/id/{file_id}/report.csv"


@action("report", "serve", param("id"), access=USER, serves_file=True)
def serve(context: Context, id: str) -> FileAnswer:
    """Answer a written report to an admin session or one with ``download`` for it."""
    if not context.is_admin and not context.may("download", id):
        raise fail("SERVICE_FORBIDDEN", SERVICE="report->serve")
    path = context.files.path("report", id, "report.csv", make=False)
    if not path.is_file():
        raise fail("REPORT_NOT_FOUND", ID=id)
    return FileAnswer(path.read_bytes(), "text/csv;charset=UTF-8", "report.csv")


@job("report.forget")
def forget(sandbox: Sandbox, payload: dict[str, Any]) -> None:
    """Remove a written report when its session is over."""
    sandbox.files.remove("report", payload["id"])


def _report(report_type: str) -> ReportType:
    found = REPORT_TYPES.get(int(report_type))
    if found is None:
        _log.warning("report type %s is not part of the sandbox; it knows %s", report_type, sorted(REPORT_TYPES))
        raise fail("INTERNAL_SERVERL_ERROR")
    return found


def _question(
    context: Context, report_type: str, filter: ApiObject, object_ids: str | None, delimiter: str
) -> Question | None:
    partner_id = context.partner_id
    traffic = context.sandbox.settings.traffic_of(partner_id)
    return read_question(context.store, _report(report_type), partner_id, filter, object_ids, delimiter, traffic)


def _points(context: Context, question: Question, filter: ApiObject, options: ApiObject | None) -> dict[str, list[str]]:
    empty = options is not None and options.get("skipEmptyDates") is False
    return points_of(context.store, question, filter.get("interval", "days"), empty=empty)


def _delimiter(options: ApiObject | None) -> str:
    return (options.get("delimiter") if options else None) or DEFAULT_DELIMITER


def _page(pager: ApiObject) -> tuple[int, int]:
    """Return the first row of a page and the one after it.

    :raises ApiError: the page ends after row 12,000; Kaltura has no error of its own for it.
    """
    size = pager.get("pageSize", _DEFAULT_PAGE) or _ZERO_PAGE
    index = max(pager.get("pageIndex", 1), 1)
    if index == 1:
        size = min(size, _MAX_ROWS)
    if size < 0 or size * index > _MAX_ROWS:
        raise fail("INTERNAL_SERVERL_ERROR")
    return size * (index - 1), size * index


def _clean(cell: str, delimiter: str) -> str:
    return cell.replace(delimiter, " ").replace(";", " ")
