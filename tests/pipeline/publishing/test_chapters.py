"""Chapters and attachments that lie beside a title in S3: on Kaltura, on its page, and kept as they shall be."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
from demo.media import document, video
from tests.pipeline.publishing.conftest import Library
from tests.sandbox_state import state_of

if TYPE_CHECKING:
    from kaltura_sandbox.faults.proxy import FaultProxy
    from kaltura_sandbox.server import SandboxServer

VTT = "WEBVTT\n\n00:00.000 --> 00:01.000\nLight &\n\n00:01.500 --> 00:02.000\nWaves\n"
SLIDES = document()


def chapters_of(library: Library, entry_id: str) -> list[tuple[int, str]]:
    filter = {"objectType": "KalturaThumbCuePointFilter", "entryIdEqual": entry_id, "subTypeEqual": 2}
    found = library.kaltura.iterate("cuepoint_cuepoint", "list", filter)
    return sorted((point.get("startTime", 0), point["title"]) for point in found)


def attachments_of(library: Library, entry_id: str) -> list[tuple[str, int]]:
    found = library.kaltura.iterate("attachment_attachmentAsset", "list", {"entryIdEqual": entry_id})
    return sorted((asset["filename"], int(asset["size"])) for asset in found)


@pytest.fixture
def talk(library: Library) -> str:
    """A film with chapters and slides; return its entry."""
    library.put("talk.mp4", video(3))
    library.put("talk.chapters.vtt", VTT)
    library.put("talk.attachments/slides.pdf", SLIDES)
    library.ingest()
    return library.entry_of("talk.mp4")


def test_they_are_on_kaltura_and_on_the_page(library: Library, talk: str) -> None:
    assert chapters_of(library, talk) == [(0, "Light &"), (1500, "Waves")]
    assert attachments_of(library, talk) == [("slides.pdf", len(SLIDES))]
    assert list(library.kaltura.iterate("caption_captionAsset", "list", {"entryIdEqual": talk})) == []
    library.publish(entry_ids=(talk,))
    page = library.pages()[f"{talk}.html"]
    assert "Light &amp;</span></button>" in page
    assert 'data-seconds="1.5"' in page


def test_nothing_is_sent_twice(library: Library, talk: str, proxy: FaultProxy, sandbox: SandboxServer) -> None:
    library.publish(entry_ids=(talk,), update=True)
    before, pages = state_of(sandbox.settings.data), library.pages()
    library.ingest()
    proxy.reset()
    library.publish(entry_ids=(talk,), update=True, check=False)
    assert state_of(sandbox.settings.data) == before
    assert library.pages() == pages, "of chapters that nobody looked for, those seen last are shown"
    assert Counter(proxy.calls) == {"baseEntry.list": 1}


def test_changed_files_are_sent_and_what_is_gone_stays(library: Library, talk: str) -> None:
    library.put("talk.chapters.vtt", VTT.replace("Waves", "Particles"))
    library.put("talk.attachments/slides.pdf", SLIDES + b"2")
    library.put("talk.attachments/more/data.csv", "a,b\n1,2\n")
    library.publish(entry_ids=(talk,), update=True)
    assert chapters_of(library, talk) == [(0, "Light &"), (1500, "Particles")]
    changed = [("data.csv", 8), ("slides.pdf", len(SLIDES) + 1)]
    assert attachments_of(library, talk) == changed
    assert "Particles" in library.pages()[f"{talk}.html"]
    for key in ("talk.chapters.vtt", "talk.attachments/slides.pdf"):
        library.s3.delete_object(Bucket=library.bucket, Key=key)
    library.publish(entry_ids=(talk,), update=True)
    assert chapters_of(library, talk) == [(0, "Light &"), (1500, "Particles")]
    assert attachments_of(library, talk) == changed


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"bad.chapters.txt": "0:00 One\nsoon Two"}, ("bad.chapters.txt", "line 2")),
        ({"bad.chapters.json": "{"}, ("bad.chapters.json", "JSON")),
        ({"bad.attachments/empty.pdf": ""}, ("bad.attachments/empty.pdf", "it is empty")),
    ],
)
def test_what_cannot_be_used_is_named_and_the_others_go_on(
    library: Library, files: dict[str, str], words: tuple[str, ...]
) -> None:
    library.put("bad.mp4", video(1))
    library.put("good.mp4", video(1) + b"good")
    for key, text in files.items():
        library.put(key, text)
    plan = library.plan(check_media=True)
    actions = {item["key"]: item for item in plan}
    assert (actions["bad.mp4"]["action"], actions["good.mp4"]["action"]) == ("refuse", "add")
    assert all(word in actions["bad.mp4"]["reason"] for word in words), actions["bad.mp4"]["reason"]


def test_a_chapter_after_the_end_is_found_before_anything_is_sent(library: Library) -> None:
    library.put("bad.mp4", video(1))
    library.put("bad.chapters.txt", "0:00 One\n1:30 Two")
    (item,) = library.plan(check_media=True)
    assert item["action"] == "refuse"
    assert "chapter 'Two': it begins at 1:30, after the end of the media at 0:01" in item["reason"]
