"""Service ``attachment_attachmentAsset``: files that go with an entry, such as transcripts or slides."""

from __future__ import annotations

import mimetypes
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..answers import FileAnswer
from ..context import Context
from ..errors import fail, register_error
from ..listing import find_page
from ..registry import ANYONE, USER, action, param
from ..schema import ApiObject, int_enum, kaltura_type, list_type, prop, props, render, render_list, string_enum
from ..store import Collection, Document, Store
from .asset_content import (
    ERROR,
    QUEUED,
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
)
from .entries import editable_entry, on_entry_deleted
from .upload_content import on_upload_finished
from .upload_fetch import FetchError

if TYPE_CHECKING:
    from ..sandbox import Sandbox

_OBJECT_TYPE = "attachmentAsset"
_TEXT = "1"

register_error("ATTACHMENT_ASSET_DOWNLOAD_FAILED", 'Attachment asset download from URL "@URL@" failed')
register_error("ATTACHMENT_ASSET_IS_NOT_READY", 'Attachment asset "@ASSET_ID@" is not ready')

string_enum("KalturaAttachmentType", "1", "2", "3", "4", "5")
int_enum("KalturaAttachmentAssetStatus", -1, 0, 2, 3, 7, 9)
kaltura_type(
    "KalturaAttachmentAsset", "KalturaAsset",
    prop("filename"), prop("title"), prop("format", "KalturaAttachmentType"),
    prop("status", "KalturaAttachmentAssetStatus", read_only=True),
)  # fmt: skip
kaltura_type(
    "KalturaAttachmentAssetFilter", "KalturaAssetFilter",
    prop("formatEqual", "KalturaAttachmentType"), prop("formatIn"),
    prop("statusEqual", "KalturaAttachmentAssetStatus"), *props("string", "statusIn statusNotIn"),
)  # fmt: skip
list_type("KalturaAttachmentAssetListResponse", "KalturaAttachmentAsset")


def _attachments(store: Store) -> Collection:
    return store.collection("attachmentAsset", "entryId")


def _find(context: Context, asset_id: str) -> Document:
    found = _attachments(context.store).get(asset_id, context.partner_id or None)
    if found is None:
        raise fail("ATTACHMENT_ASSET_ID_NOT_FOUND", ASSET_ID=asset_id)
    return found


def _editable(context: Context, asset_id: str) -> Document:
    found = _find(context, asset_id)
    editable_entry(context, found["entryId"])
    return found


def _answer(document: Document) -> dict[str, Any]:
    return render("KalturaAttachmentAsset", document)


@action(
    "attachment_attachmentAsset", "add",
    param("entryId"), param("attachmentAsset", "KalturaAttachmentAsset"), access=USER,
)  # fmt: skip
def add(context: Context, entry_id: str, attachment_asset: ApiObject) -> dict[str, Any]:
    """Make an attachment without content."""
    entry = editable_entry(context, entry_id)
    attachment_asset.check_insert()
    document = new_asset(entry, format=_TEXT)
    attachment_asset.apply_to(document)
    # The description is answered from the second reading on.
    _attachments(context.store).insert({"description": "", **document})
    return _answer(document)


@action(
    "attachment_attachmentAsset", "setContent",
    param("id"), param("contentResource", "KalturaContentResource"), access=USER,
)  # fmt: skip
def set_attachment_content(context: Context, id: str, content_resource: ApiObject) -> dict[str, Any]:
    """Give an attachment its file."""
    _editable(context, id)
    try:
        fetched = fetch_content(context, content_resource)
    except FetchError as problem:
        with context.store.transaction():
            if _editable(context, id)["status"] == QUEUED:
                _attachments(context.store).update(id, status=ERROR)
        raise fail("ATTACHMENT_ASSET_DOWNLOAD_FAILED", URL=content_resource["url"]) from problem
    with context.store.transaction():
        _editable(context, id)
        taken = fetched or take_content(context, content_resource, _OBJECT_TYPE, id)
        return _answer(_fill(context.sandbox, id, *taken) if taken else _find(context, id))


def _fill(sandbox: Sandbox, asset_id: str, path: Path, name: str) -> Document:
    extension = Path(name).suffix.lstrip(".").lower()
    return set_content(sandbox, _attachments(sandbox.store), asset_id, path, extension)


@on_upload_finished(_OBJECT_TYPE)
def _fill_from_upload(sandbox: Sandbox, token: Document, path: Path) -> None:
    if _attachments(sandbox.store).get(token["attachedObjectId"]) is not None:
        _fill(sandbox, token["attachedObjectId"], own_copy(sandbox, path), token.get("fileName", ""))


@action("attachment_attachmentAsset", "get", param("attachmentAssetId"), access=USER)
def get(context: Context, attachment_asset_id: str) -> dict[str, Any]:
    """Answer an attachment."""
    return _answer(_find(context, attachment_asset_id))


@action(
    "attachment_attachmentAsset", "update",
    param("id"), param("attachmentAsset", "KalturaAttachmentAsset"), access=USER,
)  # fmt: skip
def update(context: Context, id: str, attachment_asset: ApiObject) -> dict[str, Any]:
    """Change an attachment's description."""
    with context.store.transaction():
        _editable(context, id)
        attachment_asset.check_update()
        return _answer(_attachments(context.store).update(id, attachment_asset.apply_to, updatedAt=int(time.time())))


@action("attachment_attachmentAsset", "delete", param("attachmentAssetId"), access=USER)
def delete(context: Context, attachment_asset_id: str) -> None:
    """Delete an attachment."""
    with context.store.transaction():
        delete_asset(context.sandbox, _attachments(context.store), _editable(context, attachment_asset_id))


@action(
    "attachment_attachmentAsset", "list",
    param("filter", "KalturaAttachmentAssetFilter", None), param("pager", "KalturaFilterPager", None), access=USER,
)  # fmt: skip
def list_attachments(context: Context, filter: ApiObject | None, pager: ApiObject | None) -> dict[str, Any]:
    """List the attachments of entries."""
    base = entry_filter(context, filter, "KalturaAttachmentAssetFilter")
    found, total = find_page(_attachments(context.store), filter, pager, base=base)
    return render_list("KalturaAttachmentAssetListResponse", [_answer(each) for each in found], total)


@action("attachment_attachmentAsset", "getUrl", param("id"), param("storageId", "int", None), access=USER)
def get_url(context: Context, id: str, storage_id: int | None) -> str:
    """Answer the address of an attachment's file."""
    found = _find(context, id)
    if found["status"] != READY:
        raise fail("ATTACHMENT_ASSET_IS_NOT_READY", ASSET_ID=id)
    return serve_url(context, "attachment_attachmentAsset", "attachmentAssetId", found)


@action("attachment_attachmentAsset", "serve", param("attachmentAssetId"), access=ANYONE, serves_file=True)
def serve(context: Context, attachment_asset_id: str) -> FileAnswer:
    """Answer an attachment's file under its name."""
    document = _find(context, attachment_asset_id)
    path = content_path(context.sandbox, document)
    if path is None:
        raise fail("ATTACHMENT_ASSET_ID_NOT_FOUND", ASSET_ID=attachment_asset_id)
    name = document.get("filename") or f"{attachment_asset_id}.{document.get('fileExt', 'bin')}"
    content_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    if content_type.startswith("text/"):
        content_type += ";charset=UTF-8"
    return FileAnswer(path, content_type, name)


@on_entry_deleted
def forget_entry(sandbox: Sandbox, entry: Document) -> None:
    """Delete the attachments of a deleted entry."""
    delete_assets_of(sandbox, _attachments(sandbox.store), entry)
