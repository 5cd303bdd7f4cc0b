"""From a page's data to one file of HTML that needs nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from kaltura_pipeline.reporting.charts import curves_chart, days_chart, shares_chart, trend_chart
from kaltura_pipeline.reporting.page_model import Headline, PageData, Title

if TYPE_CHECKING:
    from jinja2 import Template

_NONE = "–"
_PICTURES = 10
# Rows of the longest lists; the CSV files have all of them.
_TITLES, _DEBTS, _DEPARTMENTS, _PROBLEMS, _NOTES = 20, 25, 20, 20, 30
_GIGABYTE = 1024
_PERIODS = {"day": "Day", "week": "Week", "month": "Month"}


def render_page(data: PageData) -> str:
    """Return the page as HTML.

    :param data: what it shows.
    """
    charts = {
        "days": days_chart(data.days, "days") if any(each.plays for each in data.days) else "",
        "curves": curves_chart(data.drop_offs, "curves") if data.drop_offs else "",
        "devices": shares_chart(data.devices, "devices", "Plays by device") if data.devices else "",
        "places": shares_chart(data.places, "places", "Plays by country") if data.places else "",
        "domains": shares_chart(data.domains, "domains", "Plays by site") if data.domains else "",
        "trend": _trend(data),
    }
    return _template().render(
        data=data, charts=charts, tiles=_tiles(data), period=_PERIODS[data.period],
        title=_when(data),
        top=_pictured(data.top), rising=_pictured(data.rising), notes=data.notes[:_NOTES],
        debts=data.caption_debt.titles[:_DEBTS] if data.caption_debt else (),
        departments=data.caption_debt.departments[:_DEPARTMENTS] if data.caption_debt else (),
        problems=data.library.problems[:_PROBLEMS] if data.library else (),
    )  # fmt: skip


def _trend(data: PageData) -> str:
    debt = data.caption_debt
    return trend_chart(debt.trend, "trend") if debt and len(debt.trend) > 1 else ""


def _pictured(titles: Sequence[Title]) -> list[Title]:
    return [each if number < _PICTURES else replace(each, thumbnail="") for number, each in enumerate(titles[:_TITLES])]


def _when(data: PageData) -> str:
    if data.first == data.last:
        return f"{data.last:%A}, {data.last.day} {data.last:%B %Y}"
    return f"{data.first.day} {data.first:%B %Y} to {data.last.day} {data.last:%B %Y}"


def _tiles(data: PageData) -> list[dict[str, str]]:
    now, before = data.headline, data.before
    then = before or Headline(0, None, 0.0, None, 0)
    tiles = [
        ("Plays", number(now.plays), _change(now.plays, then.plays)),
        ("Viewers", number(now.viewers), _change(now.viewers, then.viewers)),
        ("Minutes viewed", minutes(now.seconds_viewed), _change(now.seconds_viewed, then.seconds_viewed)),
        ("Completion", percent(now.completion_ratio), _points(now, then)),
        ("Titles played", number(now.titles), _change(now.titles, then.titles)),
    ]
    # Viewers cannot be added up over days.
    return [
        {"name": name, "value": value, "change": change} for name, value, change in tiles
        if not (name == "Viewers" and now.viewers is None)
    ]  # fmt: skip


def _change(now: float | None, before: float | None) -> str:
    if now is None or not before:
        return ""
    share = (now - before) / before
    return f"{share:+.0%}" if abs(share) >= 0.005 else "unchanged"


def _points(now: Headline, before: Headline) -> str:
    if now.completion_ratio is None or before.completion_ratio is None:
        return ""
    points = 100 * (now.completion_ratio - before.completion_ratio)
    if abs(points) < 0.5:
        return "unchanged"
    return f"{points:+.0f} point" if abs(round(points)) == 1 else f"{points:+.0f} points"


def number(value: float | None) -> str:
    """Write a number with separators, such as 12,345."""
    return _NONE if value is None else f"{value:,.0f}"


def minutes(seconds: float | None) -> str:
    """Write seconds as minutes."""
    return _NONE if seconds is None else f"{seconds / 60:,.0f}"


def percent(share: float | None) -> str:
    """Write a share as percent."""
    return _NONE if share is None else f"{share:.0%}"


def clock(seconds: float | None) -> str:
    """Write a length, such as 1:02:03."""
    if seconds is None:
        return _NONE
    hours, rest = divmod(round(seconds), 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"


def size(megabytes: float | None) -> str:
    """Write megabytes as people read them."""
    if megabytes is None:
        return _NONE
    return f"{megabytes / _GIGABYTE:,.1f} GB" if megabytes >= _GIGABYTE else f"{megabytes:,.0f} MB"


@cache
def _template() -> Template:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined)
    filters: dict[str, Any] = {"number": number, "minutes": minutes, "percent": percent, "clock": clock, "size": size}
    environment.filters.update(filters)
    return environment.from_string(files(__package__).joinpath("report.html.j2").read_text(encoding="utf-8"))
