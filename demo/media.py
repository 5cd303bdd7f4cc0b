"""Real media files, a few seconds long, made when they are needed: nothing binary lies in the repository."""

from __future__ import annotations

import io
import math
import struct
import time
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

WIDTH, HEIGHT, FRAMES_PER_SECOND = 320, 180, 24
SAMPLE_RATE = 44_100

CAPTIONS = """WEBVTT

00:00.000 --> 00:02.000
A ball crosses the picture.

00:02.000 --> 00:04.000
And comes back.
"""

DESCRIPTION = """name: A ball crosses the picture
description: Four seconds of film, with captions. Made by the demonstration.
tags: [demo, physics]
owner: media@example.edu
"""


@cache
def video(seconds: int, size: tuple[int, int] = (WIDTH, HEIGHT)) -> bytes:
    """Return an MP4 with H.264 video of ``size`` (pixels) and AAC sound."""
    import av

    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        picture: Any = container.add_stream("libx264", rate=FRAMES_PER_SECOND)
        picture.width, picture.height, picture.pix_fmt = *size, "yuv420p"
        sound: Any = container.add_stream("aac", rate=SAMPLE_RATE)
        for image_ in _pictures(seconds * FRAMES_PER_SECOND, size):
            to_frame: Any = av.VideoFrame.from_image
            container.mux(picture.encode(to_frame(image_)))
        container.mux(picture.encode())
        for frame in _sound(seconds):
            container.mux(sound.encode(frame))
        container.mux(sound.encode())
    return file.getvalue()


@cache
def audio(seconds: int) -> bytes:
    """Return an MP3 with a tone."""
    import av

    file = io.BytesIO()
    with av.open(file, "w", format="mp3") as container:
        sound: Any = container.add_stream("libmp3lame", rate=SAMPLE_RATE)
        for frame in _sound(seconds):
            container.mux(sound.encode(frame))
        container.mux(sound.encode())
    return file.getvalue()


@cache
def image() -> bytes:
    """Return a PNG picture."""
    file = io.BytesIO()
    next(_pictures(1)).resize((WIDTH * 3, HEIGHT * 3)).save(file, "PNG")
    return file.getvalue()


@cache
def document() -> bytes:
    """Return a PDF of one page."""
    from PIL import Image, ImageDraw

    page = Image.new("RGB", (595, 842), "white")
    ImageDraw.Draw(page).text((60, 60), "Handout: a ball crosses the picture", fill="black")
    file = io.BytesIO()
    day = time.gmtime(1_767_225_600)  # fixed, so that the same call always gives the same bytes.
    page.save(file, "PDF", title="Handout", creationDate=day, modDate=day)
    return file.getvalue()


def _pictures(count: int, size: tuple[int, int] = (WIDTH, HEIGHT)) -> Iterator[Any]:
    """Yield pictures of a ball that crosses from left to right and back."""
    from PIL import Image, ImageDraw

    width, height = size
    for number in range(count):
        picture = Image.new("RGB", size, (18, 32, 58))
        x = (width - 40) * (0.5 - 0.5 * math.cos(2 * math.pi * number / max(count, 2)))
        ImageDraw.Draw(picture).ellipse((x, height / 2 - 20, x + 40, height / 2 + 20), fill=(240, 180, 60))
        yield picture


def _sound(seconds: int) -> Iterator[Any]:
    """Yield a quiet tone of 440 Hz as audio frames."""
    import av

    size = 1152  # what an MP3 frame holds; AAC takes any number
    for start in range(0, seconds * SAMPLE_RATE, size):
        samples = [int(4000 * math.sin(2 * math.pi * 440 * (start + n) / SAMPLE_RATE)) for n in range(size)]
        frame = av.AudioFrame(format="s16", layout="mono", samples=size)
        frame.planes[0].update(struct.pack(f"<{size}h", *samples).ljust(frame.planes[0].buffer_size, b"\0"))
        frame.sample_rate = SAMPLE_RATE
        frame.pts = start
        yield frame
