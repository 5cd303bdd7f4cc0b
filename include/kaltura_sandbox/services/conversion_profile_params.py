"""Service ``conversionProfileAssetParams``: what renditions a conversion profile has, and where each comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..context import Context
from ..errors import fail, register_error
from ..listing import page_bounds, split_list
from ..query import equal
from ..registry import ADMIN, action, param
from ..schema import ApiObject, kaltura_type, list_type, prop, props, render, render_list
from .conversion_profile import conversion_profiles, require_conversion_profile
from .flavor_params import FLAVOR_PARAMS, profile_params

if TYPE_CHECKING:
    from ..store import Document

_TYPE = "KalturaConversionProfileAssetParams"
_MANY = 500

register_error(
    "CONVERSION_PROFILE_ASSET_PARAMS_NOT_FOUND",
    'Conversion profile id "@PROFILE_ID@" asset params id "@PARAMS_ID@" not found',
)
kaltura_type(
    _TYPE, None,
    *props("int", "conversionProfileId assetParamsId", read_only=True), *props("int", "readyBehavior origin"),
    prop("systemName"), *props("int", "forceNoneComplied deletePolicy"),
)  # fmt: skip
kaltura_type(
    "KalturaConversionProfileAssetParamsFilter", "KalturaFilter",
    *props("int", "conversionProfileIdEqual assetParamsIdEqual originEqual"),
    *props("string", "conversionProfileIdIn assetParamsIdIn originIn systemNameEqual systemNameIn"),
)  # fmt: skip
list_type("KalturaConversionProfileAssetParamsListResponse", _TYPE)


def _rows(profile: Document) -> list[dict[str, Any]]:
    return [
        {
            "conversionProfileId": profile["id"], "assetParamsId": params_id, "systemName": params["systemName"],
            "readyBehavior": params["readyBehavior"], "origin": params["origin"], "forceNoneComplied": 0,
            "deletePolicy": 0,
        }
        for params_id, params in profile_params(profile).items()
    ]  # fmt: skip


def _matches(row: dict[str, Any], filter: ApiObject) -> bool:
    for name in ("conversionProfileId", "assetParamsId", "origin", "systemName"):
        value = filter.get(f"{name}Equal")
        if value is not None and row[name] != value:
            return False
        values = filter.get(f"{name}In")
        if values and str(row[name]) not in split_list(values, _MANY):
            return False
    return True


@action(
    "conversionProfileAssetParams", "list",
    param("filter", "KalturaConversionProfileAssetParamsFilter", None), param("pager", "KalturaFilterPager", None),
    access=ADMIN,
)  # fmt: skip
def list_asset_params(context: Context, filter: ApiObject | None, pager: ApiObject | None) -> dict[str, Any]:
    """List the kinds of renditions of the account's profiles."""
    profiles = conversion_profiles(context.store).find(equal("partnerId", context.partner_id))
    rows = [row for profile in profiles for row in _rows(profile) if filter is None or _matches(row, filter)]
    size, index = page_bounds(pager)
    page = rows if size is None else rows[size * (index - 1) : size * index]
    answers = [render(_TYPE, row) for row in page]
    return render_list("KalturaConversionProfileAssetParamsListResponse", answers, len(rows))


@action(
    "conversionProfileAssetParams", "update",
    param("conversionProfileId", "int"), param("assetParamsId", "int"), param("conversionProfileAssetParams", _TYPE),
    access=ADMIN,
)  # fmt: skip
def update(
    context: Context, conversion_profile_id: int, asset_params_id: int, conversion_profile_asset_params: ApiObject
) -> dict[str, Any]:
    """Say for a profile where a kind of rendition comes from, and whether it must be READY."""
    conversion_profile_asset_params.check_update()
    with context.store.transaction():
        profile = require_conversion_profile(context, conversion_profile_id)
        if asset_params_id not in FLAVOR_PARAMS or asset_params_id not in profile_params(profile):
            raise fail(
                "CONVERSION_PROFILE_ASSET_PARAMS_NOT_FOUND", PROFILE_ID=conversion_profile_id, PARAMS_ID=asset_params_id
            )
        own = dict(profile.get("ownAssetParams") or {})
        changed = dict(own.get(str(asset_params_id)) or {})
        conversion_profile_asset_params.apply_to(changed)
        changed.pop("objectType", None)
        profile = conversion_profiles(context.store).update(
            conversion_profile_id, ownAssetParams={**own, str(asset_params_id): changed}
        )
        return render(_TYPE, next(row for row in _rows(profile) if row["assetParamsId"] == asset_params_id))
