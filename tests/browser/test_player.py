"""Kaltura's own player, unchanged, plays what the sandbox serves: in an iframe, and embedded with JavaScript."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from demo.media import audio, image

from tests.sandbox.conftest import wait_until
from tests.sandbox.media import add_entry

from .player_site import CAPTIONS, FILM_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Frame, Page

    from .player_site import PlayerSite

pytestmark = pytest.mark.browser

# Types of the events that Kaltura's player sends.
IMPRESSION, PLAY_REQUEST, PLAY, PAUSE, SEEK, CAPTIONS_CHOSEN, REFUSED = 1, 2, 3, 33, 35, 38, 98
MUTED = {"muted": True}


def play(page: Page | Frame, name: str = "player") -> None:
    """Play, and wait until pictures move."""
    page.evaluate(f"void {name}.play()")
    page.wait_for_function(f"{name}.currentTime > 0.2 && !{name}.paused")


def subtitles(page: Page, text: str) -> None:
    """Wait until a caption is shown."""
    page.wait_for_function("text => document.querySelector('.playkit-subtitles').innerText.includes(text)", arg=text)


def test_a_page_plays_pauses_seeks_and_changes_captions(
    player_site: PlayerSite, open_page: Callable[[str], Page]
) -> None:
    before = len(player_site.events(player_site.film))
    page = open_page(player_site.write_dynamic("film.html", player_site.film, playback=MUTED))
    play(page)
    assert page.evaluate("player.duration") == pytest.approx(FILM_SECONDS, abs=0.2)
    assert page.evaluate("player.engineType") == "html5"
    assert "format/applehttp" in page.evaluate("player.selectedSource.url"), "adaptive streams come first"
    assert page.evaluate("document.querySelector('video').videoHeight") == 180
    assert page.evaluate("seen.includes('PLAYING')")

    page.evaluate("player.pause()")
    page.wait_for_function("seen.includes('PAUSE')")
    page.evaluate("player.currentTime = 2")
    page.wait_for_function("seen.includes('SEEKED')")
    assert page.evaluate("player.currentTime") == pytest.approx(2, abs=0.05)

    languages = page.evaluate("player.getTracks(player.Track.TEXT).map(each => each.language)")
    assert languages == ["en", "fr", "off"]
    for code, language in (("fr", "French"), ("en", "English")):
        page.evaluate("l => player.selectTrack(player.getTracks('text').find(t => t.language === l))", code)
        subtitles(page, CAPTIONS[language])

    sent = {IMPRESSION, PLAY_REQUEST, PLAY, PAUSE, SEEK, CAPTIONS_CHOSEN}
    wait_until(lambda: sent <= set(player_site.events(player_site.film)[before:]))


def test_an_iframe_plays_by_a_click(player_site: PlayerSite, open_page: Callable[[str], Page]) -> None:
    address = player_site.player_url(iframeembed="true", entry_id=player_site.film, kalturaSeekFrom=3)
    frame = f'<iframe title="The film" width="640" height="360" allow="autoplay *" src="{address}"></iframe>'
    page = open_page(player_site.write_body("frame.html", frame.replace("&", "&amp;")))
    page.frame_locator("iframe").locator(".playkit-pre-playback-play-button").click()
    inner = page.frames[1]
    inner.wait_for_function("kalturaPlayer.currentTime > 3.2 && !kalturaPlayer.paused")
    assert inner.evaluate("kalturaPlayer.currentTime") < FILM_SECONDS
    inner.evaluate("kalturaPlayer.pause()")


def test_a_script_starts_by_itself_and_at_a_time(player_site: PlayerSite, open_page: Callable[[str], Page]) -> None:
    config = json.dumps({"autoplay": True, "muted": True})
    options = {"autoembed": "true", "targetId": "here", "entry_id": player_site.film, "config[playback]": config}
    script = player_site.player_url(**options).replace("&", "&amp;")
    body = f'<div id="here" style="width: 640px; height: 360px"></div><script src="{script}"></script>'
    page = open_page(player_site.write_body("auto.html", body))
    page.wait_for_function("kalturaPlayer.currentTime > 0.2")
    page = open_page(player_site.write_dynamic("later.html", player_site.film, start=4.5, playback=MUTED))
    page.evaluate("void player.play()")
    page.wait_for_function("player.currentTime > 4.6")


def test_players_of_a_factory_share_a_page(player_site: PlayerSite, open_page: Callable[[str], Page]) -> None:
    other = player_site.api.call("uiConf", "clone", player_site.api.admin, id=player_site.ui_conf_id)["id"]
    body = "".join(
        f'<div id="p{number}" style="width: 320px; height: 180px"></div>'
        f'<script src="{player_site.sandbox.url}/p/102/embedPlaykitJs/uiconf_id/{number}?embed_factory=true"></script>'
        f"<script>var player{number} = KalturaPlayers[{number}].lib.setup({{targetId: 'p{number}', provider:"
        f" {{partnerId: 102, uiConfId: {number}}}, playback: {{muted: true}}}});"
        f"player{number}.loadMedia({{entryId: '{player_site.film}'}});</script>"
        for number in (player_site.ui_conf_id, other)
    )
    page = open_page(player_site.write_body("two.html", body))
    for number in (player_site.ui_conf_id, other):
        play(page, f"player{number}")


def test_sound_and_pictures_too(player_site: PlayerSite, open_page: Callable[[str], Page]) -> None:
    sound = add_entry(player_site.api, 5, audio(4), "tone.mp3")
    page = open_page(player_site.write_dynamic("tone.html", sound, playback=MUTED))
    play(page)
    assert page.evaluate("[player.isAudio(), Math.round(player.duration)]") == [True, 4]

    picture = add_entry(player_site.api, 2, image(), "ball.png")
    page = open_page(player_site.write_dynamic("ball.html", picture))
    page.wait_for_function("player.isImage() && [...document.images].some(each => each.naturalWidth === 640)")


def test_a_playlist_goes_through_its_entries(player_site: PlayerSite, open_page: Callable[[str], Page]) -> None:
    described = {"name": "Films", "playlistType": 3, "playlistContent": player_site.film}
    playlist = player_site.api.call("playlist", "add", player_site.api.admin, playlist=described)["id"]
    page = open_page(player_site.player_url(iframeembed="true", playlist_id=playlist))
    page.wait_for_function("kalturaPlayer.playlist.items.length === 1")
    play(page, "kalturaPlayer")


def blocked_entry(site: PlayerSite) -> str:
    """An entry for those alone whose session lets them see it."""
    rule = {
        "message": "For members only", "actions": [{"objectType": "KalturaAccessControlBlockAction"}],
        "conditions": [{"objectType": "KalturaAuthenticatedCondition", "not": True, "privileges": [
            {"objectType": "KalturaStringValue", "value": "sview"}]}],
    }  # fmt: skip
    profile = site.api.call("accessControlProfile", "add", site.api.admin, accessControlProfile={
        "name": f"members {time.time()}", "rules": [rule],
    })  # fmt: skip
    return add_film(site, accessControlId=profile["id"])


def add_film(site: PlayerSite, **values: Any) -> str:
    from demo.media import video

    return add_entry(site.api, 1, video(2), "short.mp4", **values)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda site: add_film(site, startDate=int(time.time()) + 3600), "Out of scheduling"),
        (blocked_entry, "Blocked by Conditional Access"),
    ],
    ids=["before its date", "by access control"],
)
def test_who_may_not_see_it_is_told_so(
    player_site: PlayerSite, open_page: Callable[[str], Page], make: Callable[[PlayerSite], str], words: str
) -> None:
    entry = make(player_site)
    page = open_page(player_site.write_dynamic("refused.html", entry))
    page.get_by_text(words).first.wait_for()
    assert page.evaluate("[seen.includes('ERROR'), player.selectedSource]") == [True, None]
    let_in = player_site.api.session("ann", 0, privileges=f"sview:{entry}")
    play(open_page(player_site.player_url(iframeembed="true", entry_id=entry, ks=let_in)), "kalturaPlayer")


def test_a_page_has_no_barriers(
    player_site: PlayerSite, open_page: Callable[[str], Page], axe: Callable[..., list[str]]
) -> None:
    page = open_page(player_site.write_dynamic("plain.html", player_site.film))
    page.locator(".playkit-pre-playback-play-button").wait_for()
    assert axe(page) == []
    page.evaluate("document.querySelector('h1').innerHTML = '<img src=\"data:,\">'")
    assert any("image-alt" in each for each in axe(page)), "what is wrong is found"
