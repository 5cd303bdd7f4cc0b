"""Service ``responseProfile``: stored lists of the properties a caller wants to see."""

from __future__ import annotations

import time
from typing import Any

from ..context import Context
from ..errors import fail
from ..listing import find_page
from ..query import equal
from ..registry import ADMIN, USER, action, param
from ..schema import ApiObject, int_enum, kaltura_type, list_type, prop, props, render, render_list
from ..store import Collection, Document
from .partner_profiles import check_system_name

_ENABLED = 2

int_enum("KalturaResponseProfileType", 1, 2)
int_enum("KalturaResponseProfileStatus", 1, 2, 3)
kaltura_type("KalturaBaseResponseProfile", None, abstract=True)
kaltura_type(
    "KalturaResponseProfileMapping", None,
    prop("parentProperty"), prop("filterProperty"), prop("allowNull", "bool"),
)  # fmt: skip
kaltura_type(
    "KalturaDetachedResponseProfile", "KalturaBaseResponseProfile",
    prop("name"), prop("type", "KalturaResponseProfileType"), prop("fields"), prop("filter", "raw"),
    prop("pager", "KalturaFilterPager"), prop("relatedProfiles", "array<KalturaDetachedResponseProfile>"),
    prop("mappings", "array<KalturaResponseProfileMapping>"),
)  # fmt: skip
kaltura_type(
    "KalturaResponseProfile", "KalturaDetachedResponseProfile",
    prop("id", read_only=True), prop("systemName"), prop("partnerId", "int", read_only=True),
    *props("time", "createdAt updatedAt", read_only=True),
    prop("status", "KalturaResponseProfileStatus", read_only=True), prop("version", "int", read_only=True),
)  # fmt: skip
kaltura_type(
    "KalturaResponseProfileFilter", "KalturaFilter",
    prop("idEqual", "int"), prop("idIn"), prop("systemNameEqual"), prop("systemNameIn"),
    *props("time", "createdAtGreaterThanOrEqual createdAtLessThanOrEqual"),
    *props("time", "updatedAtGreaterThanOrEqual updatedAtLessThanOrEqual"),
    prop("statusEqual", "KalturaResponseProfileStatus"), prop("statusIn"),
)  # fmt: skip
list_type("KalturaResponseProfileListResponse", "KalturaResponseProfile")


def _profiles(context: Context) -> Collection:
    return context.store.collection("responseProfile", "systemName")


def _profile(context: Context, profile_id: int) -> Document:
    found = _profiles(context).get(profile_id, context.partner_id)
    if found is None:
        raise fail("RESPONSE_PROFILE_ID_NOT_FOUND", ID=profile_id)
    return found


def _answer(document: Document) -> dict[str, Any]:
    return render("KalturaResponseProfile", {**document, "id": str(document["id"])})


@action("responseProfile", "add", param("addResponseProfile", "KalturaResponseProfile"), access=ADMIN)
def add(context: Context, add_response_profile: ApiObject) -> dict[str, Any]:
    """Store a profile under a system name."""
    add_response_profile.require("systemName", "type")
    add_response_profile.check_insert()
    now = int(time.time())
    document: Document = {"partnerId": context.partner_id, "createdAt": now, "updatedAt": now, "status": _ENABLED}
    add_response_profile.apply_to(document)
    with context.store.transaction():
        check_system_name(context, _profiles(context), add_response_profile)
        document |= {"id": context.store.next_number("responseProfile"), "version": 1}
        return _answer(_profiles(context).insert(document))


@action("responseProfile", "get", param("id", "int"), access=USER)
def get(context: Context, id: int) -> dict[str, Any]:
    """Answer a stored profile."""
    return _answer(_profile(context, id))


@action(
    "responseProfile", "update",
    param("id", "int"), param("updateResponseProfile", "KalturaResponseProfile"), access=ADMIN,
)  # fmt: skip
def update(context: Context, id: int, update_response_profile: ApiObject) -> dict[str, Any]:
    """Change a stored profile."""
    update_response_profile.check_update()
    with context.store.transaction():
        version = _profile(context, id)["version"]
        check_system_name(context, _profiles(context), update_response_profile, id)
        changed = _profiles(context).update(
            id, update_response_profile.apply_to, updatedAt=int(time.time()), version=version + 1
        )
    return _answer(changed)


@action("responseProfile", "delete", param("id", "int"), access=ADMIN)
def delete(context: Context, id: int) -> None:
    """Delete a stored profile."""
    _profile(context, id)
    _profiles(context).delete(id)


@action(
    "responseProfile", "list",
    param("filter", "KalturaResponseProfileFilter", None), param("pager", "KalturaFilterPager", None), access=USER,
)  # fmt: skip
def list_profiles(context: Context, filter: ApiObject | None, pager: ApiObject | None) -> dict[str, Any]:
    """List the account's stored profiles."""
    found, total = find_page(_profiles(context), filter, pager, base=equal("partnerId", context.partner_id))
    return render_list("KalturaResponseProfileListResponse", [_answer(each) for each in found], total)
