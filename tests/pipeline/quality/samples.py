"""Real media files, whole and damaged, made when they are needed."""

from __future__ import annotations

import io
import random
import struct
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from demo.media import video

KEY = {
    "encryption_scheme": "cenc-aes-ctr",
    "encryption_key": "76a6c65c5ea762046bd749a2e632ccbb",
    "encryption_kid": "a7e61c373e219033c21091fa607bf3b8",
}


@cache
def clip() -> bytes:
    """Two seconds of H.264 and AAC in MP4, its index at the end."""
    return video(seconds=2)


def remuxed(
    muxer: str,
    options: dict[str, str] | None = None,
    *,
    rotation: int = 0,
    languages: tuple[str, ...] = (),
    keep: tuple[str, ...] = ("video", "audio"),
) -> bytes:
    """The clip in another container; with one sound track for each language, if there are any."""
    import av

    with TemporaryDirectory() as folder:
        target = Path(folder) / "target"
        with (
            av.open(io.BytesIO(clip())) as reader,
            av.open(str(target), "w", format=muxer, options=options or {}) as to,
        ):
            tracks: dict[int, list[Any]] = {}
            for stream in reader.streams:
                if stream.type not in keep:
                    continue
                copies = languages if languages and stream.type == "audio" else ("",)
                made: list[Any] = [to.add_stream_from_template(stream) for _ in copies]
                for track, language in zip(made, copies, strict=True):
                    if language:
                        track.metadata["language"] = language
                    if rotation and stream.type == "video":
                        track.set_display_rotation(rotation)
                tracks[stream.index] = made
            for packet in reader.demux():
                for track in tracks.get(packet.stream.index, ()) if packet.dts is not None else ():
                    copy = av.Packet(bytes(packet))
                    copy.pts, copy.dts, copy.duration = packet.pts, packet.dts, packet.duration
                    copy.time_base, copy.is_keyframe = packet.time_base, packet.is_keyframe
                    copy.stream = track
                    to.mux(copy)
        return target.read_bytes()


def boxes(data: bytes) -> dict[bytes, tuple[int, int]]:
    """Start and end of the boxes of an MP4's top level."""
    found, at = {}, 0
    while at + 8 <= len(data):
        size = struct.unpack(">I", data[at : at + 4])[0]
        found[data[at + 4 : at + 8]] = (at, at + size)
        at += size
    return found


@cache
def noise_video(seconds: int, width: int = 640, height: int = 360) -> bytes:
    """An MP4 with sound whose pictures are noise, as large as a camera's; its index is at the end."""
    import av

    chance = random.Random(1)
    picture = width * height
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        options = {"preset": "ultrafast", "qp": "4"}
        stream: Any = container.add_stream("libx264", rate=24, options=options)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        sound: Any = container.add_stream("aac", rate=48000)
        sound.layout = "stereo"
        luma = [chance.randbytes(picture) for _ in range(3)]
        for number in range(seconds * 24):
            frame = av.VideoFrame(width, height, "yuv420p")
            data = luma[number % 3]
            frame.planes[0].update(data[number:] + data[:number])
            for plane in list(frame.planes)[1:]:
                plane.update(data[: plane.buffer_size])
            container.mux(stream.encode(frame))
            for half in range(2):
                silence = av.AudioFrame(format="fltp", layout="stereo", samples=1000)
                for channel in silence.planes:
                    channel.update(bytes(channel.buffer_size))
                silence.sample_rate, silence.pts = 48000, (number * 2 + half) * 1000
                container.mux(sound.encode(silence))
        container.mux(stream.encode())
        container.mux(sound.encode())
    return file.getvalue()
