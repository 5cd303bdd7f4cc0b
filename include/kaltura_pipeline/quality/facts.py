"""What is known of a media file before it is transferred."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class AudioTrack:
    """One sound track.

    :param codec: FFmpeg's name, such as ``aac``.
    :param channels: number of channels; 0 if unknown.
    :param language: as the file names it, usually ISO 639-2 (``eng``); empty if it does not.
    """

    codec: str
    channels: int = 0
    language: str = ""


@dataclass(frozen=True)
class MediaFacts:
    """What a file is, and what is wrong with it whatever the rules are.

    :param name: file name.
    :param size: bytes.
    :param kind: ``video``, ``audio``, ``image``, ``document`` or ``data``; empty if Kaltura makes no entry of it.
    :param container: the usual extension of its form: ``mp4``, ``mov``, ``mkv``, ``webm``, ``mp3``, ``png``.
    :param mime_type: media type, such as ``video/mp4``.
    :param video_codec: FFmpeg's name, such as ``h264``; empty if it has no picture.
    :param width: pixels as they are shown, after rotation; 0 if unknown.
    :param height: pixels as they are shown, after rotation; 0 if unknown.
    :param fps: pictures a second; None if unknown.
    :param rotation: degrees by which players turn the picture counterclockwise: 0, 90, 180, 270.
    :param duration: seconds; None if unknown.
    :param audio: its sound tracks.
    :param demuxed: whether a demuxer has read it. If not, codecs, size, duration and tracks are unknown, not absent.
    :param not_media: why Kaltura would make no entry of it; empty if it would.
    :param truncated: what is missing at its end; empty if nothing is known to be.
    :param index_missing: whether it is an MP4 or QuickTime file without index (``moov``), which nothing can play.
    :param encrypted: whether its tracks are encrypted (CENC) or protected (DRM).
    :param unreadable: why the demuxer could not read it; empty if it could.
    :param note: one sentence for the log; empty if there is nothing to say.
    :param bytes_read: bytes taken from the source for all this.
    :param requests: requests made for all this.
    """

    name: str
    size: int
    kind: str = ""
    container: str = ""
    mime_type: str = ""
    video_codec: str = ""
    width: int = 0
    height: int = 0
    fps: float | None = None
    rotation: int = 0
    duration: float | None = None
    audio: tuple[AudioTrack, ...] = ()
    demuxed: bool = False
    not_media: str = ""
    truncated: str = ""
    index_missing: bool = False
    encrypted: bool = False
    unreadable: str = ""
    note: str = ""
    bytes_read: int = 0
    requests: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return the facts as plain JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> MediaFacts:
        """Rebuild the facts from :meth:`to_json`, read back from JSON."""
        return cls(**{**data, "audio": tuple(AudioTrack(**track) for track in data.get("audio", ()))})
