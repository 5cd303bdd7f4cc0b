"""What a run takes from a bucket, and what it leaves for later or for good."""

from __future__ import annotations

import time
from typing import Any

import pytest

from kaltura_pipeline.catalogue import (
    ATTACHMENT,
    CAPTION,
    CHAPTERS,
    DONE,
    MANIFEST,
    METADATA,
    RENDITION,
    THUMBNAIL,
    Catalogue,
)
from kaltura_pipeline.discovery import discover
from kaltura_pipeline.errors import ConfigurationError
from kaltura_pipeline.selection import Selection, parse_renditions


def look(s3: Any, bucket: str, *keys: str, **options: Any) -> tuple[dict[str, dict[str, str]], dict[str, str]]:
    """Put objects; return role -> key of each title's files (captions by language), and reason by key left."""
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    with Catalogue.open() as catalogue:
        discover(s3, catalogue, bucket, "", selection=Selection(**options))
        titles = {
            title.media.key: {each.source.key: each.role for each in title.sidecars} for title in catalogue.titles()
        }
        return titles, {each.key: each.reason for each in catalogue.not_taken()}


def test_an_image_beside_a_film_is_its_thumbnail(s3: Any, bucket: str) -> None:
    titles, left = look(s3, bucket, "talk.mp4", "talk.jpg", "sound.mp3", "sound.mp3.png", "alone.jpg", "page.pdf")
    assert titles == {
        "alone.jpg": {},
        "page.pdf": {},
        "sound.mp3": {"sound.mp3.png": THUMBNAIL},
        "talk.mp4": {"talk.jpg": THUMBNAIL},
    }
    assert left == {}


def test_of_two_thumbnails_one_is_taken(s3: Any, bucket: str) -> None:
    titles, left = look(s3, bucket, "talk.mp4", "talk.jpg", "talk.png")
    assert titles == {"talk.mp4": {"talk.jpg": THUMBNAIL}}
    assert left == {"talk.png": "talk.jpg is the thumbnail of talk.mp4; keep one of the two"}


def test_everything_beside_one_file_is_one_title(s3: Any, bucket: str) -> None:
    keys = ("l.mp4", "l.en.vtt", "l.es-MX.srt", "l.jpg", "l.yaml", "l.done", "l_1080.mp4", "l_4k.mp4")
    titles, left = look(s3, bucket, *keys, renditions={"_1080": 7})
    assert titles == {
        "l.mp4": {
            "l.en.vtt": CAPTION,
            "l.es-MX.srt": CAPTION,
            "l.jpg": THUMBNAIL,
            "l.yaml": METADATA,
            "l.done": DONE,
            "l_1080.mp4": RENDITION,
        },
        "l_4k.mp4": {},
    }
    assert left == {}


def test_chapters_and_attachments_go_with_their_title(s3: Any, bucket: str) -> None:
    titles, left = look(
        s3, bucket, "a/l.mp4", "a/l.en.vtt", "a/l.chapters.vtt", "a/l.attachments/slides.pdf",
        "a/l.attachments/more/manifest.csv", "a/two.mp3", "a/two.mp4", "a/two.mp4.chapters.txt", "a/chapters.mp4",
        "a/two.mp3.attachments/film.mp4", "a/chapters.en.vtt",
    )  # fmt: skip
    assert titles == {
        "a/chapters.mp4": {"a/chapters.en.vtt": CAPTION},
        "a/l.mp4": {
            "a/l.attachments/more/manifest.csv": ATTACHMENT,
            "a/l.attachments/slides.pdf": ATTACHMENT,
            "a/l.chapters.vtt": CHAPTERS,
            "a/l.en.vtt": CAPTION,
        },
        "a/two.mp3": {"a/two.mp3.attachments/film.mp4": ATTACHMENT},
        "a/two.mp4": {"a/two.mp4.chapters.txt": CHAPTERS},
    }
    assert left == {}


def test_chapters_and_attachments_that_go_with_nothing(s3: Any, bucket: str) -> None:
    titles, left = look(
        s3, bucket, "l.mp4", "l.chapters.vtt", "l.chapters.yaml", "p.pdf", "p.chapters.vtt", "l.attachments/a/x.txt",
        "l.attachments/b/x.txt", "none.attachments/x.pdf", "none.chapters.vtt", "two.mp3", "two.mp4",
        "two.attachments/x.pdf",
    )  # fmt: skip
    assert titles["l.mp4"] == {"l.attachments/a/x.txt": ATTACHMENT, "l.chapters.vtt": CHAPTERS}
    several = "several media files share its name (two.mp3, two.mp4); put the ending before this one"
    nothing = "no media file of this name beside it; upload one or remove this file"
    assert left == {
        "l.chapters.yaml": "l.chapters.vtt already has the chapters of l.mp4; keep one of the two",
        "l.attachments/b/x.txt": "l.attachments/a/x.txt has the same name; rename one of the two",
        "p.chapters.vtt": "chapters go with video and audio; p.pdf is of kind document",
        "none.attachments/x.pdf": nothing,
        "none.chapters.vtt": nothing,
        "two.attachments/x.pdf": several,
    }


def test_patterns_say_what_is_taken(s3: Any, bucket: str) -> None:
    titles, left = look(
        s3,
        bucket,
        "lectures/a.mp4",
        "lectures/draft/b.mp4",
        "other/c.mp4",
        include=("lectures/*",),
        exclude=("*/draft/*",),
    )
    assert set(titles) == {"lectures/a.mp4"}
    assert left == {
        "lectures/draft/b.mp4": "fits the pattern */draft/*, which is excluded",
        "other/c.mp4": "fits none of the patterns to include (lectures/*)",
    }


def test_young_files_are_left_for_a_later_run(s3: Any, bucket: str) -> None:
    titles, left = look(s3, bucket, "a.mp4", min_age=3600.0)
    assert titles == {}
    assert "taken by a run when it is 3600 s old" in left["a.mp4"]
    with Catalogue.open() as catalogue:
        discover(s3, catalogue, bucket, "", selection=Selection(min_age=0.0))
        (title,) = catalogue.titles()
        assert abs(title.media.modified - time.time()) < 60


@pytest.mark.parametrize(
    ("rule", "beside"),
    [("metadata", "talk.yaml"), ("captions", "talk.en.vtt"), ("thumbnail", "talk.png"), ("done", "talk.mp4.done")],
)
def test_a_title_waits_until_it_is_complete(s3: Any, bucket: str, rule: str, beside: str) -> None:
    titles, left = look(s3, bucket, "talk.mp4", "other.mp4", complete_when=(rule,))
    assert titles == {}
    assert left["talk.mp4"].startswith("waits for ")
    titles, left = look(s3, bucket, beside, complete_when=(rule,))
    assert titles == {"talk.mp4": {beside: {"captions": "caption"}.get(rule, rule)}}
    assert set(left) == {"other.mp4"}


def test_an_unknown_rule_names_the_known_ones() -> None:
    with pytest.raises(ConfigurationError, match="'sidecar'; it knows metadata, captions, thumbnail, done"):
        Selection(complete_when=("sidecar",))
    with pytest.raises(ValueError, match="KALTURA_PIPELINE_RENDITIONS must be JSON such as"):
        parse_renditions("_1080=7")


def test_manifests_are_known_by_their_names(s3: Any, bucket: str) -> None:
    keys = ("manifest.csv", "a/spring.manifest.xlsx", "a/MANIFEST.yaml", "table.csv", "notes.xlsx")
    with Catalogue.open() as catalogue:
        for key in keys:
            s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
        discover(s3, catalogue, bucket, "")
        assert {source.key for source, _, _ in catalogue.of_role(MANIFEST)} == set(keys[:3])
        assert {title.media.key for title in catalogue.titles()} == {"table.csv", "notes.xlsx"}


def test_an_event_makes_only_its_titles_be_looked_at(s3: Any, bucket: str) -> None:
    for key in ("a/talk.mp4", "a/talk.en.vtt", "a/other.mp4", "b/film.mp4"):
        s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    titles, left = look(s3, bucket, prefixes=("a/talk", "b/film"))
    assert titles == {"a/talk.mp4": {"a/talk.en.vtt": CAPTION}, "b/film.mp4": {}}
    assert left == {}
