"""What previews of links, search engines and oEmbed are told."""

from __future__ import annotations

import json

from tests.provider.api.embed.html import Html

from kaltura_provider.api import MediaKind, PageChapter, PageItem, PageOptions, Player, render_oembed, render_page

PLAYER = Player("https://cdnapisec.kaltura.com", 102, 23)
PICTURE = "https://cdnapisec.kaltura.com/p/102/thumbnail/entry_id/1_abcd1234/width/1280/height/720/type/3"
URL = "https://videos.example.com/1_abcd1234.html"
ITEM = PageItem(
    "1_abcd1234", "Talk", "Line 1\n Line 2", 3725, created_at=1_700_000_000,
    chapters=(PageChapter(0, "A"), PageChapter(90, "B")), language="de",
)  # fmt: skip


def test_a_preview() -> None:
    found = Html(render_page(PLAYER, ITEM, options=PageOptions(site_name="Talks"), url=URL))
    said = {name: found.meta(name) for name in (
        "og:type", "og:title", "og:description", "og:url", "og:site_name", "og:image", "og:image:width", "og:video",
        "og:video:type", "video:duration", "twitter:card", "description",
    )}  # fmt: skip
    assert said == {
        "og:type": "video.other", "og:title": "Talk", "og:description": "Line 1 Line 2", "og:url": URL,
        "og:site_name": "Talks", "og:image": PICTURE, "og:image:width": "1280", "og:video": PLAYER.url("1_abcd1234"),
        "og:video:type": "text/html", "video:duration": "3725", "twitter:card": "summary_large_image",
        "description": "Line 1 Line 2",
    }  # fmt: skip
    bare = Html(render_page(PLAYER, PageItem("1_abcd1234", "Talk", kind=MediaKind.AUDIO)))
    names = {each.get("property") for each in bare.all("meta")}
    assert not names & {"og:url", "og:description", "og:video", "og:site_name"}


def test_what_search_engines_read() -> None:
    def described(item: PageItem, url: str | None) -> dict[str, object]:
        found = Html(render_page(PLAYER, item, url=url))
        (text,) = [text for text in found.texts("script") if "schema.org" in text]
        values: dict[str, object] = json.loads(text)
        return values

    assert described(ITEM, URL) == {
        "@context": "https://schema.org", "@type": "VideoObject", "name": "Talk", "description": "Line 1 Line 2",
        "thumbnailUrl": [PICTURE], "uploadDate": "2023-11-14T22:13:20Z", "duration": "PT1H2M5S", "inLanguage": "de",
        "embedUrl": PLAYER.url("1_abcd1234"), "url": URL,
        "hasPart": [
            {"@type": "Clip", "name": "A", "startOffset": 0, "endOffset": 90, "url": f"{URL}?t=0"},
            {"@type": "Clip", "name": "B", "startOffset": 90, "endOffset": 3725, "url": f"{URL}?t=90"},
        ],
    }  # fmt: skip
    bare = described(PageItem("1_abcd1234", "Song", kind=MediaKind.AUDIO), None)
    assert bare["@type"] == "AudioObject"
    assert not {"uploadDate", "duration", "url", "hasPart", "inLanguage"} & set(bare)


def test_oembed_of_each_kind() -> None:
    def document(kind: MediaKind) -> dict[str, object]:
        item = PageItem("1_abcd1234", "Talk", kind=kind)
        values: dict[str, object] = json.loads(render_oembed(PLAYER, item, site_name="S", site_url="https://s.example"))
        return values

    video = document(MediaKind.VIDEO)
    assert {name: video[name] for name in ("version", "type", "width", "height")} == {
        "version": "1.0", "type": "video", "width": 960, "height": 540
    }  # fmt: skip
    assert (video["thumbnail_url"], video["thumbnail_width"], video["thumbnail_height"]) == (PICTURE, 1280, 720)
    assert (video["provider_name"], video["provider_url"]) == ("S", "https://s.example")
    frame = Html(str(video["html"]), whole=False).one("iframe")
    assert (frame["src"], frame["width"], frame["height"]) == (PLAYER.url("1_abcd1234"), "960", "540")
    assert (document(MediaKind.AUDIO)["type"], document(MediaKind.AUDIO)["height"]) == ("rich", 320)
    photo = document(MediaKind.IMAGE)
    assert (photo["type"], photo["url"], photo["width"], photo["height"]) == ("photo", PICTURE, 1280, 720)
    assert document(MediaKind.DOCUMENT)["type"] == "link"
    assert "html" not in document(MediaKind.DOCUMENT)
