"""Service ``categoryUser``: who may see, contribute to or manage a category."""

from __future__ import annotations

import time
from typing import Any

from ..context import Context
from ..errors import fail, register_error
from ..listing import find_page
from ..query import equal, starts_with
from ..registry import ADMIN, USER, action, param
from ..schema import ApiObject, int_enum, kaltura_type, list_type, prop, props, render, render_list
from ..store import Collection, Document, Store
from .user import ensure_user, user_exists

_ACTIVE, _NOT_ACTIVE = 1, 3
_MANUAL = 0
_INHERIT = 1
# Permissions by level: manager, moderator, contributor, member, none.
_PERMISSIONS = (
    "CATEGORY_EDIT,CATEGORY_MODERATE,CATEGORY_CONTRIBUTE,CATEGORY_VIEW",
    "CATEGORY_MODERATE,CATEGORY_VIEW",
    "CATEGORY_CONTRIBUTE,CATEGORY_VIEW",
    "CATEGORY_VIEW",
    "",
)
_FILTERS = ("categoryIdEqual", "categoryIdIn", "categoryFullIdsStartsWith", "categoryFullIdsEqual", "userIdEqual")

register_error("CATEGORY_USER_ALREADY_EXISTS", "CategoryUser already exists")
register_error("INVALID_CATEGORY_USER_ID", 'Invalid CategoryUser for category ["@CAT@"] and for user ["@USER@"]')
register_error("MUST_FILTER_USERS_OR_CATEGORY", "Must filter users or categories")
register_error("CANNOT_OVERRIDE_MANUAL_CHANGES", "Cannot override manual changes")
register_error("CANNOT_UPDATE_CATEGORY_USER_OWNER", "Cannot change CategoryUser object for category Owner")
register_error(
    "CATEGORY_INHERIT_MEMBERS",
    'Cannot add members to this category since its inherit members from parent category ["@CAT@"]',
)

int_enum("KalturaCategoryUserPermissionLevel", *range(5))
int_enum("KalturaCategoryUserStatus", *range(1, 5))
int_enum("KalturaUpdateMethodType", 0, 1)
kaltura_type(
    "KalturaCategoryUser", None,
    prop("categoryId", "int", insert_only=True), prop("userId", insert_only=True, min_length=1),
    prop("partnerId", "int", read_only=True), prop("permissionLevel", "KalturaCategoryUserPermissionLevel"),
    prop("status", "KalturaCategoryUserStatus", read_only=True),
    *props("time", "createdAt updatedAt", read_only=True), prop("updateMethod", "KalturaUpdateMethodType"),
    prop("categoryFullIds", read_only=True), prop("permissionNames"),
)  # fmt: skip
kaltura_type(
    "KalturaCategoryUserFilter", "KalturaFilter",
    prop("categoryIdEqual", "int"), *props("string", "categoryIdIn userIdEqual userIdIn"),
    prop("permissionLevelEqual", "KalturaCategoryUserPermissionLevel"), prop("permissionLevelIn"),
    prop("statusEqual", "KalturaCategoryUserStatus"), prop("statusIn"),
    *props("time", "createdAtGreaterThanOrEqual createdAtLessThanOrEqual"),
    *props("time", "updatedAtGreaterThanOrEqual updatedAtLessThanOrEqual"),
    prop("updateMethodEqual", "KalturaUpdateMethodType"), prop("updateMethodIn"),
    *props("string", "categoryFullIdsStartsWith categoryFullIdsEqual"), prop("categoryDirectMembers", "bool"),
)  # fmt: skip
list_type("KalturaCategoryUserListResponse", "KalturaCategoryUser")


def _members(store: Store) -> Collection:
    return store.collection("categoryUser", "categoryId", "userId")


def active_members(store: Store, category_id: int) -> int:
    """Return how many people belong to a category."""
    return _members(store).count(equal("categoryId", category_id) & equal("status", _ACTIVE))


def forget_category(store: Store, category_id: int) -> None:
    """Delete the members of a deleted category."""
    for member in _members(store).find(equal("categoryId", category_id)):
        _members(store).delete(member["id"])


def _key(category_id: int, user_id: str) -> str:
    return f"{category_id}/{user_id}"


def _find(context: Context, category_id: int, user_id: str) -> Document:
    if not user_exists(context.store, context.partner_id, user_id):
        raise fail("INVALID_USER_ID")
    found = _members(context.store).get(_key(category_id, user_id), context.partner_id)
    if found is None:
        raise fail("INVALID_CATEGORY_USER_ID", CAT=category_id, USER=user_id)
    return found


def _answer(document: Document) -> dict[str, Any]:
    return render("KalturaCategoryUser", document)


def _apply(sent: ApiObject, document: Document) -> None:
    sent.apply_to(document)
    if "permissionLevel" in sent and not sent.get("permissionNames"):
        document["permissionNames"] = _PERMISSIONS[document["permissionLevel"]]


@action("categoryUser", "add", param("categoryUser", "KalturaCategoryUser"), access=ADMIN)
def add(context: Context, category_user: ApiObject) -> dict[str, Any]:
    """Make somebody a member of a category; a user that is not known is made."""
    from .category import find_category

    with context.store.transaction():
        category = find_category(context, category_user.get("categoryId", 0))
        if category["inheritanceType"] == _INHERIT:
            raise fail("CATEGORY_INHERIT_MEMBERS", CAT=category["id"])
        category_user.require("userId")
        category_user.check_insert()
        key = _key(category["id"], category_user["userId"])
        if _members(context.store).get(key) is not None:
            raise fail("CATEGORY_USER_ALREADY_EXISTS")
        ensure_user(context.store, context.partner_id, category_user["userId"])
        now = int(time.time())
        level = category["defaultPermissionLevel"]
        document: Document = {
            "id": key, "partnerId": context.partner_id, "status": _ACTIVE, "createdAt": now, "updatedAt": now,
            "permissionLevel": level, "permissionNames": _PERMISSIONS[level], "updateMethod": _MANUAL,
            "categoryFullIds": category["fullIds"],
        }  # fmt: skip
        _apply(category_user, document)
        return _answer(_members(context.store).insert(document))


@action("categoryUser", "get", param("categoryId", "int"), param("userId"), access=USER)
def get(context: Context, category_id: int, user_id: str) -> dict[str, Any]:
    """Answer one member."""
    return _answer(_find(context, category_id, user_id))


@action(
    "categoryUser", "update",
    param("categoryId", "int"), param("userId"), param("categoryUser", "KalturaCategoryUser"),
    param("override", "bool", False), access=ADMIN,
)  # fmt: skip
def update(
    context: Context, category_id: int, user_id: str, category_user: ApiObject, override: bool
) -> dict[str, Any]:
    """Change what a member may do; what was set by hand, only when told to override that."""
    with context.store.transaction():
        found = _find(context, category_id, user_id)
        if not override and found["updateMethod"] == _MANUAL:
            raise fail("CANNOT_OVERRIDE_MANUAL_CHANGES")
        category_user.check_update()
        _apply(category_user, found)
        found["updatedAt"] = int(time.time())
        return _answer(_members(context.store).save(found))


@action("categoryUser", "delete", param("categoryId", "int"), param("userId"), access=ADMIN)
def delete(context: Context, category_id: int, user_id: str) -> None:
    """Take somebody out of a category, but not its owner."""
    from .category import find_category

    with context.store.transaction():
        found = _find(context, category_id, user_id)
        if find_category(context, category_id).get("owner") == user_id:
            raise fail("CANNOT_UPDATE_CATEGORY_USER_OWNER")
        _members(context.store).delete(found["id"])


@action("categoryUser", "activate", param("categoryId", "int"), param("userId"), access=ADMIN)
def activate(context: Context, category_id: int, user_id: str) -> dict[str, Any]:
    """Let a member in."""
    return _set_status(context, category_id, user_id, _ACTIVE)


@action("categoryUser", "deactivate", param("categoryId", "int"), param("userId"), access=ADMIN)
def deactivate(context: Context, category_id: int, user_id: str) -> dict[str, Any]:
    """Keep a member out, without forgetting it."""
    return _set_status(context, category_id, user_id, _NOT_ACTIVE)


def _set_status(context: Context, category_id: int, user_id: str, status: int) -> dict[str, Any]:
    with context.store.transaction():
        found = _find(context, category_id, user_id)
        return _answer(_members(context.store).update(found["id"], status=status, updatedAt=int(time.time())))


@action(
    "categoryUser", "list",
    param("filter", "KalturaCategoryUserFilter", None), param("pager", "KalturaFilterPager", None), access=USER,
)  # fmt: skip
def list_members(context: Context, filter: ApiObject | None, pager: ApiObject | None) -> dict[str, Any]:
    """List the members of categories, or the categories of members."""
    if filter is None or not any(filter.get(name) for name in (*_FILTERS, "userIdIn")):
        raise fail("MUST_FILTER_USERS_OR_CATEGORY")
    found, total = find_page(
        _members(context.store), filter, pager, base=equal("partnerId", context.partner_id),
        conditions={"categoryFullIdsStartsWith": lambda value: starts_with("categoryFullIds", value)}, search=True,
    )  # fmt: skip
    return render_list("KalturaCategoryUserListResponse", [_answer(each) for each in found], total)
