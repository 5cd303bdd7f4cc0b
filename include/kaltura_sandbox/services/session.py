"""Service ``session``: sessions from secrets and for widgets."""

from __future__ import annotations

import time
from typing import Any

from ..context import Context
from ..errors import ServerCrash, fail
from ..ks import USER as USER_TYPE
from ..registry import ADMIN, ANYONE, action, param
from ..schema import int_enum, kaltura_type, prop, props, render

DEFAULT_EXPIRY = 86400
_CACHE_SECONDS = 600

int_enum("KalturaSessionType", 0, 2)
kaltura_type(
    "KalturaSessionInfo", None,
    *props("string", "ks"), prop("sessionType", "raw"), prop("partnerId", "raw"), prop("userId"),
    prop("expiry", "raw"), prop("privileges"),
)  # fmt: skip
kaltura_type("KalturaStartWidgetSessionResponse", None, prop("partnerId", "int"), prop("ks"), prop("userId", "raw"))


@action(
    "session", "start",
    param("secret"), param("userId", default=""), param("type", "KalturaSessionType", 0), param("partnerId", "int", 0),
    param("expiry", "int", DEFAULT_EXPIRY), param("privileges", default=None),
    access=ANYONE,
)  # fmt: skip
def start(
    context: Context, secret: str, user_id: str, type: int, partner_id: int, expiry: int, privileges: str | None
) -> str:
    """Open a session with a secret: the admin secret for every type, the user secret for user sessions.

    The session is over ``expiry`` seconds from now, at once when that is 0 or less.
    """
    sent = context.params.get("expiry")
    if isinstance(sent, str) and sent.strip() and not sent.strip().lstrip("+-")[:1].isdigit():
        raise ServerCrash("session.start with an expiry that is no number")
    partner = context.settings.partner(partner_id)
    good = () if partner is None else partner.admin_secrets
    if partner is not None and type == USER_TYPE:
        good += (partner.user_secret,)
    if secret not in good:
        raise fail("START_SESSION_ERROR", PID=partner_id)
    return context.sandbox.sessions.issue(partner_id, user_id, type, int(time.time()) + expiry, privileges or "")


@action("session", "startWidgetSession", param("widgetId"), param("expiry", "int", DEFAULT_EXPIRY), access=ANYONE)
def start_widget_session(context: Context, widget_id: str, expiry: int) -> dict[str, Any]:
    """Open the anonymous session of an account's default widget."""
    number = widget_id.removeprefix("_")
    if widget_id == number or not number.isdecimal() or context.settings.partner(int(number)) is None:
        raise fail("INVALID_WIDGET_ID", WIDGET_ID=widget_id)
    ks = _widget_session(context, int(number), expiry)
    return render("KalturaStartWidgetSessionResponse", {"partnerId": int(number), "ks": ks, "userId": 0})


def _widget_session(context: Context, partner_id: int, expiry: int) -> str:
    """Sign a widget session; anonymous callers get the same one again for some minutes, as from Kaltura's cache."""
    now = int(time.time())

    def sign() -> str:
        return context.sandbox.sessions.issue(partner_id, "0", USER_TYPE, now + expiry, "view:*,widget:1")

    if context.session is not None or expiry <= _CACHE_SECONDS:
        return sign()
    return context.sandbox.sessions.shared(f"{partner_id} {expiry}", _CACHE_SECONDS, sign)


@action("session", "get", param("session", default=None), access=ADMIN)
def get(context: Context, session: str | None) -> dict[str, Any]:
    """Answer what a session says, every number as text; of the caller's own session unless another is named."""
    found = context.sandbox.sessions.read(session) if session else context.session
    if found is None or found.partner_id != context.partner_id:
        raise fail("SERVICE_FORBIDDEN", SERVICE="session->get")
    return render(
        "KalturaSessionInfo",
        {
            "sessionType": str(found.session_type), "partnerId": str(found.partner_id), "userId": found.user_id,
            "expiry": str(found.expiry), "privileges": found.privileges,
        },
    )  # fmt: skip


@action("session", "end", access=ANYONE)
def end(context: Context) -> None:
    """End the caller's session, and with it every session that shares its ``sessionid`` privilege."""
    if context.session is not None and not context.session.is_widget:
        context.sandbox.sessions.end(context.session)
