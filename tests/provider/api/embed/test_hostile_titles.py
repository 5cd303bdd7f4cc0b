"""Whatever a title or description holds, it stays a text: pages differ in their texts alone, and these are exact."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest
from tests.provider.api.embed.html import Html
from tests.provider.api.embed.titles import LANGUAGES, TITLES

from kaltura_provider.api import (
    PageChapter,
    PageItem,
    PageOptions,
    Player,
    render_embed,
    render_index,
    render_oembed,
    render_page,
)

PLAYER = Player("https://cdnapisec.kaltura.com", 102, 23)
SITE = "https://videos.example.com"


def page(title: str, embed_type: str, words: str = "") -> Html:
    item = PageItem(
        "1_abcd1234",
        title,
        words or title,
        65,
        chapters=(PageChapter(5, title),),
        captions=(title,),
        created_at=1_700_000_000,
    )
    options = PageOptions(embed_type=embed_type, site_name=title, language="de")
    return Html(render_page(PLAYER, item, options=options, url=f"{SITE}/a.html", oembed_url=f"{SITE}/a.json"))


@cache
def harmless(embed_type: str) -> tuple[Any, list[str], list[dict[str, str]]]:
    return skeleton(page("Harmless", embed_type))


def skeleton(found: Html) -> tuple[Any, list[str], list[dict[str, str]]]:
    running = [text for text in found.texts("script") if "schema.org" not in text]
    rules = [each for each in found.all("meta") if "http-equiv" in each]
    return found.structure(), running, rules


def test_there_are_enough_of_them() -> None:
    assert len(set(TITLES)) >= 200
    assert len(LANGUAGES) >= 30


@pytest.mark.parametrize("embed_type", ["dynamic", "thumbnail", "iframe"])
def test_a_page_says_a_title_and_nothing_else_happens(embed_type: str) -> None:
    for title in TITLES:
        found = page(title, embed_type)
        assert skeleton(found) == harmless(embed_type), title
        shown = title.strip()
        assert [found.text(name) for name in ("h1", "title")] == [shown, shown], title
        assert found.text("p.description") == title
        assert found.text(".chapters button span[dir]") == title
        assert title in found.texts("bdi")
        assert [found.meta(name) for name in ("og:title", "og:image:alt", "og:site_name")] == [shown, shown, title]
        if embed_type == "iframe":
            assert found.one("iframe")["title"] == shown
        else:
            assert found.one("[role=region]")["aria-label"] == shown
            assert found.data()["entryId"] == "1_abcd1234"
        (described,) = [text for text in found.texts("script") if "schema.org" in text]
        assert json.loads(described)["name"] == shown
        assert not set("<>&") & set(described), "nothing that could end the script"
        assert json.loads(described)["hasPart"][0]["name"] == title


def test_an_index_says_all_titles_and_nothing_else_happens() -> None:
    def index(titles: list[str]) -> Html:
        items = [PageItem(f"1_{number:08}", title, title) for number, title in enumerate(titles)]
        return Html(render_index(PLAYER, items, title=titles[-1], description=titles[0]))

    found, plain = index(TITLES), index(["Harmless"] * len(TITLES))
    assert skeleton(found) == skeleton(plain)
    assert found.texts("h2") == [title.strip() for title in TITLES]
    assert found.texts("li p.description") == TITLES
    assert found.text("h1") == found.text("title") == TITLES[-1]


@pytest.mark.parametrize("embed_type", ["iframe", "dynamic", "thumbnail", "auto", "link"])
def test_a_snippet_names_the_player_after_the_title(embed_type: str) -> None:
    def snippet(title: str) -> Html:
        config = {"plugins": {"note": title}} if embed_type != "link" else None
        return Html(
            render_embed(PLAYER, PageItem("1_abcd1234", title), embed_type=embed_type, config=config), whole=False
        )

    plain = snippet("Harmless")
    for title in TITLES:
        found = snippet(title)
        assert (found.structure(), found.texts("script")) == (plain.structure(), plain.texts("script")), title
        label = {"iframe": ("iframe", "title"), "link": ("img", "alt")}.get(embed_type, ("[role=region]", "aria-label"))
        assert found.one(label[0])[label[1]].removeprefix("Play ") == title.strip()
        if embed_type in ("dynamic", "thumbnail"):
            assert found.data()["setup"]["plugins"] == {"note": title}


def test_oembed_holds_html_that_holds_the_title() -> None:
    for title in TITLES:
        described = json.loads(render_oembed(PLAYER, PageItem("1_abcd1234", title), site_name=title))
        assert (described["title"], described["provider_name"]) == (title.strip(), title)
        found = Html(described["html"], whole=False)
        assert found.one("iframe")["title"] == title.strip()
        assert [name for name, *_ in found.structure()[0][2][1][2]] == ["iframe"]


def test_what_no_page_can_hold_is_replaced() -> None:
    found = page("a\x00b\x08c\ud800d\ufffee\r\nf\x9b", "dynamic", "g\rh")
    assert found.text("h1") == "a\ufffdb\ufffdc\ufffdd\ufffde\nf\ufffd"
    assert found.text("p.description") == "g\nh"
    assert Html(render_index(PLAYER, [PageItem("1_a", " \t ")], title="x")).texts("h2") == ["1_a"]
