"""Pages as the provider writes them, with Kaltura's own player in a real browser: viewers and host pages drive them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from kaltura_provider.api import (
    KalturaClient,
    PageItem,
    PageOptions,
    Player,
    render_embed,
    render_index,
    render_page,
    start_viewer_session,
)
from tests.sandbox.conftest import wait_until

from .player_site import CAPTIONS, PlayerSite
from .written_pages import (
    MUTED,
    Axe,
    Open,
    Write,
    add_film,
    client,
    film_page,
    members_film,
    player,
    plays,
    said,
    until,
)

__all__ = ["client", "film_page", "player"]
pytestmark = pytest.mark.browser


def test_a_page_is_driven_by_its_script(film_page: Write, open_page: Open) -> None:
    page = open_page(film_page())
    page.evaluate("""
        window.heard = [];
        for (const name of KalturaPage.events) KalturaPage.on(name, ({ entryId }) => heard.push([name, entryId]));
        document.addEventListener("kaltura:seeked", ({ detail }) => { window.there = detail.currentTime });
    """)
    languages = page.evaluate("KalturaPage.captionLanguages()")
    assert [(each["language"], each["label"]) for each in languages] == [("en", "English"), ("fr", "French")]
    assert page.evaluate("KalturaPage.seek(2)") == pytest.approx(2, abs=0.05)
    page.wait_for_function("() => there > 1.9")
    page.evaluate("KalturaPage.play()")
    plays(page, 2.1)
    for code, language in (("fr", "French"), ("en-GB", "English")):
        page.evaluate("code => KalturaPage.captions(code)", code)
        page.locator(".playkit-subtitles").get_by_text(CAPTIONS[language]).wait_for()
    page.evaluate("KalturaPage.captions('off')")
    page.evaluate("KalturaPage.volume(0.3).then(() => KalturaPage.playbackRate(1.5)).then(() => KalturaPage.unmute())")
    page.evaluate("KalturaPage.pause()")
    state = page.evaluate("KalturaPage.state()")
    assert [state[name] for name in ("paused", "muted", "volume", "playbackRate", "captions")] == [
        True, False, 0.3, 1.5, "off"
    ]  # fmt: skip
    heard = {name for name, _ in page.evaluate("heard")}
    assert heard >= {"trackschange", "seeked", "play", "playing", "timeupdate", "captionschange", "volumechange",
                     "ratechange", "pause"}  # fmt: skip
    for wrong in ("captions('xx')", "seek('x')", "seek(-1)", "volume('')"):
        assert page.evaluate(f"KalturaPage.{wrong}.then(() => '', error => error.name)") == "RangeError", wrong
    page.locator(".chapters").get_by_text("Right").click()
    plays(page, 6)
    page.locator("[aria-current]").filter(has_text="Right").wait_for()
    assert page.locator("[aria-current]").count() == 1


def test_a_page_needs_nothing_that_its_policy_forbids(film_page: Write, open_page: Open) -> None:
    page = open_page(film_page())
    page.evaluate("""
        window.broken = [];
        document.addEventListener("securitypolicyviolation", (event) => broken.push(event.violatedDirective));
        KalturaPage.play()
    """)
    plays(page)
    page.get_by_role("button", name="Settings").click()
    assert page.evaluate("broken") == []
    page.evaluate("""
        document.body.append(Object.assign(document.createElement("script"), { textContent: "window.evil = 1" }));
        document.body.append(Object.assign(document.createElement("script"), { src: "https://evil.example/x.js" }));
    """)
    page.wait_for_function("() => broken.length === 2")
    assert page.evaluate("window.evil === undefined")


@pytest.mark.parametrize("place", ["?t=0m3s&cc=fr", "?t=1&cc=fr#t=3"])
def test_a_link_leads_to_a_time(film_page: Write, open_page: Open, place: str) -> None:
    page = open_page(film_page() + place)
    page.evaluate("KalturaPage.play()")
    plays(page, 3)
    assert page.evaluate("KalturaPage.state().then(({ captions }) => captions)") == "fr"
    page.evaluate("location.hash = '#t=6'")
    plays(page, 6)


def test_the_keyboard_is_enough(film_page: Write, open_page: Open) -> None:
    page = open_page(film_page())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.locator(".playkit-pre-playback-play-button").wait_for()
    for _ in range(4):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('.kaltura-player-container') !== null"):
            break
    page.keyboard.press("Space")
    plays(page)
    page.keyboard.press("Space")
    until(page, "now.paused")


def test_a_thumbnail_becomes_the_player(film_page: Write, open_page: Open) -> None:
    page = open_page(film_page(embed_type="thumbnail"))
    button = page.get_by_role("button", name="Play The ball")
    button.wait_for()
    assert page.evaluate("typeof KalturaPlayer") == "undefined", "nothing of it is loaded before"
    button.focus()
    page.keyboard.press("Enter")
    plays(page)
    page.wait_for_function("() => document.activeElement.closest('.kaltura-player-container') !== null")
    page.keyboard.press("Space")
    until(page, "now.paused")


def test_an_iframe_is_told_where_to_start(film_page: Write, open_page: Open) -> None:
    page = open_page(film_page(embed_type="iframe") + "?t=2")
    words = page.evaluate("KalturaPage.pause().then(() => '', error => error.message)")
    assert "use embed_type dynamic" in words
    page.locator(".chapters").get_by_text("Right").click()
    inner = page.frame_locator("iframe").locator("video")
    inner.wait_for(state="attached")
    page.frames[-1].wait_for_function("() => kalturaPlayer.currentTime > 6 && !kalturaPlayer.paused")


def test_snippets_in_the_page_of_somebody_else(player_site: PlayerSite, player: Player, open_page: Open) -> None:
    other = str(player_site.api.call("uiConf", "clone", player_site.api.admin, id=player_site.ui_conf_id)["id"])
    players = (player, Player(player.cdn_url, player.partner_id, int(other)))
    entries = (player_site.film, add_film(player_site))
    shown = [*zip(players, entries, strict=True), (player, entries[0])]
    body = "".join(
        render_embed(each, PageItem(entry, "Film"), embed_type="dynamic", config=MUTED, start=1, width=400)
        for each, entry in shown
    )
    page = open_page(player_site.write_body("snippets.html", body) + "?t=5")
    page.evaluate("Promise.all(KalturaPage.players.map((each) => each.play()))")
    assert page.evaluate("new Set(KalturaPage.players.map(({ player }) => player)).size") == 3
    second = f"KalturaPage.of('kaltura-player-{entries[1]}')"
    until(page, "now.currentTime > 1", script=second)
    state = page.evaluate("KalturaPage.state()")
    assert state["entryId"] == entries[0]
    assert 1 < state["currentTime"] < 4.9, "the address belongs to the page"
    auto = render_embed(player, PageItem(player_site.film, "Film"), embed_type="auto", config=MUTED, start=3)
    page = open_page(player_site.write_body("auto.html", auto))
    page.evaluate("void kalturaPlayer.play()")
    page.wait_for_function("() => kalturaPlayer.currentTime > 3")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda site: add_film(site, startDate=int(time.time()) + 3600), "cannot be watched at this time"),
        (members_film, "You may not watch this video. Sign in, or ask whoever gave you the address. For members only"),
        (lambda site: "0_nowhere1", "does not exist any more"),
    ],
    ids=["before its date", "by access control", "gone"],
)
def test_who_cannot_watch_is_told_why(
    player_site: PlayerSite,
    film_page: Write,
    open_page: Open,
    make: Callable[[PlayerSite], str],
    words: str,
) -> None:
    page = open_page(film_page(make(player_site)))
    said(page, words)


def test_a_player_that_does_not_come(
    player_site: PlayerSite, player: Player, film_page: Write, open_page: Open
) -> None:
    page = open_page("about:blank")
    page.route(f"{player.script_url}*", lambda route: route.abort())
    page.goto(film_page())
    said(page, "could not be loaded")
    assert "could not be loaded" in page.evaluate("KalturaPage.play().then(() => '', error => error.message)")
    page.unroute(f"{player.script_url}*")
    page.evaluate("KalturaPage.play()")
    plays(page)
    assert page.locator("[data-kaltura-said]").inner_text() == "", "what is over is not said any more"


def test_a_viewer_with_a_session(
    player_site: PlayerSite, client: KalturaClient, film_page: Write, open_page: Open
) -> None:
    entry = members_film(player_site)
    short = start_viewer_session(client, entry, lifetime=1)
    page = open_page(film_page(entry, viewer=start_viewer_session(client, entry)))
    page.clock.set_fixed_time(time.time() + 7200)
    page.evaluate("KalturaPage.play()")
    plays(page)  # a clock that is wrong does no harm
    wait_until(lambda: time.time() > short.expiry + 1)
    said(open_page(film_page(entry, viewer=short)), "Your time on this page has ended")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_have_no_barriers(
    player_site: PlayerSite, player: Player, film_page: Write, open_page: Open, axe: Axe, scheme: Any
) -> None:
    page = open_page("about:blank")
    page.emulate_media(color_scheme=scheme)
    page.goto(film_page(csp=False, language="ar"))
    page.locator(".playkit-pre-playback-play-button").wait_for()
    page.locator("details").evaluate("(element) => { element.open = true }")
    assert axe(page) == []
    page.evaluate("KalturaPage.seek(2.5)")
    page.evaluate("KalturaPage.of().say('This video cannot be played.')")
    page.locator("[aria-current]").wait_for()
    assert axe(page) == []
    items = [PageItem(player_site.film, "The ball", "About it", 8), PageItem("0_other", "Other")]
    html = render_index(player, items, title="All", options=PageOptions(csp=False))
    page.goto(player_site.write("list.html", html))
    page.get_by_role("searchbox").fill("ball")
    assert axe(page) == []


def test_an_index_finds_and_sorts(player_site: PlayerSite, player: Player, open_page: Open) -> None:
    titles = {"Über Talk 10": 30, "Zebra": None, "uber talk 2": 7, "מדריך": 90}
    items = [
        PageItem(player_site.film, title, href=f"{number}.html", duration=length)
        for number, (title, length) in enumerate(titles.items())
    ]
    page = open_page(player_site.write("index.html", render_index(player, items, title="All")) + "?q=talk")

    def shown() -> list[str]:
        return page.locator("li:visible h2").all_text_contents()

    assert shown() == ["Über Talk 10", "uber talk 2"]
    assert page.get_by_role("status").inner_text() == "2 of 4"
    page.get_by_role("searchbox").fill("UBER 2")
    assert shown() == ["uber talk 2"]
    page.get_by_role("searchbox").fill("")
    page.get_by_role("combobox").select_option("title")
    assert shown() == ["uber talk 2", "Über Talk 10", "Zebra", "מדריך"]
    page.get_by_role("combobox").select_option("length")
    assert shown() == ["Zebra", "uber talk 2", "Über Talk 10", "מדריך"]
    page.get_by_role("combobox").select_option("listed")
    assert shown() == list(titles)


def test_pages_without_a_script(player_site: PlayerSite, player: Player, browser: Any) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    items = [PageItem(player_site.film, "The ball"), PageItem(player_site.film, "Other")]
    page.goto(player_site.write("plain.html", render_index(player, items, title="All")))
    assert page.locator("li:visible h2").all_inner_texts() == ["The ball", "Other"]
    assert page.get_by_role("searchbox").count() == 0, "there is no field that does nothing"
    page.goto(player_site.write("silent.html", render_page(player, items[0])))
    assert page.get_by_role("link", name="Open the player alone").get_attribute("href") == player.url(player_site.film)
    context.close()
