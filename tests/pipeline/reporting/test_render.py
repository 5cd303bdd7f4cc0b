"""A report page says what its data say, whatever is in titles, and stays small."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.pipeline.reporting.example import LAST, day, empty, title, week
from tests.provider.api.embed.html import Html
from tests.provider.api.embed.titles import TITLES

from kaltura_pipeline.reporting.page_model import (
    CaptionDebt,
    DayFigures,
    DropOff,
    Headline,
    Library,
    PageData,
    Share,
    Usage,
)
from kaltura_pipeline.reporting.render import minutes, render_page

MEGABYTE = 1_000_000


@pytest.fixture(scope="module")
def of_day() -> str:
    return render_page(day())


@pytest.fixture(scope="module")
def of_week() -> str:
    return render_page(week())


def words(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_the_numbers_of_a_day(of_day: str) -> None:
    text = words(of_day)
    for said in (
        "Tuesday, 24 November 2026", "Plays 5,211 +6% from 4,900", "Viewers 2,890", "Minutes viewed 65,138",
        "Completion 58% +1 point from 57%", "Changes are against the Tuesday before.",
        "Provisional: Kaltura may still change these numbers", "These numbers are made up", "803 rows are many",
        "704 of 1,811 published titles (39%)", "That is 62 fewer than on 26 October 2026.", "48 ingested", "2 failed",
        "3 waiting", "lectures/broken.mp4 it has no video; render it again", "793.0 GB stored", "47.0 GB sent", "45:50",
        "Physics › Optics", "104 ×12", "78 from 0", "134 −1%",
    ):  # fmt: skip
        assert said in text, said
    links = {each["href"] for each in Html(of_day).all("section a")}
    assert "../../analytics/top_content/day=2026-11-24/data.csv" in links
    assert "../../pages/0_00000000.html" in links


def test_each_chart_says_what_it_is_and_has_its_numbers_beside_it(of_week: str) -> None:
    html = Html(of_week)
    labels = [each["aria-label"] for each in html.all("svg[role=img]")]
    assert labels == [
        "Plays by day from 2026-11-18 to 2026-11-24", "Minutes viewed by day from 2026-11-18 to 2026-11-24",
        "Viewers left along the titles with the most plays", "Plays by device", "Plays by country", "Plays by site",
        "Titles without captions from 2026-10-26 to 2026-11-24", "Titles without captions by department",
    ]  # fmt: skip
    assert {
        "Plays by day", "Share of viewers left at a point of the title", "Plays by device", "Plays by country",
        "Plays by site", "Titles without captions by day", "Titles without captions by department",
    } <= set(html.texts("caption"))  # fmt: skip
    assert all(each.get("scope") in ("col", "row") for each in html.all("th"))


def test_a_week_has_days_but_no_viewers(of_week: str) -> None:
    assert "18 November 2026 to 24 November 2026" in of_week
    assert "Changes are against the 7 days before." in of_week
    assert "Wed 18 Nov 4,890 56,235" in words(of_week)
    assert '<span class="name">Viewers</span>' not in of_week
    assert "Provisional" not in of_week


def test_a_day_that_is_missing_is_a_gap_and_no_zero() -> None:
    some = week()
    gone = replace(some.days[2], plays=None, seconds_viewed=None)
    assert "Fri 20 Nov – –" in words(render_page(replace(some, days=(*some.days[:2], gone, *some.days[3:]))))


def test_an_empty_day_is_said_in_words() -> None:
    page = render_page(empty())
    assert "Nothing was played on this day." in page
    assert "There are no numbers of an earlier time to compare with." in page
    assert "<svg" not in page
    # A week in which nothing was played, and parts that are there but have nothing in them.
    quiet = replace(
        week(), headline=Headline(0, None, 0.0, None, 0), before=Headline(0, None, 0.0, None, 0), top=(), devices=(),
        days=tuple(replace(each, plays=0, seconds_viewed=0.0) for each in week().days), places=(), domains=(),
        drop_offs=(DropOff("seen by nobody", ()),), caption_debt=CaptionDebt(0, 0), library=Library(0, 0, 0),
        usage=Usage(None, None), files=(),
    )  # fmt: skip
    text = words(render_page(quiet))
    assert "Nothing was played in this week." in text
    assert "Plays 0 unchanged" in text
    assert "0 of 0 published titles have no captions" in text


def test_a_page_is_the_same_each_time_and_every_id_is_there_once(of_day: str) -> None:
    page = render_page(day())
    assert page == of_day
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


@pytest.mark.parametrize("name", ["#010101", 'id="a"', "url(#a)", "font: 12px x;", "$\\frac{1}{0}$", "%s {{ 7 }} <&>'"])
def test_a_title_is_in_a_chart_as_it_is_written(name: str) -> None:
    html = Html(render_page(replace(empty(), devices=(Share(name, 5),))))
    assert name in [text.strip() for text in html.texts("svg text")]
    assert name in html.texts("tbody th")


def test_characters_that_no_page_may_have_are_left_out() -> None:
    page = render_page(_named(["a\x00b\x1bc\ud800d\ne"] * 5)).encode()
    assert page.count(b"a b c d e") > 10


def test_addresses_are_links_only_where_they_lead_to_a_page() -> None:
    addresses = ["javascript:alert(1)", " JavaScript:alert(1)", "data:text/html,x", "vbscript:x", "x" * 3000]
    good = ["../../pages/1_a.html", "https://videos.example.edu/1_a"]
    page = render_page(replace(
        day(), rising=(), top=tuple(
            title(number, link=link, thumbnail="https://elsewhere.example.com/a.png")
            for number, link in enumerate([*addresses, *good])
        ), files=tuple(("Table", address) for address in addresses),
    ))  # fmt: skip
    assert [each["href"] for each in Html(page).all("a")] == good
    assert Html(page).all("img") == []


def _without_charts(page: str) -> str:
    return re.sub(r"<svg.*?</svg>", "", page, flags=re.DOTALL)


def _named(names: Sequence[str]) -> PageData:
    return replace(
        day(), top=tuple(title(number, name=name, owner=name) for number, name in enumerate(names)), rising=(),
        drop_offs=tuple(DropOff(name, (1.0, 0.5)) for name in names[:5]), notes=tuple(names),
        devices=tuple(Share(name, 5) for name in names[:12]), files=tuple((name, "data.csv") for name in names),
        library=Library(1, 1, 1, tuple((name, name) for name in names)),
        caption_debt=CaptionDebt(
            9, 9, tuple((name, 1, 1.0) for name in names), tuple((name, name, 1.0, True) for name in names)
        ),
    )  # fmt: skip


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", ['"' * 900, "𝄞" * 900])
def test_a_page_stays_below_a_megabyte(name: str) -> None:
    big = "data:image/png;base64," + "A" * 26_900
    many = [
        title(number, name=name, owner=name, categories=(name,) * 50, thumbnail=big, link="&" * 200)
        for number in range(200)
    ]
    shares = (Share(name, 5),) * 500
    trend = tuple((LAST - timedelta(days=300 - back), back) for back in range(300))
    debt = CaptionDebt(9, 9, ((name, 1, 1.0),) * 500, ((name, name, 1.0, True),) * 500, trend)
    much = replace(
        _named([name] * 500), top=tuple(many), rising=tuple(many), devices=shares, places=shares, domains=shares,
        drop_offs=(DropOff(name, (1.0,) * 100),) * 100, caption_debt=debt, period="month",
        days=tuple(DayFigures(day, 5, 60.0) for day, _ in trend),
        files=((name, "&" * 200),) * 500,
    )  # fmt: skip
    page = render_page(much)
    assert len(page.encode()) < MEGABYTE, len(page.encode())
    assert "And 480 more." in page
    # One that is too large is left out.
    assert "<img" not in render_page(replace(empty(), top=(title(1, thumbnail=big * 2),)))


@pytest.mark.parametrize(
    ("seconds", "shown"), [(None, "–"), (0, "0"), (0.2, "0"), (2.02, "0:02"), (59.4, "0:59"), (59.6, "1"), (5400, "90")]
)
def test_minutes(seconds: float | None, shown: str) -> None:
    assert minutes(seconds) == shown
