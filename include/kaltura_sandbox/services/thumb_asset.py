"""Service ``thumbAsset``: the pictures that stand for an entry."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..answers import FileAnswer
from ..context import Context
from ..errors import fail, register_error
from ..inputs import UploadedFile
from ..listing import find_page
from ..pictures import Shape, frame, scale
from ..query import equal, has_element
from ..registry import ADMIN, ANYONE, USER, action, param
from ..schema import NULL, ApiObject, int_enum, kaltura_type, list_type, prop, props, render, render_list
from ..store import Collection, Document, Store
from .asset_content import (
    ERROR,
    READY,
    content_path,
    delete_asset,
    delete_assets_of,
    entry_filter,
    fetch_content,
    new_asset,
    own_copy,
    serve_url,
    set_content,
    take_content,
    uploaded_copy,
)
from .entries import (
    ERROR_CONVERTING,
    NO_CONTENT,
    PRECONVERT,
    VIDEO,
    content_file,
    editable_entry,
    entries,
    next_version,
    on_entry_deleted,
)
from .entries import READY as ENTRY_READY
from .media_probe import image_size
from .upload_content import on_upload_finished
from .upload_fetch import FetchError, fetch, suffix_of

if TYPE_CHECKING:
    from ..sandbox import Sandbox

_OBJECT_TYPE = "thumbAsset"
_DEFAULT_TAG = "default_thumb"
_CONTENT_TYPES = {"png": "image/png", "gif": "image/gif", "bmp": "image/bmp", "webp": "image/webp"}

register_error("THUMB_ASSET_DOWNLOAD_FAILED", "Failed to download thumbnail from URL [@URL@]")
register_error("THUMB_ASSET_IS_NOT_READY", "The Thumbnail asset is not ready")
register_error("ENTRY_MEDIA_TYPE_NOT_SUPPORTED", "Entry media type [@TYPE@] is not supported for this action")
register_error("INVALID_ENTRY_STATUS", "Invalid entry status")

int_enum("KalturaThumbAssetStatus", -1, 0, 1, 2, 3, 7, 9)
kaltura_type(
    "KalturaThumbAsset", "KalturaAsset",
    prop("thumbParamsId", "int", insert_only=True), *props("int", "width height", read_only=True),
    prop("status", "KalturaThumbAssetStatus", read_only=True),
)  # fmt: skip
kaltura_type(
    "KalturaThumbAssetFilter", "KalturaAssetFilter",
    prop("thumbParamsIdEqual", "int"), prop("thumbParamsIdIn"), prop("statusEqual", "KalturaThumbAssetStatus"),
    *props("string", "statusIn statusNotIn"),
)  # fmt: skip
list_type("KalturaThumbAssetListResponse", "KalturaThumbAsset")
kaltura_type(
    "KalturaThumbParams", None,
    *props("int", "id cropType quality cropX cropY cropWidth cropHeight width height"),
    *props("float", "videoOffset videoOffsetInPercentage scaleWidth scaleHeight"), prop("backgroundColor"),
    *props("string", "name tags format"),
)  # fmt: skip


def thumbs(store: Store) -> Collection:
    """Return the thumbnail assets."""
    return store.collection("thumbAsset", "entryId")


def default_thumb(store: Store, entry_id: str) -> Document | None:
    """Return the thumbnail an entry is shown with, or None."""
    return thumbs(store).first(
        equal("entryId", entry_id) & equal("status", READY) & has_element("tags", [_DEFAULT_TAG])
    )


def _find(context: Context, asset_id: str) -> Document:
    found = thumbs(context.store).get(asset_id, context.partner_id or None)
    if found is None:
        raise fail("THUMB_ASSET_ID_NOT_FOUND", ID=asset_id)
    return found


def _answer(document: Document) -> dict[str, Any]:
    return render("KalturaThumbAsset", document)


def _insert(context: Context, document: Document) -> Document:
    # What was not sent is answered from the second reading on.
    thumbs(context.store).insert({"description": "", "thumbParamsId": 0, **document})
    return document


def _fill(sandbox: Sandbox, asset_id: str, path: Path, name: str, *, default: bool | None = None) -> Document:
    """Give a thumbnail its picture; call it inside a transaction.

    :param default: make it the entry's default; None leaves that to the entry's state.
    """
    size = image_size(path) or (0, 0)
    extension = Path(name).suffix.lstrip(".").lower() or _extension(path)
    filled = set_content(sandbox, thumbs(sandbox.store), asset_id, path, extension, width=size[0], height=size[1])
    entry = entries(sandbox.store).get(filled["entryId"])
    if entry is None:
        return filled
    if default is None:
        shown = default_thumb(sandbox.store, entry["id"])
        if shown is not None:
            default = shown["id"] == asset_id
        else:
            # A picture that Kaltura took from the content itself stays until somebody chooses another one.
            default = entry["status"] == NO_CONTENT or not entry["thumbnailVersion"]
    return _make_default(sandbox.store, filled) if default else filled


def _extension(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(4)
    return "png" if head == b"\x89PNG" else "gif" if head == b"GIF8" else "jpg"


def _make_default(store: Store, document: Document) -> Document:
    """Move the default mark to a thumbnail and let the entry show it."""
    for other in thumbs(store).find(equal("entryId", document["entryId"]) & has_element("tags", [_DEFAULT_TAG])):
        tags = [tag for tag in (part.strip() for part in other["tags"].split(",")) if tag and tag != _DEFAULT_TAG]
        thumbs(store).update(other["id"], tags=",".join(tags))
    present = thumbs(store).get(document["id"]) or document
    marked = ",".join(part for part in (present.get("tags", ""), _DEFAULT_TAG) if part)
    entry = entries(store).get(document["entryId"])
    if entry is not None:
        entries(store).update(entry["id"], thumbnailVersion=int(next_version(entry["thumbnailVersion"])))
    return thumbs(store).update(document["id"], tags=marked)


@action("thumbAsset", "add", param("entryId"), param("thumbAsset", "KalturaThumbAsset"), access=USER)
def add(context: Context, entry_id: str, thumb_asset: ApiObject) -> dict[str, Any]:
    """Make a thumbnail without a picture."""
    entry = editable_entry(context, entry_id)
    thumb_asset.check_insert()
    document = new_asset(entry)
    thumb_asset.apply_to(document)
    return _answer(_insert(context, document))


@action("thumbAsset", "addFromImage", param("entryId"), param("fileData", "file"), access=USER)
def add_from_image(context: Context, entry_id: str, file_data: UploadedFile) -> dict[str, Any]:
    """Make a thumbnail of an uploaded picture."""
    entry = editable_entry(context, entry_id)
    return _add_filled(context, entry, uploaded_copy(context.sandbox, file_data), file_data.name)


@action("thumbAsset", "addFromUrl", param("entryId"), param("url"), access=USER)
def add_from_url(context: Context, entry_id: str, url: str) -> dict[str, Any]:
    """Make a thumbnail of the picture at an address."""
    entry = editable_entry(context, entry_id)
    try:
        path = fetch(context.sandbox, url)
    except FetchError as problem:
        raise fail("THUMB_ASSET_DOWNLOAD_FAILED", URL=url) from problem
    return _add_filled(context, entry, path, f"picture{suffix_of(url)}")


@action(
    "thumbAsset", "generate",
    param("entryId"), param("thumbParams", "KalturaThumbParams"), param("sourceAssetId", default=None), access=USER,
)  # fmt: skip
def generate(context: Context, entry_id: str, thumb_params: ApiObject, source_asset_id: str | None) -> dict[str, Any]:
    """Make a thumbnail of a frame of a video."""
    entry = editable_entry(context, entry_id)
    if entry.get("mediaType") != VIDEO:
        raise fail("ENTRY_MEDIA_TYPE_NOT_SUPPORTED", TYPE=entry.get("mediaType", ""))
    if entry["status"] not in {ERROR_CONVERTING, PRECONVERT, ENTRY_READY}:
        raise fail("INVALID_ENTRY_STATUS")
    source = content_file(context.sandbox, entry)
    seconds = thumb_params.get("videoOffset", 0.0)
    if "videoOffsetInPercentage" in thumb_params:
        seconds = thumb_params.get("videoOffsetInPercentage", 0.0) / 100 * entry.get("msDuration", 0) / 1000
    taken = frame(source, seconds) if source is not None else None
    if taken is None:
        raise fail("THUMB_ASSET_IS_NOT_READY")
    if thumb_params.get("width") or thumb_params.get("height"):
        taken = scale(taken, shape_of(thumb_params))[0]
    path = context.files.temporary()
    path.write_bytes(taken)
    return _add_filled(context, entry, path, "frame.jpg", default=False)


def _add_filled(
    context: Context, entry: Document, path: Path, name: str, *, default: bool | None = None
) -> dict[str, Any]:
    with context.store.transaction():
        document = _insert(context, new_asset(entry))
        filled = _fill(context.sandbox, document["id"], path, name, default=default)
    return {**_answer(filled), "description": None, "thumbParamsId": None}


def shape_of(params: ApiObject) -> Shape:
    """Return the shape that thumbnail parameters describe."""
    region = tuple(params.get(name, 0) for name in ("cropX", "cropY", "cropWidth", "cropHeight"))
    return Shape(
        params.get("width", 0), params.get("height", 0), params.get("cropType", 1), params.get("quality", 0),
        params.get("backgroundColor", "ffffff"), (region[0], region[1], region[2], region[3]),
        params.get("format", "jpg"),
    )  # fmt: skip


@action("thumbAsset", "setContent", param("id"), param("contentResource", "KalturaContentResource"), access=USER)
def set_thumb_content(context: Context, id: str, content_resource: ApiObject) -> dict[str, Any]:
    """Give a thumbnail its picture."""
    editable_entry(context, _find(context, id)["entryId"])
    try:
        fetched = fetch_content(context, content_resource)
    except FetchError:
        with context.store.transaction():
            _find(context, id)
            return _answer(thumbs(context.store).update(id, status=ERROR))
    with context.store.transaction():
        _find(context, id)
        taken = fetched or take_content(context, content_resource, _OBJECT_TYPE, id)
        return _answer(_fill(context.sandbox, id, *taken) if taken else _find(context, id))


@on_upload_finished(_OBJECT_TYPE)
def _fill_from_upload(sandbox: Sandbox, token: Document, path: Path) -> None:
    if thumbs(sandbox.store).get(token["attachedObjectId"]) is not None:
        _fill(sandbox, token["attachedObjectId"], own_copy(sandbox, path), token.get("fileName", ""))


@action("thumbAsset", "get", param("thumbAssetId"), access=USER)
def get(context: Context, thumb_asset_id: str) -> dict[str, Any]:
    """Answer a thumbnail."""
    return _answer(_find(context, thumb_asset_id))


@action("thumbAsset", "update", param("id"), param("thumbAsset", "KalturaThumbAsset"), access=USER)
def update(context: Context, id: str, thumb_asset: ApiObject) -> dict[str, Any]:
    """Change a thumbnail's tags and notes."""
    with context.store.transaction():
        editable_entry(context, _find(context, id)["entryId"])
        thumb_asset.check_update()
        values = {name: None if value is NULL else value for name, value in thumb_asset.values.items()}
        return _answer(thumbs(context.store).update(id, updatedAt=int(time.time()), **values))


@action("thumbAsset", "setAsDefault", param("thumbAssetId"), access=USER)
def set_as_default(context: Context, thumb_asset_id: str) -> None:
    """Show the entry with this thumbnail."""
    with context.store.transaction():
        document = _find(context, thumb_asset_id)
        editable_entry(context, document["entryId"])
        if document["status"] != READY:
            raise fail("THUMB_ASSET_IS_NOT_READY")
        _make_default(context.store, document)


@action("thumbAsset", "delete", param("thumbAssetId"), access=ADMIN)
def delete(context: Context, thumb_asset_id: str) -> None:
    """Delete a thumbnail, but not the default one."""
    with context.store.transaction():
        document = _find(context, thumb_asset_id)
        shown = default_thumb(context.store, document["entryId"])
        if shown is not None and shown["id"] == thumb_asset_id:
            raise fail("THUMB_ASSET_IS_DEFAULT", ASSET=thumb_asset_id)
        delete_asset(context.sandbox, thumbs(context.store), document)


@action(
    "thumbAsset", "list",
    param("filter", "KalturaThumbAssetFilter", None), param("pager", "KalturaFilterPager", None), access=USER,
)  # fmt: skip
def list_thumbs(context: Context, filter: ApiObject | None, pager: ApiObject | None) -> dict[str, Any]:
    """List the thumbnails of entries."""
    base = entry_filter(context, filter, "KalturaThumbAssetFilter")
    found, total = find_page(
        thumbs(context.store), filter, pager, base=base, order_fields=("createdAt", "updatedAt", "size")
    )
    return render_list("KalturaThumbAssetListResponse", [_answer(each) for each in found], total)


@action(
    "thumbAsset", "getUrl",
    param("id"), param("storageId", "int", None), param("thumbParams", "KalturaThumbParams", None), access=USER,
)  # fmt: skip
def get_url(context: Context, id: str, storage_id: int | None, thumb_params: ApiObject | None) -> str:
    """Answer the address of a thumbnail's picture."""
    return serve_url(context, "thumbAsset", "thumbAssetId", _find(context, id))


@action(
    "thumbAsset", "serve",
    param("thumbAssetId"), param("version", "int", None), param("thumbParams", "KalturaThumbParams", None),
    access=ANYONE, serves_file=True,
)  # fmt: skip
def serve(context: Context, thumb_asset_id: str, version: int | None, thumb_params: ApiObject | None) -> FileAnswer:
    """Answer a thumbnail's picture, scaled if asked to."""
    document = _find(context, thumb_asset_id)
    path = content_path(context.sandbox, document)
    if path is None:
        raise fail("THUMB_ASSET_ID_NOT_FOUND", ID=thumb_asset_id)
    if thumb_params is not None:
        return FileAnswer(*scale(path, shape_of(thumb_params)))
    return FileAnswer(path, _CONTENT_TYPES.get(document.get("fileExt", ""), "image/jpeg"))


@on_entry_deleted
def forget_entry(sandbox: Sandbox, entry: Document) -> None:
    """Delete the thumbnails of a deleted entry."""
    delete_assets_of(sandbox, thumbs(sandbox.store), entry)
    sandbox.files.remove("frame", entry["id"])
