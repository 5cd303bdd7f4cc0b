"""Errors about credentials, sessions and rights."""

from __future__ import annotations

from kaltura_provider.api.advice.model import (
    ADMINISTRATOR,
    CONNECTION,
    KALTURA,
    PERMANENT,
    PERMISSION,
    RENEW,
    YOU,
    Advice,
)

_TEST = "Then test the connection in Airflow (Admin > Connections > Test)."
_ROLE = "Ask an administrator of the Kaltura account for this right, or use a session with a role that has it."

ADVICE = (
    Advice(
        "INVALID_KS", RENEW, CONNECTION,
        "Kaltura cannot read the session.",
        f"Check the admin secret or the app token, and the partner ID, in the connection. {_TEST}",
    ),
    Advice(
        "INVALID_KS:EXPIRED", RENEW, CONNECTION,
        "Sessions expire as soon as they start.",
        "Check the clock of this machine (timedatectl) and the lifetime of sessions in the connection.",
    ),
    Advice(
        "INVALID_KS:LOGOUT", RENEW, CONNECTION,
        "Kaltura has ended the sessions of these credentials. If session.end was called for an app token, its new "
        "sessions stay blocked for 24 hours.",
        "Make a new app token and put it into the connection.",
    ),
    Advice(
        "INVALID_KS:EXCEEDED_ACTIONS_LIMIT", RENEW, CONNECTION,
        "The session may do only a few calls.",
        "Raise or remove the privilege actionslimit.",
    ),
    Advice(
        "INVALID_KS:EXCEEDED_RESTRICTED_IP", PERMISSION, CONNECTION,
        "The session is restricted to other IP addresses.",
        "Correct the privilege iprestrict.",
    ),
    Advice(
        "INVALID_KS:EXCEEDED_RESTRICTED_URI", PERMISSION, CONNECTION,
        "The session is restricted to other URLs.",
        "Correct the privilege urirestrict.",
    ),
    Advice(
        "INVALID_KS:FORBIDDEN", PERMISSION, CONNECTION,
        "This user may not change the object.",
        "Use its owner, an admin session, or the privilege edit:ENTRY_ID.",
    ),
    Advice(
        "MISSING_KS", RENEW, CONNECTION,
        "Kaltura saw no session. A proxy may have changed the request.",
        f"Check the service URL. {_TEST}",
    ),
    Advice(
        "EXPIRED_KS", RENEW, CONNECTION,
        "The session has expired, and a new session did not help either.",
        "Check the clock of this machine (timedatectl).",
    ),
    Advice(
        "START_SESSION_ERROR", PERMISSION, CONNECTION,
        "Kaltura refused to start a session. An admin session needs the administrator secret, not the user secret.",
        "Check the admin secret and the partner ID in the connection (KMC, Settings > Integration Settings).",
    ),
    Advice(
        "INVALID_WIDGET_ID", PERMANENT, CONNECTION,
        "Kaltura does not know this partner ID.",
        "Check it in the connection, and that the service URL is the region of the account.",
    ),
    Advice(
        "INVALID_APP_TOKEN_HASH", PERMISSION, CONNECTION,
        "The app token or its hash type is wrong.",
        "Check both in the connection: the hash type must be the one the token was made with (SHA1 if nothing was "
        "chosen).",
    ),
    Advice(
        "APP_TOKEN_ID_NOT_FOUND", PERMISSION, ADMINISTRATOR,
        "There is no such app token; it may have been deleted.",
        "Check the app token ID in the connection. An administrator can make a new one with appToken.add.",
    ),
    Advice(
        "APP_TOKEN_NOT_ACTIVE", PERMISSION, ADMINISTRATOR,
        "The app token is disabled.",
        "Make a new one with appToken.add and put it into the connection.",
    ),
    Advice(
        "APP_TOKEN_EXPIRED", PERMISSION, ADMINISTRATOR,
        "The app token has expired.",
        "Make a new one with appToken.add and put it into the connection.",
    ),
    Advice(
        "SERVICE_FORBIDDEN", PERMISSION, ADMINISTRATOR,
        "The role of the session lacks the right to this action.",
        _ROLE,
    ),
    Advice(
        "SERVICE_FORBIDDEN_CONTENT_BLOCKED", PERMISSION, CONNECTION,
        "Kaltura does not know this partner ID, or has blocked the account.",
        "Check the partner ID in the connection and that the service URL is the region of the account.",
    ),
    Advice(
        "FEATURE_FORBIDDEN", PERMISSION, KALTURA,
        "The account lacks this feature.",
        "Ask the Kaltura account manager to enable it.",
    ),
    Advice(
        "PARTNER_ACCESS_FORBIDDEN", PERMISSION, CONNECTION,
        "The account may not do this.",
        "Check the partner ID of the connection.",
    ),
    Advice(
        "SERVICE_ACCESS_CONTROL_RESTRICTED", PERMISSION, ADMINISTRATOR,
        "An access control rule forbids it.",
        "Use a session that the rule allows, or have the rule changed (KMC, Settings > Access Control).",
    ),
    Advice(
        "SCHEDULED_RESTRICTED", PERMISSION, YOU,
        "The entry is outside of its schedule: viewers may not see it now.",
        "Wait for its start date, or change start and end of the entry.",
    ),
    Advice("ACCESS_UNAUTHORIZED", PERMISSION, ADMINISTRATOR, "The session may not do this.", _ROLE),
    Advice("ACTION_FORBIDDEN", PERMISSION, ADMINISTRATOR, "The session may not call this action.", _ROLE),
    Advice(
        "USER_BLOCKED", PERMISSION, ADMINISTRATOR,
        "The Kaltura user is blocked.",
        "Unblock it in the KMC or set another user ID in the connection.",
    ),
    Advice(
        "USER_WRONG_PASSWORD", PERMANENT, CONNECTION,
        "Kaltura does not accept this user and password; it answers so for a locked or an unknown user too.",
        "Use an app token in the connection instead of a login.",
    ),
    Advice(
        "PASSWORD_EXPIRED", PERMANENT, CONNECTION,
        "The password of the user has expired.",
        "Log in to the KMC and set a new one, or use an app token in the connection.",
    ),
    Advice(
        "MISSING_OTP", PERMANENT, CONNECTION,
        "This login needs a second factor.",
        "Use an app token in the connection instead of a login.",
    ),
    Advice(
        "INVALID_OTP", PERMANENT, CONNECTION,
        "The second factor of the login was wrong.",
        "Use an app token in the connection instead of a login.",
    ),
    Advice(
        "DIRECT_LOGIN_BLOCKED", PERMISSION, CONNECTION,
        "This user must log in through single sign-on.",
        "Use an app token.",
    ),
    Advice(
        "UNKNOWN_ROLE_ID", PERMISSION, ADMINISTRATOR,
        "The privilege setrole names a role that does not exist.",
        "Check the role in the KMC.",
    ),
    Advice(
        "PROPERTY_VALIDATION_NO_USAGE_PERMISSION", PERMISSION, ADMINISTRATOR,
        "The session may not use this field.",
        _ROLE,
    ),
    Advice(
        "PROPERTY_VALIDATION_NO_UPDATE_PERMISSION", PERMISSION, ADMINISTRATOR,
        "The session may not change this field.",
        _ROLE,
    ),
    Advice(
        "PROPERTY_VALIDATION_NO_INSERT_PERMISSION", PERMISSION, ADMINISTRATOR,
        "The session may not set this field.",
        _ROLE,
    ),
    Advice(
        "PROPERTY_VALIDATION_ADMIN_PROPERTY", PERMISSION, CONNECTION,
        "Only an admin session may set this field.",
        "Use session type 2 in the connection.",
    ),
    Advice(
        "CANNOT_RETRIEVE_ANOTHER_USER_USING_NON_ADMIN_SESSION", PERMANENT, CONNECTION,
        "A user session may read only its own user.",
        "Use session type 2 in the connection.",
    ),
    Advice(
        "CANNOT_UPDATE_LOGIN_DATA", PERMANENT, ADMINISTRATOR,
        "The login of a user cannot be changed this way.",
        "Change it in the KMC, or leave the login fields out.",
    ),
    Advice(
        "INVALID_USER_ID", PERMANENT, YOU,
        "There is no such user, or the ID holds characters that Kaltura does not allow.",
        "Check the user ID in the KMC; a user who owns entries is made when the first entry names it.",
    ),
    Advice(
        "DUPLICATE_USER_BY_ID", PERMANENT, YOU,
        "There is a user of this ID already.",
        "Use user.update, or another ID.",
    ),
)  # fmt: skip
