"""Service ``flavorAsset``."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..context import Context
from ..errors import fail
from ..listing import find_page
from ..query import equal
from ..registry import WIDGET, action, job, param
from ..schema import ApiObject, kaltura_type, prop, render, render_list
from ..store import Document
from .asset_content import entry_filter
from .downloads import flavor_url
from .entries import IMPORT, NO_CONTENT, editable_entry, entries, find_entry
from .entries_content import asset_resource_file, flavor_arrived
from .entries_convert import finish_rendition, make_ready, make_rendition
from .entries_replace import content_ready
from .flavor_asset import (
    CONVERTING,
    DELETED,
    ERROR,
    IMPORTING,
    QUEUED,
    READY,
    add_flavor,
    delete_flavor,
    describe_flavor,
    find_flavor,
    flavor_file,
    flavors,
    flavors_of,
    source_flavor,
)
from .flavor_params import FLAVOR_PARAMS, SOURCE, require_flavor_params
from .media_probe import probe
from .upload_content import consume_token

if TYPE_CHECKING:
    from ..sandbox import Sandbox

_TYPE = "KalturaFlavorAsset"
_DOWNLOAD_SESSION_SECONDS = 86_400

kaltura_type(
    "KalturaFlavorAssetWithParams", None,
    prop("flavorAsset", _TYPE), prop("flavorParams", "KalturaFlavorParams"), prop("entryId"),
)  # fmt: skip


def _answer(asset: Document) -> dict[str, Any]:
    return render(_TYPE, asset)


def _editable(context: Context, asset_id: str) -> Document:
    """Return a flavor asset whose entry the caller may change."""
    asset = find_flavor(context, asset_id)
    editable_entry(context, asset["entryId"])
    return asset


@action("flavorAsset", "add", param("entryId"), param("flavorAsset", _TYPE))
def add(context: Context, entry_id: str, flavor_asset: ApiObject) -> dict[str, Any]:
    """Add a flavor asset without a file."""
    entry = editable_entry(context, entry_id)
    flavor_asset.check_insert()
    params = require_flavor_params(flavor_asset.get("flavorParamsId", SOURCE))
    with context.store.transaction():
        if any(asset["flavorParamsId"] == params["id"] for asset in flavors_of(context.store, entry_id)):
            raise fail("FLAVOR_ASSET_ALREADY_EXISTS", ID=entry_id, FLAVOR_PARAMS_ID=params["id"])
        document = add_flavor(context.store, entry, params["id"], params["tags"])
        return _answer(flavors(context.store).update(document["id"], flavor_asset.apply_to))


@action("flavorAsset", "update", param("id"), param("flavorAsset", _TYPE))
def update(context: Context, id: str, flavor_asset: ApiObject) -> dict[str, Any]:
    """Change a flavor asset."""
    with context.store.transaction():
        _editable(context, id)
        flavor_asset.check_update()
        return _answer(flavors(context.store).update(id, flavor_asset.apply_to, updatedAt=int(time.time())))


@action("flavorAsset", "setContent", param("id"), param("contentResource", "KalturaContentResource"))
def set_content(context: Context, id: str, content_resource: ApiObject) -> dict[str, Any]:
    """Give a flavor asset its file; that of the source begins the conversion of its entry."""
    asset = _editable(context, id)
    path: Path | None
    if content_resource.is_a("KalturaUploadedFileTokenResource"):
        with context.store.transaction():
            path = consume_token(context, content_resource.get("token", ""), "flavorAsset", id)
            if path is None:
                return _answer(flavors(context.store).update(id, status=IMPORTING))
            flavor_arrived(context.sandbox, id, path)
    else:
        path = asset_resource_file(context, asset["entryId"], content_resource)
        try:
            with context.store.transaction():
                _editable(context, id)  # fetching may have taken long
                flavor_arrived(context.sandbox, id, path)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
    return _answer(find_flavor(context, id))


@action("flavorAsset", "get", param("id"), access=WIDGET)
def get(context: Context, id: str) -> dict[str, Any]:
    """Answer a flavor asset."""
    return _answer(find_flavor(context, id))


@action("flavorAsset", "getByEntryId", param("entryId"), access=WIDGET)
def get_by_entry_id(context: Context, entry_id: str) -> list[dict[str, Any]]:
    """Answer all flavor assets of an entry, the source first."""
    find_entry(context, entry_id)
    return [_answer(asset) for asset in flavors_of(context.store, entry_id)]


@action("flavorAsset", "getWebPlayableByEntryId", param("entryId"), access=WIDGET)
def get_web_playable(context: Context, entry_id: str) -> list[dict[str, Any]]:
    """Answer the finished flavor assets of an entry that browsers play."""
    find_entry(context, entry_id)
    found = flavors_of(context.store, entry_id)
    return [_answer(asset) for asset in found if asset["isWeb"] and asset["status"] == READY]


@action("flavorAsset", "getFlavorAssetsWithParams", param("entryId"))
def get_with_params(context: Context, entry_id: str) -> list[dict[str, Any]]:
    """Answer every kind of rendition with the entry's flavor asset of it, if there is one."""
    find_entry(context, entry_id)
    by_params = {asset["flavorParamsId"]: asset for asset in flavors_of(context.store, entry_id)}
    pairs = []
    for params_id, params in FLAVOR_PARAMS.items():
        asset = by_params.get(params_id)
        flavor = {**asset, "objectType": _TYPE} if asset is not None else None
        document = {"flavorAsset": flavor, "flavorParams": {**params, "objectType": "KalturaFlavorParams"}}
        pairs.append(render("KalturaFlavorAssetWithParams", {**document, "entryId": entry_id}))
    return pairs


@action(
    "flavorAsset", "list",
    param("filter", "KalturaFlavorAssetFilter", None), param("pager", "KalturaFilterPager", None), access=WIDGET,
)  # fmt: skip
def list_flavors(context: Context, filter: ApiObject | None, pager: ApiObject | None) -> dict[str, Any]:
    """List the flavor assets of the entries the filter names."""
    base = entry_filter(context, filter, "KalturaFlavorAssetFilter") & ~equal("status", DELETED)
    found, total = find_page(
        flavors(context.store), filter, pager, base=base, order_fields=("createdAt", "updatedAt", "size", "deletedAt")
    )
    return render_list("KalturaFlavorAssetListResponse", [_answer(each) for each in found], total)


@action(
    "flavorAsset", "getUrl",
    param("id"), param("storageId", "int", None), param("forceProxy", "bool", False), param("options", "raw", None),
    access=WIDGET,
)  # fmt: skip
def get_url(context: Context, id: str, storage_id: int | None, force_proxy: bool, options: Any) -> str:
    """Answer the address of a flavor's file."""
    asset = _finished(context, id)
    return flavor_url(context.base_url, find_entry(context, asset["entryId"]), asset, save=True)


@action("flavorAsset", "getDownloadUrl", param("id"), param("useCdn", "bool", False))
def get_download_url(context: Context, id: str, use_cdn: bool) -> str:
    """Answer an address that saves a flavor's file; it holds a session of a day for that alone."""
    asset = _finished(context, id)
    entry_id, partner = asset["entryId"], asset["partnerId"]
    until = int(time.time()) + _DOWNLOAD_SESSION_SECONDS
    ks = context.sandbox.sessions.issue(partner, context.user_id, 0, until, f"download:{entry_id}")
    return f"{context.base_url}/p/{partner}/sp/{partner}00/download/entry_id/{entry_id}/flavor/{id}/ks/{ks}"


def _finished(context: Context, asset_id: str) -> Document:
    asset = find_flavor(context, asset_id)
    if asset["status"] != READY:
        raise fail("FLAVOR_ASSET_IS_NOT_READY", ID=asset_id)
    return asset


@action("flavorAsset", "delete", param("id"))
def delete(context: Context, id: str) -> None:
    """Delete a flavor asset; its entry stays as it is."""
    delete_flavor(context.sandbox, _editable(context, id))


@action("flavorAsset", "convert", param("entryId"), param("flavorParamsId", "int"), param("priority", "int", 0))
def convert(context: Context, entry_id: str, flavor_params_id: int, priority: int) -> None:
    """Make a rendition of an entry's source."""
    entry = editable_entry(context, entry_id)
    params = require_flavor_params(flavor_params_id)
    source = source_flavor(context.store, entry_id)
    if source is None or source["status"] != READY:
        raise fail("ORIGINAL_FLAVOR_ASSET_IS_MISSING")
    with context.store.transaction():
        for asset in flavors_of(context.store, entry_id):
            if asset["flavorParamsId"] == flavor_params_id and not asset["isOriginal"]:
                delete_flavor(context.sandbox, asset)
        made = add_flavor(context.store, entry, flavor_params_id, params["tags"], status=CONVERTING)
        _schedule(context, made["id"])


@action("flavorAsset", "reconvert", param("id"))
def reconvert(context: Context, id: str) -> None:
    """Make a rendition again."""
    asset = _editable(context, id)
    with context.store.transaction():
        flavors(context.store).update(asset["id"], status=CONVERTING)
        _schedule(context, id)


def _schedule(context: Context, asset_id: str) -> None:
    context.jobs.schedule("flavor.convert", {"id": asset_id}, context.settings.conversion_seconds)


@job("flavor.describe")
def describe(sandbox: Sandbox, payload: dict[str, Any]) -> None:
    """Look into a file that came as a finished rendition; an entry without a source is READY with it."""
    asset = flavors(sandbox.store).get(payload["id"])
    path = flavor_file(sandbox.files, asset) if asset is not None else None
    if asset is None or path is None or asset["status"] != QUEUED:
        return
    info = probe(path)
    with sandbox.store.transaction():
        asset = flavors(sandbox.store).get(payload["id"])
        if asset is None or asset["status"] != QUEUED:  # deleted, or replaced, meanwhile
            return
        describe_flavor(sandbox.store, asset, info, READY if info is not None else ERROR)
        entry = entries(sandbox.store).get(asset["entryId"])
        if info is None or entry is None or entry["status"] not in {NO_CONTENT, IMPORT}:
            return
        if source_flavor(sandbox.store, entry["id"]) is None:  # otherwise the entry waits for its source
            make_ready(sandbox, entry["id"], info)
            content_ready(sandbox, entry["id"])


@job("flavor.convert")
def run_conversion(sandbox: Sandbox, payload: dict[str, Any]) -> None:
    """Make the file of one rendition."""
    asset = flavors(sandbox.store).get(payload["id"])
    if asset is None or asset["status"] != CONVERTING:
        return
    source = source_flavor(sandbox.store, asset["entryId"])
    path = flavor_file(sandbox.files, source) if source is not None else None
    made = make_rendition(sandbox, asset, path, probe(path)) if path is not None else None
    with sandbox.store.transaction():
        finish_rendition(sandbox, asset, made)
