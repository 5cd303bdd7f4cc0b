"""What is inside an uploaded file: size of the picture, duration, codecs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from av.container import InputContainer

# Containers as Kaltura names them, where that differs from the file's own brand or FFmpeg's word.
_CONTAINERS = {
    "mp3": "mpeg audio", "mpegts": "mpeg-ts", "mpeg": "mpeg-ps", "asf": "windows media", "wav": "wave",
    "matroska,webm": "matroska", "mov,mp4,m4a,3gp,3g2,mj2": "isom", "flv": "flash video",
}  # fmt: skip
_WEB_VIDEO = frozenset({"h264", "vp8", "vp9", "av1"})
_WEB_CONTAINERS = frozenset({"mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "mp3"})
_BITS_PER_KILOBIT = 1024


@dataclass(frozen=True)
class MediaInfo:
    """Facts about an audio or video file.

    :param milliseconds: duration; of a video with AAC sound up to the end of its last whole sound frame.
    :param width: pixels, 0 without a picture.
    :param height: pixels, 0 without a picture.
    :param frame_rate: pictures a second, 0 without a picture.
    :param bitrate: kilobits a second.
    :param container: Kaltura's name of the container.
    :param video_codec: Kaltura's id of the codec, for example ``avc1``; empty without a picture.
    :param is_web: browsers play the file as it is.
    """

    milliseconds: int
    width: int
    height: int
    frame_rate: float
    bitrate: int
    container: str
    video_codec: str
    is_web: bool

    @property
    def has_video(self) -> bool:
        """Whether there are moving pictures."""
        return self.width > 0


def probe(path: Path) -> MediaInfo | None:
    """Read the facts of an audio or video file.

    :return: None when the file is neither, is cut off or can not be decoded.
    """
    import av
    from av.error import FFmpegError

    try:
        with av.open(str(path)) as container:
            return _read(container)
    except (FFmpegError, OSError, ValueError, IndexError):
        return None


def _read(container: InputContainer) -> MediaInfo | None:
    name = container.format.name
    # Single pictures look like videos of one frame to FFmpeg.
    if name.endswith("_pipe") or name in {"image2", "gif", "tty"}:
        return None
    # A cover picture in a sound file is no video.
    videos = [each for each in container.streams.video if not each.disposition & each.disposition.attached_pic]
    video = videos[0] if videos else None
    if video is None and not container.streams.audio:
        return None
    first = video or container.streams.audio[0]
    frames: Any = container.decode(first)
    try:
        if next(frames, None) is None:
            return None
    finally:
        frames.close()  # before the container is
    codec = video.codec_context if video else None
    rate = float(video.average_rate or 0) if video else 0.0
    brand = container.metadata.get("major_brand", "").strip()
    return MediaInfo(
        milliseconds=_milliseconds(container, with_sound=video is not None),
        width=codec.width if codec else 0,
        height=codec.height if codec else 0,
        frame_rate=int(rate) if rate == int(rate) else round(rate, 3),
        bitrate=(container.bit_rate or 0) // _BITS_PER_KILOBIT,
        container=brand or _CONTAINERS.get(name, name),
        video_codec=(codec.codec_tag.strip("\x00 ") if codec.codec_tag.isalnum() else codec.name) if codec else "",
        is_web=name in _WEB_CONTAINERS and (codec is None or codec.name in _WEB_VIDEO),
    )


def _milliseconds(container: InputContainer, *, with_sound: bool) -> int:
    nominal = round((container.duration or 0) / 1000)
    if with_sound and container.streams.audio:
        sound = container.streams.audio[0]
        if sound.codec_context.name == "aac" and sound.frames > 1 and sound.rate:
            # The encoder's first frame is silence before the beginning; the last one is played whole.
            whole = (sound.frames - 1) * (sound.codec_context.frame_size or 1024) * 1000 / sound.rate
            return max(nominal, int(whole) + 1)
    return nominal


def image_size(path: Path) -> tuple[int, int] | None:
    """Return width and height of a picture in pixels, or None when the file is none."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as image:
            return image.width, image.height
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        return None
