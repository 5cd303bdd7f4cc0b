"""Images that are to become thumbnails."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kaltura_pipeline.manifests.model import Problem

if TYPE_CHECKING:
    from kaltura_pipeline.quality.facts import MediaFacts

_FORMS = ("jpg", "png", "gif", "bmp", "webp")


@dataclass(frozen=True)
class ThumbnailLimits:
    """How large a thumbnail may be.

    :param max_bytes: its size. Kaltura names no limit; the image travels in one request.
    :param min_side: pixels of its shorter side.
    :param max_side: pixels of its longer side; Kaltura makes no thumbnails larger than the default.
    """

    max_bytes: int = 10 * 1024 * 1024
    min_side: int = 16
    max_side: int = 10_000


def check_thumbnail(name: str, facts: MediaFacts, limits: ThumbnailLimits | None = None) -> tuple[Problem, ...]:
    """Check an image before it is sent with thumbAsset.setContent.

    :param name: the file's name or key, for the problems.
    :param facts: what :class:`~kaltura_pipeline.quality.media.MediaProber` found. Without Pillow only form and size are
        known, and checked.
    :param limits: how large it may be.
    :return: what is wrong; empty if nothing is.
    """
    limits = limits or ThumbnailLimits()
    found: list[tuple[str, str]] = []
    if facts.kind != "image" or facts.container not in _FORMS:
        what = facts.not_media or f"its content is of the form {facts.container!r}"
        found.append((f"no image for a thumbnail: {what}", f"use one of: {', '.join(_FORMS)}"))
    elif facts.unreadable or facts.truncated:
        found.append((f"damaged image: {facts.unreadable or facts.truncated}", "put a whole copy in its place"))
    else:
        if facts.size > limits.max_bytes:
            found.append((f"{facts.size} bytes are more than {limits.max_bytes}", "save it smaller"))
        if facts.demuxed and max(facts.width, facts.height) > limits.max_side:
            message = f"{facts.width} x {facts.height} pixels: a side is longer than {limits.max_side}"
            found.append((message, "save it smaller"))
        if facts.demuxed and min(facts.width, facts.height) < limits.min_side:
            message = f"{facts.width} x {facts.height} pixels: a side is shorter than {limits.min_side}"
            found.append((message, "use a larger image"))
    return tuple(Problem(name, "", "", message, fix) for message, fix in found)
