"""The calls of the service ``report``, with what all of them share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from kaltura_provider.api.analytics.columns import columns_of
from kaltura_provider.api.analytics.days import Period
from kaltura_provider.api.analytics.reading import DELIMITER
from kaltura_provider.api.analytics.report_types import ReportType
from kaltura_provider.api.errors import KalturaError

if TYPE_CHECKING:
    from kaltura_provider.api.client import KalturaClient

#: Kaltura gives no row of a report beyond this one: a first page is cut there without a word, a later one fails.
MAX_ROWS = 12_000

# Fields that only the filter for end users has; in the plain one they are ignored without a word.
_USER_FIELDS = frozenset({"application", "userIds", "playbackContext", "ancestorPlaybackContext"})


@dataclass(frozen=True)
class Question:
    """What a report is asked.

    :param report: the report.
    :param period: the time.
    :param filter: further fields of ``KalturaReportInputFilter``; several values as a list.
    :param object_ids: only these rows.
    :param order: such as ``-count_plays``.
    :param entry_ids: only these entries; None for those of the filter.
    """

    report: ReportType
    period: Period
    filter: Mapping[str, Any] = field(default_factory=dict)
    object_ids: Sequence[str] = ()
    order: str | None = None
    entry_ids: Sequence[str] | None = None

    def over(self, period: Period) -> Question:
        """Return the question for another time."""
        return replace(self, period=period)

    def of(self, entry_ids: Sequence[str]) -> Question:
        """Return the question for some entries."""
        return replace(self, entry_ids=entry_ids)

    def with_users(self, user_ids: Sequence[str]) -> Question:
        """Return the question for some users."""
        return replace(self, filter={**self.filter, "userIds": list(user_ids)})

    def params(self) -> dict[str, Any]:
        """Return the parameters that all actions have in common."""
        given = dict(self.filter)
        if self.entry_ids is not None:
            given["entryIdIn"] = list(self.entry_ids)
        fields = {
            key: DELIMITER.join(map(str, value)) if isinstance(value, list | tuple) else value
            for key, value in given.items()
        }
        kind = "KalturaEndUserReportInputFilter" if _USER_FIELDS & fields.keys() else "KalturaReportInputFilter"
        return {
            "reportType": str(self.report.number),
            "reportInputFilter": {"objectType": kind, **fields, **self.period.fields()},
            "objectIds": DELIMITER.join(self.object_ids) or None,
            "responseOptions": {"objectType": "KalturaReportResponseOptions", "delimiter": DELIMITER},
        }


def ask_table(client: KalturaClient, question: Question, page_size: int, page: int) -> Any:
    """Ask for one page of a table (``report.getTable``).

    :return: the answer as received.
    """
    pager = {"pageSize": page_size, "pageIndex": page}
    return client.call("report", "getTable", {**question.params(), "pager": pager, "order": question.order})


def ask_total(client: KalturaClient, question: Question) -> dict[str, float]:
    """Ask for the figures of a whole report (``report.getTotal``).

    :return: figures by their name in typed tables, units converted; without those that are empty.
    :raises KalturaError: header and figures do not fit.
    """
    answer = client.call("report", "getTotal", question.params())
    names = str((answer or {}).get("header") or "").split(DELIMITER)
    # The last row of a total has no ";", but nothing says that it never will.
    cells = str((answer or {}).get("data") or "").rstrip(";").split(DELIMITER)
    while len(names) > 1 and not names[-1]:
        names.pop()
    if any(cells) and len(cells) < len(names):
        raise _unreadable("report.getTotal", f"{len(cells)} figures for {len(names)} columns")
    found: dict[str, float] = {}
    for column, cell in zip(columns_of(names), cells, strict=False):
        if cell == "" or column.kind == "text":
            continue
        try:
            found[column.output] = round(float(cell) * column.factor, column.decimals)
        except ValueError:
            raise _unreadable("report.getTotal", f"{column.name} is {cell[:60]!r}, which is no number") from None
    return found


def ask_graphs(
    client: KalturaClient, question: Question, *, interval: str = "days", dimension: str | None = None
) -> dict[str, dict[str, float]]:
    """Ask for the curves of a report (``report.getGraphs``).

    :param interval: ``hours``, ``days``, ``months`` or ``years``.
    :param dimension: the figure, where the report asks for one.
    :return: by figure, in typed names and units: value by point, such as ``20260131`` or ``2026013114``. Points without
        events are missing.
    :raises KalturaError: a curve cannot be read.
    """
    params = question.params()
    params["reportInputFilter"]["interval"] = interval
    answer = client.call("report", "getGraphs", {**params, "dimension": dimension})
    curves: dict[str, dict[str, float]] = {}
    for graph in answer or []:
        (column,) = columns_of([str(graph.get("id"))])
        points: dict[str, float] = {}
        for point in str(graph.get("data") or "").split(";"):
            if not point:
                continue
            label, _, value = point.partition(DELIMITER)
            try:
                points[label] = round(float(value) * column.factor, column.decimals)
            except ValueError:
                raise _unreadable("report.getGraphs", f"point {point[:60]!r} of {column.name} is no number") from None
        curves[column.output] = points
    return curves


def _unreadable(action: str, reason: str) -> KalturaError:
    return KalturaError("BAD_ANSWER", f"the answer is unreadable: {reason}", service_action=action)
