"""Files that browsers play, made of files they do not play."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .asset_content import own_copy

if TYPE_CHECKING:
    from av.container import InputContainer, OutputContainer

    from ..sandbox import Sandbox

_MP4 = "mov,mp4,m4a,3gp,3g2,mj2"
_MAX_HEIGHT = 480
# Longer films would keep a sandbox busy for minutes: what plays of them is not made smaller.
_SHORT_MICROSECONDS = 120 * 1_000_000
_SOUND_RATE = 44_100
# The index stands before the data, so that playing can begin before the whole file has come.
_OPTIONS = {"movflags": "+faststart"}


def to_web(sandbox: Sandbox, source: Path, asset_id: str, height: int = 0) -> Path | None:
    """Make the web rendition of a source: MP4 with H.264 and AAC, or MP3.

    A source that is so already is taken as it is, without using more disk; one that only sits in another container
    is moved to MP4 without loss. Two minutes of film and less are made smaller when they are higher than asked.

    :param asset_id: the flavor asset that gets the file.
    :param height: pixels that are asked for at most; 0 when it does not matter.
    :return: None when the source can not be decoded.
    """
    import av
    from av.error import FFmpegError

    try:
        with av.open(str(source)) as reader:
            name, picture, sound = reader.format.name, _picture(reader), _sound(reader)
            shrink = (
                picture is not None and 0 < height < _height(reader) and (reader.duration or 0) <= _SHORT_MICROSECONDS
            )
        plays = not shrink and (picture in {None, "h264"}) and sound in {None, "aac", "mp3"}
        if plays and (name == _MP4 or (name == "mp3" and picture is None)):
            return _place(own_copy(sandbox, source), sandbox.files.path("flavor", asset_id, f"web{source.suffix}"))
        target = sandbox.files.path("flavor", asset_id, "web.mp4" if picture else "web.m4a")
        temporary = sandbox.files.temporary(target.suffix)
        try:
            if plays:
                _remux(source, temporary)
            else:
                _transcode(source, temporary, height or _MAX_HEIGHT)
            return _place(temporary, target)
        finally:
            temporary.unlink(missing_ok=True)
    except (FFmpegError, OSError, ValueError):
        return None


def _place(made: Path, target: Path) -> Path:
    os.replace(made, target)
    made.unlink(missing_ok=True)  # renaming onto a second name of the same file changes nothing
    return target


def _picture(reader: InputContainer) -> str | None:
    found = _video_stream(reader)
    return found.codec_context.name if found is not None else None


def _height(reader: InputContainer) -> int:
    return int(_video_stream(reader).codec_context.height)


def _sound(reader: InputContainer) -> str | None:
    return str(reader.streams.audio[0].codec_context.name).replace("mp3float", "mp3") if reader.streams.audio else None


def _video_stream(reader: InputContainer) -> Any:
    """Return the moving pictures, not the cover of a sound file."""
    found = [each for each in reader.streams.video if not each.disposition & each.disposition.attached_pic]
    return found[0] if found else None


@contextmanager
def _pair(source: Path, target: Path) -> Iterator[tuple[InputContainer, OutputContainer, list[Any]]]:
    """Open both files; the list has the streams to carry over."""
    import av

    with av.open(str(source)) as reader, av.open(str(target), "w", format="mp4", options=_OPTIONS) as writer:
        streams = [each for each in (_video_stream(reader), *reader.streams.audio[:1]) if each is not None]
        yield reader, writer, streams


def _remux(source: Path, target: Path) -> None:
    with _pair(source, target) as (reader, writer, streams):
        copies = {each.index: writer.add_stream_from_template(each) for each in streams}
        for packet in _with_order(packet for packet in reader.demux(streams) if packet.size):
            packet.stream = copies[packet.stream.index]
            writer.mux(packet)


def _with_order(packets: Iterable[Any]) -> Iterator[Any]:
    """Give the first packets of a stream the time of decoding that some containers leave out."""
    waiting: dict[int, list[Any]] = {}
    for packet in packets:
        early = waiting.setdefault(packet.stream.index, [])
        if packet.dts is None:
            early.append(packet)
            continue
        for steps, each in enumerate(early):
            each.dts = packet.dts - (len(early) - steps) * (packet.duration or 1)
            yield each
        early.clear()
        yield packet


def _transcode(source: Path, target: Path, height: int) -> None:
    with _pair(source, target) as (reader, writer, streams):
        encoders = {each.index: _encoder(writer, each, height) for each in streams}
        for packet in reader.demux(streams):
            encoder, prepare = encoders[packet.stream.index]
            for frame in packet.decode():
                for ready in prepare(frame):
                    writer.mux(encoder.encode(ready))
        for encoder, prepare in encoders.values():
            for ready in prepare(None):
                writer.mux(encoder.encode(ready))
            writer.mux(encoder.encode(None))


def _encoder(writer: OutputContainer, stream: Any, height: int) -> tuple[Any, Any]:
    """Return an encoder for a stream, and what turns its frames into frames the encoder takes."""
    if stream.type == "video":
        return _video_encoder(writer, stream, height)
    return _audio_encoder(writer, stream)


def _video_encoder(writer: OutputContainer, stream: Any, max_height: int) -> tuple[Any, Any]:
    context = stream.codec_context
    scale = min(1.0, max_height / context.height)
    width, height = (max(2, int(size * scale) // 2 * 2) for size in (context.width, context.height))
    encoder: Any = writer.add_stream("libx264", rate=stream.average_rate or 25, options={"preset": "veryfast"})
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.time_base = stream.time_base

    def prepare(frame: Any) -> list[Any]:
        if frame is None:
            return []
        ready = frame.reformat(width=width, height=height, format="yuv420p")
        ready.pict_type = 0  # the encoder chooses its own key frames
        return [ready]

    return encoder, prepare


def _audio_encoder(writer: OutputContainer, stream: Any) -> tuple[Any, Any]:
    from av.audio.resampler import AudioResampler

    encoder: Any = writer.add_stream("aac", rate=_SOUND_RATE)
    encoder.layout = "stereo"
    resampler = AudioResampler(format="fltp", layout="stereo", rate=_SOUND_RATE)
    return encoder, resampler.resample
