"""Service ``appToken``: tokens that open sessions without a secret."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from typing import Any

from ..context import Context
from ..errors import fail
from ..ids import short_id
from ..ks import USER as USER_TYPE
from ..listing import find_page
from ..query import equal
from ..registry import ADMIN, WIDGET, action, param
from ..schema import (
    ApiObject,
    int_enum,
    kaltura_type,
    list_type,
    prop,
    props,
    render,
    render_list,
    string_enum,
)
from ..sessions import GROUP_BLOCK_SECONDS
from ..store import Collection, Document

_ACTIVE = 2
_DEFAULT_DURATION = 86400

int_enum("KalturaAppTokenStatus", 1, 2, 3)
string_enum("KalturaAppTokenHashType", "SHA1", "MD5", "SHA256", "SHA512")
kaltura_type(
    "KalturaAppToken", None,
    *props("string", "id token", read_only=True), prop("partnerId", "int", read_only=True),
    *props("time", "createdAt updatedAt", read_only=True), prop("status", "KalturaAppTokenStatus", read_only=True),
    prop("expiry", "time"), prop("sessionType", "KalturaSessionType"), prop("sessionUserId"),
    prop("sessionDuration", "int"), prop("sessionPrivileges"), prop("hashType", "KalturaAppTokenHashType"),
    prop("description"),
)  # fmt: skip
kaltura_type(
    "KalturaAppTokenFilter", "KalturaFilter",
    *props("string", "idEqual idIn statusIn sessionUserIdEqual"),
    *props("time", "createdAtGreaterThanOrEqual createdAtLessThanOrEqual"),
    *props("time", "updatedAtGreaterThanOrEqual updatedAtLessThanOrEqual"),
    prop("statusEqual", "KalturaAppTokenStatus"),
)  # fmt: skip
list_type("KalturaAppTokenListResponse", "KalturaAppToken")


def _tokens(context: Context) -> Collection:
    return context.store.collection("appToken")


def _token(context: Context, token_id: str) -> Document:
    found = _tokens(context).get(token_id, context.partner_id)
    if found is None:
        raise fail("APP_TOKEN_ID_NOT_FOUND", ID=token_id)
    return found


@action("appToken", "add", param("appToken", "KalturaAppToken"), access=ADMIN)
def add(context: Context, app_token: ApiObject) -> dict[str, Any]:
    """Make a token; the answer is one of the few that show it."""
    app_token.check_insert()
    now = int(time.time())
    document = {
        "id": short_id(), "token": secrets.token_hex(16), "partnerId": context.partner_id, "createdAt": now,
        "updatedAt": now, "status": _ACTIVE, "sessionDuration": _DEFAULT_DURATION, "hashType": "SHA1",
    }  # fmt: skip
    app_token.apply_to(document)
    return render("KalturaAppToken", _tokens(context).insert(document))


@action("appToken", "get", param("id"), access=ADMIN)
def get(context: Context, id: str) -> dict[str, Any]:
    """Answer a token."""
    return render("KalturaAppToken", _token(context, id))


@action("appToken", "update", param("id"), param("appToken", "KalturaAppToken"), access=ADMIN)
def update(context: Context, id: str, app_token: ApiObject) -> dict[str, Any]:
    """Change a token; sessions that were started with it stay as they are."""
    _token(context, id)
    app_token.check_update()
    changed = _tokens(context).update(id, app_token.apply_to, updatedAt=int(time.time()))
    return render("KalturaAppToken", changed)


@action("appToken", "delete", param("id"), access=ADMIN)
def delete(context: Context, id: str) -> None:
    """Delete a token and end its sessions."""
    _token(context, id)
    _tokens(context).delete(id)
    context.sandbox.sessions.end_group(context.partner_id, id, GROUP_BLOCK_SECONDS)


@action(
    "appToken", "list",
    param("filter", "KalturaAppTokenFilter", None), param("pager", "KalturaFilterPager", None), access=ADMIN,
)  # fmt: skip
def list_tokens(context: Context, filter: ApiObject | None, pager: ApiObject | None) -> dict[str, Any]:
    """List the account's tokens."""
    found, total = find_page(_tokens(context), filter, pager, base=equal("partnerId", context.partner_id))
    return render_list("KalturaAppTokenListResponse", [render("KalturaAppToken", each) for each in found], total)


@action(
    "appToken", "startSession",
    param("id"), param("tokenHash"), param("userId", default=None), param("type", "KalturaSessionType", None),
    param("expiry", "int", None), param("sessionPrivileges", default=None),
    access=WIDGET,
)  # fmt: skip
def start_session(
    context: Context, id: str, token_hash: str, user_id: str | None, type: int | None, expiry: int | None,
    session_privileges: str | None,
) -> dict[str, Any]:  # fmt: skip
    """Open a session with the hash of the caller's (widget) session and the token.

    What the token fixes wins over what the caller asks for; the session ends with the token at the latest.
    """
    token = _token(context, id)
    if token["status"] != _ACTIVE:
        raise fail("APP_TOKEN_NOT_ACTIVE", ID=id)
    now = int(time.time())
    durations = [token["sessionDuration"]]
    if expiry is not None:
        durations.append(expiry)
    if token.get("expiry"):
        durations.append(token["expiry"] - now)
    if min(durations) < 0:
        raise fail("APP_TOKEN_EXPIRED", ID=id)
    expected = hashlib.new(token["hashType"].lower(), (_caller_session(context) + token["token"]).encode())
    if not hmac.compare_digest(expected.hexdigest().encode(), token_hash.encode()):
        raise fail("INVALID_APP_TOKEN_HASH")
    session_type = token.get("sessionType", type if type is not None else USER_TYPE)
    session_user = token.get("sessionUserId", user_id or "")
    privileges = _privileges(token, session_privileges)
    until = now + min(durations)
    ks = context.sandbox.sessions.issue(context.partner_id, session_user, session_type, until, privileges)
    return render(
        "KalturaSessionInfo",
        {
            "ks": ks, "sessionType": session_type, "partnerId": str(context.partner_id), "userId": session_user,
            "expiry": until, "privileges": privileges,
        },
    )  # fmt: skip


def _caller_session(context: Context) -> str:
    return context.session.text if context.session else ""


def _privileges(token: Document, asked: str | None) -> str:
    """Join the privileges every token session has, those of the token, and those asked for.

    What the token has with the value ``*`` becomes what is asked for. Besides that only names are added that are not on
    the token and mean nothing to the server.
    """
    fixed = [f"sessionid:{token['id']}", f"apptoken:{token['id']}"]
    own = [part.strip() for part in token.get("sessionPrivileges", "").split(",") if part.strip()]
    taken = {part.partition(":")[0] for part in [*fixed, *own]}
    open_names = {part.partition(":")[0] for part in own if part.endswith(":*")}
    wanted = [part.strip() for part in (asked or "").split(",") if part.strip()]
    replaced = open_names & {part.partition(":")[0] for part in wanted}
    granted = [part for part in own if part.partition(":")[0] not in replaced]
    for part in wanted:
        name = part.partition(":")[0]
        if name in open_names or (name not in _RESERVED and name not in taken):
            granted.append(part)
    return ",".join([*fixed, *granted])


# Privileges that only the token itself can give.
_RESERVED = frozenset({
    "*", "all", "edit", "sview", "list", "download", "downloadasset", "editplaylist", "sviewplaylist", "edituser",
    "actionslimit", "setrole", "iprestrict", "urirestrict", "enableentitlement", "disableentitlement",
    "disableentitlementforentry", "disableentitlementforplaylist", "privacycontext", "enablecategorymoderation",
    "reftime", "preview", "sessionid", "apptoken", "widget", "view", "searchcontext", "jobtype", "editadmintags",
    "restrictexplicitliveview", "enablechangeaccount", "enablecaptionmoderation",
})  # fmt: skip
