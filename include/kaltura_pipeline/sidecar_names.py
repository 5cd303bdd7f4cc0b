"""Names by which files beside a media file, and those about many, are known for what they are."""

from __future__ import annotations

MANIFEST_SUFFIXES = (".yaml", ".yml", ".json", ".ndjson", ".csv", ".xlsx", ".xml")
CHAPTER_SUFFIXES = (".vtt", ".json", ".yaml", ".yml", ".txt")
#: Before the ending of a file with chapters.
CHAPTERS_MARK = ".chapters"
#: At the end of a folder's name: what lies in it is attached to the title beside it.
ATTACHMENTS_MARK = ".attachments"


def is_manifest_name(name: str) -> bool:
    """Whether a file of this name describes many titles: ``manifest.csv``, ``spring.manifest.xlsx``."""
    lowered = name.lower()
    return any(lowered == f"manifest{suffix}" or lowered.endswith(f".manifest{suffix}") for suffix in MANIFEST_SUFFIXES)


def is_chapters_name(name: str) -> bool:
    """Whether a file of this name has chapters: ``talk.chapters.vtt``, ``talk.mp4.chapters.json``."""
    stem, _, ending = name.lower().rpartition(".")
    return f".{ending}" in CHAPTER_SUFFIXES and len(stem) > len(CHAPTERS_MARK) and stem.endswith(CHAPTERS_MARK)


def owner_of_attachment(key: str) -> str:
    """Return what a file is attached to, as a key with or without ending; empty if it is no attachment.

    ``lectures/talk.attachments/slides.pdf`` goes with ``lectures/talk``, and so does what lies in folders below.

    :param key: the file's key.
    """
    # Not by PurePosixPath.parents, which takes a//b for a/b: to S3 these are two keys.
    folders = key.split("/")[:-1]
    for depth, folder in enumerate(folders, start=1):
        if folder.lower().endswith(ATTACHMENTS_MARK) and len(folder) > len(ATTACHMENTS_MARK):
            return "/".join(folders[:depth])[: -len(ATTACHMENTS_MARK)]
    return ""
