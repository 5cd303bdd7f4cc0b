"""A real Chromium: for pages with Kaltura's player, and logged in to the shared Airflow."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser import player_site as sites
from tests.browser.console import Console
from tests.conftest import LOGS, ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from demo.stack import LocalStack
    from playwright.sync_api import Browser, Page, Route

# Without these, Chromium looks for services on the internet at every start.
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required",
]  # fmt: skip
PLAYER = ROOT / ".tools" / "player"
_ELSEWHERE = re.compile(r"^https?://(?!127\.0\.0\.1[:/])")
_SERIOUS = {"serious", "critical"}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium for one module: while Playwright runs, no asynchronous test can."""
    from playwright.sync_api import sync_playwright

    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("no Chromium: tests/install.sh should have installed it")
        pytest.skip("no Chromium: install it with the system's package manager")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def player_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sites.PlayerSite]:
    """A sandbox with Kaltura's player, a film in it and a site for pages; every test makes pages of its own."""
    if not (PLAYER / "kaltura-ovp-player.js").is_file():
        if os.environ.get("CI"):
            pytest.fail("no player: `make player` should have fetched it")
        pytest.skip("no player: run `make player`")
    with sites.player_site(tmp_path_factory.mktemp("player"), PLAYER) as site:
        yield site


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[[str], Page]]:
    """Open addresses, each in a browser of its own; fails when a page has thrown or asked for anything elsewhere."""
    faults: list[str] = []
    contexts = []

    def stop(route: Route) -> None:
        faults.append(f"asked for {route.request.url}")
        route.abort()

    def open_one(address: str) -> Page:
        context = browser.new_context(viewport={"width": 1000, "height": 700})
        contexts.append(context)
        context.set_default_timeout(15_000)
        context.route(_ELSEWHERE, stop)
        opened = context.new_page()
        opened.on("pageerror", lambda fault: faults.append(str(fault)))
        opened.goto(address)
        return opened

    yield open_one
    for context in contexts:
        context.close()
    assert faults == []


@pytest.fixture
def axe() -> Callable[..., list[str]]:
    """Let axe-core look for barriers in a page: its serious and critical findings, each with where it is.

    Pass ``exclude=[".kaltura-player-container"]`` to leave out the player's own controls. What is within an iframe is
    not looked at.
    """

    def look(page: Page, exclude: list[str] | None = None) -> list[str]:
        page.add_script_tag(path=PLAYER / "axe.min.js")
        found = page.evaluate(
            "exclude => axe.run({exclude: exclude}, {iframes: false, resultTypes: ['violations']})", exclude or []
        )
        return [
            f"{each['impact']}: {each['help']} ({each['id']}) at {node['target']}"
            for each in found["violations"]
            if each["impact"] in _SERIOUS
            for node in each["nodes"]
        ]

    return look


@pytest.fixture
def console() -> Iterator[Console]:
    """The console of the page that is logged in; fails when there is an error in it that is not Airflow's own."""
    collected = Console()
    yield collected
    assert collected.errors == []


@pytest.fixture
def page(browser: Browser, stack: LocalStack, console: Console) -> Iterator[Page]:
    """A page of its own for each test, logged in."""
    from demo.stack import USER

    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(30_000)
    console.watch(context)
    opened = context.new_page()
    opened.goto(stack.airflow_url)
    opened.fill("input[name=username]", USER)
    opened.fill("input[name=password]", stack.password)
    opened.click("button[type=submit]")
    opened.get_by_role("link", name="Dags", exact=True).wait_for()
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
