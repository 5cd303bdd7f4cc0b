"""From a page's data to one file of HTML that needs nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from kaltura_pipeline.reporting.charts import (
    CURVES,
    curves_chart,
    cut,
    days_chart,
    line_sample,
    shares_chart,
    trend_chart,
)
from kaltura_pipeline.reporting.page_model import CaptionDebt, Headline, PageData, Share, Title

if TYPE_CHECKING:
    from datetime import date

    from jinja2 import Template

_NONE = "–"
# The page stays below a megabyte whatever the data: so many pictures a list, of so many characters ...
_PICTURES, _PICTURE = 10, 27_000
# ... so many rows of each list; the CSV files have all of them ...
_DAYS, _TOP, _RISING, _SHARES, _DEBTS, _DEPARTMENTS, _PROBLEMS, _NOTES, _FILES = 62, 20, 10, 13, 25, 20, 20, 20, 20
_BARS, _TREND, _CATEGORIES = 10, 120, 3
# ... and so many characters of a name, a lesser name, a sentence, an address.
_NAME, _LESSER, _SENTENCE, _ADDRESS = 160, 60, 300, 200
# Reports, by the parts of the page that show them.
_TABLES = {"TOP_CONTENT": "Titles", "PLATFORMS": "Devices", "MAP_OVERLAY_COUNTRY": "Places", "TOP_SYNDICATION": "Sites"}
_GIGABYTE = 1024
_MINUTE = 60
_TIMES = 10
_HALF = 0.005
# What a browser would not take for an address of its own: a script, or another kind of data.
_OTHER_SCHEME = re.compile(r"\s*(?!https?:)[a-z][a-z0-9+.-]*:", re.IGNORECASE)

_DATA = re.compile(r"data:image/[a-z+.-]+;base64,[A-Za-z0-9+/=]+")


def render_page(data: PageData) -> str:
    """Return the page as HTML.

    :param data: what it shows; long lists are cut, so that the page stays below one megabyte.
    """
    shown = _cut_lists(data)
    return _template().render(
        data=shown, charts=_charts(shown), title=_when(shown), tiles=_tiles(shown), compared=_compared(shown),
        debt_change=_debt_change(shown.caption_debt),
        more={"notes": len(data.notes) - len(shown.notes), "problems": _more_problems(data, shown)},
    )  # fmt: skip


def _cut_lists(data: PageData) -> PageData:
    debt, library = data.caption_debt, data.library
    return replace(
        data, days=data.days[-_DAYS:], top=_titles(data.top[:_TOP]), rising=_titles(data.rising[:_RISING]),
        drop_offs=tuple(each for each in data.drop_offs if each.left)[:CURVES],
        devices=data.devices[:_SHARES], places=data.places[:_SHARES], domains=data.domains[:_SHARES],
        notes=data.notes[:_NOTES],
        files=tuple((name, address) for name, address in data.files if _is_address(address))[:_FILES],
        library=library and replace(library, problems=library.problems[:_PROBLEMS]),
        caption_debt=debt and replace(
            debt, departments=debt.departments[:_DEPARTMENTS], titles=debt.titles[:_DEBTS], trend=debt.trend[-_TREND:]
        ),
    )  # fmt: skip


def _titles(titles: Sequence[Title]) -> tuple[Title, ...]:
    return tuple(
        replace(
            each, categories=each.categories[:_CATEGORIES], link=each.link if _is_address(each.link) else "",
            thumbnail=each.thumbnail if place < _PICTURES and _is_picture(each.thumbnail) else "",
        )
        for place, each in enumerate(titles)
    )  # fmt: skip


def _is_address(text: str) -> bool:
    return len(text) <= _ADDRESS and not _OTHER_SCHEME.match(text)


def _is_picture(text: str) -> bool:
    return len(text) <= _PICTURE and bool(_DATA.fullmatch(text))


def _more_problems(data: PageData, shown: PageData) -> int:
    return len(data.library.problems) - len(shown.library.problems) if data.library and shown.library else 0


def _charts(data: PageData) -> dict[str, str]:
    """Draw what there is something to draw of."""
    days = [each.day for each in data.days]
    plays = [each.plays for each in data.days]
    minutes_a_day = [None if each.seconds_viewed is None else each.seconds_viewed / _MINUTE for each in data.days]
    debt = data.caption_debt
    departments = sorted(debt.departments, key=lambda each: -each[1])[:_BARS] if debt else []
    return {
        "plays": days_chart(days, plays, "plays", "Plays by day") if any(plays) else "",
        "minutes": days_chart(days, minutes_a_day, "minutes", "Minutes viewed by day") if any(minutes_a_day) else "",
        "curves": curves_chart(data.drop_offs, "curves") if data.drop_offs else "",
        "devices": shares_chart(data.devices, "devices", "Plays by device") if data.devices else "",
        "places": shares_chart(data.places, "places", "Plays by country") if data.places else "",
        "domains": shares_chart(data.domains, "domains", "Plays by site") if data.domains else "",
        "trend": trend_chart(debt.trend, "trend") if debt and len(debt.trend) > 1 else "",
        "departments": shares_chart(
            [Share(name, without) for name, without, _ in departments], "departments",
            "Titles without captions by department",
        ) if departments else "",
    }  # fmt: skip


def _when(data: PageData) -> str:
    if data.first == data.last:
        return f"{data.last:%A}, {_date(data.last)}"
    return f"{_date(data.first)} to {_date(data.last)}"


def _date(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _tiles(data: PageData) -> list[dict[str, str]]:
    now, before = data.headline, data.before
    tiles = [
        ("Plays", number(now.plays), before and _grown(now.plays, before.plays, number)),
        ("Viewers", number(now.viewers), before and _grown(now.viewers, before.viewers, number)),
        ("Minutes viewed", minutes(now.seconds_viewed),
         before and _grown(now.seconds_viewed, before.seconds_viewed, minutes)),
        ("Completion", percent(now.completion_ratio), before and _points(now, before)),
        ("Titles played", number(now.titles), before and _grown(now.titles, before.titles, number)),
    ]  # fmt: skip
    # Viewers cannot be added up over days.
    return [
        {"name": name, "value": value, "change": said or ""} for name, value, said in tiles
        if not (name == "Viewers" and now.viewers is None)
    ]  # fmt: skip


def _compared(data: PageData) -> str:
    """Say what the changes are held against."""
    if data.before is None:
        return "There are no numbers of an earlier time to compare with."
    if data.period == "day":
        return f"Changes are against the {data.last:%A} before."
    return f"Changes are against the {(data.last - data.first).days + 1} days before."


def _grown(now: float | None, before: float | None, written: Callable[[float | None], str]) -> str:
    if now is None or before is None:
        return ""
    said = change(now, before)
    return f"{said} from {written(before)}" if before and said != "unchanged" else said


def change(now: float, before: float | None) -> str:
    """Write a change, such as +6%; empty if it is unknown.

    :param now: the number now.
    :param before: the number before; None if unknown.
    """
    if before is None:
        return ""
    if not before:
        return "from 0" if now else "unchanged"
    if now / before >= _TIMES:
        return f"×{now / before:,.0f}"
    share = (now - before) / before
    return _signed(f"{share:+.0%}") if abs(share) >= _HALF else "unchanged"


def _points(now: Headline, before: Headline) -> str:
    if now.completion_ratio is None or before.completion_ratio is None:
        return ""
    points = round(100 * now.completion_ratio) - round(100 * before.completion_ratio)
    if not points:
        return "unchanged"
    said = f"{points:+} point{'s' if abs(points) > 1 else ''} from {percent(before.completion_ratio)}"
    return _signed(said)


def _signed(text: str) -> str:
    """Write a minus as wide as a plus."""
    return text.replace("-", "−")


def _debt_change(debt: CaptionDebt | None) -> str:
    """Say how the number of titles without captions has changed over the trend."""
    if debt is None or len(debt.trend) < 2:
        return ""
    (since, before), now = debt.trend[0], debt.trend[-1][1]
    if now == before:
        return f"As many as on {_date(since)}."
    return f"That is {number(abs(now - before))} {'more' if now > before else 'fewer'} than on {_date(since)}."


def number(value: float | None) -> str:
    """Write a number with separators, such as 12,345."""
    return _NONE if value is None else f"{value:,.0f}"


def minutes(seconds: float | None) -> str:
    """Write seconds as minutes; less than one with its seconds, such as ``0:02``."""
    if seconds is None:
        return _NONE
    return f"0:{seconds:02.0f}" if 0 < round(seconds) < _MINUTE else f"{seconds / _MINUTE:,.0f}"


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
    filters: dict[str, Any] = {
        "number": number, "minutes": minutes, "percent": percent, "clock": clock, "size": size, "change": change,
        "name": lambda text: cut(text, _NAME), "lesser": lambda text: cut(text, _LESSER),
        "sentence": lambda text: cut(text, _SENTENCE),
        "path": lambda text: cut(text.replace(">", " › "), _LESSER),
        "table": lambda text: _TABLES.get(text) or cut(text.replace("_", " "), _LESSER).capitalize(),
        "weekday": lambda day: f"{day:%a} {day.day} {day:%b}", "line_sample": line_sample,
    }  # fmt: skip
    environment.filters.update(filters)
    return environment.from_string(files(__package__).joinpath("report.html.j2").read_text(encoding="utf-8"))
