"""The addresses of players: what script and which configuration they answer. tests/browser plays with them."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest

from kaltura_sandbox.server import SandboxServer

from .conftest import PARTNER, Api, make_settings
from .media import add_caption, add_entry, video

SRT = "1\n00:00:00,000 --> 00:00:01,500\nHello\n"
LIBRARY = "window.KalturaPlayer = { setup: 1 };\n//# sourceMappingURL=kaltura-ovp-player.js.map\n"
ANALYTICS = "KalturaPlayer.plugins = 1;\n"


@pytest.fixture
def player_dir(tmp_path: Path) -> Path:
    """A directory that looks as if the player were installed."""
    folder = tmp_path / "player"
    (folder / "translations").mkdir(parents=True)
    (folder / "kaltura-ovp-player.js").write_text(LIBRARY)
    (folder / "playkit-kava.js").write_text(ANALYTICS)
    for language in ("en", "fr"):
        (folder / "translations" / f"{language}.i18n.json").write_text(json.dumps({language: {"play": language}}))
    return folder


@pytest.fixture
def sandbox(tmp_path: Path, player_dir: Path) -> Any:
    with SandboxServer(make_settings(tmp_path / "data", player_dir=player_dir)) as server:
        yield server


def add_player(api: Api, **changes: Any) -> int:
    described = {
        "name": "p", "creationMode": 2, "objType": 1, "tags": "kalturaPlayerJs,player", "width": 640, "height": 360,
        "confVars": '{"kaltura-ovp-player":"{latest}"}', **changes,
    }  # fmt: skip
    return int(api.call("uiConf", "add", api.admin, uiConf=described)["id"])


@pytest.fixture
def player(api: Api) -> int:
    """A player."""
    return add_player(api)


def address(api: Api, player: int, query: str = "") -> str:
    return f"{api.url}/p/{PARTNER}/embedPlaykitJs/uiconf_id/{player}{query}"


def script(api: Api, player: int, query: str = "") -> str:
    reply = api.http.get(address(api, player, query), timeout=30)
    assert reply.status_code == 200
    assert reply.headers["Content-Type"].startswith("text/javascript")
    assert reply.headers["Access-Control-Allow-Origin"] == "*"
    return reply.text


def config_of(text: str) -> dict[str, Any]:
    """The configuration a script gives the player."""
    found = re.search(r"window\.__kalturaplayerdata = (\{.*\});$", text, re.MULTILINE)
    assert found is not None
    return dict(json.loads(found[1]))


def setup_of(text: str) -> dict[str, Any]:
    """What a script sets a player up with."""
    found = re.search(r"KalturaPlayer\.setup\((\{.*\})\);", text)
    assert found is not None
    return dict(json.loads(found[1]))


def test_the_script_is_the_library_and_where_its_services_are(api: Api, player: int) -> None:
    text = script(api, player)
    assert text.startswith("window.KalturaPlayer = { setup: 1 };")
    assert ANALYTICS in text
    assert "sourceMappingURL" not in text
    config = config_of(text)
    assert config["provider"]["env"]["serviceUrl"] == f"{api.url}/api_v3"
    assert config["provider"]["env"]["cdnUrl"] == api.url
    assert "http:" + config["plugins"]["kava"]["serviceUrl"] == f"{api.url}/api_v3/index.php"
    assert config["ui"]["translations"] == {"en": {"play": "en"}}
    assert config["uiConfData"] == {"width": 640, "height": 360, "name": "p"}
    assert "KalturaPlayer.setup(" not in text, "a plain script leaves starting to the page"


def test_what_the_ui_conf_says_is_laid_over_it(api: Api) -> None:
    own = {"playback": {"autoplay": True}, "provider": {"env": {"cdnUrl": "http://cdn"}}, "plugins": {"kava": {"a": 1}}}
    languages = json.dumps({"versions": {"kaltura-ovp-player": "3.17.95"}, "langs": ["fr", "xx"]})
    player = add_player(api, config=json.dumps(own), confVars=languages)
    config = config_of(script(api, player))
    assert config["playback"] == {"autoplay": True}
    assert config["provider"]["env"]["cdnUrl"] == "http://cdn"
    assert config["provider"]["env"]["serviceUrl"] == f"{api.url}/api_v3"
    assert set(config["plugins"]["kava"]) == {"a", "serviceUrl"}
    assert config["ui"]["translations"] == {"fr": {"play": "fr"}}
    assert set(config_of(script(api, player, "?langs=en,fr"))["ui"]["translations"]) == {"en", "fr"}


def test_a_factory_gives_each_player_its_own_name(api: Api, player: int) -> None:
    text = script(api, player, "?embed_factory=true")
    assert f"window.KalturaPlayer_{player} = {{ setup: 1 }};" in text
    assert f"lib: window.KalturaPlayer_{player} }}" in text
    assert "__kalturaplayerdata" not in text


def test_an_auto_embed_starts_in_its_element(api: Api, player: int) -> None:
    query = "?autoembed=true&targetId=here&entry_id=0_abc&ks=KS&config[playback]=%7B%22muted%22%3Atrue%7D&config[ui]=no"
    text = script(api, player, query)
    assert setup_of(text) == {
        "targetId": "here", "playback": {"muted": True}, "ui": {},
        "provider": {"partnerId": PARTNER, "uiConfId": player, "ks": "KS"},
    }  # fmt: skip
    assert 'kalturaPlayer.loadMedia({"entryId": "0_abc"});' in text
    playlist = script(api, player, "?autoembed=true&targetId=here&playlist_id=0_list")
    assert 'kalturaPlayer.loadPlaylist({"playlistId": "0_list"});' in playlist


def test_an_iframe_gets_a_page_and_nothing_breaks_out_of_it(api: Api, player: int) -> None:
    evil = "</script><script>alert(1)</script>"
    options = {"iframeembed": "true", "entry_id": evil, "ks": evil, "config[a]": json.dumps({"b": evil})}
    reply = api.http.get(
        address(api, player), params=options,
        headers={"Referer": f"http://site/{evil}"}, timeout=30,
    )  # fmt: skip
    assert (reply.status_code, reply.headers["Content-Type"]) == (200, "text/html; charset=UTF-8")
    assert reply.text.count("<script>") == 2
    assert setup_of(reply.text)["targetId"] == "player_container"
    assert setup_of(reply.text)["provider"]["ks"] == evil


def test_without_the_player_a_notice_says_what_to_do(api: Api, player: int, player_dir: Path) -> None:
    (player_dir / "kaltura-ovp-player.js").unlink()
    page = api.http.get(address(api, player, "?iframeembed=true&entry_id=0_abc"), timeout=30)
    assert (page.status_code, "make player" in page.text) == (503, True)
    assert "make player" in script(api, player)
    assert f"window.KalturaPlayer_{player} = " in script(api, player, "?embed_factory=true")


def test_what_must_not_be_played_is_told(api: Api) -> None:
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
    options = {"objectType": "KalturaPlaybackContextOptions"}
    context = api.call("baseEntry", "getPlaybackContext", api.widget, entryId=entry, contextDataParams=options)
    assert "sources" not in context
    assert context["messages"][0]["message"] == "Not from here"
    assert context["actions"] == [{"type": 1, "objectType": "KalturaAccessControlBlockAction"}]


def test_before_its_date_an_entry_plays_only_for_those_let_in(api: Api) -> None:
    entry = add_entry(api, 1, video(), "v.mp4")
    api.call("media", "update", api.admin, entryId=entry, mediaEntry={"startDate": int(time.time()) + 3600})
    let_in = api.session("ann", 0, privileges=f"sview:{entry}")
    for ks, plays in ((api.widget, False), (api.user("ann"), False), (let_in, True)):
        options = {"objectType": "KalturaPlaybackContextOptions"}
        context = api.call("baseEntry", "getPlaybackContext", ks, entryId=entry, contextDataParams=options)
        assert ("sources" in context) is plays
        assert [each["code"] for each in context["messages"]] == ([] if plays else ["SCHEDULED_RESTRICTED"])


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("uiconf_id/1?iframeembed=true&entry_id=0_abc", "error-22"),
        ("uiconf_id/{player}?iframeembed=true", "error-20"),
        ("uiconf_id/{player}?autoembed=true&entry_id=0_abc", "error-20"),
        ("uiconf_id/{player}?autoembed=true&targetId=a", "error-20"),
        ("uiconf_id/{bare}", "error-56"),
    ],
)
def test_faults_of_addresses(api: Api, player: int, query: str, error: str) -> None:
    bare = add_player(api, confVars="")
    path = query.format(player=player, bare=bare)
    reply = api.http.get(f"{api.url}/p/{PARTNER}/embedPlaykitJs/{path}", timeout=30)
    assert (reply.status_code, reply.headers["X-Kaltura"], reply.content) == (404, error, b"")


def test_hls_lists_streams_and_captions_that_exist(api: Api) -> None:
    entry = add_entry(api, 1, video(), "v.mp4")
    add_caption(api, entry, SRT)
    address = f"{api.url}/p/{PARTNER}/sp/{PARTNER}00/playManifest/entryId/{entry}/format/applehttp/protocol/http/a.m3u8"
    listed = api.http.get(address, timeout=30).text
    assert "TYPE=SUBTITLES" in listed
    stream = next(line for line in listed.splitlines() if line.startswith("http"))
    index = api.http.get(stream, timeout=30).text
    segment = next(line for line in index.splitlines() if line.endswith(".ts"))
    assert api.http.get(stream.replace("index.m3u8", segment), timeout=30).content[0] == 0x47
    assert api.http.get(stream.replace("index.m3u8", "..%2f..%2fsandbox.sqlite3"), timeout=30).status_code == 404
