"""Giving an entry its content: from an upload, an address, a text or another entry."""

from __future__ import annotations

import os
import secrets
import time
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from ..errors import fail
from ..inputs import UploadedFile
from ..schema import ApiObject
from .asset_content import own_copy
from .entries import (
    AUDIO,
    AUTOMATIC,
    DATA,
    DELETED,
    DOCUMENT,
    ERROR_IMPORTING,
    IMAGE,
    IMPORT,
    MEDIA_CLIP,
    NO_CONTENT,
    READY,
    VIDEO,
    content_file,
    editable_entry,
    entries,
    find_entry,
    is_audio_or_video,
    new_entry,
    next_version,
    relative_path,
    remove_file_later,
)
from .entries_convert import start_conversion
from .entries_import import give_up, start_import
from .flavor_asset import (
    ERROR,
    IMPORTING,
    QUEUED,
    add_flavor,
    find_flavor,
    flavor_file,
    flavors,
    set_flavor_file,
    source_flavor,
)
from .media_probe import image_size
from .upload_content import consume_token, find_token, on_upload_finished, on_upload_refused
from .upload_fetch import FetchError, fetch, suffix_of

if TYPE_CHECKING:
    from ..context import Context
    from ..sandbox import Sandbox
    from ..store import Document

FROM_FILE = "1"
_FROM_URL = "5"
# Seconds after which an import within a call is taken for one that a crash ended.
_TAKEN_FOR_LOST = 600.0
_KINDS = {
    VIDEO: "mp4 m4v mov mkv webm avi wmv mpg mpeg ts m2ts mts mxf flv f4v 3gp 3g2 ogv asf vob mod divx",
    AUDIO: "mp3 m4a aac wav flac ogg oga wma aif aiff opus amr",
    IMAGE: "jpg jpeg png gif bmp tif tiff webp",
}  # fmt: skip
_MEDIA_TYPES = {suffix: kind for kind, names in _KINDS.items() for suffix in names.split()}


def add_content(
    context: Context, entry_id: str, resource: ApiObject | None, object_type: str | None = None
) -> Document:
    """Give an entry its first content; without a resource nothing happens.

    :param object_type: the type the entry must be of; None allows all.
    :raises ApiError: ``ENTRY_ALREADY_WITH_CONTENT``, or a refusal of the resource.
    """
    entry = editable_entry(context, entry_id, object_type)
    if resource is None:
        return entry
    if entry["status"] != NO_CONTENT:
        raise fail("ENTRY_ALREADY_WITH_CONTENT")
    return attach(context, entry_id, resource)


def attach(context: Context, entry_id: str, resource: ApiObject, *, replace: bool = False) -> Document:
    """Give an entry the content of a resource.

    :param replace: the entry's present content is replaced in place.
    """
    if resource.is_a("KalturaAssetsParamsResourceContainers") or resource.is_a("KalturaAssetParamsResourceContainer"):
        from .entries_renditions import attach_renditions

        return attach_renditions(context, entry_id, resource, replace=replace)
    if resource.is_a("KalturaUploadedFileTokenResource"):
        return _attach_token(context, entry_id, resource.get("token", ""), replace=replace)
    if resource.is_a("KalturaUrlResource") and not resource.is_a("KalturaRemoteStorageResource"):
        headers = [header.get("value", "") for header in resource.get("urlHeaders", [])]
        background = bool(resource.get("forceAsyncDownload"))
        return _attach_url(context, entry_id, resource.get("url", ""), headers, background, replace=replace)
    path = _local_copy(context, entry_id, resource)
    try:
        with context.store.transaction():
            entry = open_entry(context, entry_id, path.name, replace=replace)
            return _attach_file(context.sandbox, entry, path, sourceType=FROM_FILE)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def add_file(context: Context, entry_id: str, token_id: str) -> Document:
    """Give a fresh entry the content of an upload."""
    return _attach_token(context, entry_id, token_id, replace=False)


def add_url(context: Context, entry_id: str, url: str) -> Document:
    """Give a fresh entry the content of an address."""
    return _attach_url(context, entry_id, url, [], replace=False)


def open_entry(context: Context, entry_id: str, file_name: str, *, replace: bool) -> Document:
    """Return the entry as it is inside the transaction; one without a type gets one from the file's name."""
    entry = find_entry(context, entry_id)
    if not replace and entry["status"] != NO_CONTENT:
        raise fail("ENTRY_ALREADY_WITH_CONTENT")
    if entry["type"] not in {AUTOMATIC, MEDIA_CLIP} or "mediaType" in entry:
        return entry
    suffix = PurePath(file_name).suffix.lstrip(".").lower()
    if suffix in _MEDIA_TYPES:
        values = new_entry(context, "KalturaMediaEntry", **entry)
        values.update(objectType="KalturaMediaEntry", type=MEDIA_CLIP, mediaType=_MEDIA_TYPES[suffix])
    else:
        values = {**entry, "objectType": "KalturaDocumentEntry", "type": DOCUMENT}
    return entries(context.store).save(values)


def _attach_token(context: Context, entry_id: str, token_id: str, *, replace: bool) -> Document:
    store = context.store
    with store.transaction():
        token = find_token(context, token_id)
        entry = open_entry(context, entry_id, token.get("fileName") or "", replace=replace)
        if not is_audio_or_video(entry):
            path = consume_token(context, token_id, "entry", entry_id)
            if path is None:
                return wait_for_bytes(context.sandbox, entry, FROM_FILE)
            return _attach_file(context.sandbox, entry, path, sourceType=FROM_FILE)
        source = _source(context.sandbox, entry)
        path = consume_token(context, token_id, "flavorAsset", source["id"])
        if path is None:
            flavors(store).update(source["id"], status=IMPORTING)
            return wait_for_bytes(context.sandbox, entry, FROM_FILE)
        return _attach_file(context.sandbox, entry, path, sourceType=FROM_FILE)


def _source(sandbox: Sandbox, entry: Document) -> Document:
    return source_flavor(sandbox.store, entry["id"]) or add_flavor(sandbox.store, entry, 0, "source")


def wait_for_bytes(sandbox: Sandbox, entry: Document, source_type: str) -> Document:
    """Put an entry into IMPORT: its content is known, but has not come yet."""
    values: dict[str, Any] = {"sourceType": source_type} if entry["objectType"] == "KalturaMediaEntry" else {}
    return entries(sandbox.store).update(entry["id"], status=IMPORT, updatedAt=int(time.time()), **values)


def _attach_file(sandbox: Sandbox, entry: Document, path: Path, **values: Any) -> Document:
    """Make a file that is in place the content of an entry; call it inside a transaction."""
    if path.stat().st_size == 0:
        raise fail("FILE_CONTENT_NOT_SECURE")
    if is_audio_or_video(entry):
        return start_conversion(sandbox, entry, _source(sandbox, entry), path, **values)
    remove_file_later(sandbox, entry.get("contentPath"))
    values.update(contentPath=relative_path(sandbox, path), status=READY, updatedAt=int(time.time()))
    if entry["type"] == DATA:
        values["version"] = next_version(entry["version"])
    if entry["objectType"] != "KalturaMediaEntry":
        values.pop("sourceType", None)
    elif entry.get("mediaType") == IMAGE:
        # Kaltura counts the version twice: for the picture and for its thumbnail.
        values["version"] = next_version(next_version(entry["version"]))
        values["thumbnailVersion"] = int(values["version"])
        size = image_size(path)
        if size is not None:
            values.update(width=size[0], height=size[1])
    return entries(sandbox.store).update(entry["id"], **values)


@on_upload_finished("flavorAsset")
def _upload_for_flavor_ended(sandbox: Sandbox, token: Document, path: Path) -> None:
    """Take an upload that was attached to a flavor before its bytes came."""
    asset = flavors(sandbox.store).get(token["attachedObjectId"])
    if asset is not None and asset["status"] == IMPORTING:
        flavor_arrived(sandbox, asset["id"], path)


@on_upload_refused("flavorAsset")
def _upload_for_flavor_refused(sandbox: Sandbox, token: Document) -> None:
    asset = flavors(sandbox.store).get(token["attachedObjectId"])
    if asset is None or asset["status"] != IMPORTING:
        return
    if asset["isOriginal"]:
        give_up(sandbox, asset["entryId"])
    else:
        flavors(sandbox.store).update(asset["id"], status=ERROR, updatedAt=int(time.time()))


def flavor_arrived(sandbox: Sandbox, asset_id: str, path: Path) -> None:
    """Give a flavor asset its file; call it inside a transaction.

    The first source begins the conversion of its entry. Any other file is a finished rendition.

    :param path: below the data directory, stays where it is.
    """
    asset = flavors(sandbox.store).get(asset_id)
    entry = entries(sandbox.store).get(asset["entryId"]) if asset is not None else None
    if asset is None or entry is None:
        return
    if asset["isOriginal"] and entry["status"] in {NO_CONTENT, IMPORT}:
        start_conversion(sandbox, entry, asset, path)
    else:
        set_flavor_file(sandbox, asset, path, status=QUEUED)
        sandbox.jobs.schedule("flavor.describe", {"id": asset_id})


@on_upload_finished("entry")
def _content_arrived(sandbox: Sandbox, token: Document, path: Path) -> None:
    """Make READY an entry without flavors whose upload was attached before its bytes came."""
    entry = entries(sandbox.store).get(token["attachedObjectId"])
    if entry is not None and entry["status"] == IMPORT and path.stat().st_size:
        _attach_file(sandbox, entry, path)


def _attach_url(
    context: Context, entry_id: str, url: str, headers: list[str], background: bool = False, *, replace: bool
) -> Document:
    """Import an address: pictures within the call unless asked otherwise, anything else in the background."""
    with context.store.transaction():
        entry = open_entry(context, entry_id, f"a{suffix_of(url)}", replace=replace)
        if background or entry.get("mediaType") != IMAGE:
            start_import(context.sandbox, entry_id, url, headers)
            return wait_for_bytes(context.sandbox, entry, _FROM_URL)
        if not replace:
            # Nobody else may give content meanwhile; should this process end, the import is done by its successor.
            wait_for_bytes(context.sandbox, entry, _FROM_URL)
            start_import(context.sandbox, entry_id, url, headers, delay=_TAKEN_FOR_LOST)
    return import_now(context.sandbox, entry_id, url, headers, replace=replace)


def import_now(sandbox: Sandbox, entry_id: str, url: str, headers: list[str], *, replace: bool = False) -> Document:
    """Load an address and make it the content of an entry; a failure shows in the entry's status only.

    :param replace: the entry's present content is replaced.
    """
    try:
        return content_imported(sandbox, entry_id, fetch(sandbox, url, headers), replace=replace)
    except FetchError:
        return give_up(sandbox, entry_id)


def content_imported(sandbox: Sandbox, entry_id: str, spooled: Path, *, replace: bool = False) -> Document:
    """Make a file from an address the content of an entry; an empty one is a failed import.

    An entry that was deleted, or got its content from another attempt meanwhile, stays as it is.

    :param replace: the entry need not wait for an import.
    """
    path = keep(sandbox, entry_id, spooled, spooled.suffix)
    with sandbox.store.transaction():
        entry = entries(sandbox.store).get(entry_id)
        if entry is None:
            raise KeyError(entry_id)
        wanted = entry["status"] == IMPORT or (replace and entry["status"] != DELETED)
        if wanted and path.stat().st_size:
            return _attach_file(sandbox, entry, path, sourceType=_FROM_URL)
        path.unlink()
        return give_up(sandbox, entry_id) if wanted else entry


def keep(sandbox: Sandbox, entry_id: str, spooled: Path, suffix: str) -> Path:
    """Move a file from the spool to an entry's folder, under a name of its own."""
    target = sandbox.files.path("entry", entry_id, f"{secrets.token_hex(8)}{suffix}")
    os.replace(spooled, target)
    return target


def asset_resource_file(context: Context, entry_id: str, resource: ApiObject) -> Path:
    """Return a file in the entry's folder with the content of a resource that is no upload token."""
    if resource.is_a("KalturaUrlResource"):
        try:
            spooled = fetch(context.sandbox, resource.get("url", ""))
        except FetchError:
            raise fail("UPLOAD_ERROR") from None
        return keep(context.sandbox, entry_id, spooled, spooled.suffix)
    return _local_copy(context, entry_id, resource)


def _local_copy(context: Context, entry_id: str, resource: ApiObject) -> Path:
    """Return a file of its own with the content of a resource that is already here."""
    sandbox = context.sandbox
    original: Path | None = None
    if resource.is_a("KalturaStringResource"):
        spooled = sandbox.files.temporary()
        spooled.write_text(resource.get("content", ""), encoding="utf-8")
        return keep(sandbox, entry_id, spooled, ".txt")
    if resource.is_a("KalturaUploadedFileResource"):
        part = resource.get("fileData")
        if not isinstance(part, UploadedFile) or part.too_large:
            raise fail("UPLOAD_ERROR")
        return keep(sandbox, entry_id, part.path, PurePath(part.name).suffix.lower())
    if resource.is_a("KalturaAssetResource"):
        original = flavor_file(sandbox.files, find_flavor(context, resource.get("assetId", "")))
    elif resource.is_a("KalturaEntryResource"):
        original = content_file(sandbox, find_entry(context, resource.get("entryId", "")))
    if original is None:
        entries(context.store).update(entry_id, status=ERROR_IMPORTING, updatedAt=int(time.time()))
        raise fail("RESOURCE_TYPE_NOT_SUPPORTED", RES_TYPE=resource.kind.name)
    return keep(sandbox, entry_id, own_copy(sandbox, original), original.suffix)
