"""``python -m kaltura_pipeline.quality.demuxer``: the process that takes files apart.

libav and Pillow are C, and files may be made to break them. So they run in a process of their own that has no
credentials, opens no files, and asks its parent for every byte: one JSON object a line on standard output, answered on
standard input by eight bytes of length (-1: refused) and the data.

    child:  {"have": {"av": true, "image": true}}   once
    parent: {"size": 1000000, "image": false, "seconds": 300}
    child:  {"read": [0, 65536]}                 any number of times
    child:  {"facts": {...}}
"""

from __future__ import annotations

import io
import json
import os
import signal
import struct
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Mapping

LENGTH = struct.Struct(">q")
BUFFER = 64 * 1024
_MEMORY = 2 * 1024**3
# Those of the forms Kaltura takes. No playlists, which name other files.
_DEMUXERS = (
    "mov,matroska,avi,mpegts,mpeg,mpegvideo,m4v,h263,flv,asf,mxf,dv,rm,mp3,wav,w64,flac,ogg,aac,loas,ac3,eac3,dts,"
    "dtshd,aiff,amr,amrnb,amrwb,caf,au"
)
_OPTIONS = {
    "format_whitelist": _DEMUXERS,
    # The file object is no protocol; nothing else may be opened.
    "protocol_whitelist": "none",
    "ignore_chapters": "1",
}
_TEXTS_REPLACED_SINCE = 19
_FRAME_PACKETS = 200
_LAST_ENTRIES = 100
# Anything faster is the clock the times are counted in.
_MOST_FPS = 1000
_MOST_PIXELS = 50_000_000


class _Remote(io.RawIOBase):
    """The file, as the parent hands it out."""

    def __init__(self, size: int, answers: BinaryIO, questions: BinaryIO) -> None:
        self._size = size
        self._answers = answers
        self._questions = questions
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        self._at = max(base + offset, 0)
        return self._at

    def readinto(self, target: Any, /) -> int:
        wanted = min(len(target), self._size - self._at)
        if wanted <= 0:
            return 0
        send(self._questions, {"read": [self._at, wanted]})
        length = LENGTH.unpack(_exactly(self._answers, LENGTH.size))[0]
        if length < 0:
            raise OSError("the limit of what may be read is reached")
        data = _exactly(self._answers, length)
        target[:length] = data
        self._at += length
        return int(length)


def send(pipe: BinaryIO, message: Mapping[str, Any]) -> None:
    """Write a message as one line."""
    pipe.write(json.dumps(message).encode() + b"\n")
    pipe.flush()


def _exactly(pipe: BinaryIO, length: int) -> bytes:
    data = pipe.read(length)
    if len(data) < length:
        raise SystemExit  # the parent is gone
    return data


def main() -> None:
    """Serve the parent until it closes the pipe."""
    answers = sys.stdin.buffer
    # Nothing but messages may get into the pipe, whatever a library prints.
    questions = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    have = {"av": _available("av"), "image": _available("PIL.Image")}
    _limit()
    send(questions, {"have": have})
    while line := answers.readline():
        job = json.loads(line)
        # If the parent is killed while a file keeps this process busy, nobody else ends it.
        signal.alarm(job["seconds"])
        remote = io.BufferedReader(_Remote(job["size"], answers, questions), BUFFER)
        try:
            facts = _image(remote) if job["image"] else _media(remote)
        except (TypeError, AttributeError, NameError, ImportError) as error:
            # Not the file's fault, but that of another release of a library.
            facts = {"error": f"{type(error).__name__}: {error}"[:300], "unsure": True}
        except Exception as error:  # whatever a library makes of bytes: it is the file that is reported
            facts = {"error": f"{type(error).__name__}: {error}"[:300]}
        signal.alarm(0)
        send(questions, {"facts": facts})


def _available(module: str) -> bool:
    import importlib

    try:
        importlib.import_module(module)
    except ImportError:
        return False
    return True


def _limit() -> None:
    """Bound what a file can make this process do."""
    import resource

    for what, most in ((resource.RLIMIT_AS, _MEMORY), (resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, 0)):
        with suppress(ValueError, OSError):
            resource.setrlimit(what, (most, most))


def _media(remote: BinaryIO) -> dict[str, Any]:
    import av

    more: dict[str, Any] = {}
    if int(av.__version__.split(".")[0]) < _TEXTS_REPLACED_SINCE:
        more["metadata_errors"] = "replace"  # names in another encoding than UTF-8
    with av.open(remote, options=_OPTIONS, buffer_size=BUFFER, **more) as container:
        # A cover picture in a sound file is no video.
        videos = [each for each in container.streams.video if not each.disposition & each.disposition.attached_pic]
        facts: dict[str, Any] = {
            "duration": _duration(container),
            "video": None,
            "audio": [_sound(stream) for stream in container.streams.audio],
            "reaches": max((_reaches(stream) for stream in container.streams), default=0),
            "encrypted": False,
        }
        if videos:
            facts["video"] = _picture(videos[0])
        # Those in a form that this FFmpeg does not know have no codec.
        streams = [each for each in (*videos, *container.streams.audio) if each.codec_context]
        if streams:
            # The rest is known of the first picture only; where it cannot be had, it stays as it is.
            with suppress(av.FFmpegError, ValueError, IndexError):
                _look_inside(container, streams[0], facts)
        return facts


def _look_inside(container: Any, stream: Any, facts: dict[str, Any]) -> None:
    stream.codec_context.thread_count = 1
    for _, packet in zip(range(_FRAME_PACKETS), container.demux(stream), strict=False):
        if any(str(data.data_type).startswith("encryption") for data in packet.iter_sidedata()):
            facts["encrypted"] = True
            return
        if stream.type != "video":
            return
        for frame in packet.decode():
            facts["video"]["rotation"] = int(frame.rotation) % 360
            return


def _duration(container: Any) -> float | None:
    if container.duration and container.duration > 0:
        return float(container.duration) / 1_000_000
    lengths = [float(stream.duration * stream.time_base) for stream in container.streams if stream.duration]
    return max(lengths, default=None)


def _picture(stream: Any) -> dict[str, Any]:
    codec = stream.codec_context
    rate = next((each for each in (stream.average_rate, stream.guessed_rate) if each and each <= _MOST_FPS), None)
    return {
        "codec": _codec(stream),
        "width": codec.width if codec else 0,
        "height": codec.height if codec else 0,
        "fps": round(float(rate), 3) if rate else None,
        "rotation": 0,
    }


def _sound(stream: Any) -> dict[str, Any]:
    codec = stream.codec_context
    language = stream.language
    return {
        "codec": _codec(stream),
        "channels": codec.channels if codec else 0,
        "language": "" if language in (None, "und") else language,
    }


def _codec(stream: Any) -> str:
    codec = stream.codec_context
    return str(codec.codec.canonical_name) if codec else "unknown"


def _reaches(stream: Any) -> int:
    """Where the data ends that the index names, in bytes; its last entries are those farthest into the file."""
    entries = stream.index_entries
    last = range(max(0, len(entries) - _LAST_ENTRIES), len(entries))
    return max((entries[number].pos + entries[number].size for number in last), default=0)


def _image(remote: BinaryIO) -> dict[str, Any]:
    import warnings

    from PIL import Image, UnidentifiedImageError

    warnings.simplefilter("ignore")
    try:
        opened = Image.open(remote)
    except UnidentifiedImageError:
        return {"error": "its form is not known to Pillow", "unknown": True}
    with opened as image:
        width, height = image.size
        facts: dict[str, Any] = {"width": width, "height": height, "truncated": ""}
        if width * height <= _MOST_PIXELS:
            try:
                image.load()
            except (OSError, SyntaxError, ValueError) as error:
                facts["truncated"] = str(error)[:300]
        return facts


if __name__ == "__main__":
    main()
