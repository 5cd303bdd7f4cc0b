"""HLS: a list of the streams of an entry, and each stream cut into segments when it is first asked for."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from ..answers import FileAnswer
from ..external import FILE_NOT_FOUND, FLAVOR_NOT_FOUND, refuse
from ..registry import route
from .caption_asset import ready_captions, webvtt_playlist_path
from .entries import on_entry_deleted
from .flavor_asset import READY, flavor_file, flavors, flavors_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from ..sandbox import Sandbox
    from ..store import Document

_PLAYLIST_TYPE = "application/x-mpegurl"
_SEGMENT_SECONDS = 6
_INDEX = "index.m3u8"
_HEADERS = {"Access-Control-Allow-Origin": "*"}
_TYPES = {".m3u8": _PLAYLIST_TYPE, ".ts": "video/mp2t", ".mp4": "video/mp4", ".m4s": "video/iso.segment"}
# What MPEG transport streams hold; anything else goes into fragmented MP4.
_TRANSPORT_CODECS = frozenset({"h264", "hevc", "aac", "mp3", "mp3float", "ac3"})
_BITS_PER_KILOBIT = 1000
_ASSUMED_KILOBITS = 500


def manifest(sandbox: Sandbox, request: Request, entry: Document) -> Response | FileAnswer:
    """Answer the list of an entry's streams and captions."""
    ready = [asset for asset in flavors_of(sandbox.store, entry["id"]) if asset["status"] == READY]
    if not ready:
        return refuse(FLAVOR_NOT_FOUND)
    base = f"{request.url.scheme}://{request.headers.get('host') or request.url.netloc}"
    lines = ["#EXTM3U", "#EXT-X-VERSION:3"]
    subtitles = ready_captions(sandbox.store, entry["id"])
    for number, caption in enumerate(subtitles):
        name = caption.get("label") or caption.get("language") or "captions"
        lines.append(
            f'#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="subs",NAME="{_quoted(name)}",'
            f"DEFAULT={'YES' if caption.get('isDefault') else 'NO'},AUTOSELECT={'YES' if number == 0 else 'NO'},"
            f'LANGUAGE="{caption.get("languageCode", "")}",URI="{base}{webvtt_playlist_path(caption)}"'
        )
    for asset in ready:
        kilobits = asset.get("bitrate") or _ASSUMED_KILOBITS
        info = f"#EXT-X-STREAM-INF:PROGRAM-ID=1,BANDWIDTH={kilobits * _BITS_PER_KILOBIT}"
        if asset.get("width"):
            info += f",RESOLUTION={asset['width']}x{asset['height']}"
        lines.append(info + (',SUBTITLES="subs"' if subtitles else ""))
        lines.append(f"{base}{_stream_path(entry, asset)}/{_INDEX}")
    return FileAnswer("\n".join([*lines, ""]).encode(), _PLAYLIST_TYPE, headers=_HEADERS)


def _quoted(text: str) -> str:
    return text.replace('"', "'").replace("\n", " ")


def _stream_path(entry: Document, asset: Document) -> str:
    partner = entry["partnerId"]
    return (
        f"/hls/p/{partner}/sp/{partner}00/serveFlavor/entryId/{quote(entry['id'])}/v/{asset['version']}"
        f"/flavorId/{asset['id']}"
    )


@route("/hls/p/{partner:int}/sp/{sp}/serveFlavor/entryId/{entry}/v/{version}/flavorId/{flavor}/{name}")
def stream(sandbox: Sandbox, request: Request) -> Response | FileAnswer:
    """Answer a stream's list of segments, or a segment."""
    values = request.path_params
    asset = flavors(sandbox.store).get(values["flavor"], values["partner"])
    source = flavor_file(sandbox.files, asset) if asset is not None else None
    if asset is None or source is None or asset["entryId"] != values["entry"]:
        return refuse(FLAVOR_NOT_FOUND)
    folder = _segments(sandbox, asset, source)
    path = folder / Path(values["name"]).name if folder is not None else None
    if path is None or not path.is_file():
        return refuse(FILE_NOT_FOUND)
    return FileAnswer(path, _TYPES.get(path.suffix, "application/octet-stream"), headers=_HEADERS)


def _segments(sandbox: Sandbox, asset: Document, source: Path) -> Path | None:
    """Return the folder with a stream's segments, made when missing; None when the file can not be cut."""
    folder = sandbox.files.path("hls", asset["entryId"], f"{asset['id']}-{asset['version']}")
    with sandbox.lock(f"hls:{asset['id']}"):
        if not folder.is_dir():
            working = sandbox.files.temporary(".hls")
            working.unlink()
            working.mkdir()
            if not _cut(source, working):
                shutil.rmtree(working, ignore_errors=True)
                return None
            working.rename(folder)
    return folder


def _cut(source: Path, folder: Path) -> bool:
    """Copy the streams of a file into segments, without encoding them again."""
    import av
    from av.error import FFmpegError

    try:
        with av.open(str(source)) as original:
            chosen = [*original.streams.video[:1], *original.streams.audio[:1]]
            plain = all(each.codec_context.name in _TRANSPORT_CODECS for each in chosen)
            options = {
                "hls_time": str(_SEGMENT_SECONDS), "hls_list_size": "0", "hls_playlist_type": "vod",
                "hls_segment_type": "mpegts" if plain else "fmp4",
                "hls_segment_filename": str(folder / ("seg-%d.ts" if plain else "seg-%d.m4s")),
            }  # fmt: skip
            with av.open(str(folder / _INDEX), "w", format="hls", options=options) as cut:
                copies = {each.index: cut.add_stream_from_template(each) for each in chosen}
                for packet in original.demux(chosen):
                    if packet.dts is not None:
                        packet.stream = copies[packet.stream.index]
                        cut.mux(packet)
    except (FFmpegError, OSError, ValueError):
        return False
    return True


@on_entry_deleted
def forget_entry(sandbox: Sandbox, entry: Document) -> None:
    """Remove the segments of a deleted entry; they can be made again."""
    sandbox.files.remove("hls", entry["id"])
