"""Do the streams of an entry hold media, from the first byte to the last, and as much of it as they should?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kaltura_provider.api.errors import KalturaError
from kaltura_provider.api.playback.delivery import PLAYLIST_BYTES, complaint

if TYPE_CHECKING:
    from m3u8 import M3U8
    from m3u8.model import Segment

    from kaltura_provider.api.playback.delivery import Delivery, Piece

HLS = "applehttp"
PROGRESSIVE = "url"

_CONVERT_AGAIN = "Convert the flavor again (flavorAsset.reconvert), or upload the file again with media.updateContent."


@dataclass
class Streams:
    """What was found.

    :param problems: what is wrong, each with the next step.
    :param duration: seconds; None if no playlist told.
    :param renditions: what a list of streams offers.
    """

    problems: list[str] = field(default_factory=list)
    duration: float | None = None
    renditions: list[dict[str, int]] = field(default_factory=list)


def check_hls(delivery: Delivery, url: str, found: Streams, *, encrypted: bool, every_rendition: bool) -> None:
    """Follow an HLS address to the media: list of streams, list of segments, first and last segment.

    :param delivery: fetches as the viewer.
    :param url: address of ``playManifest``.
    :param found: where to note what is found.
    :param encrypted: whether the bytes of the media can only be read with a licence.
    :param every_rendition: follow each stream, not only the first one, with which players begin.
    """
    master = _playlist(delivery, delivery.addressed(url), "playManifest", found)
    if master is None:
        return
    if not master.is_variant:
        _check_segments(delivery, master, found, encrypted=encrypted)
        return
    found.renditions = [_rendition(variant.stream_info) for variant in master.playlists]
    for variant in master.playlists if every_rendition else master.playlists[:1]:
        size = _rendition(variant.stream_info)
        name = f"stream of {size['height']} lines" if size.get("height") else f"stream of {size['bandwidth']} bit/s"
        media = _playlist(delivery, variant.absolute_uri, name, found)
        if media is not None:
            _check_segments(delivery, media, found, encrypted=encrypted, of=f"the {name}")


def check_progressive(delivery: Delivery, url: str, found: Streams, *, encrypted: bool) -> None:
    """Follow a progressive address to the file.

    :param delivery: fetches as the viewer.
    :param url: address of ``playManifest``.
    :param found: where to note what is found.
    :param encrypted: whether the bytes of the media can only be read with a licence.
    """
    try:
        piece = delivery.beginning(delivery.addressed(url), "playManifest")
    except KalturaError as error:
        found.problems.append(complaint("The progressive address (playManifest) gives no file", error))
        return
    _check_piece(piece, "The file of the progressive address", found, encrypted=encrypted)


def _playlist(delivery: Delivery, url: str, name: str, found: Streams) -> M3U8 | None:
    import m3u8

    try:
        answer = delivery.read(url, name, PLAYLIST_BYTES)
    except KalturaError as error:
        found.problems.append(complaint(f"The HLS playlist ({name}) is not served", error))
        return None
    text = answer.body.decode("utf-8", "replace").lstrip("\ufeff")
    playlist = None
    if text.startswith("#EXTM3U"):
        try:
            playlist = m3u8.loads(text, uri=answer.url)
        except (ValueError, KeyError, IndexError, m3u8.ParseError):
            playlist = None
    if playlist is None or not (playlist.playlists or playlist.segments):
        what = "lists no streams and no segments" if playlist else f"is no playlist but {text[:40]!r}"
        found.problems.append(f"The HLS playlist ({name}) {what}: {_CONVERT_AGAIN}")
        return None
    return playlist


def _rendition(info: Any) -> dict[str, int]:
    shape = {"bandwidth": int(info.bandwidth or 0)}
    if info.resolution:
        shape["width"], shape["height"] = map(int, info.resolution)
    return shape


def _check_segments(
    delivery: Delivery, playlist: M3U8, found: Streams, *, encrypted: bool, of: str = "the HLS stream"
) -> None:
    segments = list(playlist.segments)
    duration = round(sum(segment.duration or 0.0 for segment in segments), 3)
    if found.duration is None:
        found.duration = duration
    if not playlist.is_endlist:
        found.problems.append(f"The list of segments of {of} has no end, as if it was cut: {_CONVERT_AGAIN}")
    places = [("first", segments[0]), *([("last", segments[-1])] if len(segments) > 1 else [])]
    for place, segment in places:
        what = f"The {place} of {len(segments)} segments of {of}"
        locked = encrypted or bool(segment.key and segment.key.method not in (None, "NONE"))
        if not _check_segment(delivery, segment, what, found, encrypted=locked):
            # Every other one would say the same.
            break


def _check_segment(delivery: Delivery, segment: Segment, what: str, found: Streams, *, encrypted: bool) -> bool:
    parts = [(what, segment.absolute_uri, segment.byterange)]
    if (header := segment.init_section) is not None:
        parts.insert(0, (f"{what}: its header", header.absolute_uri, header.byterange))
    for name, url, byte_range in parts:
        length, _, start = (byte_range or "").partition("@")
        try:
            piece = delivery.beginning(
                url, "segment", start=int(start or 0), length=int(length) if length.isdigit() else None
            )
        except KalturaError as error:
            found.problems.append(complaint(f"{name} is not served", error, _CONVERT_AGAIN))
            return False
        if not _check_piece(piece, name, found, encrypted=encrypted):
            return False
    return True


def _check_piece(piece: Piece, what: str, found: Streams, *, encrypted: bool) -> bool:
    if not piece.head:
        found.problems.append(f"{what} is empty: {_CONVERT_AGAIN}")
    elif not encrypted and not piece.is_media():
        found.problems.append(f"{what} holds no media, but begins with {piece.head[:16]!r}: {_CONVERT_AGAIN}")
    elif not encrypted and piece.is_cut():
        found.problems.append(f"{what} is cut short, at {piece.total} bytes: {_CONVERT_AGAIN}")
    else:
        return True
    return False
