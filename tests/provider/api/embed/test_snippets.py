"""Pieces of HTML that show a player, in each of the ways there are."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.provider.api.embed.html import Html

from kaltura_provider.api import (
    MediaKind,
    PageItem,
    Player,
    default_cdn_url,
    kmc_entry_url,
    player_url,
    render_embed,
    thumbnail_url,
)

PLAYER = Player("https://cdnapisec.kaltura.com", 102, 23)
SCRIPT = "https://cdnapisec.kaltura.com/p/102/embedPlaykitJs/uiconf_id/23"
ITEM = PageItem("1_abcd1234", "Talk", duration=65)
MUTED = {"playback": {"muted": True}}


def snippet(embed_type: str, item: PageItem = ITEM, **options: Any) -> Html:
    return Html(render_embed(PLAYER, item, embed_type=embed_type, **options), whole=False)


def query(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def test_an_iframe() -> None:
    found = snippet("iframe", start=90, config=MUTED)
    frame = found.one("iframe")
    assert frame["src"].startswith(f"{SCRIPT}?")
    assert query(frame["src"]) == {
        "iframeembed": "true", "entry_id": "1_abcd1234", "kalturaStartTime": "90", "config[playback]": '{"muted":true}'
    }  # fmt: skip
    assert "fullscreen" in frame["allow"]
    assert "aspect-ratio: 16 / 9" in found.one("div")["style"]
    assert found.all("script") == [], "it needs nothing of the page"


@pytest.mark.parametrize("embed_type", ["dynamic", "thumbnail"])
def test_what_a_script_drives(embed_type: str) -> None:
    config = {"provider": {"env": {"a": 1}, "uiConfId": 99}, **MUTED}
    found = snippet(embed_type, start=90, config=config)
    data = found.data()
    assert data["script"] == SCRIPT
    assert data["setup"] == {**MUTED, "provider": {"env": {"a": 1}, "partnerId": 102, "uiConfId": 23}}
    assert (data["entryId"], data["start"], data["duration"]) == ("1_abcd1234", 90, 65)
    assert data["expires"] is None
    assert not data["links"], "the address belongs to the page around"
    assert found.one("[data-kaltura] > [role=region]")["id"] == "kaltura-player-1_abcd1234"
    assert found.one("[role=status]"), "where faults are said"
    (script,) = found.all("script")
    assert script == {}, "the player's own script comes when it is needed"
    without = Html(found.text("noscript"), whole=False)
    assert without.one("a")["href"] == player_url(PLAYER.cdn_url, 102, 23, "1_abcd1234", start=90)


def test_a_thumbnail_is_a_button_with_a_name() -> None:
    button = snippet("thumbnail", language="de").one("button")
    assert (button["type"], button["aria-label"]) == ("button", "Abspielen: Talk")
    assert snippet("thumbnail").one("img")["alt"] == "", "the button has the name"
    assert snippet("dynamic").all("button") == []


def test_a_script_of_kalturas_alone() -> None:
    found = snippet("auto", start=90, config=MUTED)
    src = found.one("script")["src"]
    assert query(src) == {
        "autoembed": "true", "targetId": found.one("div")["id"], "entry_id": "1_abcd1234",
        "config[playback]": '{"muted":true,"startTime":90}',
    }  # fmt: skip


def test_a_link_for_e_mails() -> None:
    found = snippet("link", PageItem("1_abcd1234", "Talk", href="https://www.example.com/a.html?b=1"), start=90)
    assert found.one("a")["href"] == "https://www.example.com/a.html?b=1&t=90"
    image = found.one("img")
    assert (image["alt"], image["width"], image["height"]) == ("Play Talk", "560", "315")
    assert image["src"].endswith("/width/560/height/315/type/3")
    assert snippet("link").one("a")["href"] == player_url(PLAYER.cdn_url, 102, 23, "1_abcd1234")
    assert found.all("script") == found.all("iframe") == []


def test_shapes() -> None:
    assert "aspect-ratio: 3 / 1" in snippet("iframe", PageItem("1_a", "T", kind=MediaKind.AUDIO)).source
    assert "aspect-ratio: 4 / 3" in snippet("dynamic", ratio="4:3", width=640).source
    assert "max-width: 640px" in snippet("dynamic", width=640).source
    assert snippet("thumbnail", ratio="2 / 1").one("img")["src"].endswith("/width/1280/height/640/type/3")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"embed_type": "flash"}, "use iframe, dynamic, thumbnail, auto or link"),
        ({"embed_type": "link", "config": MUTED}, "A link takes no config"),
        ({"embed_type": "dynamic", "config": {"provider": {"ks": "x"}}}, "config holds a session"),
        ({"embed_type": "iframe", "config": {"plugins": [{"KS": "x"}]}}, "config holds a session"),
        ({"ratio": "wide"}, "use one such as 16 / 9"),
        ({"ratio": "16 / 0"}, "use one such as 16 / 9"),
        ({"start": -1}, "give seconds from the beginning"),
        ({"start": float("nan")}, "give seconds from the beginning"),
        ({"texts": {"hello": "x"}}, "texts has hello"),
    ],
)
def test_what_is_refused(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        render_embed(PLAYER, ITEM, **arguments)


@pytest.mark.parametrize("chapters", [[5], [("x", "T")], [(-1, "T")], ["ab"]])
def test_chapters_that_are_none(chapters: Any) -> None:
    with pytest.raises(ValueError, match=r"is no (chapter|time)"):
        PageItem("1_a", "T", chapters=chapters)


def test_chapters_stand_in_the_order_of_the_film() -> None:
    item = PageItem("1_a", "T", chapters=((90.5, "B"), ("0", "A"), (3600, "C")))  # type: ignore[arg-type]
    assert [(each.seconds, each.time, each.title) for each in item.chapters] == [
        (0, "0:00", "A"), (90.5, "1:30", "B"), (3600, "1:00:00", "C")
    ]  # fmt: skip


@pytest.mark.parametrize("entry_id", ["", "1_x?ks=1", "../x", 'x"y', "a b", "é"])
def test_ids_that_are_none(entry_id: str) -> None:
    with pytest.raises(ValueError, match="is no entry ID"):
        PageItem(entry_id, "T")
    with pytest.raises(ValueError, match="is no entry ID"):
        kmc_entry_url("https://www.kaltura.com", entry_id)


@pytest.mark.parametrize(
    "href",
    [
        "javascript:alert(1)", "data:text/html,x", "//evil.example/x", "JavaScript:x", "\\\\evil", "/\\evil.example",
        "java\nscript:alert(1)", "\x01javascript:alert(1)", "https://a b/", "http://[",
    ],
)  # fmt: skip
def test_addresses_that_lead_elsewhere(href: str) -> None:
    with pytest.raises(ValueError, match="no http"):
        PageItem("1_abcd1234", "T", href=href)
    with pytest.raises(ValueError, match="no http"):
        Player(href, 102, 23)


def test_addresses() -> None:
    assert kmc_entry_url("https://www.kaltura.com/", "1_a") == (
        "https://www.kaltura.com/index.php/kmcng/content/entries/entry/1_a/metadata"
    )
    assert default_cdn_url("https://www.kaltura.com") == "https://cdnapisec.kaltura.com"
    assert default_cdn_url("http://localhost:8123/") == "http://localhost:8123"
    assert player_url("http://h/", 1, 2, "1_a", start=30).endswith("&entry_id=1_a&kalturaStartTime=30")
    assert player_url("http://h/", 1, 2, "1_a", start=90.5).endswith("&kalturaStartTime=90.5")
    assert thumbnail_url("http://h", 1, "1_a", width=320) == "http://h/p/1/thumbnail/entry_id/1_a/width/320"
