"""The page of a run's results in a real browser: its filter works without a script."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kaltura_pipeline.results.model import title_result
from kaltura_pipeline.results.page import render_page
from kaltura_pipeline.results.tally import Tally

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser


def test_the_filter_shows_one_group(browser: Browser, tmp_path: Path) -> None:
    tally = Tally()
    tally.add(title_result("good.mp4", "add", entry_id="1_good"))
    tally.add(title_result("bad.mp4", "error", message="it is cut"))
    tally.add(title_result("same.mp4", "skip"))
    path = tmp_path / "index.html"
    path.write_text(render_page(tally, title="s3://uploads", run_id="r", time="now"))
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 800})
    page = context.new_page()
    page.goto(path.as_uri())

    def shown() -> list[str]:
        return [cell.inner_text() for cell in page.locator("section tbody th").all() if cell.is_visible()]

    assert shown() == ["bad.mp4", "good.mp4", "same.mp4"], "what failed comes first"
    page.get_by_role("navigation").get_by_role("link", name="add (1)").click()
    assert shown() == ["good.mp4"]
    page.get_by_role("link", name="Who can fix it: you (1)").click()
    assert shown() == ["bad.mp4"]
    page.get_by_role("link", name="All", exact=True).click()
    assert shown() == ["bad.mp4", "good.mp4", "same.mp4"]
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0, "a phone scrolls the tables, not the page"
    context.close()
