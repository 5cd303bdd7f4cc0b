"""Small media files, each of its own content, and the plans made of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from demo.media import video

from kaltura_pipeline.catalogue import Catalogue, NotTaken, Title
from kaltura_pipeline.discovery import discover
from kaltura_pipeline.selection import Selection

STATE = "_kaltura/"


@cache
def clip(number: int = 0) -> bytes:
    """A second of film; each number is another file."""
    # A box that players pass over.
    return video(1) + b"\0\0\0\x0cfree" + number.to_bytes(4, "big")


def read_lines(s3: Any, uri: str) -> list[dict[str, Any]]:
    """Read a document of one JSON a line."""
    bucket, key = uri.removeprefix("s3://").split("/", 1)
    return [json.loads(line) for line in s3.get_object(Bucket=bucket, Key=key)["Body"].read().splitlines()]


def item_of(s3: Any, plan: Any, key: str) -> dict[str, Any]:
    """Return the item of a plan about one file."""
    return next(item for item in read_lines(s3, plan["titles"]) if item["key"] == key)


@dataclass
class Found:
    titles: list[Title]
    not_taken: list[NotTaken]


def found(s3: Any, bucket: str, prefix: str = "", selection: Selection | None = None) -> Found:
    with Catalogue.open() as catalogue:
        discover(s3, catalogue, bucket, prefix, state_prefix=STATE, selection=selection)
        return Found(list(catalogue.titles()), list(catalogue.not_taken()))
