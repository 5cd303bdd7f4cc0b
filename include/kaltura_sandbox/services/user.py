"""Service ``user``: the people of an account; the log-in is in ``login``."""

from __future__ import annotations

import time
from typing import Any

from ..context import Context
from ..errors import fail, register_error
from ..listing import find_page
from ..query import contains, equal
from ..registry import ADMIN, USER, action, param
from ..schema import ApiObject, int_enum, kaltura_type, list_type, prop, props, render, render_list
from ..store import Collection, Document, Store

_ACTIVE = 1
_DELETED = 2

register_error(
    "CANNOT_RETRIEVE_ANOTHER_USER_USING_NON_ADMIN_SESSION",
    "Cannot retrieve another user (user id [@USER_ID@]) using a session that is not an admin session",
)
register_error("CANNOT_UPDATE_LOGIN_DATA", "Login data cannot be updated through this action")

int_enum("KalturaUserStatus", 0, 1, 2)
int_enum("KalturaGender", 0, 1, 2)
int_enum("KalturaUserType", 0, 1, 2)
kaltura_type(
    "KalturaBaseUser", None,
    prop("id"), prop("partnerId", "int", read_only=True), *props("string", "screenName fullName email country state"),
    *props("string", "city zip thumbnailUrl"), prop("description", "mstring"), prop("tags", "mstring"),
    prop("adminTags"), prop("status", "KalturaUserStatus"), *props("time", "createdAt updatedAt", read_only=True),
    prop("partnerData"), prop("indexedPartnerDataInt", "int"), prop("indexedPartnerDataString"),
    prop("storageSize", "int", read_only=True), prop("language"),
    prop("lastLoginTime", "time", read_only=True), prop("statusUpdatedAt", "time", read_only=True),
    prop("deletedAt", "time", read_only=True), prop("allowedPartnerIds"), prop("allowedPartnerPackages"),
    prop("userMode", "int"), prop("capabilities", "raw"),
)  # fmt: skip
kaltura_type(
    "KalturaUser", "KalturaBaseUser",
    prop("type", "KalturaUserType"), prop("dateOfBirth", "time"), prop("gender", "KalturaGender"),
    prop("isAdmin", "bool"), prop("isGuest", "bool"), prop("roleIds"), prop("roleNames", read_only=True),
    prop("isAccountOwner", "bool", read_only=True), *props("string", "firstName lastName"),
    prop("loginEnabled", "bool"), prop("registrationInfo"), prop("attendanceInfo"), prop("title"), prop("company"),
    prop("externalId"), prop("isSsoExcluded", "bool"),
)  # fmt: skip
kaltura_type(
    "KalturaUserFilter", "KalturaFilter",
    *props("string", "idEqual idIn idOrScreenNameStartsWith screenNameLike screenNameStartsWith emailLike"),
    *props("string", "emailStartsWith firstNameStartsWith lastNameStartsWith tagsMultiLikeOr tagsMultiLikeAnd"),
    *props("time", "createdAtGreaterThanOrEqual createdAtLessThanOrEqual"),
    *props("time", "updatedAtGreaterThanOrEqual updatedAtLessThanOrEqual"),
    prop("statusEqual", "KalturaUserStatus"), prop("statusIn"), prop("isAdminEqual", "bool"),
    prop("typeEqual", "KalturaUserType"), prop("typeIn"),
)  # fmt: skip
list_type("KalturaUserListResponse", "KalturaUser")


def _users(store: Store) -> Collection:
    return store.collection("user", "userId", "status")


def _find(store: Store, partner_id: int, user_id: str) -> Document | None:
    return _users(store).get(_key(partner_id, user_id))


def _key(partner_id: int, user_id: str) -> str:
    # Users of different accounts may share an id, documents may not.
    return f"{partner_id}/{user_id}"


def _present(context: Context, user_id: str) -> Document:
    found = _find(context.store, context.partner_id, user_id)
    if found is None or found["status"] == _DELETED:
        raise fail("INVALID_USER_ID")
    return found


def ensure_user(store: Store, partner_id: int, user_id: str) -> None:
    """Make a user that is named for the first time, as Kaltura does for every owner of an entry."""
    with store.transaction():
        found = _find(store, partner_id, user_id)
        if user_id and (found is None or found["status"] == _DELETED):
            _put(store, _document(partner_id, user_id))


def user_exists(store: Store, partner_id: int, user_id: str) -> bool:
    """Tell whether an account knows a user that was not deleted."""
    found = _find(store, partner_id, user_id)
    return found is not None and found["status"] != _DELETED


def _document(partner_id: int, user_id: str) -> Document:
    now = int(time.time())
    return {
        "id": _key(partner_id, user_id), "userId": user_id, "partnerId": partner_id, "screenName": user_id,
        "fullName": user_id, "description": "", "country": "", "status": _ACTIVE, "createdAt": now, "updatedAt": now,
        "statusUpdatedAt": now, "type": 0, "userMode": 0, "capabilities": [], "isAdmin": False, "isGuest": False,
        "roleIds": "", "roleNames": "", "isAccountOwner": False, "loginEnabled": False, "isSsoExcluded": False,
    }  # fmt: skip


def _put(store: Store, document: Document) -> Document:
    """Store a user, over a deleted one of the same id."""
    _users(store).delete(document["id"])
    return _users(store).insert(document)


def _answer(document: Document) -> dict[str, Any]:
    return render("KalturaUser", {**document, "id": document["userId"]})


@action("user", "add", param("user", "KalturaUser"), access=ADMIN)
def add(context: Context, user: ApiObject) -> dict[str, Any]:
    """Make a user, whose id must be free."""
    user.require("id")
    user.check_insert()
    if user.get("loginEnabled"):
        raise fail("CANNOT_UPDATE_LOGIN_DATA")
    user_id = user["id"]
    with context.store.transaction():
        found = _find(context.store, context.partner_id, user_id)
        if found is not None and found["status"] != _DELETED:
            raise fail("DUPLICATE_USER_BY_ID", UID=user_id)
        document = _document(context.partner_id, user_id)
        _apply(user, document)
        _put(context.store, document)
    # Kaltura names the type only from the first reading on.
    return {**_answer(document), "type": None if "type" not in user else document["type"]}


@action("user", "get", param("userId", default=None), access=USER)
def get(context: Context, user_id: str | None) -> dict[str, Any]:
    """Answer a user, the caller without an id; a user session sees only its own."""
    wanted = context.user_id if user_id is None else user_id
    if not context.is_admin and wanted != context.user_id:
        raise fail("CANNOT_RETRIEVE_ANOTHER_USER_USING_NON_ADMIN_SESSION", USER_ID=wanted)
    return _answer(_present(context, wanted))


@action("user", "update", param("userId"), param("user", "KalturaUser"), access=ADMIN)
def update(context: Context, user_id: str, user: ApiObject) -> dict[str, Any]:
    """Change a user."""
    user.check_update()
    with context.store.transaction():
        document = _present(context, user_id)
        _apply(user, document)
        document["updatedAt"] = int(time.time())
        return _answer(_users(context.store).save(document))


@action("user", "delete", param("userId"), access=ADMIN)
def delete(context: Context, user_id: str) -> dict[str, Any]:
    """Delete a user and answer it once more."""
    now = int(time.time())
    with context.store.transaction():
        document = _present(context, user_id)
        document.update(status=_DELETED, updatedAt=now, statusUpdatedAt=now, deletedAt=now)
        return _answer(_users(context.store).save(document))


@action(
    "user", "list", param("filter", "KalturaUserFilter", None), param("pager", "KalturaFilterPager", None), access=ADMIN
)
def list_users(context: Context, filter: ApiObject | None, pager: ApiObject | None) -> dict[str, Any]:
    """List users, the deleted ones only when their status is asked for."""
    base = equal("partnerId", context.partner_id)
    if filter is None or not ({"statusEqual", "statusIn"} & set(filter.values)):
        base &= equal("status", _ACTIVE)
    found, total = find_page(
        _users(context.store), filter, pager, base=base, aliases={"id": "userId"},
        conditions={
            "idOrScreenNameStartsWith": lambda value: contains("userId", value) | contains("screenName", value)
        },
        search=True,
    )  # fmt: skip
    return render_list("KalturaUserListResponse", [_answer(each) for each in found], total)


def _apply(user: ApiObject, document: Document) -> None:
    key, owner = document["id"], document["userId"]
    user.apply_to(document)
    document.update(id=key, userId=owner)
    names = [document.get("firstName"), document.get("lastName")]
    if "fullName" not in user and any(names):
        document["fullName"] = " ".join(name for name in names if name)
