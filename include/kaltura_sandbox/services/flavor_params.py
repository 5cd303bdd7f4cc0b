"""Service ``flavorParams``: the kinds of renditions. Here there are the source and one for the web."""

from __future__ import annotations

from typing import Any

from ..context import Context
from ..errors import fail
from ..registry import action, param
from ..schema import ApiObject, kaltura_type, list_type, prop, props, render, render_list

SOURCE = 0
WEB = 2

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
FLAVOR_PARAMS: dict[int, dict[str, Any]] = {
    SOURCE: {
        "id": SOURCE, "partnerId": 0, "name": "Source", "systemName": "Source", "description": "The original file",
        "createdAt": _CREATED_AT, "isSystemDefault": 1, "tags": "source", "format": "", "videoBitrate": 0,
        "audioBitrate": 0, "width": 0, "height": 0,
    },
    WEB: {
        "id": WEB, "partnerId": 0, "name": "Basic/Small - WEB/MBL (H264/400)", "systemName": "Basic_Small",
        "description": "Plays in every browser", "createdAt": _CREATED_AT, "isSystemDefault": 1,
        "tags": "mobile,web,mbr,iphone,ipad", "format": "mp4", "videoCodec": "h264b", "audioCodec": "aac",
        "videoBitrate": 400, "audioBitrate": 64, "width": 0, "height": 288,
    },
}  # fmt: skip


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
