"""Service ``flavorParams``: the kinds of renditions. Here there are the source and some for the web."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..context import Context
from ..errors import fail
from ..registry import action, param
from ..schema import ApiObject, kaltura_type, list_type, prop, props, render, render_list

SOURCE = 0
WEB = 2

# Where a rendition comes from: made of the source; sent in. A third way, 2, is made unless it was sent in.
CONVERT = 0
INGEST = 1

# Whether the entry waits for it: does not; any one of these will do.
_NO_IMPACT = 0
_OPTIONAL = 2

kaltura_type(
    "KalturaAssetParams", None,
    *props("int", "id partnerId", read_only=True), *props("string", "name systemName description"),
    prop("createdAt", "time", read_only=True), prop("isSystemDefault", "int", read_only=True), prop("tags"),
)  # fmt: skip
kaltura_type(
    "KalturaFlavorParams", "KalturaAssetParams",
    *props("string", "videoCodec audioCodec format"), *props("int", "videoBitrate audioBitrate width height"),
)  # fmt: skip
kaltura_type("KalturaFlavorParamsFilter", "KalturaFilter", prop("idIn"), prop("systemNameEqual"))
list_type("KalturaFlavorParamsListResponse", "KalturaFlavorParams")

_CREATED_AT = 1_200_000_000


def _web(params_id: int, name: str, height: int, kilobits: int, tags: str) -> dict[str, Any]:
    return {
        "id": params_id, "partnerId": 0, "name": name, "systemName": name, "description": name,
        "createdAt": _CREATED_AT, "isSystemDefault": 1, "tags": tags, "format": "mp4", "videoCodec": "h264b",
        "audioCodec": "aac", "videoBitrate": kilobits, "audioBitrate": 64, "width": 0, "height": height,
    }  # fmt: skip


FLAVOR_PARAMS: dict[int, dict[str, Any]] = {
    SOURCE: {
        "id": SOURCE, "partnerId": 0, "name": "Source", "systemName": "Source", "description": "The original file",
        "createdAt": _CREATED_AT, "isSystemDefault": 1, "tags": "source", "format": "", "videoBitrate": 0,
        "audioBitrate": 0, "width": 0, "height": 0,
    },
    WEB: _web(WEB, "Basic/Small - WEB/MBL (H264/400)", 360, 400, "mobile,web,mbr,iphone,ipad"),
    4: _web(4, "SD/Small - WEB/MBL (H264/900)", 540, 900, "mobile,web,mbr,ipad,iphone"),
    6: _web(6, "HD/720 - WEB (H264/2500)", 720, 2500, "web,mbr"),
    7: _web(7, "HD/1080 - WEB (H264/4000)", 1080, 4000, "web,mbr"),
}  # fmt: skip


def profile_params(profile: Mapping[str, Any]) -> dict[int, dict[str, Any]]:
    """Return the kinds of renditions of a conversion profile by id: what they are called there and come from."""
    ids = {part.strip() for part in str(profile.get("flavorParamsIds") or "").split(",")}
    own = profile.get("ownAssetParams") or {}
    return {
        params_id: {
            "systemName": params["systemName"],
            "readyBehavior": _NO_IMPACT if params_id == SOURCE else _OPTIONAL,
            "origin": INGEST if params_id == SOURCE else CONVERT,
            **own.get(str(params_id), {}),
        }
        for params_id, params in FLAVOR_PARAMS.items()
        if str(params_id) in ids
    }


def require_flavor_params(flavor_params_id: int) -> dict[str, Any]:
    """Return a kind of rendition.

    :raises ApiError: ``FLAVOR_PARAMS_ID_NOT_FOUND``.
    """
    if flavor_params_id not in FLAVOR_PARAMS:
        raise fail("FLAVOR_PARAMS_ID_NOT_FOUND", ID=flavor_params_id)
    return FLAVOR_PARAMS[flavor_params_id]


@action("flavorParams", "get", param("id", "int"))
def get(context: Context, id: int) -> dict[str, Any]:
    """Answer a kind of rendition."""
    return render("KalturaFlavorParams", require_flavor_params(id))


@action(
    "flavorParams", "list",
    param("filter", "KalturaFlavorParamsFilter", None), param("pager", "KalturaFilterPager", None),
)  # fmt: skip
def list_params(context: Context, filter: ApiObject | None, pager: ApiObject | None) -> dict[str, Any]:
    """List the kinds of renditions, the same for every account."""
    found = [render("KalturaFlavorParams", each) for each in FLAVOR_PARAMS.values()]
    if filter is not None and filter.get("idIn"):
        wanted = {part.strip() for part in filter["idIn"].split(",")}
        found = [each for each in found if str(each["id"]) in wanted]
    if filter is not None and filter.get("systemNameEqual"):
        found = [each for each in found if each["systemName"] == filter["systemNameEqual"]]
    return render_list("KalturaFlavorParamsListResponse", found, len(found))
