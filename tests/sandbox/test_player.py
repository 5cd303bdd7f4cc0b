"""The stand-in for the player plays in a browser and its plays are reported."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kaltura_sandbox.server import SandboxServer

from .conftest import PARTNER, Api, wait_until
from .media import add_caption, add_entry, picture, video

SRT = "1\n00:00:00,000 --> 00:00:01,500\nHello\n"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture
def player(api: Api) -> int:
    """A player."""
    described = {
        "name": "p", "creationMode": 2, "objType": 1, "tags": "kalturaPlayerJs,player",
        "confVars": '{"kaltura-ovp-player":"{latest}"}',
    }  # fmt: skip
    return int(api.call("uiConf", "add", api.admin, uiConf=described)["id"])


@pytest.fixture
def browser() -> Iterator[Any]:
    """A headless browser; one that Playwright brought or one of the system."""
    if CHROMIUM is None:
        pytest.skip("needs a Chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
        )
        yield running
        running.close()


def address(api: Api, player: int, entry: str, extra: str = "") -> str:
    return f"{api.url}/p/{PARTNER}/embedPlaykitJs/uiconf_id/{player}?iframeembed=true&entry_id={entry}{extra}"


def plays(api: Api, entry: str) -> dict[str, int]:
    """What today's reports say about an entry."""
    today = time.strftime("%Y%m%d", time.gmtime())
    answer = api.call(
        "report", "getTable", api.admin, reportType="2", pager={"pageSize": 10}, objectIds=entry,
        reportInputFilter={"fromDay": today, "toDay": today},
    )  # fmt: skip
    if "data" not in answer:
        return {}
    row = dict(zip(answer["header"].split(","), answer["data"].rstrip(";").split(","), strict=True))
    return {name: int(row[name]) for name in ("count_loads", "count_plays", "count_plays_25", "count_plays_100")}


def test_a_page_plays_with_captions_and_is_counted(api: Api, player: int, browser: Any) -> None:
    entry = add_entry(api, 1, video(), "v.mp4")
    add_caption(api, entry, SRT)
    page = browser.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    page.goto(address(api, player, entry))
    page.wait_for_function("document.querySelector('video').readyState >= 1")
    wait_until(lambda: plays(api, entry).get("count_loads") == 1)
    assert plays(api, entry)["count_plays"] == 0
    assert page.evaluate("document.querySelector('video').duration") == pytest.approx(2, abs=0.2)
    page.wait_for_function("(document.querySelector('track').track.cues || []).length === 1")
    assert page.evaluate("document.querySelector('track').track.cues[0].text") == "Hello"
    page.evaluate("document.querySelector('video').play()")
    wait_until(lambda: plays(api, entry).get("count_plays_100") == 1, 20)
    assert plays(api, entry) == {"count_loads": 1, "count_plays": 1, "count_plays_25": 1, "count_plays_100": 1}
    assert faults == []


def test_the_script_serves_pages_of_other_sites(api: Api, player: int, browser: Any, tmp_path: Path) -> None:
    entry = add_entry(api, 1, video(), "v.mp4")
    add_caption(api, entry, SRT)
    site = tmp_path / "page.html"
    site.write_text(
        f"<div id='here'></div><script src='{api.url}/p/{PARTNER}/embedPlaykitJs/uiconf_id/{player}'></script>"
        "<script>const player = KalturaPlayer.setup({targetId: 'here', playback: {muted: true}});"
        "window.seen = []; player.addEventListener(player.Event.Core.ENDED, () => window.seen.push('ended'));"
        f"window.loading = player.loadMedia({{entryId: '{entry}'}}, {{startTime: 1}});</script>"
    )
    page = browser.new_page()
    page.goto(site.as_uri())
    page.evaluate("window.loading.then(() => player.play())")
    page.wait_for_function("window.seen.length === 1")
    assert page.evaluate("document.querySelector('#here video').textTracks.length") == 1
    wait_until(lambda: plays(api, entry).get("count_plays_100") == 1)
    page.evaluate("player.currentTime = 0.5")
    assert page.evaluate("player.currentTime") == pytest.approx(0.5, abs=0.1)


def test_auto_embed_and_faults_in_words(api: Api, player: int, browser: Any, tmp_path: Path) -> None:
    entry = add_entry(api, 2, picture(), "p.jpg")
    empty = api.call("media", "add", api.admin, entry={"name": "e", "mediaType": 1})["id"]
    script = f"{api.url}/p/{PARTNER}/embedPlaykitJs/uiconf_id/{player}?autoembed=true&embed_factory=true"
    site = tmp_path / "page.html"
    site.write_text(
        f"<div id='one'></div><script src='{script}&targetId=one&entry_id={entry}'></script>"
        f"<div id='two'></div><script src='{script}&targetId=two&entry_id={empty}'></script>"
        f"<div id='three'></div><script src='{script}&targetId=three&entry_id=0_nope'></script>"
    )
    page = browser.new_page()
    page.goto(site.as_uri())
    page.wait_for_function("(document.querySelector('#one img') || {}).naturalWidth === 64")
    page.wait_for_function("document.querySelector('#two').textContent === 'Not ready to play.'")
    page.wait_for_function("document.querySelector('#three').textContent.includes('not found')")


def test_the_page_without_a_browser(api: Api, player: int) -> None:
    entry = add_entry(api, 1, video(), "<b>&\"'</script>.mp4")
    reply = api.http.get(address(api, player, entry), timeout=30)
    assert (reply.status_code, reply.headers["Content-Type"]) == (200, "text/html; charset=UTF-8")
    assert "stands in for Kaltura" in reply.text
    assert "<b>" not in reply.text
    source = reply.text.split('src="')[1].split('"')[0]
    assert api.http.get(source, timeout=30).content[4:8] == b"ftyp"
    hostile = address(api, player, entry, "&ks=&config[playback]=" + '{"a":"</script><script>alert(1)</script>"}')
    assert "alert(1)</script>" not in api.http.get(hostile, timeout=30).text


def test_what_must_not_be_played_is_told(api: Api, player: int) -> None:
    entry = add_entry(api, 1, video(), "v.mp4")
    rule = {
        "message": "Not from here", "actions": [{"objectType": "KalturaAccessControlBlockAction"}],
        "conditions": [{"objectType": "KalturaIpAddressCondition", "values": [
            {"objectType": "KalturaStringValue", "value": "127.0.0.0/8"}]}],
    }  # fmt: skip
    profile = api.call(
        "accessControlProfile", "add", api.admin, accessControlProfile={"name": "local", "rules": [rule]}
    )
    api.call("media", "update", api.admin, entryId=entry, mediaEntry={"accessControlId": profile["id"]})
    page = api.http.get(address(api, player, entry), timeout=30).text
    assert "Not from here" in page
    assert "<video" not in page
    admin = api.http.get(address(api, player, entry, f"&ks={api.admin}"), timeout=30).text
    assert "<video" in admin
    context = api.call(
        "baseEntry", "getPlaybackContext", api.widget, entryId=entry,
        contextDataParams={"objectType": "KalturaPlaybackContextOptions"},
    )  # fmt: skip
    assert "sources" not in context
    assert context["messages"][0]["message"] == "Not from here"
    assert context["actions"] == [{"type": 1, "objectType": "KalturaAccessControlBlockAction"}]


@pytest.mark.parametrize(
    ("path", "status", "error"),
    [
        ("uiconf_id/1?iframeembed=true&entry_id={entry}", 404, "error-5"),
        ("uiconf_id/{player}?iframeembed=true&entry_id=0_nope", 404, "error-1"),
        ("uiconf_id/{player}?iframeembed=true", 400, "error-20"),
        ("uiconf_id/{player}?autoembed=true&entry_id={entry}", 400, "error-20"),
        ("uiconf_id/{bare}", 400, "error-56"),
    ],
)
def test_faults_of_addresses(api: Api, player: int, path: str, status: int, error: str) -> None:
    entry = api.call("media", "add", api.admin, entry={"name": "e", "mediaType": 1})["id"]
    bare = api.call("uiConf", "add", api.admin, uiConf={"name": "p", "creationMode": 2})["id"]
    reply = api.http.get(
        f"{api.url}/p/{PARTNER}/embedPlaykitJs/{path.format(entry=entry, player=player, bare=bare)}", timeout=30
    )
    assert (reply.status_code, reply.headers["X-Kaltura"], reply.content) == (status, error, b"")


def test_hls_lists_streams_and_captions_that_exist(api: Api, sandbox: SandboxServer) -> None:
    entry = add_entry(api, 1, video(), "v.mp4")
    add_caption(api, entry, SRT)
    manifest = api.http.get(
        f"{sandbox.url}/p/{PARTNER}/sp/{PARTNER}00/playManifest/entryId/{entry}/format/applehttp/protocol/http/a.m3u8",
        timeout=30,
    ).text
    assert "TYPE=SUBTITLES" in manifest
    stream = next(line for line in manifest.splitlines() if line.startswith("http"))
    index = api.http.get(stream, timeout=30).text
    segment = next(line for line in index.splitlines() if line.endswith(".ts"))
    assert api.http.get(stream.replace("index.m3u8", segment), timeout=30).content[0] == 0x47
    assert api.http.get(stream.replace("index.m3u8", "..%2f..%2fsandbox.sqlite3"), timeout=30).status_code == 404
