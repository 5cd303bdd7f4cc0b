"""Whole pages: one with an entry, and one that lists entries."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest
from tests.provider.api.embed.html import Html

from kaltura_provider.api import (
    MediaKind,
    PageChapter,
    PageItem,
    PageOptions,
    Player,
    Site,
    render_index,
    render_page,
    title_key,
)

PLAYER = Player("https://cdnapisec.kaltura.com", 102, 23)
SCRIPT = "https://cdnapisec.kaltura.com/p/102/embedPlaykitJs/uiconf_id/23"
ITEM = PageItem(
    "1_abcd1234",
    "Talk",
    "Line 1\nLine 2",
    3725,
    chapters=(PageChapter(0, "Welcome"), PageChapter(90, "Questions")),
    captions=("English",),
)


def page(item: PageItem = ITEM, *, options: dict[str, Any] | None = None, **more: Any) -> Html:
    return Html(render_page(PLAYER, item, options=PageOptions(**options or {}), **more))


def policy(found: Html) -> dict[str, list[str]]:
    (rule,) = [each["content"] for each in found.all("meta") if "http-equiv" in each]
    return {name: values for name, *values in (part.split() for part in rule.split("; "))}


def hashes(found: Html) -> list[str]:
    running = [text for text in found.texts("script") if "schema.org" not in text]
    return [f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in running]


@pytest.mark.parametrize("embed_type", ["dynamic", "thumbnail", "iframe"])
def test_parts_of_a_page(embed_type: str) -> None:
    found = page(options={"embed_type": embed_type}, index_href="../index.html")
    assert [len(found.all(name)) for name in ("main", "h1", "title", "nav")] == [1, 1, 1, 1]
    assert found.all("body > a")[0] == {"class": "skip", "href": "#content"}
    assert found.one("nav a")["href"] == "../index.html"
    assert found.text("h1") == found.text("title") == "Talk"
    assert found.text("main > p.description") == "Line 1\nLine 2"
    assert "1:02:05" in found.texts("bdi")
    assert "English" in found.texts("bdi")
    buttons = found.all(".chapters button")
    assert [each["data-seconds"] for each in buttons] == ["0", "90"]
    assert all("disabled" in each for each in buttons), "until the script has come"
    assert len(found.all("details dt")) == 8
    assert len(found.all("iframe")) == (embed_type == "iframe")


def test_a_page_without_extras_has_no_empty_parts() -> None:
    found = page(PageItem("1_abcd1234", "T"))
    assert found.all("nav") == found.all(".chapters") == found.all("p.quiet") == found.all("p.description") == []
    assert found.all("link") == [{"rel": "icon", "href": "data:,"}]


@pytest.mark.parametrize("embed_type", ["dynamic", "thumbnail", "iframe"])
def test_a_page_runs_its_own_scripts_and_the_player_alone(embed_type: str) -> None:
    found = page(options={"embed_type": embed_type})
    rules = policy(found)
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == ["'none'"]
    own = hashes(found)
    assert len(own) == 2
    assert rules["script-src"] == (own if embed_type == "iframe" else [*own, SCRIPT])
    assert rules.get("frame-src") == (["https://cdnapisec.kaltura.com"] if embed_type == "iframe" else None)
    assert not any("unsafe" in value for value in rules["script-src"])
    listed = Html(render_index(PLAYER, [ITEM], title="All"))
    assert policy(listed)["script-src"] == hashes(listed)
    assert "connect-src" not in policy(listed)


def test_a_policy_with_more_and_none() -> None:
    ads = "https://imasdk.googleapis.com"
    rules = policy(page(options={"csp_sources": {"script-src": [ads], "frame-src": [ads]}}))
    assert rules["script-src"][-1] == ads
    assert rules["frame-src"] == [ads]
    assert "Content-Security-Policy" not in page(options={"csp": False}).source
    sandbox = Html(render_page(Player("http://127.0.0.1:8123", 102, 23), ITEM))
    assert policy(sandbox)["connect-src"] == ["http://127.0.0.1:8123", "https:"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"csp_sources": {"script": ["https://a"]}}, "csp_sources has 'script'"),
        ({"csp_sources": {"script-src": ["https://a; script-src *"]}}, "is no source"),
        ({"embed_type": "link"}, "is none of a page"),
        ({"language": "en\" onload="}, "is no language"),
        ({"allowed_origins": ["*"]}, "is no origin"),
        ({"allowed_origins": ["https://www.example.com/page"]}, "is no origin"),
        ({"allowed_origins": ["https://a@b.example"]}, "is no origin"),
        ({"allowed_origins": ["null"]}, "is no origin"),
        ({"texts": {"hello": "x"}}, "texts has hello"),
    ],
)  # fmt: skip
def test_options_that_are_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        page(options=options)


def test_origins_are_written_as_browsers_report_them() -> None:
    origins = ["https://WWW.Example.com:443", "http://localhost:8080", "https://bücher.example"]
    data = page(options={"allowed_origins": origins}).data()
    assert data["hosts"] == ["https://www.example.com", "http://localhost:8080", "https://xn--bcher-kva.example"]
    framed = page(options={"allowed_origins": origins[:1], "embed_type": "iframe"})
    assert json.loads(framed.one("iframe")["data-kaltura-frame"])["hosts"] == ["https://www.example.com"]


@pytest.mark.parametrize(
    ("language", "direction", "words"),
    [
        ("de", "ltr", ("de", "Alle Videos")),
        ("fr-CA", "ltr", ("fr", "Toutes les vidéos")),
        ("ar", "rtl", ("en", "All videos")),
        ("he-IL", "rtl", ("en", "All videos")),
        ("az-Arab", "rtl", ("en", "All videos")),
        ("ur-Latn", "ltr", ("en", "All videos")),
        ("ja", "ltr", ("en", "All videos")),
    ],
)
def test_languages(language: str, direction: str, words: tuple[str, str]) -> None:
    found = page(options={"language": language}, index_href="i.html")
    assert found.one("html") == {"lang": language, "dir": direction}
    assert found.one("h1") == {"dir": "auto"}
    # Words of another language than the page's say so.
    spoken = found.one("nav").get("lang", language).split("-")[0]
    assert (spoken, found.text("nav a")) == words


def test_a_title_in_another_language_than_the_page_says_so() -> None:
    found = page(PageItem("1_a", "שלום", "עולם", language="he"))
    assert found.one("h1") == {"lang": "he", "dir": "auto"}
    assert found.one("p.description")["lang"] == "he"
    assert Html(render_index(PLAYER, [PageItem("1_a", "שלום", language="he")], title="x")).one("li")["lang"] == "he"


def test_translations_have_all_words() -> None:
    from kaltura_provider.api.embed.languages import texts_for

    english = texts_for("en").words
    for language in ("de", "fr", "es"):
        words = texts_for(language).words
        assert set(words) == set(english)
        assert words["found"].count("{shown}") == words["found"].count("{all}") == 1
    own = texts_for("nl", dict.fromkeys(english, "ja"))
    assert (own.language, own["play"]) == ("nl", "ja")
    assert texts_for("nl", {"play": "Speel"}).language == "en"


def test_what_no_player_shows() -> None:
    document = page(
        PageItem("1_abcd1234", "Paper", kind=MediaKind.DOCUMENT), download_url="https://cdn.example.com/raw?a=1&b=2"
    )
    assert document.one("main a")["href"] == "https://cdn.example.com/raw?a=1&b=2"
    assert document.all("script") == document.all("iframe") == document.all("details") == []
    image = page(PageItem("1_abcd1234", "Photo", kind=MediaKind.IMAGE))
    assert image.one("main img") == {
        "class": "picture", "alt": "Photo", "src": "https://cdnapisec.kaltura.com/p/102/thumbnail/entry_id/1_abcd1234/width/1280"
    }  # fmt: skip
    assert image.all("script") == []
    with pytest.raises(ValueError, match="no http"):
        page(download_url="javascript:alert(1)")


def test_an_index() -> None:
    items = [PageItem("1_aaaa", "First", duration=65, href="a/b.html"), PageItem("1_bbbb", "Second", "About it")]
    found = Html(render_index(PLAYER, items, title="Week 47", description="A\nB"))
    assert [link["href"] for link in found.all("li a")] == ["a/b.html", PLAYER.url("1_bbbb")]
    assert all(image["alt"] == "" for image in found.all("img")), "the title stands beside it"
    assert "1:05" in found.texts("bdi")
    assert "hidden" in found.one("form"), "it works with the script alone"
    empty = Html(render_index(PLAYER, [], title="Empty", options=PageOptions(language="es")))
    assert empty.texts("main p") == ["Todavía no hay vídeos."]
    assert empty.all("script") == []


def test_the_order_of_titles() -> None:
    titles = ["Talk 10", "talk 2", "Über", "uhr", "Ärger", "ada", "Zoo", "Talk 2b", "Écran", "2001"]
    found = [item.title for item in sorted((PageItem("1_a", title) for title in titles), key=title_key)]
    assert found == ["2001", "ada", "Ärger", "Écran", "talk 2", "Talk 2b", "Talk 10", "Über", "uhr", "Zoo"]


def test_files_of_a_site() -> None:
    site = Site(PLAYER, title="All", public_url="https://videos.example.com/talks/")
    files = [*site.entry_files([ITEM]), site.index_file([ITEM])]
    assert [(file.name, file.content_type, file.is_private) for file in files] == [
        ("1_abcd1234.html", "text/html; charset=utf-8", False),
        ("1_abcd1234.oembed.json", "application/json+oembed", False),
        ("index.html", "text/html; charset=utf-8", False),
    ]
    found = Html(files[0].body.decode())
    links = {each["rel"]: each for each in found.all("link")}
    assert links["canonical"]["href"] == "https://videos.example.com/talks/1_abcd1234.html"
    assert links["alternate"]["type"] == "application/json+oembed"
    assert links["alternate"]["href"] == "https://videos.example.com/talks/1_abcd1234.oembed.json"
    assert Html(files[2].body.decode()).one("li a")["href"] == "1_abcd1234.html"
    assert [file.name for file in Site(PLAYER).entry_files([ITEM])] == ["1_abcd1234.html"]
