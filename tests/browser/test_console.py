"""What a page complains of is heard, wherever it comes from; only what is known to be Airflow's own is passed over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .console import Console

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

PAGE = """<script>console.error('broken'); console.warn('only a warning')</script>
<iframe srcdoc="<script>setTimeout(() => { throw new Error('thrown in a frame') })</script>"></iframe>
<script>console.error('meant')</script>"""


def test_errors_of_pages_frames_and_requests_are_heard(browser: Browser) -> None:
    console = Console()
    console.expect("^meant$")
    context = browser.new_context()
    console.watch(context)
    context.route("**/*", lambda route: route.fulfill(status=401, body=PAGE, content_type="text/html"))
    page = context.new_page()
    with context.expect_event("weberror"):
        page.goto("http://127.0.0.1/dags")
    assert len(console.errors) == 3
    assert "status of 401" in console.errors[0], "of this address, which is not among Airflow's own"
    assert console.errors[1].startswith("broken")
    assert "thrown in a frame" in console.errors[2]
    with page.expect_event("console"):
        page.goto("http://127.0.0.1/ui/config")
    assert not [error for error in console.errors if "/ui/config" in error and "401" in error]
    context.close()
