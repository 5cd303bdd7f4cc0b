"""Pages as the provider writes them, put on the site of the player's tests."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from demo.media import video

from kaltura_provider.api import (
    AdminSecretCredentials,
    ClientConfig,
    KalturaClient,
    PageChapter,
    PageItem,
    PageOptions,
    Player,
    render_page,
)
from tests.sandbox.conftest import ADMIN_SECRET, wait_until
from tests.sandbox.media import add_entry

from .player_site import CAPTIONS, PlayerSite

if TYPE_CHECKING:
    from playwright.sync_api import Page

Open = Callable[[str], "Page"]
Axe = Callable[..., list[str]]
Write = Callable[..., str]
CHAPTERS = (PageChapter(0, "Left"), PageChapter(2, "Middle"), PageChapter(6, "Right"))
MUTED = {"playback": {"muted": True}}


@pytest.fixture(scope="module")
def player(player_site: PlayerSite) -> Player:
    return Player(player_site.sandbox.url, player_site.partner_id, player_site.ui_conf_id)


@pytest.fixture(scope="module")
def client(player_site: PlayerSite) -> Iterator[KalturaClient]:
    config = ClientConfig(player_site.sandbox.url, player_site.partner_id)
    with KalturaClient(config, AdminSecretCredentials(ADMIN_SECRET)) as made:
        yield made


@pytest.fixture
def film_page(player_site: PlayerSite, player: Player) -> Write:
    """Write a page with the film, or another entry; return its address."""

    def write(entry_id: str = "", *, viewer: Any = None, **options: Any) -> str:
        item = PageItem(
            entry_id or player_site.film,
            "The ball",
            "It goes\nto the right",
            8,
            chapters=CHAPTERS,
            captions=tuple(CAPTIONS),
        )
        html = render_page(
            player, item, options=PageOptions(**{"config": MUTED, **options}), viewer=viewer, index_href="index.html"
        )
        return player_site.write(f"page-{time.monotonic_ns()}.html", html)

    return write


def add_film(site: PlayerSite, **values: Any) -> str:
    return add_entry(site.api, 1, video(2), "short.mp4", **values)


def members_film(site: PlayerSite) -> str:
    """An entry for those alone whose session lets them see it."""
    rule = {
        "message": "For members only",
        "actions": [{"objectType": "KalturaAccessControlBlockAction"}],
        "conditions": [{"objectType": "KalturaAuthenticatedCondition", "not": True}],
    }
    profile = {"name": f"members {time.time()}", "rules": [rule]}
    made = site.api.call("accessControlProfile", "add", site.api.admin, accessControlProfile=profile)
    return add_film(site, accessControlId=made["id"])


def until(page: Page, condition: str, *, script: str = "KalturaPage") -> None:
    """Wait until a player's state is as wished.

    ``page.wait_for_function`` cannot: it takes a promise, whatever comes of it, for a yes.

    :param condition: of ``now``, the state; in JavaScript.
    :param script: the one to ask.
    """
    wait_until(lambda: page.evaluate(f"{script}.state().then((now) => {condition})"), seconds=30)


def plays(page: Page, after: float = 0.1) -> None:
    until(page, f"!now.paused && now.currentTime > {after}")


def said(page: Page, words: str) -> None:
    """Wait until the page says something beside its player, aloud too."""
    page.locator("p[role=status]").filter(has_text=words).wait_for()
