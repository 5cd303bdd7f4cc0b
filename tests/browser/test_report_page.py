"""The report's page in a real browser: on phone and desk, by day and night, for everybody, and on paper."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from kaltura_pipeline.reporting.render import render_page
from tests.conftest import LOGS
from tests.pipeline.reporting.example import day, empty, week

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

SCREENSHOTS = Path(os.environ.get("SCREENSHOTS", LOGS / "screenshots"))


def opened(browser: Browser, tmp_path: Path, data: Any, width: int, scheme: Any) -> tuple[Page, list[str]]:
    """Open a page from a file; return it and what it asked for besides itself."""
    path = tmp_path / "index.html"
    path.write_text(render_page(data), encoding="utf-8")
    # The page forbids all scripts; axe-core is one.
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    return page, [url for url in asked if url != path.as_uri() and not url.startswith("data:")]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_no_barriers_nothing_beyond_the_edge_and_no_network(
    browser: Browser, tmp_path: Path, axe: Callable[..., list[str]], width: int, scheme: str
) -> None:
    for data in (day(), week(), empty()):
        page, asked = opened(browser, tmp_path, data, width, scheme)
        assert asked == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert axe(page) == []
        if data == day():
            page.reload()
            SCREENSHOTS.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=SCREENSHOTS / f"report-{width}-{scheme}.png", clip={
                "x": 0, "y": 0, "width": width, "height": 1500 if width > 1000 else 1300,
            }, full_page=True)  # fmt: skip
        page.context.close()


def test_it_prints_with_all_its_headlines(browser: Browser, tmp_path: Path) -> None:
    from pypdf import PdfReader

    page, _ = opened(browser, tmp_path, day(), 1000, "dark")
    text = "".join(each.extract_text() for each in PdfReader(io.BytesIO(page.pdf(format="A4"))).pages)
    for said in ("Tuesday, 24 November 2026", "5,211", "Most played", "Titles without captions", "How far viewers get"):
        assert said in text
    page.context.close()
