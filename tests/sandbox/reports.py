"""Asking for reports, and reading what comes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .conftest import Api

DAY = "20260310"


def report_filter(first: str = DAY, last: str | None = None, **values: Any) -> dict[str, Any]:
    return {"objectType": "KalturaReportInputFilter", "fromDay": first, "toDay": last or first, **values}


def table(
    api: Api, filter: dict[str, Any], report: int = 1, ks: str | None = None, size: int = 500, page: int = 1,
    **params: Any,
) -> list[dict[str, str]]:  # fmt: skip
    """Rows of a report by column."""
    answer = api.call(
        "report", "getTable", ks or api.admin, reportType=str(report), reportInputFilter=filter,
        pager={"pageSize": size, "pageIndex": page}, responseOptions={"delimiter": "|"}, **params,
    )  # fmt: skip
    if set(answer) == {"objectType"}:
        return []
    assert answer["data"].endswith(";")
    names = answer["header"].split("|")
    return [dict(zip(names, line.split("|"), strict=True)) for line in answer["data"][:-1].split(";")]


def pick(rows: Iterable[dict[str, str]], *names: str) -> list[tuple[str, ...]]:
    return [tuple(row[name] for name in names) for row in rows]


def total(api: Api, filter: dict[str, Any], report: int = 1) -> dict[str, str]:
    """Figures of a whole report."""
    answer = api.call(
        "report", "getTotal", api.admin, reportType=str(report), reportInputFilter=filter,
        responseOptions={"delimiter": "|"},
    )  # fmt: skip
    return dict(zip(answer["header"].split("|"), answer["data"].split("|"), strict=True))


def graph(api: Api, filter: dict[str, Any], name: str, report: int = 1) -> dict[str, str]:
    """Points of one curve of a report."""
    curves = api.call("report", "getGraphs", api.admin, reportType=str(report), reportInputFilter=filter)
    data = next(curve["data"] for curve in curves if curve["id"] == name)
    return dict(point.split(",") for point in data.split(";") if point)
