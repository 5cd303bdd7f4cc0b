"""A real Chromium, logged in to the shared Airflow."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.conftest import LOGS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from demo.stack import LocalStack
    from playwright.sync_api import Browser, Page

# Without these, Chromium looks for services on the internet at every start.
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium for one module: while Playwright runs, no asynchronous test can."""
    from playwright.sync_api import sync_playwright

    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("no Chromium: tests/browser/install-chromium.sh should have installed it")
        pytest.skip("no Chromium: install it with the system's package manager")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser, stack: LocalStack) -> Iterator[Page]:
    """A page of its own for each test, logged in."""
    from demo.stack import USER

    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(30_000)
    opened = context.new_page()
    opened.goto(stack.airflow_url)
    opened.fill("input[name=username]", USER)
    opened.fill("input[name=password]", stack.password)
    opened.click("button[type=submit]")
    opened.get_by_role("link", name="Dags").wait_for()
    yield opened
    context.close()


@pytest.fixture
def screenshot() -> Callable[..., None]:
    """Take a picture; ``make screenshots`` sets the folder to docs/img."""
    folder = Path(os.environ.get("SCREENSHOTS", LOGS / "screenshots"))
    folder.mkdir(parents=True, exist_ok=True)

    def take(page: Page, name: str, *, settle: bool = True) -> None:
        if settle:  # not with a player on the page, which goes on loading
            page.wait_for_load_state("networkidle")
        page.mouse.move(0, 0)
        page.screenshot(path=folder / f"{name}.png", animations="disabled")

    return take
