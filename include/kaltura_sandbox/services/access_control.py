"""Service ``accessControlProfile``: rules on who may play an entry. Every account has a default one without rules."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from ..context import Context
from ..errors import fail, register_error
from ..listing import find_page
from ..query import equal
from ..registry import ADMIN, action, on_start, param
from ..schema import ApiObject, int_enum, kaltura_type, list_type, prop, props, render, render_list
from ..store import Collection, Document, Store
from .partner_profiles import check_system_name, keep_one_default

if TYPE_CHECKING:
    from ..sandbox import Sandbox

_FIRST_ID = 11

register_error("CANNOT_DELETE_DEFAULT_ACCESS_CONTROL", "Default access control profile can not be deleted")
register_error("MAX_NUMBER_OF_ACCESS_CONTROLS_REACHED", 'Max number of "@MAX_NUM@" access controls was reached')

int_enum("KalturaRuleActionType")
int_enum("KalturaConditionType")
int_enum("KalturaContextType", 1, 2, 3, 4, 5, 6)
kaltura_type("KalturaAccessControlContextTypeHolder", None, prop("type", "KalturaContextType"))

kaltura_type("KalturaRuleAction", None, prop("type", "KalturaRuleActionType", read_only=True), abstract=True)
kaltura_type("KalturaAccessControlBlockAction", "KalturaRuleAction")
kaltura_type("KalturaAccessControlPreviewAction", "KalturaRuleAction", prop("limit", "int"))
kaltura_type(
    "KalturaAccessControlLimitFlavorsAction", "KalturaRuleAction",
    prop("flavorParamsIds"), prop("isBlockedList", "bool"),
)  # fmt: skip

kaltura_type(
    "KalturaCondition", None,
    prop("type", "KalturaConditionType", read_only=True), prop("description"), prop("not", "bool"), abstract=True,
)  # fmt: skip
kaltura_type("KalturaAuthenticatedCondition", "KalturaCondition", prop("privileges", "array<KalturaStringValue>"))
kaltura_type(
    "KalturaMatchCondition", "KalturaCondition",
    prop("values", "array<KalturaStringValue>"), prop("matchType", "int"), abstract=True,
)  # fmt: skip
kaltura_type("KalturaCountryCondition", "KalturaMatchCondition", prop("geoCoderType", "int"))
kaltura_type(
    "KalturaIpAddressCondition", "KalturaMatchCondition",
    prop("acceptInternalIps", "bool"), *props("string", "httpHeader queryParam"),
)  # fmt: skip
kaltura_type("KalturaSiteCondition", "KalturaMatchCondition")
kaltura_type("KalturaUserAgentCondition", "KalturaMatchCondition")

# What Kaltura fills in for the concrete types.
_FILLED: dict[str, dict[str, Any]] = {
    "KalturaAccessControlBlockAction": {"type": 1},
    "KalturaAccessControlPreviewAction": {"type": 2},
    "KalturaAccessControlLimitFlavorsAction": {"type": 3},
    "KalturaAuthenticatedCondition": {"type": 1},
    "KalturaCountryCondition": {"type": 2, "matchType": 2, "geoCoderType": 1},
    "KalturaIpAddressCondition": {"type": 3, "matchType": 2},
    "KalturaSiteCondition": {"type": 4, "matchType": 2},
    "KalturaUserAgentCondition": {"type": 5, "matchType": 2},
}

kaltura_type(
    "KalturaRule", None,
    prop("description"), prop("ruleData"), prop("message"), prop("code"), prop("actions", "array<KalturaRuleAction>"),
    prop("conditions", "array<KalturaCondition>"), prop("contexts", "array<KalturaAccessControlContextTypeHolder>"),
    *props("bool", "stopProcessing forceAdminValidation"),
)  # fmt: skip
kaltura_type(
    "KalturaAccessControlProfile", None,
    *props("int", "id partnerId", read_only=True), prop("name", min_length=1), prop("systemName"), prop("description"),
    *props("time", "createdAt updatedAt", read_only=True), prop("isDefault", "bool"),
    prop("rules", "array<KalturaRule>"),
)  # fmt: skip
kaltura_type(
    "KalturaAccessControlProfileFilter", "KalturaFilter",
    prop("idEqual", "int"), prop("idIn"), prop("systemNameEqual"), prop("systemNameIn"),
    *props("time", "createdAtGreaterThanOrEqual createdAtLessThanOrEqual"),
    *props("time", "updatedAtGreaterThanOrEqual updatedAtLessThanOrEqual"),
)  # fmt: skip
list_type("KalturaAccessControlProfileListResponse", "KalturaAccessControlProfile")


def _profiles(store: Store) -> Collection:
    return store.collection("accessControlProfile", "isDefault")


def default_access_control_id(store: Store, partner_id: int) -> int:
    """Return the id of the profile for entries that name none."""
    found = _profiles(store).first(equal("partnerId", partner_id) & equal("isDefault", True))
    if found is None:
        raise LookupError(f"account {partner_id} has no default access control profile")
    return int(found["id"])


def require_access_control(context: Context, profile_id: int) -> Document:
    """Return a profile of the account.

    :raises ApiError: ``ACCESS_CONTROL_ID_NOT_FOUND``.
    """
    found = _profiles(context.store).get(profile_id, context.partner_id)
    if found is None:
        raise fail("ACCESS_CONTROL_ID_NOT_FOUND", ID=profile_id)
    return found


def rules_of(store: Store, profile_id: int | None) -> list[dict[str, Any]]:
    """Return the rules of a profile; none for one that is gone."""
    found = _profiles(store).get(profile_id)
    return list(found["rules"]) if found else []


@on_start
def make_default(sandbox: Sandbox, partner_id: int) -> None:
    """Give the account its default profile."""
    store = sandbox.store
    with store.transaction():
        if _profiles(store).count(equal("partnerId", partner_id) & equal("isDefault", True)) == 0:
            _profiles(store).insert({**_document(store, partner_id), "name": "Default", "isDefault": True})


def _document(store: Store, partner_id: int) -> Document:
    now = int(time.time())
    return {
        "id": store.next_number("accessControlProfile", _FIRST_ID), "partnerId": partner_id, "systemName": "",
        "description": "", "createdAt": now, "updatedAt": now, "isDefault": False, "rules": [],
    }  # fmt: skip


def _answer(document: Document) -> dict[str, Any]:
    return render("KalturaAccessControlProfile", document)


@action("accessControlProfile", "add", param("accessControlProfile", "KalturaAccessControlProfile"), access=ADMIN)
def add(context: Context, access_control_profile: ApiObject) -> dict[str, Any]:
    """Make a profile."""
    access_control_profile.require("name")
    access_control_profile.check_insert()
    with context.store.transaction():
        check_system_name(context, _profiles(context.store), access_control_profile)
        limit = context.settings.max_access_controls
        if _profiles(context.store).count(equal("partnerId", context.partner_id)) >= limit:
            raise fail("MAX_NUMBER_OF_ACCESS_CONTROLS_REACHED", MAX_NUM=limit)
        document = _document(context.store, context.partner_id)
        _apply(access_control_profile, document)
        _profiles(context.store).insert(document)
        return _answer(keep_one_default(_profiles(context.store), document, "isDefault"))


@action("accessControlProfile", "get", param("id", "int"), access=ADMIN)
def get(context: Context, id: int) -> dict[str, Any]:
    """Answer a profile."""
    return _answer(require_access_control(context, id))


@action(
    "accessControlProfile", "update",
    param("id", "int"), param("accessControlProfile", "KalturaAccessControlProfile"), access=ADMIN,
)  # fmt: skip
def update(context: Context, id: int, access_control_profile: ApiObject) -> dict[str, Any]:
    """Change a profile; sent rules replace all earlier ones."""
    access_control_profile.check_update()
    with context.store.transaction():
        require_access_control(context, id)
        check_system_name(context, _profiles(context.store), access_control_profile, id)
        changed = _profiles(context.store).update(
            id, lambda document: _apply(access_control_profile, document), updatedAt=int(time.time())
        )
        return _answer(keep_one_default(_profiles(context.store), changed, "isDefault"))


@action("accessControlProfile", "delete", param("id", "int"), access=ADMIN)
def delete(context: Context, id: int) -> None:
    """Delete a profile, but not the default one."""
    with context.store.transaction():
        if require_access_control(context, id)["isDefault"]:
            raise fail("CANNOT_DELETE_DEFAULT_ACCESS_CONTROL")
        _profiles(context.store).delete(id)


@action(
    "accessControlProfile", "list",
    param("filter", "KalturaAccessControlProfileFilter", None), param("pager", "KalturaFilterPager", None),
    access=ADMIN,
)  # fmt: skip
def list_profiles(context: Context, filter: ApiObject | None, pager: ApiObject | None) -> dict[str, Any]:
    """List the account's profiles."""
    found, total = find_page(_profiles(context.store), filter, pager, base=equal("partnerId", context.partner_id))
    return render_list("KalturaAccessControlProfileListResponse", [_answer(each) for each in found], total)


def _apply(profile: ApiObject, document: Document) -> None:
    profile.apply_to(document)
    for rule in document.setdefault("rules", []):
        rule.setdefault("forceAdminValidation", False)
        for part in [*rule.get("actions", []), *rule.get("conditions", [])]:
            for name, value in _FILLED.get(part["objectType"], {}).items():
                part.setdefault(name, value)
