"""Tags of captions and thumbnails that tell which version of which file is in them.

They stand on Kaltura itself, so that whoever looks knows, with or without notes, and without reading the file.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Tells what this package made, so that only this is ever deleted.
OURS = "from-source"
_DIGITS = 40
READY = 2


def tags_of(asset: Mapping[str, Any]) -> list[str]:
    """Return the tags of an asset."""
    return [tag for part in str(asset.get("tags") or "").split(",") if (tag := part.strip())]


def is_mark(tag: str) -> bool:
    """Tell whether a tag says what is in an asset."""
    return tag.startswith(f"{OURS}-")


def mark(etag: str, size: int) -> str:
    """Return the tag of an asset with this content.

    :param etag: changes with the content of the file.
    :param size: bytes that Kaltura is given.
    """
    return f"{_start(etag)}{size}"


def marked_size(asset: Mapping[str, Any], etag: str) -> int | None:
    """Return how many bytes an asset was given of this version of a file; None if it was given something else.

    :param asset: as Kaltura describes it.
    :param etag: the version of the file.
    """
    start = _start(etag)
    sizes = [tag[len(start) :] for tag in tags_of(asset) if tag.startswith(start)]
    return int(sizes[0]) if sizes and sizes[0].isdecimal() else None


def size_of(asset: Mapping[str, Any]) -> int:
    """Return the bytes of an asset's content; 0 if it has none."""
    return int(asset.get("sizeInBytes") or asset.get("size") or 0)


def age_of(asset: Mapping[str, Any]) -> tuple[int, str]:
    """Return what puts assets into the order in which they were made, the same for everybody."""
    return int(asset["createdAt"]), str(asset["id"])


def is_ready(asset: Mapping[str, Any]) -> bool:
    """Tell whether an asset has content that can be shown."""
    return int(asset.get("status", 0)) == READY and size_of(asset) > 0


def _start(etag: str) -> str:
    return f"{OURS}-{hashlib.sha256(etag.encode()).hexdigest()[:_DIGITS]}-"
