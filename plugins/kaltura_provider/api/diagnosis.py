"""Finding out what is wrong with a connection, in words a person can act on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kaltura_provider.api.client import KalturaClient
from kaltura_provider.api.credentials import AppTokenCredentials, WidgetCredentials
from kaltura_provider.api.errors import ErrorClass, KalturaError
from kaltura_provider.api.redaction import Redactor

if TYPE_CHECKING:
    from collections.abc import Callable

    from kaltura_provider.api.config import ClientConfig
    from kaltura_provider.api.credentials import Credentials, SessionSpec

CONNECT_TIMEOUT = 5.0
READ_TIMEOUT = 15.0

_SESSION_TYPES = {0: "user", 1: "widget", 2: "admin"}
_UNREACHABLE = frozenset({"HOST_NOT_FOUND", "HOST_UNREACHABLE", "CONNECTION_REFUSED", "CONNECT_TIMEOUT", "PROXY_ERROR"})

# The server could read a session that ended in one of these ways: the credentials themselves are right.
_ENDED = frozenset({"EXPIRED", "LOGOUT", "EXCEEDED_ACTIONS_LIMIT"})


def diagnose(
    config: ClientConfig,
    credentials: Credentials,
    session: SessionSpec | None = None,
    on_secret: Callable[[str], None] | None = None,
) -> tuple[bool, str]:
    """Try a connection step by step: server, session, rights (``system.ping``, then a session, then ``media.list``).

    Takes some seconds at most, never raises, and never names a secret.

    :param config: the settings; timeouts and attempts are shortened.
    :param credentials: the credentials.
    :param session: what the session is for.
    :param on_secret: called with every secret that becomes known.
    :return: whether the connection can be used, and what to correct if not.
    """
    config = replace(
        config,
        connect_timeout=min(config.connect_timeout, CONNECT_TIMEOUT),
        read_timeout=min(config.read_timeout, READ_TIMEOUT),
        max_attempts=1,
    )
    try:
        with KalturaClient(config, credentials, session, on_secret) as client:
            return _Diagnosis(client, credentials).run()
    except Exception as error:
        redactor = Redactor()
        for secret in credentials.secrets:
            redactor.add(secret)
        return False, redactor.redact(f"The connection could not be tried: {type(error).__name__}: {error}")


class _Diagnosis:
    def __init__(self, client: KalturaClient, credentials: Credentials) -> None:
        self.client = client
        self.credentials = credentials
        self.where = client.config.service_url

    def run(self) -> tuple[bool, str]:
        for step in (self.server, self.session, self.rights):
            if problem := step():
                return False, problem
        info = self.client.session_info()
        user = f"user {info.user_id}" if info.user_id else "no user"
        kind = _SESSION_TYPES.get(info.session_type, "unknown")
        return True, f"Connected to {self.where} as partner {info.partner_id} ({kind} session, {user})"

    def server(self) -> str | None:
        """Is there a Kaltura server?"""
        try:
            answer = self.client.call("system", "ping", anonymous=True)
        except KalturaError as error:
            if error.code in _UNREACHABLE:
                return f"{self.where} cannot be reached: {error.message}. {error.hint}"
            if error.code == "TLS_ERROR":
                return f"No secure connection to {self.where}: {error.message}. {error.hint}"
            if error.code in ("READ_TIMEOUT", "CONNECTION_LOST"):
                return f"{self.where} accepts connections but does not answer. {error.hint}"
            if error.http_status == 404:
                return f"{self.where} is no Kaltura server, or its database is down (HTTP status 404). {error.hint}"
            if error.code == "BAD_ANSWER":
                return f"{self.where} is no Kaltura server: {error.message}. {error.hint}"
            return f"{self.where} answers with an error: {error}"
        return (
            None
            if answer is True
            else f"{self.where} is no Kaltura server: system.ping does not answer true. Check the service URL."
        )

    def session(self) -> str | None:
        """Does Kaltura accept the credentials?"""
        try:
            self.client.ks()
        except KalturaError as error:
            return self.refused(error)
        return None

    def rights(self) -> str | None:
        """Does the session work, and may it see entries?"""
        params = {
            "filter": {"orderBy": "-createdAt"},
            "pager": {"pageSize": 1},
            "responseProfile": {"type": 1, "fields": "id"},
        }
        try:
            self.client.call("media", "list", params)
        except KalturaError as error:
            if (
                error.code == "INVALID_KS"
                and error.error_class is ErrorClass.RENEW_SESSION
                and not self.partner_known()
            ):
                return self.unknown_partner()
            return self.refused(error)
        return None

    def refused(self, error: KalturaError) -> str:
        if error.code in ("INVALID_WIDGET_ID", "SERVICE_FORBIDDEN_CONTENT_BLOCKED"):
            return self.unknown_partner()
        if error.code == "START_SESSION_ERROR":
            return f"Kaltura refused the admin secret for partner {self.client.partner_id}. {error.hint}"
        if error.code == "INVALID_APP_TOKEN_HASH" and isinstance(self.credentials, AppTokenCredentials):
            return f"Kaltura refused the app token hashed with {self.credentials.hash_type}. {error.hint}"
        if error.code == "APP_TOKEN_ID_NOT_FOUND":
            return f"Partner {self.client.partner_id} has no app token with this ID. {error.hint}"
        if error.code in ("APP_TOKEN_NOT_ACTIVE", "APP_TOKEN_EXPIRED"):
            return error.hint
        if error.code == "SERVICE_FORBIDDEN":
            return f"The credentials are right, but the session may not call {error.service_action}. {error.hint}"
        if error.code == "INVALID_KS" and error.details.get("KSID", "") not in _ENDED:
            if error.error_class is ErrorClass.PERMISSION:
                return f"The credentials are right, but the session is restricted. {error.hint}"
            owner = f"partner {self.client.partner_id}"
            return f"The session was refused: the admin secret does not belong to {owner}. {error.hint}"
        return str(error)

    def partner_known(self) -> bool:
        """Sessions signed for an unknown partner look like ones with a wrong secret; a widget tells them apart."""
        try:
            with KalturaClient(self.client.config, WidgetCredentials()) as client:
                client.ks()
        except KalturaError as error:
            return error.code not in ("INVALID_WIDGET_ID", "SERVICE_FORBIDDEN_CONTENT_BLOCKED")
        return True

    def unknown_partner(self) -> str:
        return (
            f"{self.where} knows no partner {self.client.partner_id}, or has blocked it. Check the partner ID in the "
            "connection, and that the service URL is the region of the account."
        )
