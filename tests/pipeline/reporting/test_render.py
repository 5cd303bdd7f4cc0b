"""A report page says what its data say, whatever is in titles, and stays small."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from tests.pipeline.reporting.example import day, empty, title, week
from tests.provider.api.embed.html import Html
from tests.provider.api.embed.titles import TITLES

from kaltura_pipeline.reporting.page_model import CaptionDebt, DropOff, Library, PageData, Share
from kaltura_pipeline.reporting.render import render_page

MEGABYTE = 1_000_000


def test_the_numbers_of_a_day() -> None:
    page = render_page(day())
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    for said in (
        "Tuesday, 24 November 2026", "Plays 5,211 +6% on a week ago", "Viewers 2,890", "Minutes viewed 65,200",
        "Completion 58% +1 point", "Provisional: Kaltura may still change these numbers", "These numbers are made up",
        "803 rows are many", "704 of 1,811 published titles", "48 ingested, 2 failed, 3 waiting",
        "lectures/broken.mp4: it has no video; render it again", "793.0 GB stored", "47.0 GB sent", "45:50",
    ):  # fmt: skip
        assert said in text or said.replace("  ", " ") in text.replace(" ,", ","), said
    assert "../../analytics/top_content/day=2026-11-24/data.csv" in page


def test_a_week_has_days_but_no_viewers() -> None:
    page = render_page(week())
    assert "18 November 2026 to 24 November 2026" in page
    assert "Day by day" in page
    assert '<span class="name">Viewers</span>' not in page
    assert "Provisional" not in page


def test_an_empty_day_is_said_in_words() -> None:
    assert "Nothing was played on this day." in render_page(empty())


def test_a_page_is_the_same_each_time_and_every_id_is_there_once() -> None:
    page = render_page(day())
    assert page == render_page(day())
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids)) > 10
    wanted = set(re.findall(r"url\(#([^)]+)\)", page)) | set(re.findall(r'xlink:href="#([^"]+)"', page))
    assert wanted <= set(ids)


def test_nothing_in_a_title_becomes_markup() -> None:
    harmless, hostile = (render_page(_named(names)) for names in (["x"] * len(TITLES), TITLES))
    assert Html(_without_charts(hostile)).structure() == Html(_without_charts(harmless)).structure()
    # In charts there is nothing but shapes and texts.
    tags = {tag for chart in re.findall(r"<svg.*?</svg>", hostile, re.DOTALL) for tag in re.findall(r"<(\w+)", chart)}
    assert tags <= {"svg", "g", "path", "defs", "use", "text", "tspan", "style", "clipPath", "rect"}
    assert hostile.count("<script") == 0


def _without_charts(page: str) -> str:
    return re.sub(r"<svg.*?</svg>", "", page, flags=re.DOTALL)


def _named(names: Sequence[str]) -> PageData:
    return replace(
        day(), top=tuple(title(number, name=name, owner=name) for number, name in enumerate(names)), rising=(),
        drop_offs=tuple(DropOff(name, (1.0, 0.5)) for name in names[:5]), notes=tuple(names),
        devices=tuple(Share(name, 5) for name in names[:12]),
        library=Library(1, 1, 1, tuple((name, name) for name in names)),
        caption_debt=CaptionDebt(
            9, 9, tuple((name, 1, 1.0) for name in names), tuple((name, name, 1.0, True) for name in names)
        ),
    )  # fmt: skip


def test_a_page_stays_below_a_megabyte() -> None:
    big = "data:image/png;base64," + "A" * 27_000
    much = replace(
        _named(["Ünï " * 60] * 5000),
        top=tuple(title(number, name="Ünï " * 60, thumbnail=big) for number in range(900)),
        rising=tuple(title(number, thumbnail=big) for number in range(900)),
    )  # fmt: skip
    assert len(render_page(much).encode()) < MEGABYTE
