"""Service ``user``, the log-in: accounts here have no passwords, so every attempt fails as a wrong one does."""

from __future__ import annotations

from ..context import Context
from ..errors import fail
from ..registry import ANYONE, action, param


@action(
    "user", "loginByLoginId",
    param("loginId"), param("password"), param("partnerId", "int", None), param("expiry", "int", 86400),
    param("privileges", default="*"), param("otp", default=None),
    access=ANYONE,
)  # fmt: skip
def login_by_login_id(
    context: Context, login_id: str, password: str, partner_id: int | None, expiry: int, privileges: str,
    otp: str | None,
) -> str:  # fmt: skip
    """Refuse the log-in without telling why, as Kaltura does for all but a few causes."""
    raise fail("USER_WRONG_PASSWORD")
