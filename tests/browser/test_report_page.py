"""The report's page in a real browser: on phone and desk, by day and night, for everybody, and on paper."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest

from kaltura_pipeline.reporting.render import render_page
from tests.pipeline.reporting.example import day, empty, week

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
# By width: the height of pictures, and the page on those for the docs.
HEIGHTS = {390: 1300, 1440: 1490}
PICTURED = {390: "day", 1440: "week"}


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    for name, data in (("day", day()), ("week", week()), ("empty", empty())):
        (folder / f"{name}.html").write_text(render_page(data), encoding="utf-8")
    return {path.stem: path for path in folder.iterdir()}


@contextmanager
def opened(browser: Browser, path: Path, width: int) -> Iterator[Page]:
    """Open a page from a file; fails when it asks for anything besides itself."""
    # The page forbids all scripts; axe-core is one.
    context = browser.new_context(viewport={"width": width, "height": HEIGHTS[width]}, bypass_csp=True)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    yield page
    context.close()
    assert [url for url in asked if url != path.as_uri() and not url.startswith("data:")] == []


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


@pytest.mark.parametrize("width", [390, 1440])
def test_no_barriers_nothing_beyond_the_edge_and_no_network(
    browser: Browser, pages: dict[str, Path], axe: Callable[..., list[str]], screenshot: Callable[..., None], width: int
) -> None:
    for name, path in pages.items():
        with opened(browser, path, width) as page:
            assert fits(page), name
            if name == PICTURED[width]:
                assert page.evaluate("[...document.images].every(each => each.complete && each.naturalWidth)")
                for scheme in SCHEMES:
                    page.emulate_media(color_scheme=scheme)
                    screenshot(page, f"report-{width}-{scheme}", settle=False)
            page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
            assert fits(page), f"{name}, all opened"
            for scheme in SCHEMES:
                page.emulate_media(color_scheme=scheme)
                assert axe(page) == [], (name, scheme)


def test_a_table_of_titles_stays_one_where_it_looks_like_cards(browser: Browser, pages: dict[str, Path]) -> None:
    with opened(browser, pages["day"], 390) as page:
        table = page.get_by_role("table", name="Titles with the most plays", exact=True)
        assert table.get_by_role("row").count() == 11
        assert table.get_by_role("columnheader").all_text_contents() == [
            "Title", "Plays", "Minutes", "Seen", "Known viewers",
        ]  # fmt: skip
        assert table.get_by_role("rowheader").count() == 10
        assert table.get_by_role("cell").first.text_content() == "940+4%"


def test_charts_take_their_colours_from_the_page(browser: Browser, pages: dict[str, Path]) -> None:
    with opened(browser, pages["week"], 390) as page:
        seen = {}
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            seen[scheme] = page.evaluate("""() => ['#plays-patch_3 path', 'svg[role=img] text'].map(
                each => getComputedStyle(document.querySelector(each)).fill)""")
    assert seen == {
        "light": ["rgb(31, 111, 184)", "rgb(27, 36, 48)"], "dark": ["rgb(102, 169, 232)", "rgb(232, 237, 243)"],
    }  # fmt: skip


def test_it_prints_with_all_its_headlines_and_what_was_closed(browser: Browser, pages: dict[str, Path]) -> None:
    from pypdf import PdfReader

    with opened(browser, pages["day"], 1440) as page:
        page.emulate_media(color_scheme="dark")
        printed = PdfReader(io.BytesIO(page.pdf(format="A4"))).pages
    text = "".join(each.extract_text() for each in printed)
    assert len(printed) <= 6
    for said in (
        "Tuesday, 24 November 2026", "5,211", "Most played", "from the 11th on", "Titles without captions",
        "How far viewers get", "Plays by country",
    ):  # fmt: skip
        assert said in text
