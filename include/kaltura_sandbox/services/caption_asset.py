"""Service ``caption_captionAsset``: captions of audio and video entries."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..answers import FileAnswer
from ..context import Context
from ..errors import fail, register_error
from ..languages import LANGUAGES
from ..listing import find_page
from ..query import equal
from ..registry import ANYONE, USER, action, job, param
from ..schema import ApiObject, int_enum, kaltura_type, list_type, prop, props, render, render_list, string_enum
from ..store import Collection, Document, Store
from ..subtitles import Cue, parse_captions, write_webvtt
from .asset_content import (
    ERROR,
    IMPORTING,
    READY,
    content_path,
    delete_asset,
    delete_assets_of,
    entry_filter,
    new_asset,
    own_copy,
    serve_url,
    set_content,
    take_content,
)
from .entries import editable_entry, entries, find_entry, is_audio_or_video, on_entry_deleted
from .upload_content import on_upload_finished
from .upload_fetch import FetchError, fetch

if TYPE_CHECKING:
    from ..sandbox import Sandbox

_OBJECT_TYPE = "captionAsset"
_SRT = "1"
_WEBVTT = "3"
_EXTENSIONS = {"1": "srt", "2": "dfxp", "3": "vtt", "4": "cap", "5": "scc"}
_CONTENT_TYPES = {"vtt": "text/vtt;charset=UTF-8", "dfxp": "application/ttml+xml"}
_WHOLE = -1

register_error("CAPTION_ASSET_PARSING_FAILED", "Failed to parse caption asset id [@ID@]: @REASON@")

string_enum("KalturaLanguage", *LANGUAGES)
string_enum("KalturaCaptionType", *_EXTENSIONS)
int_enum("KalturaCaptionAssetStatus", -1, 0, 2, 3, 7, 9)
int_enum("KalturaCaptionAssetUsage", 0, 1)
kaltura_type(
    "KalturaCaptionAsset", "KalturaAsset",
    prop("captionParamsId", "int", insert_only=True), prop("language", "KalturaLanguage"),
    prop("languageCode", read_only=True), prop("isDefault", "bool"), prop("label"),
    prop("format", "KalturaCaptionType", insert_only=True),
    prop("status", "KalturaCaptionAssetStatus", read_only=True), prop("parentId", insert_only=True),
    prop("accuracy", "int"), prop("displayOnPlayer", "bool"), prop("usage", "KalturaCaptionAssetUsage"),
)  # fmt: skip
kaltura_type(
    "KalturaCaptionAssetFilter", "KalturaAssetFilter",
    prop("captionParamsIdEqual", "int"), prop("captionParamsIdIn"), prop("formatEqual", "KalturaCaptionType"),
    prop("formatIn"), prop("statusEqual", "KalturaCaptionAssetStatus"), *props("string", "statusIn statusNotIn"),
    prop("usageEqual", "KalturaCaptionAssetUsage"), prop("usageIn"),
)  # fmt: skip
list_type("KalturaCaptionAssetListResponse", "KalturaCaptionAsset")


def captions(store: Store) -> Collection:
    """Return the caption assets."""
    return store.collection("captionAsset", "entryId")


def ready_captions(store: Store, entry_id: str) -> list[Document]:
    """Return the captions of an entry that players show, the default one first."""
    found = captions(store).find(equal("entryId", entry_id) & equal("status", READY), [("createdAt", False)])
    shown = [caption for caption in found if caption.get("displayOnPlayer", True)]
    return sorted(shown, key=lambda caption: not caption.get("isDefault"))


def read_cues(sandbox: Sandbox, caption: Document) -> list[Cue]:
    """Return the lines of a caption.

    :raises ApiError: ``CAPTION_ASSET_PARSING_FAILED``.
    """
    path = content_path(sandbox, caption)
    try:
        return parse_captions(path.read_text(encoding="utf-8", errors="replace")) if path else []
    except ValueError as problem:
        raise fail("CAPTION_ASSET_PARSING_FAILED", ID=caption["id"], REASON=problem) from problem


def _find(context: Context, asset_id: str) -> Document:
    found = captions(context.store).get(asset_id, context.partner_id or None)
    if found is None:
        raise fail("CAPTION_ASSET_ID_NOT_FOUND", ASSET_ID=asset_id)
    return found


def _editable(context: Context, asset_id: str) -> Document:
    found = _find(context, asset_id)
    editable_entry(context, found["entryId"])
    return found


def _answer(document: Document) -> dict[str, Any]:
    return render("KalturaCaptionAsset", document)


def _apply(sent: ApiObject, document: Document) -> None:
    sent.apply_to(document)
    if "language" in document:
        document["languageCode"] = LANGUAGES[document["language"]]


@action("caption_captionAsset", "add", param("entryId"), param("captionAsset", "KalturaCaptionAsset"), access=USER)
def add(context: Context, entry_id: str, caption_asset: ApiObject) -> dict[str, Any]:
    """Make a caption without content; several of one language are allowed."""
    entry = find_entry(context, entry_id)
    if not is_audio_or_video(entry):
        raise fail("ENTRY_ID_NOT_FOUND", ENTRY_ID=entry_id)
    context.require_edit(entry["userId"], entry_id)
    caption_asset.check_insert()
    document = new_asset(entry, format=_SRT, displayOnPlayer=True, usage=0)
    _apply(caption_asset, document)
    # What was not sent is answered from the second reading on.
    captions(context.store).insert({"description": "", "captionParamsId": 0, **document})
    return _answer(document)


@action("caption_captionAsset", "get", param("captionAssetId"), access=USER)
def get(context: Context, caption_asset_id: str) -> dict[str, Any]:
    """Answer a caption."""
    return _answer(_find(context, caption_asset_id))


@action(
    "caption_captionAsset", "update",
    param("id"), param("captionAsset", "KalturaCaptionAsset"), access=USER,
)  # fmt: skip
def update(context: Context, id: str, caption_asset: ApiObject) -> dict[str, Any]:
    """Change a caption's description."""
    with context.store.transaction():
        _editable(context, id)
        caption_asset.check_update()
        changed = captions(context.store).update(
            id, lambda document: _apply(caption_asset, document), updatedAt=int(time.time())
        )
    return _answer(changed)


@action(
    "caption_captionAsset", "setContent",
    param("id"), param("contentResource", "KalturaContentResource"), access=USER,
)  # fmt: skip
def set_caption_content(context: Context, id: str, content_resource: ApiObject) -> dict[str, Any]:
    """Give a caption its text; from a link it arrives a little later."""
    with context.store.transaction():
        _editable(context, id)
        if content_resource.is_a("KalturaUrlResource"):
            content_resource.require("url")
            # Not in the job itself, whose payload shows up in logs: addresses may hold secrets.
            job_id = context.store.next_number("captionImport")
            context.jobs.schedule("caption.fetch", {"id": id, "import": job_id})
            url = content_resource["url"]
            return _answer(captions(context.store).update(id, status=IMPORTING, importUrl=url, importId=job_id))
        taken = take_content(context, content_resource, _OBJECT_TYPE, id)
        if taken is None:
            return _answer(_find(context, id))
        return _answer(_fill(context.sandbox, id, taken[0]))


def _fill(sandbox: Sandbox, asset_id: str, path: Path) -> Document:
    found = captions(sandbox.store).get(asset_id)
    extension = _EXTENSIONS[found["format"]] if found else ""
    return set_content(sandbox, captions(sandbox.store), asset_id, path, extension)


def add_caption(sandbox: Sandbox, entry: Document, cues: list[Cue], **values: Any) -> Document:
    """Give an entry a caption of the sandbox's own making; call it inside a transaction.

    :param cues: its lines, written as WebVTT.
    :param values: more properties, among them the language.
    """
    document = new_asset(entry, format=_WEBVTT, usage=0, languageCode=LANGUAGES[values["language"]], **values)
    captions(sandbox.store).insert({"description": "", "captionParamsId": 0, **document})
    path = sandbox.files.temporary()
    path.write_text(write_webvtt(cues), encoding="utf-8")
    return _fill(sandbox, document["id"], path)


@on_upload_finished(_OBJECT_TYPE)
def _fill_from_upload(sandbox: Sandbox, token: Document, path: Path) -> None:
    if captions(sandbox.store).get(token["attachedObjectId"]) is not None:
        _fill(sandbox, token["attachedObjectId"], own_copy(sandbox, path))


@job("caption.fetch")
def fetch_caption(sandbox: Sandbox, payload: dict[str, Any]) -> None:
    """Bring the text of a caption from its link."""
    caption = _importing(sandbox, payload)
    if caption is None:
        return
    try:
        path = fetch(sandbox, caption["importUrl"])
    except FetchError:
        path = None
    with sandbox.store.transaction():
        if _importing(sandbox, payload) is None:
            if path is not None:
                path.unlink()
        elif path is None:
            captions(sandbox.store).update(payload["id"], status=ERROR)
        else:
            _fill(sandbox, payload["id"], path)


def _importing(sandbox: Sandbox, payload: dict[str, Any]) -> Document | None:
    """Return the caption of a job, unless it is gone or was given other content since."""
    caption = captions(sandbox.store).get(payload["id"])
    wanted = caption is not None and caption["status"] == IMPORTING and caption.get("importId") == payload["import"]
    return caption if wanted else None


@action("caption_captionAsset", "setAsDefault", param("captionAssetId"), access=USER)
def set_as_default(context: Context, caption_asset_id: str) -> None:
    """Make this the caption that players show first."""
    store = context.store
    with store.transaction():
        caption = _editable(context, caption_asset_id)
        for other in captions(store).find(equal("entryId", caption["entryId"]) & equal("isDefault", True)):
            captions(store).update(other["id"], isDefault=False)
        captions(store).update(caption_asset_id, isDefault=True)


@action("caption_captionAsset", "delete", param("captionAssetId"), access=USER)
def delete(context: Context, caption_asset_id: str) -> None:
    """Delete a caption."""
    with context.store.transaction():
        delete_asset(context.sandbox, captions(context.store), _editable(context, caption_asset_id))


@action(
    "caption_captionAsset", "list",
    param("filter", "KalturaCaptionAssetFilter", None), param("pager", "KalturaFilterPager", None), access=USER,
)  # fmt: skip
def list_captions(context: Context, filter: ApiObject | None, pager: ApiObject | None) -> dict[str, Any]:
    """List the captions of entries."""
    base = entry_filter(context, filter, "KalturaCaptionAssetFilter")
    found, total = find_page(
        captions(context.store), filter, pager, base=base, order_fields=("createdAt", "updatedAt", "size")
    )
    return render_list("KalturaCaptionAssetListResponse", [_answer(each) for each in found], total)


@action("caption_captionAsset", "getUrl", param("id"), param("storageId", "int", None), access=USER)
def get_url(context: Context, id: str, storage_id: int | None) -> str:
    """Answer the address of a caption's file."""
    return serve_url(context, "caption_captionAsset", "captionAssetId", _find(context, id))


@action("caption_captionAsset", "serve", param("captionAssetId"), access=ANYONE, serves_file=True)
def serve(context: Context, caption_asset_id: str) -> FileAnswer:
    """Answer a caption's file as it was given."""
    caption = _find(context, caption_asset_id)
    path = content_path(context.sandbox, caption)
    if path is None:
        raise fail("CAPTION_ASSET_ID_NOT_FOUND", ASSET_ID=caption_asset_id)
    content_type = _CONTENT_TYPES.get(_EXTENSIONS[caption["format"]], "text/plain;charset=UTF-8")
    return FileAnswer(path, content_type)


@action(
    "caption_captionAsset", "serveWebVTT",
    param("captionAssetId"), param("segmentDuration", "int", 30), param("segmentIndex", "int", None),
    param("localTimestamp", "int", 10000), access=ANYONE, serves_file=True,
)  # fmt: skip
def serve_webvtt(
    context: Context, caption_asset_id: str, segment_duration: int, segment_index: int | None, local_timestamp: int
) -> FileAnswer:
    """Answer a caption as WebVTT: a playlist of its segments, one of them (from 1), or the whole (-1)."""
    caption = _find(context, caption_asset_id)
    cues = read_cues(context.sandbox, caption)
    seconds = max(segment_duration, 1)
    if segment_index is None:
        entry = entries(context.store).get(caption["entryId"]) or {}
        duration = float(entry.get("msDuration", 0)) / 1000
        return FileAnswer(_playlist(context.base_url, caption, duration, seconds).encode(), "application/x-mpegurl")
    if segment_index != _WHOLE:
        start, end = (segment_index - 1) * seconds * 1000, segment_index * seconds * 1000
        cues = [cue for cue in cues if cue.start < end and cue.end > start]
    return FileAnswer(write_webvtt(cues).encode(), "text/vtt;charset=UTF-8")


@action("caption_captionAsset", "serveAsJson", param("captionAssetId"), access=ANYONE, serves_file=True)
def serve_as_json(context: Context, caption_asset_id: str) -> FileAnswer:
    """Answer the lines of a caption as JSON."""
    cues = read_cues(context.sandbox, _find(context, caption_asset_id))
    objects = [{"startTime": cue.start, "endTime": cue.end, "content": [{"text": cue.text}]} for cue in cues]
    return FileAnswer(json.dumps({"totalCount": len(cues), "objects": objects}).encode(), "application/json")


def webvtt_path(caption: Document, segment: int = _WHOLE, seconds: int = 30) -> str:
    """Return the path that serves a caption as WebVTT."""
    return (
        f"/api_v3/index.php/service/caption_captionAsset/action/serveWebVTT/captionAssetId/{caption['id']}"
        f"/segmentDuration/{seconds}/segmentIndex/{segment}/version/{caption.get('version', 0)}/captions.vtt"
    )


def webvtt_playlist_path(caption: Document) -> str:
    """Return the path that serves the list of a caption's WebVTT segments."""
    return f"/api_v3/index.php/service/caption_captionAsset/action/serveWebVTT/captionAssetId/{caption['id']}/a.m3u8"


def _playlist(base_url: str, caption: Document, duration: float, seconds: int) -> str:
    lines = ["#EXTM3U", f"#EXT-X-TARGETDURATION:{seconds}", "#EXT-X-VERSION:3", "#EXT-X-MEDIA-SEQUENCE:1"]
    lines.append("#EXT-X-PLAYLIST-TYPE:VOD")
    count = max(1, -int(-duration // seconds))
    for number in range(1, count + 1):
        length = min(float(seconds), duration - (number - 1) * seconds) if duration else float(seconds)
        lines += [f"#EXTINF:{length:.3f},", base_url + webvtt_path(caption, number, seconds)]
    return "\n".join([*lines, "#EXT-X-ENDLIST", ""])


@on_entry_deleted
def forget_entry(sandbox: Sandbox, entry: Document) -> None:
    """Delete the captions of a deleted entry."""
    delete_assets_of(sandbox, captions(sandbox.store), entry)
