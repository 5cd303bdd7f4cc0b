"""Service ``conversionProfile``: how uploaded media is turned into renditions. Every account has a default one."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from ..context import Context
from ..errors import fail, register_error
from ..listing import find_page
from ..query import equal
from ..registry import ADMIN, action, on_start, param
from ..schema import ApiObject, kaltura_type, list_type, prop, props, render, render_list, string_enum
from ..store import Collection, Document, Store
from .partner_profiles import check_system_name, keep_one_default

if TYPE_CHECKING:
    from ..sandbox import Sandbox

_ENABLED = "2"
_MEDIA = "1"
# The source as it is, and one rendition for the web.
_DEFAULT_FLAVORS = "0,2"
_FIRST_ID = 21

register_error("CANNOT_DELETE_DEFAULT_CONVERSION_PROFILE", "The default conversion profile cannot be deleted")
string_enum("KalturaConversionProfileStatus", "1", "2", "3")
string_enum("KalturaConversionProfileType", "1", "2")
kaltura_type("KalturaCropDimensions", None, *props("int", "left top width height"))
kaltura_type(
    "KalturaConversionProfile", None,
    *props("int", "id partnerId", read_only=True), prop("status", "KalturaConversionProfileStatus"),
    prop("type", "KalturaConversionProfileType", insert_only=True), prop("name", min_length=1),
    *props("string", "systemName tags description defaultEntryId"), prop("createdAt", "time", read_only=True),
    prop("flavorParamsIds"), prop("isDefault", "bool"), prop("isPartnerDefault", "bool", read_only=True),
    prop("cropDimensions", "KalturaCropDimensions"), *props("int", "clipStart clipDuration"),
    prop("xslTransformation"), prop("storageProfileId", "int"), prop("mediaParserType"),
    prop("calculateComplexity", "int"), prop("collectionTags"),
)  # fmt: skip
kaltura_type(
    "KalturaConversionProfileFilter", "KalturaFilter",
    prop("idEqual", "int"), prop("idIn"), prop("statusEqual", "KalturaConversionProfileStatus"), prop("statusIn"),
    prop("typeEqual", "KalturaConversionProfileType"), prop("typeIn"),
    *props("string", "nameEqual systemNameEqual systemNameIn tagsMultiLikeOr tagsMultiLikeAnd"),
    *props("string", "defaultEntryIdEqual defaultEntryIdIn"),
)  # fmt: skip
list_type("KalturaConversionProfileListResponse", "KalturaConversionProfile")


def conversion_profiles(store: Store) -> Collection:
    """Return the profiles of all accounts."""
    return store.collection("conversionProfile", "isDefault")


def default_conversion_profile(store: Store, partner_id: int) -> Document:
    """Return the profile for content that names none."""
    found = conversion_profiles(store).first(equal("partnerId", partner_id) & equal("isDefault", True))
    if found is None:
        raise LookupError(f"account {partner_id} has no default conversion profile")
    return found


def require_conversion_profile(context: Context, profile_id: int) -> Document:
    """Return a profile of the account.

    :raises ApiError: ``CONVERSION_PROFILE_ID_NOT_FOUND``.
    """
    found = conversion_profiles(context.store).get(profile_id, context.partner_id)
    if found is None:
        raise fail("CONVERSION_PROFILE_ID_NOT_FOUND", ID=profile_id)
    return found


@on_start
def make_default(sandbox: Sandbox, partner_id: int) -> None:
    """Give the account its default profile."""
    store = sandbox.store
    with store.transaction():
        if conversion_profiles(store).count(equal("partnerId", partner_id) & equal("isDefault", True)) == 0:
            conversion_profiles(store).insert(
                _document(store, partner_id, name="Default", systemName="Default", isDefault=True)
            )


def _document(store: Store, partner_id: int, **values: Any) -> Document:
    return {
        "id": store.next_number("conversionProfile", _FIRST_ID), "partnerId": partner_id, "status": _ENABLED,
        "type": _MEDIA, "systemName": "", "tags": "", "description": "", "createdAt": int(time.time()),
        "flavorParamsIds": _DEFAULT_FLAVORS, "isPartnerDefault": bool(values.get("isDefault")), **values,
    }  # fmt: skip


def _answer(document: Document) -> dict[str, Any]:
    return render("KalturaConversionProfile", document)


@action("conversionProfile", "add", param("conversionProfile", "KalturaConversionProfile"), access=ADMIN)
def add(context: Context, conversion_profile: ApiObject) -> dict[str, Any]:
    """Make a profile."""
    conversion_profile.require("name")
    conversion_profile.check_insert()
    with context.store.transaction():
        check_system_name(context, conversion_profiles(context.store), conversion_profile)
        document = _document(context.store, context.partner_id)
        conversion_profile.apply_to(document)
        conversion_profiles(context.store).insert(document)
        return _answer(keep_one_default(conversion_profiles(context.store), document, "isDefault", "isPartnerDefault"))


@action("conversionProfile", "get", param("id", "int"), access=ADMIN)
def get(context: Context, id: int) -> dict[str, Any]:
    """Answer a profile."""
    return _answer(require_conversion_profile(context, id))


@action("conversionProfile", "getDefault", param("type", "KalturaConversionProfileType", None), access=ADMIN)
def get_default(context: Context, type: str | None) -> dict[str, Any]:
    """Answer the account's default profile."""
    return _answer(default_conversion_profile(context.store, context.partner_id))


@action("conversionProfile", "setAsDefault", param("id", "int"), access=ADMIN)
def set_as_default(context: Context, id: int) -> dict[str, Any]:
    """Make a profile the account's default."""
    with context.store.transaction():
        require_conversion_profile(context, id)
        chosen = conversion_profiles(context.store).update(id, isDefault=True)
        return _answer(keep_one_default(conversion_profiles(context.store), chosen, "isDefault", "isPartnerDefault"))


@action(
    "conversionProfile", "update",
    param("id", "int"), param("conversionProfile", "KalturaConversionProfile"), access=ADMIN,
)  # fmt: skip
def update(context: Context, id: int, conversion_profile: ApiObject) -> dict[str, Any]:
    """Change a profile."""
    conversion_profile.check_update()
    with context.store.transaction():
        require_conversion_profile(context, id)
        check_system_name(context, conversion_profiles(context.store), conversion_profile, id)
        changed = conversion_profiles(context.store).update(id, conversion_profile.apply_to)
        return _answer(keep_one_default(conversion_profiles(context.store), changed, "isDefault", "isPartnerDefault"))


@action("conversionProfile", "delete", param("id", "int"), access=ADMIN)
def delete(context: Context, id: int) -> None:
    """Delete a profile, but not the default one."""
    with context.store.transaction():
        if require_conversion_profile(context, id).get("isDefault"):
            raise fail("CANNOT_DELETE_DEFAULT_CONVERSION_PROFILE")
        conversion_profiles(context.store).delete(id)


@action(
    "conversionProfile", "list",
    param("filter", "KalturaConversionProfileFilter", None), param("pager", "KalturaFilterPager", None), access=ADMIN,
)  # fmt: skip
def listconversion_profiles(context: Context, filter: ApiObject | None, pager: ApiObject | None) -> dict[str, Any]:
    """List the account's profiles."""
    found, total = find_page(
        conversion_profiles(context.store), filter, pager, base=equal("partnerId", context.partner_id),
        order_fields=("createdAt",),
    )  # fmt: skip
    return render_list("KalturaConversionProfileListResponse", [_answer(each) for each in found], total)
