"""Pages with a player: valid, escaped, and without a session."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from kaltura_provider.api import (
    PageItem,
    Player,
    default_cdn_url,
    kmc_entry_url,
    player_url,
    render_embed,
    render_index,
    render_page,
    thumbnail_url,
)

PLAYER = Player("https://cdnapisec.kaltura.com", 102, 23)
EVIL = """</script><script>alert("x")</script><!-- '" & \u2028 -->"""


class Page(HTMLParser):
    """The elements of a page and its visible text."""

    VOID = ("meta", "link", "img", "br", "hr", "input")

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.scripts: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == [], f"not closed: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] == "script":
            self.scripts.append(data)
        elif "style" not in self._open:
            self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def test_an_iframe() -> None:
    html = render_embed(PLAYER, PageItem("1_abcd1234", 'A "title" & more'))
    (frame,) = Page(html).all("iframe")
    assert frame["src"] == (
        "https://cdnapisec.kaltura.com/p/102/embedPlaykitJs/uiconf_id/23?iframeembed=true&entry_id=1_abcd1234"
    )
    assert frame["title"] == 'A "title" & more'
    assert "fullscreen" in str(frame["allow"])
    assert "allowfullscreen" in frame
    assert "aspect-ratio: 16 / 9" in html


def test_a_dynamic_player() -> None:
    config = {"playback": {"muted": True}, "plugins": {"note": EVIL}, "provider": {"env": {}}}
    html = render_embed(PLAYER, PageItem("1_abcd1234", EVIL), embed_type="dynamic", config=config)
    page = Page(html)
    assert [script.get("src") for script in page.all("script")] == [
        "https://cdnapisec.kaltura.com/p/102/embedPlaykitJs/uiconf_id/23",
        None,
    ]
    found = re.search(r"var setup = (.*);\n", page.scripts[-1])
    assert found
    assert json.loads(found.group(1)) == {
        "playback": {"muted": True},
        "plugins": {"note": EVIL},
        "targetId": "kaltura-player-1_abcd1234",
        "provider": {"env": {}, "partnerId": 102, "uiConfId": 23},
    }
    assert page.all("div")[0]["aria-label"] == EVIL
    assert 'loadMedia({"entryId": "1_abcd1234"})' in html


@pytest.mark.parametrize("embed_type", ["iframe", "dynamic"])
def test_a_page_for_one_entry(embed_type: str) -> None:
    item = PageItem("1_abcd1234", EVIL, description=f"Line 1\n{EVIL}", duration=3725)
    page = Page(render_page(PLAYER, item, embed_type=embed_type, language="de", index_href="../index.html"))
    assert page.all("html") == [{"lang": "de"}]
    assert len(page.all("main")) == len(page.all("h1")) == len(page.all("title")) == 1
    assert len(page.all("script")) == (2 if embed_type == "dynamic" else 0)
    assert page.text.count(EVIL) == 3, "title, heading, description"
    assert "Length: 1:02:05" in page.text
    assert page.all("a") == [{"href": "../index.html"}]
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in page.all("meta")


def test_a_page_without_extras_has_no_empty_parts() -> None:
    page = Page(render_page(PLAYER, PageItem("1_abcd1234", "T")))
    assert "Length" not in page.text
    assert page.all("nav") == []
    assert page.all("p") == []


def test_an_index() -> None:
    items = [
        PageItem("1_aaaa", EVIL, duration=65, href="a/b.html"),
        PageItem("1_bbbb", "Second", description="About it"),
    ]
    page = Page(render_index(PLAYER, items, title="Week 47", description=EVIL))
    assert [link["href"] for link in page.all("a")] == [
        "a/b.html",
        player_url(PLAYER.cdn_url, 102, 23, "1_bbbb"),
    ]
    assert [image["src"] for image in page.all("img")] == [
        thumbnail_url(PLAYER.cdn_url, 102, entry) for entry in ("1_aaaa", "1_bbbb")
    ]
    # The title stands beside it; a screen reader would say it twice.
    assert all(image["alt"] == "" for image in page.all("img"))
    assert "1:05" in page.text
    assert len(page.all("li")) == 2
    assert page.all("script") == []
    assert "There are no videos yet." in Page(render_index(PLAYER, [], title="Empty")).text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"embed_type": "flash"}, "use iframe or dynamic"),
        ({"config": {"playback": {}}}, "An iframe takes no configuration"),
        ({"embed_type": "dynamic", "config": {"provider": {"ks": "x"}}}, "must not be written into a page"),
    ],
)
def test_what_is_refused(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        render_embed(PLAYER, PageItem("1_abcd1234", "T"), **arguments)


@pytest.mark.parametrize("entry_id", ["", "1_x?ks=1", "../x", 'x"y', "a b", "é"])
def test_ids_that_are_none(entry_id: str) -> None:
    with pytest.raises(ValueError, match="is no entry ID"):
        PageItem(entry_id, "T")
    with pytest.raises(ValueError, match="is no entry ID"):
        kmc_entry_url("https://www.kaltura.com", entry_id)


@pytest.mark.parametrize(
    "href", ["javascript:alert(1)", "data:text/html,x", "//evil.example/x", "JavaScript:x", "\\\\evil"]
)
def test_addresses_that_run_scripts(href: str) -> None:
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
    assert player_url("http://h/", 1, 2, "1_a", start=30).endswith("&entry_id=1_a&kalturaSeekFrom=30")
    assert thumbnail_url("http://h", 1, "1_a", width=320) == "http://h/p/1/thumbnail/entry_id/1_a/width/320"


def test_what_no_player_shows_is_offered_for_download() -> None:
    item = PageItem("1_abcd1234", EVIL)
    page = Page(render_page(PLAYER, item, download_url="https://cdn.example.com/raw?a=1&b=2"))
    assert page.all("iframe") == []
    assert [link["href"] for link in page.all("a")] == ["https://cdn.example.com/raw?a=1&b=2"]
    assert page.scripts == []
    with pytest.raises(ValueError, match="no http"):
        render_page(PLAYER, item, download_url="javascript:alert(1)")
