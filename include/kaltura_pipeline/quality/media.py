"""Finding out what a media file holds, from a small part of it."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from kaltura_pipeline.quality.child import ChildFailedError, Demuxer
from kaltura_pipeline.quality.facts import AudioTrack, MediaFacts
from kaltura_pipeline.quality.reading import RangedReader, ReadLimitError
from kaltura_pipeline.quality.structure import inspect_structure
from kaltura_provider.api.content_types import HEAD_BYTES, recognize
from kaltura_provider.api.errors import MediaRefusedError
from kaltura_provider.api.media_kind import MediaKind
from kaltura_provider.api.media_types import inspect_media

if TYPE_CHECKING:
    from types import TracebackType

    from kaltura_pipeline.quality.reading import ReadableSource

log = logging.getLogger(__name__)

_DEMUXED = (MediaKind.VIDEO, MediaKind.AUDIO, MediaKind.IMAGE)
_BOXES = ("video/mp4", "audio/mp4", "video/quicktime")
_QUARTER_TURN = 90
# Pillow reads these with a library that is not always there.
_OFTEN_UNKNOWN = frozenset({"heic", "avif", "jp2", "webp"})


@dataclass(frozen=True)
class ProbeLimits:
    """What looking at one file may cost.

    :param max_bytes: bytes taken from the source.
    :param max_requests: requests made to the source.
    :param thinking_seconds: seconds of work, not counting the time it waits for bytes.
    :param seconds: seconds in all.
    """

    max_bytes: int = 64 * 1024 * 1024
    max_requests: int = 300
    thinking_seconds: float = 15.0
    seconds: float = 300.0


class MediaProber:
    """Looks at media files, one after the other. Close it, or use it in a ``with`` statement.

    Libraries in C take the files apart (PyAV with FFmpeg; Pillow for images), in a process of their own that is started
    at the first file, which takes 0.1 s, and again after a file has made it crash. To look at several files at once,
    use several probers; one prober is for one thread.

    :param limits: what one file may cost.
    """

    _said: set[str] = set()  # noqa: RUF012 - once a process, not once a prober

    def __init__(self, limits: ProbeLimits | None = None) -> None:
        self._limits = limits or ProbeLimits()
        self._demuxer = Demuxer(self._limits.thinking_seconds, self._limits.seconds)

    def __enter__(self) -> MediaProber:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process."""
        self._demuxer.close()

    def probe(self, source: ReadableSource, media_kind: MediaKind | None = None) -> MediaFacts:
        """Find out what a file holds; what is wrong with it is among the facts, and raises nothing.

        :param source: the file, such as an :class:`~kaltura_provider.transfers.s3_source.S3Source`.
        :param media_kind: what the user wants it to become; found out if None.
        :return: the facts.
        :raises SourceChangedError: the file was replaced meanwhile.
        :raises SourceUnavailableError: it cannot be read just now.
        :raises RuntimeError: the process that takes files apart does not start.
        """
        reader = RangedReader(source, self._limits.max_bytes, self._limits.max_requests)
        facts = self._look(source, reader, media_kind)
        return replace(facts, bytes_read=reader.bytes_read, requests=reader.requests)

    def _look(self, source: ReadableSource, reader: RangedReader, media_kind: MediaKind | None) -> MediaFacts:
        facts = MediaFacts(source.name, source.size)
        head = reader.read_at(0, HEAD_BYTES)
        content = recognize(head)
        try:
            media = inspect_media(source.name, head, media_kind)
        except MediaRefusedError as error:
            return replace(facts, not_media=str(error), mime_type=content.mime_type if content else "")
        facts = replace(
            facts,
            kind=media.kind.value,
            container=media.extension,
            mime_type=media.mime_type,
            note=media.note if media.mismatch else "",
        )
        if media.kind not in _DEMUXED or content is None or media.kind not in content.kinds:
            return facts
        facts = replace(facts, container=content.extension_for(media.kind) or content.extensions[0])
        if media.kind is MediaKind.IMAGE:
            return self._demux(facts, reader, is_image=True)
        try:
            structure = inspect_structure(reader.read_at, reader.size)
        except ReadLimitError as error:
            return replace(facts, note=_note(facts.note, f"It was not looked at to its end: {error}."))
        facts = replace(
            facts,
            truncated=structure.truncated,
            index_missing=structure.index_missing and content.mime_type in _BOXES,
            encrypted=structure.encrypted,
        )
        return facts if facts.index_missing else self._demux(facts, reader, is_image=False)

    def _demux(self, facts: MediaFacts, reader: RangedReader, *, is_image: bool) -> MediaFacts:
        try:
            if not self._demuxer.can_read(is_image):
                return replace(facts, note=_note(facts.note, self._missing("Pillow" if is_image else "av")))
        except ChildFailedError as error:
            raise RuntimeError(
                "The process that looks at media does not start: python -m kaltura_pipeline.quality.demuxer. Run that "
                "on the worker to see why."
            ) from error
        try:
            message = self._demuxer.facts(reader.size, is_image, reader.read_at)
            found = message["facts"]
            if "error" not in found:
                facts = _with_image(facts, found) if is_image else _with_media(facts, found)
            elif found.get("unknown") and facts.container in _OFTEN_UNKNOWN:
                return replace(facts, note=_note(facts.note, "Pillow on this worker does not read this form of image."))
            elif found.get("unsure"):
                said = f"It was not looked at, as the library failed: {found['error']}."
                log.warning("%s: %s", facts.name, said)
                return replace(facts, note=_note(facts.note, said))
            else:
                facts = replace(facts, unreadable=f"it cannot be read ({found['error']})")
        except ChildFailedError as error:
            return replace(facts, unreadable=str(error))
        except (LookupError, TypeError, ValueError, AttributeError):
            self.close()
            return replace(facts, unreadable="it makes the process that reads it answer nonsense")
        if reader.limit_reached:
            # What failed then says nothing about the file.
            said = f"It was not looked at to its end, after {reader.bytes_read} bytes in {reader.requests} requests."
            cut = "" if is_image else facts.truncated
            return replace(facts, unreadable="", truncated=cut, note=_note(facts.note, said))
        return facts

    def _missing(self, library: str) -> str:
        what = "images are" if library == "Pillow" else "video and audio files are"
        said = (
            f"{library} is not installed: {what} checked by their first bytes and their headers only. Install "
            "airflow-provider-kaltura[quality]."
        )
        if library not in self._said:
            self._said.add(library)
            log.warning("%s", said)
        return said


def probe_media(
    source: ReadableSource, media_kind: MediaKind | None = None, limits: ProbeLimits | None = None
) -> MediaFacts:
    """Look at one file; for several, a :class:`MediaProber` is faster.

    :param source: the file.
    :param media_kind: what the user wants it to become; found out if None.
    :param limits: what it may cost.
    :return: the facts.
    :raises SourceChangedError: the file was replaced meanwhile.
    :raises SourceUnavailableError: it cannot be read just now.
    """
    with MediaProber(limits) as prober:
        return prober.probe(source, media_kind)


def _note(*notes: str) -> str:
    return " ".join(note for note in notes if note)


def _with_image(facts: MediaFacts, found: dict[str, Any]) -> MediaFacts:
    return replace(
        facts,
        demuxed=True,
        width=int(found["width"]),
        height=int(found["height"]),
        truncated=str(found["truncated"]),
    )


def _with_media(facts: MediaFacts, found: dict[str, Any]) -> MediaFacts:
    video = found["video"]
    tracks = tuple(
        AudioTrack(str(track["codec"]), int(track["channels"]), str(track["language"])) for track in found["audio"]
    )
    duration = found["duration"]
    facts = replace(
        facts,
        demuxed=True,
        duration=None if duration is None else round(float(duration), 3),
        audio=tracks,
        encrypted=facts.encrypted or bool(found["encrypted"]),
    )
    if not facts.truncated and int(found["reaches"]) > facts.size:
        cut = f"its index names data up to byte {found['reaches']}, the file ends at byte {facts.size}"
        facts = replace(facts, truncated=cut)
    if video:
        rotation, width, height = int(video["rotation"]), int(video["width"]), int(video["height"])
        if rotation % 180 == _QUARTER_TURN:
            width, height = height, width
        return replace(
            facts,
            video_codec=str(video["codec"]),
            width=width,
            height=height,
            fps=None if video["fps"] is None else float(video["fps"]),
            rotation=rotation,
        )
    if not tracks:
        return replace(facts, unreadable="it holds neither picture nor sound")
    return facts
