"""More than 200 titles in 32 languages, and as attackers write them: from the sidecar to Kaltura, pages and search."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from demo.media import audio, document
from tests.pipeline.publishing.conftest import Library
from tests.provider.api.embed.html import Html
from tests.provider.api.embed.test_hostile_titles import skeleton
from tests.provider.api.embed.titles import LANGUAGES, TITLES

from kaltura_provider.api import Player, render_page
from kaltura_provider.api.languages import kaltura_language
from kaltura_provider.api.lookup import get_entries
from kaltura_provider.api.selection import find_entries

# What no title on Kaltura can be: several lines, or more than 256 bytes.
BREAK, LONGEST = re.compile("[\n\r]"), 256
WORD = re.compile(r"\w{3,}")


@pytest.fixture
def titles(library: Library) -> dict[str, str]:
    """Titles by key of their file, all described in one manifest."""
    known = {f"file{number:03}.pdf": title for number, title in enumerate(dict.fromkeys(TITLES))}
    rows = [json.dumps({"media": key, "name": title, "description": title}) for key, title in known.items()]
    library.put("manifest.ndjson", "\n".join(rows))
    for number, key in enumerate(known):
        library.put(key, document() + b"%d" % number)
    return known


def test_titles_arrive_as_they_were_written(library: Library, titles: dict[str, str]) -> None:
    run = library.publish(manifests=(library.ingest(),), check=False)
    entries = {outcome["key"]: entry_id for entry_id, outcome in run.outcomes.items()}
    refused = {title for key, title in titles.items() if key not in entries}
    assert refused == {title for title in titles.values() if BREAK.search(title) or len(title.encode()) > LONGEST}
    assert len(entries) >= 200

    found = get_entries(library.kaltura, entries.values())
    for key, entry_id in entries.items():
        title = titles[key].strip()
        entry = found[entry_id]
        assert (entry.name, entry.raw["description"].strip()) == (title, title)

    pages = library.pages()
    listed = Html(pages["index.html"]).texts("h2")
    assert sorted(listed) == sorted(titles[key].strip() for key in entries)
    player = Player(library.url, 102, 1)
    harmless = skeleton(Html(_page(player, found[entries["file000.pdf"]], "Harmless")))
    for key, entry_id in entries.items():
        page = Html(pages[f"{entry_id}.html"])
        assert page.text("h1") == titles[key].strip()
        assert skeleton(page) == harmless, titles[key]

    # Kaltura looks for words: so a title without any is not looked for.
    for key, entry_id in entries.items():
        words = WORD.findall(titles[key])
        if words:
            longest = max(words, key=len)
            assert entry_id in set(find_entries(library.kaltura, search=longest)), titles[key]


def test_captions_arrive_in_their_language(library: Library) -> None:
    known = {language: title for language, title in LANGUAGES.items() if _is_known(language)}
    assert len(known) >= 30
    library.put("talk.mp3", audio(1))
    for language, title in known.items():
        library.put(f"talk.{language}.vtt", f"WEBVTT\n\n00:00.000 --> 00:01.000\n{title}\n")
    run = library.publish(manifests=(library.ingest(),))
    ((entry_id, outcome),) = run.outcomes.items()
    assert (outcome["state"], outcome["problems"]) == ("plays", [])
    listed = library.kaltura.iterate("caption_captionAsset", filter={"entryIdEqual": entry_id})
    texts = {
        each["language"]: library.kaltura.call("caption_captionAsset", "serve", {"captionAssetId": each["id"]}).decode()
        for each in listed
    }
    assert {language: text.strip().rsplit("\n", 1)[1] for language, text in texts.items()} == {
        kaltura_language(language): title for language, title in known.items()
    }


def _page(player: Player, entry: Any, title: str) -> str:
    """A page like that of an entry, with another title."""
    from dataclasses import replace

    from kaltura_provider.api import PageItem
    from kaltura_provider.api.embed.model import download_url_of

    item = replace(PageItem.from_entry(entry), title=title, description=title)
    return render_page(player, item, index_href="index.html", download_url=download_url_of(entry))


def _is_known(language: str) -> bool:
    try:
        return bool(kaltura_language(language))
    except ValueError:
        return False
