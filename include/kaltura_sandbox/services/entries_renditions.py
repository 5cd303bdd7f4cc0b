"""Giving an entry several files at once: its source and finished renditions of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import fail
from ..schema import ApiObject
from .entries import NO_CONTENT, entries, is_audio_or_video
from .entries_content import FROM_FILE, asset_resource_file, flavor_arrived, open_entry, wait_for_bytes
from .flavor_asset import IMPORTING, add_flavor, flavors, flavors_of
from .flavor_params import SOURCE, require_flavor_params
from .upload_content import consume_token, find_token

if TYPE_CHECKING:
    from ..context import Context
    from ..store import Document

_UPLOAD = "KalturaUploadedFileTokenResource"


def attach_renditions(context: Context, entry_id: str, resource: ApiObject, *, replace: bool) -> Document:
    """Give an entry the files of a ``KalturaAssetsParamsResourceContainers``, or of one container alone.

    All of them or none: with Kaltura itself those before an unknown kind of rendition stay attached.

    :param replace: the entry need not be without content.
    :raises ApiError: ``RESOURCE_TYPE_NOT_SUPPORTED`` for what is no audio or video, ``FLAVOR_PARAMS_ID_NOT_FOUND``, or
        a refusal of one of the resources.
    """
    containers = _containers(resource)
    for token_id in _token_ids(containers):
        find_token(context, token_id)
    paths = _fetch(context, entry_id, containers)
    try:
        with context.store.transaction():
            first = next(_token_ids(containers), None)
            file_name = (find_token(context, first).get("fileName") or "") if first else ""
            entry = open_entry(context, entry_id, file_name, replace=replace)
            if not is_audio_or_video(entry):
                # The name of the class within Kaltura, not of that in its API.
                raise fail("RESOURCE_TYPE_NOT_SUPPORTED", RES_TYPE=resource.kind.name.replace("Kaltura", "k", 1))
            wanted = [(require_flavor_params(each["assetParamsId"]), each["resource"]) for each in containers]
            # The source first: a rendition alone would make the entry READY.
            for params, each in sorted(wanted, key=lambda pair: pair[0]["id"] != SOURCE):
                _attach(context, entry_id, params["id"], params["tags"], each, paths.get(id(each)))
            return entries(context.store).update(entry_id, sourceType=FROM_FILE, updatedAt=int(time.time()))
    except BaseException:
        for path in paths.values():
            path.unlink(missing_ok=True)
        raise


def _containers(resource: ApiObject) -> list[ApiObject]:
    containers = [resource]
    if resource.is_a("KalturaAssetsParamsResourceContainers"):
        resource.require("resources")
        containers = resource["resources"]
    for each in containers:
        each.require("resource", "assetParamsId")
    return containers


def _token_ids(containers: list[ApiObject]) -> Iterator[str]:
    for each in containers:
        if each["resource"].is_a(_UPLOAD):
            yield each["resource"].get("token", "")


def _fetch(context: Context, entry_id: str, containers: list[ApiObject]) -> dict[int, Path]:
    """Return the files of what is no upload, which may take a while, by the identity of their resource."""
    return {
        id(each["resource"]): asset_resource_file(context, entry_id, each["resource"])
        for each in containers
        if not each["resource"].is_a(_UPLOAD)
    }


def _attach(context: Context, entry_id: str, params_id: int, tags: str, resource: ApiObject, path: Path | None) -> None:
    store = context.store
    entry = entries(store).get(entry_id)
    if entry is None:
        raise KeyError(entry_id)
    asset = next((each for each in flavors_of(store, entry_id) if each["flavorParamsId"] == params_id), None)
    asset = asset or add_flavor(store, entry, params_id, tags)
    if path is None:
        path = consume_token(context, resource.get("token", ""), "flavorAsset", asset["id"])
    if path is None:
        flavors(store).update(asset["id"], status=IMPORTING)
        if entry["status"] == NO_CONTENT:
            wait_for_bytes(context.sandbox, entry, FROM_FILE)
        return
    if path.stat().st_size == 0:
        raise fail("FILE_CONTENT_NOT_SECURE")
    flavor_arrived(context.sandbox, asset["id"], path)
