"""What captions, thumbnails and attachments share: small files that hang on an entry."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import fail, register_error
from ..ids import short_id
from ..inputs import UploadedFile
from ..query import Where, equal, one_of
from ..schema import ApiObject
from .entries import DELETED as ENTRY_DELETED
from .entries import entries, relative_path, remove_file_later
from .upload_content import consume_token
from .upload_fetch import fetch, suffix_of

if TYPE_CHECKING:
    from ..context import Context
    from ..sandbox import Sandbox
    from ..store import Collection, Document

# Values of an asset's status.
ERROR = -1
QUEUED = 0
READY = 2
IMPORTING = 7

_FIRST_VERSION = 2
_VERSION_STEP = 10
_SESSION_SECONDS = 86_400

register_error("ASSET_CONTENT_IS_MISSING", "The resource has no content")


def new_asset(entry: Document, **values: Any) -> Document:
    """Return a fresh asset of an entry without content, not stored yet."""
    now = int(time.time())
    return {
        "id": short_id(), "entryId": entry["id"], "partnerId": entry["partnerId"], "size": 0, "tags": "",
        "createdAt": now, "updatedAt": now, "sizeInBytes": 0, "status": QUEUED, **values,
    }  # fmt: skip


def take_content(context: Context, resource: ApiObject, object_type: str, asset_id: str) -> tuple[Path, str] | None:
    """Bring the content of a resource into a file of its own.

    Call it inside the transaction that changes the asset. Links are not followed here.

    :param resource: a string, an upload token or an uploaded file.
    :param object_type: Kaltura's word for the asset, for a token that is still waiting for its bytes.
    :param asset_id: the asset.
    :return: a file in the spool and the name it came with; None when a token is still to be filled.
    :raises ApiError: the resource names no content or is of a kind that assets do not take.
    """
    if resource.is_a("KalturaStringResource"):
        path = context.files.temporary()
        path.write_text(resource.get("content", ""), encoding="utf-8")
        return path, ""
    if resource.is_a("KalturaUploadedFileTokenResource"):
        resource.require("token")
        source = consume_token(context, resource["token"], object_type, asset_id)
        return None if source is None else (own_copy(context.sandbox, source), source.name)
    if resource.is_a("KalturaUploadedFileResource"):
        uploaded = resource.get("fileData")
        if not isinstance(uploaded, UploadedFile):
            raise fail("ASSET_CONTENT_IS_MISSING")
        return uploaded_copy(context.sandbox, uploaded), uploaded.name
    raise fail("RESOURCE_TYPE_NOT_SUPPORTED", RES_TYPE=resource.kind.name)


def fetch_content(context: Context, resource: ApiObject) -> tuple[Path, str] | None:
    """Load what the address of a URL resource names; call it outside of transactions.

    :return: a file in the spool and a name with its extension; None for resources of other kinds.
    :raises FetchError: the address gives no content.
    """
    if not resource.is_a("KalturaUrlResource"):
        return None
    resource.require("url")
    return fetch(context.sandbox, resource["url"]), f"file{suffix_of(resource['url'])}"


def uploaded_copy(sandbox: Sandbox, uploaded: UploadedFile) -> Path:
    """Return a file of a request as one in the spool that outlives the request.

    :raises ApiError: ``UPLOAD_ERROR``, for a file above the limit, whose end is missing.
    """
    if uploaded.too_large:
        raise fail("UPLOAD_ERROR")
    return own_copy(sandbox, uploaded.path)


def own_copy(sandbox: Sandbox, source: Path) -> Path:
    """Return a second name for a file, in the spool; the first one may go."""
    target = sandbox.files.temporary()
    target.unlink()
    try:
        os.link(source, target)
    except OSError:  # the file system knows no second names
        shutil.copyfile(source, target)
    return target


def set_content(
    sandbox: Sandbox, assets: Collection, asset_id: str, path: Path, extension: str, **values: Any
) -> Document:
    """Give an asset its content and make it READY; call it inside a transaction.

    :param assets: where the asset is kept.
    :param path: a file in the spool; it is moved.
    :param extension: of the file's name, without the dot.
    :param values: more properties to set.
    :raises KeyError: the asset is gone.
    """
    asset = assets.get(asset_id)
    if asset is None:
        raise KeyError(asset_id)
    version = int(asset["version"]) + _VERSION_STEP if "version" in asset else _FIRST_VERSION
    size = path.stat().st_size
    target = sandbox.files.path(assets.name, asset_id, f"{version}.{extension or 'bin'}")
    path.replace(target)
    remove_file_later(sandbox, asset.get("contentPath"))
    return assets.update(
        asset_id, version=str(version), size=size, sizeInBytes=str(size) if size else 0, status=READY,
        fileExt=extension or None, contentPath=relative_path(sandbox, target), updatedAt=int(time.time()), **values,
    )  # fmt: skip


def content_path(sandbox: Sandbox, asset: Document) -> Path | None:
    """Return the file of an asset, or None."""
    path = sandbox.files.root / asset["contentPath"] if asset.get("contentPath") else None
    return path if path is not None and path.is_file() else None


def serve_url(context: Context, service: str, parameter: str, asset: Document) -> str:
    """Return the address that serves an asset; it holds a session of a day for nothing but reading."""
    ks = context.sandbox.sessions.issue(
        asset["partnerId"], context.user_id, 0, int(time.time()) + _SESSION_SECONDS, f"download:{asset['id']}"
    )
    return (
        f"{context.base_url}/api_v3/index.php/service/{service}/action/serve/{parameter}/{asset['id']}"
        f"/v/{asset.get('version', 0)}/ks/{ks}"
    )


def entry_filter(context: Context, filter: ApiObject | None, type_name: str) -> Where:
    """Return the condition that an asset belongs to the entries a filter names, as far as they are live.

    :raises ApiError: the filter names none; Kaltura lists assets by entry only.
    """
    wanted: list[str] = []
    if filter is not None:
        single, several = filter.get("entryIdEqual"), filter.get("entryIdIn")
        wanted = [single] if single else [part.strip() for part in (several or "").split(",") if part.strip()]
    if not wanted:
        names = f"{type_name}::entryIdEqual/{type_name}::entryIdIn"
        raise fail("PROPERTY_VALIDATION_CANNOT_BE_NULL", PROP_NAME=names)
    found = entries(context.store)
    live = []
    for entry_id in wanted:
        entry = found.get(entry_id, context.partner_id)
        if entry is not None and entry["status"] != ENTRY_DELETED:
            live.append(entry_id)
    return one_of("entryId", live)


def delete_asset(sandbox: Sandbox, assets: Collection, asset: Document) -> None:
    """Remove an asset; its file goes a little later. Call it inside a transaction."""
    assets.delete(asset["id"])
    remove_file_later(sandbox, asset.get("contentPath"))


def delete_assets_of(sandbox: Sandbox, assets: Collection, entry: Document) -> None:
    """Remove all assets of an entry; call it inside a transaction."""
    for asset in assets.find(equal("entryId", entry["id"])):
        delete_asset(sandbox, assets, asset)
