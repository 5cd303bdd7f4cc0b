"""Thumbnails: frames of videos, and pictures in any size."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from PIL.Image import Image

# Ways to fit a picture into a size, as Kaltura numbers them.
RESIZE = 1
PAD = 2
CROP = 3
CROP_FROM_TOP = 4
STRETCH = 5

DEFAULT_WIDTH = 120
DEFAULT_HEIGHT = 90
MAX_SIDE = 10_000
_MAX_PIXELS = 25_000_000
_DEFAULT_QUALITY = 75
_MIN_QUALITY = 20
_FORMATS = {
    "jpg": ("JPEG", "image/jpeg"), "jpeg": ("JPEG", "image/jpeg"), "png": ("PNG", "image/png"),
    "gif": ("GIF", "image/gif"), "bmp": ("BMP", "image/bmp"), "webp": ("WEBP", "image/webp"),
}  # fmt: skip
_PLACEHOLDER = (64, 64, 64)
_MICROSECONDS = 1_000_000
_FAR_SECONDS = 10


@dataclass(frozen=True)
class Shape:
    """How a picture is wanted.

    :param width: pixels, 0 for what follows from the height.
    :param height: pixels, 0 for what follows from the width; 120 x 90 when both are 0.
    :param fit: one of :data:`RESIZE`, :data:`PAD`, :data:`CROP`, :data:`CROP_FROM_TOP`, :data:`STRETCH`.
    :param quality: 20 to 100, anything else means the default.
    :param background: colour around a padded picture, ``rrggbb``.
    :param region: part of the original to show: left, top, width, height in pixels; zeros for all of it.
    :param format: extension of the wanted format; anything unknown means ``jpg``.
    """

    width: int = 0
    height: int = 0
    fit: int = RESIZE
    quality: int = 0
    background: str = "ffffff"
    region: tuple[int, int, int, int] = (0, 0, 0, 0)
    format: str = "jpg"


def scale(source: Path | bytes | None, shape: Shape) -> tuple[bytes, str]:
    """Return a picture in the wanted shape, and its content type.

    :param source: the original; None gives a grey placeholder.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    name, content_type = _FORMATS.get(shape.format.lower(), _FORMATS["jpg"])
    try:
        with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source or _nothing()) as opened:
            picture = _flat(ImageOps.exif_transpose(opened), name)
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        picture = Image.new("RGB", (DEFAULT_WIDTH, DEFAULT_HEIGHT), _PLACEHOLDER)
    left, top, region_width, region_height = shape.region
    if region_width > 0 and region_height > 0:
        right, bottom = min(left + region_width, picture.width), min(top + region_height, picture.height)
        if right > left >= 0 and bottom > top >= 0:
            picture = picture.crop((left, top, right, bottom))
    picture = _fit(picture, *_target(picture, shape), shape)
    target = io.BytesIO()
    quality = shape.quality if _MIN_QUALITY <= shape.quality <= 100 else _DEFAULT_QUALITY
    picture.save(target, name, **({"quality": quality} if name in {"JPEG", "WEBP"} else {}))
    return target.getvalue(), content_type


def _nothing() -> io.BytesIO:
    return io.BytesIO(b"")


def _flat(picture: Image, format_name: str) -> Image:
    """Return the picture without what the wanted format can not hold."""
    if format_name in {"PNG", "WEBP"} and picture.mode in {"RGBA", "LA", "PA"}:
        return picture.convert("RGBA")
    return picture.convert("RGB")


def _target(picture: Image, shape: Shape) -> tuple[int, int]:
    width, height = (min(max(side, 0), MAX_SIDE) for side in (shape.width, shape.height))
    if not width and not height:
        width, height = DEFAULT_WIDTH, DEFAULT_HEIGHT
    width = width or max(1, round(picture.width * height / picture.height))
    height = height or max(1, round(picture.height * width / picture.width))
    if width * height > _MAX_PIXELS:
        shrink = (_MAX_PIXELS / (width * height)) ** 0.5
        width, height = max(1, int(width * shrink)), max(1, int(height * shrink))
    return width, height


def _fit(picture: Image, width: int, height: int, shape: Shape) -> Image:
    from PIL import ImageColor, ImageOps

    if shape.fit == STRETCH:
        return picture.resize((width, height))
    if shape.fit in {CROP, CROP_FROM_TOP}:
        return ImageOps.fit(picture, (width, height), centering=(0.5, 0.0 if shape.fit == CROP_FROM_TOP else 0.5))
    if shape.fit == PAD:
        try:
            colour = ImageColor.getrgb(f"#{shape.background.removeprefix('#')}")
        except ValueError:
            colour = (255, 255, 255)
        return ImageOps.pad(picture.convert("RGB"), (width, height), color=colour)
    return ImageOps.contain(picture, (width, height))


def frame(path: Path, seconds: float) -> bytes | None:
    """Return a frame of a video as JPEG, the last one when the video is shorter; None without a picture.

    :param seconds: from the beginning.
    """
    found = frames(path, [seconds])
    return found[0] if found else None


def frames(path: Path, moments: Sequence[float]) -> list[bytes]:
    """Return frames of a video as JPEG, found in one pass; fewer when it has none for some, as when it is damaged.

    :param moments: seconds from the beginning, ascending.
    """
    import av
    from av.error import FFmpegError

    pictures = []
    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                return []
            for found in _frames_at(container, moments):
                target = io.BytesIO()
                picture: Image = found.to_image()  # type: ignore[no-untyped-call]
                picture.convert("RGB").save(target, "JPEG", quality=90)
                pictures.append(target.getvalue())
    except (FFmpegError, OSError, ValueError):
        pass
    return pictures


def _frames_at(container: InputContainer, moments: Sequence[float]) -> Iterator[VideoFrame]:
    """Find the first frame at or after each moment, else the last one: read on to what is near, jump to what is far."""
    length = (container.duration or 0) / _MICROSECONDS
    decoded: Iterator[VideoFrame] = iter(())
    last: VideoFrame | None = None
    for moment in moments:
        if last is None or last.time is None or moment > last.time + _FAR_SECONDS:
            container.seek(int(min(max(moment, 0.0), length) * _MICROSECONDS))
            decoded = container.decode(container.streams.video[0])
            last = next(decoded, None)
            if last is None:  # nothing can be read from there
                container.seek(0)
                decoded = container.decode(container.streams.video[0])
                last = next(decoded, None)
        while last is not None and last.time is not None and last.time < moment:
            following = next(decoded, None)
            if following is None:
                break
            last = following
        if last is not None:
            yield last


def side_by_side(frames: list[bytes], shape: Shape) -> bytes:
    """Return several pictures in one row, each in the wanted shape, as JPEG."""
    from PIL import Image

    parts = []
    for each in frames:
        with Image.open(io.BytesIO(scale(each, shape)[0])) as part:
            parts.append(part.convert("RGB"))
    strip = Image.new("RGB", (sum(part.width for part in parts), max(part.height for part in parts)))
    left = 0
    for part in parts:
        strip.paste(part, (left, 0))
        left += part.width
    target = io.BytesIO()
    strip.save(target, "JPEG", quality=_DEFAULT_QUALITY)
    return target.getvalue()
