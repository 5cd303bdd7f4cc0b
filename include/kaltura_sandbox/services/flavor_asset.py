"""Flavor assets: the source file of an audio or video entry and what was converted from it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import fail, register_error
from ..ids import short_id
from ..query import equal
from ..schema import int_enum, kaltura_type, list_type, prop, props
from .entries import relative_path, remove_file_later

if TYPE_CHECKING:
    from ..context import Context
    from ..files import Files
    from ..sandbox import Sandbox
    from ..store import Collection, Document, Store
    from .media_probe import MediaInfo

# Values of a flavor asset's status.
ERROR = -1
QUEUED = 0
CONVERTING = 1
READY = 2
DELETED = 3
IMPORTING = 7

_FIRST_VERSION = "2"
_BYTES_PER_KILOBYTE = 1024

register_error(
    "FLAVOR_ASSET_ALREADY_EXISTS", 'Flavor asset for entry "@ID@" already exists for flavor params "@FLAVOR_PARAMS_ID@"'
)
register_error("FLAVOR_ASSET_IS_NOT_READY", "The flavor asset is not ready")
register_error("ORIGINAL_FLAVOR_ASSET_IS_MISSING", "The original flavor asset is missing")

int_enum("KalturaFlavorAssetStatus")
kaltura_type(
    "KalturaAsset", None,
    *props("string", "id entryId", read_only=True), prop("partnerId", "int", read_only=True),
    prop("version", read_only=True), prop("size", "int", read_only=True), prop("tags"),
    prop("fileExt", insert_only=True), *props("time", "createdAt updatedAt deletedAt", read_only=True),
    prop("description", read_only=True), *props("string", "partnerData partnerDescription"),
    prop("actualSourceAssetParamsIds"), prop("sizeInBytes", "raw", read_only=True),
)  # fmt: skip
kaltura_type(
    "KalturaFlavorAsset", "KalturaAsset",
    prop("flavorParamsId", "int", insert_only=True), *props("int", "width height bitrate", read_only=True),
    prop("frameRate", "float", read_only=True), *props("bool", "isOriginal isWeb", read_only=True),
    *props("string", "containerFormat videoCodecId", read_only=True),
    prop("status", "KalturaFlavorAssetStatus", read_only=True), *props("string", "language label"),
    prop("isDefault", "bool"),
)  # fmt: skip
kaltura_type(
    "KalturaAssetFilter", "KalturaFilter",
    *props("string", "idEqual idIn entryIdEqual entryIdIn tagsLike tagsMultiLikeOr tagsMultiLikeAnd"),
    prop("sizeGreaterThanOrEqual", "int"), prop("sizeLessThanOrEqual", "int"),
    *props("time", "createdAtGreaterThanOrEqual createdAtLessThanOrEqual"),
    *props("time", "updatedAtGreaterThanOrEqual updatedAtLessThanOrEqual"),
)  # fmt: skip
# Kaltura declares flavorParamsIdEqual and flavorParamsIdIn too, but its list pays no attention to them.
kaltura_type(
    "KalturaFlavorAssetFilter", "KalturaAssetFilter",
    prop("statusEqual", "KalturaFlavorAssetStatus"), *props("string", "statusIn statusNotIn"),
)  # fmt: skip
list_type("KalturaFlavorAssetListResponse", "KalturaFlavorAsset")


def flavors(store: Store) -> Collection:
    """Return the flavor assets of all entries, deleted ones too."""
    return store.collection("flavorAsset", "entryId")


def flavors_of(store: Store, entry_id: str) -> list[Document]:
    """Return the live flavor assets of an entry, the source first."""
    found = flavors(store).find(equal("entryId", entry_id) & ~equal("status", DELETED))
    return sorted(found, key=lambda asset: not asset["isOriginal"])


def source_flavor(store: Store, entry_id: str) -> Document | None:
    """Return the source of an entry, or None."""
    return next((asset for asset in flavors_of(store, entry_id) if asset["isOriginal"]), None)


def flavor_file(files: Files, asset: Document) -> Path | None:
    """Return the file of a flavor asset, or None."""
    path = files.root / asset["contentPath"] if asset.get("contentPath") else None
    return path if path is not None and path.exists() else None


def find_flavor(context: Context, asset_id: str) -> Document:
    """Return a flavor asset of the account.

    :raises ApiError: ``FLAVOR_ASSET_ID_NOT_FOUND``.
    """
    found = flavors(context.store).get(asset_id, context.partner_id or None)
    if found is None or found["status"] == DELETED:
        raise fail("FLAVOR_ASSET_ID_NOT_FOUND", ID=asset_id)
    return found


def add_flavor(store: Store, entry: Document, flavor_params_id: int, tags: str, **values: Any) -> Document:
    """Store a new flavor asset without a file.

    :param values: what differs from the defaults.
    """
    now = int(time.time())
    return flavors(store).insert({
        "id": short_id(), "entryId": entry["id"], "partnerId": entry["partnerId"], "size": 0, "tags": tags,
        "createdAt": now, "updatedAt": now, "sizeInBytes": 0, "flavorParamsId": flavor_params_id, "width": 0,
        "height": 0, "bitrate": 0, "frameRate": 0, "isOriginal": flavor_params_id == 0, "isWeb": False,
        "containerFormat": "", "videoCodecId": "", "status": QUEUED, "isDefault": False, **values,
    })  # fmt: skip


def set_flavor_file(sandbox: Sandbox, asset: Document, path: Path, **values: Any) -> Document:
    """Give a flavor asset its file; call it inside the transaction that changes the entry.

    :param path: below the data directory, stays where it is.
    :param values: more properties to set.
    """
    kept = relative_path(sandbox, path)
    if asset.get("contentPath") != kept:  # a rendition that is made again lies where the earlier one did
        remove_file_later(sandbox, asset.get("contentPath"))
    size = path.stat().st_size
    return flavors(sandbox.store).update(
        asset["id"], contentPath=kept, version=_next_version(asset), size=size,
        sizeInBytes=str(size), fileExt=path.suffix.lstrip("."), description="", updatedAt=int(time.time()), **values,
    )  # fmt: skip


def _next_version(asset: Document) -> str:
    return str(int(asset["version"]) + 10) if asset.get("version") else _FIRST_VERSION


def describe_flavor(store: Store, asset: Document, info: MediaInfo | None, status: int, **values: Any) -> Document:
    """Write down what is inside the file of a flavor asset."""
    facts: dict[str, Any] = {}
    if info is not None:
        tags = [tag for tag in asset["tags"].split(",") if tag and tag != "web"] + (["web"] if info.is_web else [])
        facts = {
            "width": info.width, "height": info.height, "bitrate": info.bitrate, "frameRate": info.frame_rate,
            "isWeb": info.is_web, "containerFormat": info.container, "videoCodecId": info.video_codec,
            "language": "Undefined", "tags": ",".join(tags),
        }  # fmt: skip
    return flavors(store).update(
        asset["id"], status=status, size=int(asset["sizeInBytes"]) // _BYTES_PER_KILOBYTE,
        updatedAt=int(time.time()), **{**facts, **values},
    )  # fmt: skip


def delete_flavor(sandbox: Sandbox, asset: Document) -> None:
    """Mark a flavor asset as deleted; its file goes a little later."""
    now = int(time.time())
    with sandbox.store.transaction():
        flavors(sandbox.store).update(asset["id"], status=DELETED, updatedAt=now, deletedAt=now)
        remove_file_later(sandbox, asset.get("contentPath"))
