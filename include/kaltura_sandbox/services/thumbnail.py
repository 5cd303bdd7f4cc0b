"""Thumbnail addresses: the picture of an entry in any size, without a session."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from ..answers import FileAnswer
from ..casting import to_float, to_int
from ..external import ENTRY_NOT_FOUND, refuse
from ..pictures import RESIZE, Shape, frame, frames, scale, side_by_side
from ..registry import route
from .asset_content import content_path
from .entries import AUDIO, DELETED, IMAGE, content_file, entries, is_audio_or_video
from .thumb_asset import default_thumb

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from ..sandbox import Sandbox
    from ..store import Document

_CACHE = {"Cache-Control": "public, max-age=86400", "Access-Control-Allow-Origin": "*"}
_MAX_SLICES = 200
_DEFAULT_SECOND = 3.0


def options_of(request: Request, script: str) -> dict[str, str]:
    """Return the options of an address: pairs of path parts behind a script's name, then the query."""
    path = bytes(request.scope["raw_path"]).decode("latin-1")
    parts = [unquote(part) for part in path.partition(f"/{script}/")[2].split("/")]
    named = dict(zip(parts[::2], parts[1::2], strict=False))
    return {**named, **request.query_params}


@route("/p/{partner:int}/sp/{sp}/thumbnail/{rest:path}")
@route("/p/{partner:int}/thumbnail/{rest:path}")
def thumbnail(sandbox: Sandbox, request: Request) -> Response | FileAnswer:
    """Answer the picture of an entry."""
    options = options_of(request, "thumbnail")
    entry = entries(sandbox.store).get(options.get("entry_id"), request.path_params["partner"])
    if entry is None or entry["status"] == DELETED:
        return refuse(ENTRY_NOT_FOUND)
    shape = _shape(options)
    slices = min(to_int(options.get("vid_slices", 0)), _MAX_SLICES)
    if slices > 0 and "vid_slice" not in options:
        strip = _strip(sandbox, entry, slices, shape)
        if strip is not None:
            return FileAnswer(strip, "image/jpeg", headers=_CACHE)
    content, content_type = scale(_source(sandbox, entry, options, slices), shape)
    return FileAnswer(content, content_type, headers=_CACHE)


def _shape(options: Mapping[str, str]) -> Shape:
    def number(name: str, default: int = 0) -> int:
        return to_int(options.get(name, default))

    given = "width" in options or "height" in options
    return Shape(
        width=number("width") if given else number("def_width"),
        height=number("height") if given else number("def_height"),
        fit=number("type", RESIZE), quality=number("quality"), background=options.get("bgcolor", "ffffff"),
        region=(number("src_x"), number("src_y"), number("src_w"), number("src_h")),
        format=options.get("format", "jpg"),
    )  # fmt: skip


def _source(sandbox: Sandbox, entry: Document, options: Mapping[str, str], slices: int) -> Path | None:
    """Return the original: the asked frame, else the default thumbnail, else what the entry has."""
    if slices > 0:
        part = min(max(to_int(options.get("vid_slice", 0)), 0), slices - 1)
        return _frame(sandbox, entry, part * entry.get("msDuration", 0) / 1000 / slices)
    if "vid_sec" in options:
        return _frame(sandbox, entry, to_float(options["vid_sec"]))
    chosen = default_thumb(sandbox.store, entry["id"])
    path = content_path(sandbox, chosen) if chosen is not None else None
    if path is not None:
        return path
    if entry.get("mediaType") == IMAGE:
        return content_file(sandbox, entry)
    return _frame(sandbox, entry, min(_DEFAULT_SECOND, entry.get("msDuration", 0) / 2000))


def _frame(sandbox: Sandbox, entry: Document, seconds: float) -> Path | None:
    """Return a frame of a video, taken once and kept."""
    return _kept(sandbox, entry, f"{max(0, round(seconds * 1000))}", lambda source: frame(source, seconds))


def _strip(sandbox: Sandbox, entry: Document, slices: int, shape: Shape) -> Path | None:
    """Return frames of a video in a row, as players show them over their seek bar; made once and kept."""
    step = entry.get("msDuration", 0) / 1000 / slices

    def make(source: Path) -> bytes | None:
        pictures = frames(source, [step * number for number in range(slices)])
        return side_by_side(pictures, shape) if pictures else None

    return _kept(sandbox, entry, f"{slices}-{zlib.crc32(repr(shape).encode()):08x}", make)


def _kept(sandbox: Sandbox, entry: Document, name: str, make: Callable[[Path], bytes | None]) -> Path | None:
    """Return a picture made of a video, from the last time when there was one; None when there is nothing to see."""
    if not is_audio_or_video(entry) or entry.get("mediaType") == AUDIO:
        return None
    source = content_file(sandbox, entry)
    if source is None:
        return None
    version = re.sub(r"\W", "", str(entry["version"]))
    kept = sandbox.files.path("frame", entry["id"], f"{version}-{name}.jpg")
    if not kept.is_file():
        made = make(source)
        if made is None:
            return None
        sandbox.files.write(kept, made)
    return kept
