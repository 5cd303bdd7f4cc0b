"""Small media files and a server for them."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

FIXTURES = Path(__file__).parents[1] / "contract" / "scenarios" / "_fixtures"
VIDEO = (FIXTURES / "tiny.mp4").read_bytes()
SOUND = (FIXTURES / "tiny.mp3").read_bytes()
PICTURE = (FIXTURES / "tiny.jpg").read_bytes()
_SOUND_RATE = 44_100
# Begins as an MP4 does, and is none.
BROKEN_VIDEO = b"\x00\x00\x00\x20ftypisom" + bytes(range(256)) * 3


def make_media(
    path: Path, video: str | None = None, sound: str | None = None, seconds: int = 2,
    size: tuple[int, int] = (160, 120),
) -> Path:  # fmt: skip
    """Write a media file with FFmpeg's encoders of these names.

    :param path: its extension chooses the container.
    :param size: width and height of the picture.
    """
    import av

    with av.open(str(path), "w") as writer:
        # A container must know all its streams before the first frame.
        pictures: Any = writer.add_stream(video, rate=25) if video else None
        if pictures is not None:
            pictures.width, pictures.height, pictures.pix_fmt = *size, "yuv420p"
        sounds: Any = writer.add_stream(sound, rate=_SOUND_RATE) if sound else None
        if sounds is not None:
            sounds.layout = "mono"
        if pictures is not None:
            _write_video(writer, pictures, seconds)
        if sounds is not None:
            _write_sound(writer, sounds, seconds)
    return path


def _write_video(writer: Any, stream: Any, seconds: int) -> None:
    import av

    for number in range(25 * seconds):
        frame = av.VideoFrame(stream.width, stream.height, "yuv420p")
        for plane in frame.planes:
            plane.update(bytes([number * 3 % 255]) * plane.buffer_size)
        frame.pts = number
        writer.mux(stream.encode(frame))
    writer.mux(stream.encode(None))


def _write_sound(writer: Any, stream: Any, seconds: int) -> None:
    import av

    rate = _SOUND_RATE
    floating = stream.format.name.startswith("flt")
    block = stream.codec_context.frame_size or 1024
    for start in range(0, rate * seconds, block):
        count = min(block, rate * seconds - start)
        wave = [math.sin((start + each) * 0.05) * 0.2 for each in range(count)]
        samples = array("f", wave) if floating else array("h", [int(each * 32_767) for each in wave])
        frame = av.AudioFrame(format=stream.format.name, layout="mono", samples=count)
        frame.planes[0].update(samples.tobytes().ljust(frame.planes[0].buffer_size, b"\0"))
        frame.sample_rate, frame.time_base, frame.pts = rate, Fraction(1, rate), start
        writer.mux(stream.encode(frame))
    writer.mux(stream.encode(None))


class Origin:
    """What an address server gives, and what it was asked for.

    :ivar files: content by path; what is not here is answered with 404.
    :ivar asked: the path and headers of every request for content, in order.
    :ivar sized: whether it tells the size of a file (HEAD), which an address that is signed for GET refuses.
    :ivar cut: end every answer after half of its bytes.
    :ivar gate: answers wait until it is set, as it is at first.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.sized = True
        self.cut = False
        self.gate = Event()
        self.gate.set()
        self.url = ""


@contextmanager
def origin() -> Iterator[Origin]:
    """Serve files over HTTP on a free port of this machine."""
    state = Origin()

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            content = state.files.get(self.path)
            self.send_response(403 if not state.sized else 404 if content is None else 200)
            if state.sized:
                self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()

        def do_GET(self) -> None:
            state.asked.append((self.path, dict(self.headers)))
            state.gate.wait(30)
            content = state.files.get(self.path)
            self.send_response(404 if content is None else 200)
            self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()
            self.wfile.write((content or b"")[: len(content or b"") // 2 if state.cut else None])

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        state.url = f"http://127.0.0.1:{server.server_port}"
        yield state
        state.gate.set()
        server.shutdown()
