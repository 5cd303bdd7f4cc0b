"""Who the client is: credentials, and the session they are turned into.

No object here shows its secret in ``repr``. Every session the client starts is short, is renewed ahead of its end, and
is never ended with ``session.end``: for an app token that would block all its sessions for a day.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from kaltura_provider.api.errors import KalturaError
from kaltura_provider.api.ks import merge_privileges, sign_v1, sign_v2

if TYPE_CHECKING:
    from kaltura_provider.api.session import Starter

USER = 0
ADMIN = 2

HASH_TYPES = ("SHA1", "MD5", "SHA256", "SHA512")
SESSION_METHODS = ("local_v2", "local_v1", "session.start")


@dataclass(frozen=True)
class SessionSpec:
    """What a session may do. Contains no secret and can be passed on as JSON.

    :param user_id: the Kaltura user; empty for none. Uploads can only be resumed by the same user.
    :param session_type: 2 admin, 0 user.
    :param privileges: comma separated, such as ``edit:1_abc,disableentitlement``; repeated names are joined.
    :param lifetime: seconds the session lives before a new one is started.
    """

    user_id: str = ""
    session_type: int = ADMIN
    privileges: str = ""
    lifetime: int = 3600

    def __post_init__(self) -> None:
        object.__setattr__(self, "user_id", str(self.user_id or ""))
        object.__setattr__(self, "session_type", int(self.session_type))
        try:
            object.__setattr__(self, "lifetime", int(self.lifetime))
        except (TypeError, ValueError):
            raise ValueError(
                f"The lifetime of a session must be a number of seconds such as 3600, not {self.lifetime!r}"
            ) from None
        object.__setattr__(self, "privileges", merge_privileges(self.privileges or ""))
        if self.session_type not in (USER, ADMIN):
            raise ValueError(f"session_type {self.session_type} is unknown: use 2 for admin or 0 for user")
        if self.lifetime <= 0:
            # Kaltura starts such a session without complaint, and it has already ended.
            raise ValueError("The lifetime of a session must be more than 0 seconds")

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as a JSON-able dict."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> SessionSpec:
        """Build the spec from a dict; other keys, such as those a session operator adds, are ignored.

        :param values: fields by name.
        """
        known = {name: values[name] for name in cls.__dataclass_fields__ if values.get(name) is not None}
        return cls(**known)


@dataclass(frozen=True)
class SessionInfo:
    """What is known about the running session. Never contains the session itself.

    :param partner_id: the account.
    :param user_id: the Kaltura user.
    :param session_type: 0 user, 1 widget, 2 admin.
    :param privileges: as Kaltura granted them.
    :param expiry: Unix seconds, by the server's clock, at which it ends.
    """

    partner_id: int
    user_id: str
    session_type: int
    privileges: str
    expiry: int


@dataclass(frozen=True)
class StartedSession:
    """A new session: the KS, which is secret, and what is known about it."""

    ks: str = field(repr=False)
    info: SessionInfo


class Credentials(Protocol):
    """Something that can start a session."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """The texts to mask from the beginning."""
        ...

    def start(self, starter: Starter, spec: SessionSpec) -> StartedSession:
        """Start a session.

        :param starter: calls the server without a session.
        :param spec: what the session is for.
        """
        ...


@dataclass(frozen=True)
class AppTokenCredentials:
    """An app token: the preferred credential, as it can be limited and revoked.

    Starts sessions with ``session.startWidgetSession`` and ``appToken.startSession``. Type, user and privileges that
    the token fixes win over those of the :class:`SessionSpec`.

    :param token_id: ID of the token.
    :param token: the token itself, 32 hexadecimal digits.
    :param hash_type: ``SHA1``, ``MD5``, ``SHA256`` or ``SHA512``, as chosen when the token was made.
    """

    token_id: str
    token: str = field(repr=False)
    hash_type: str = "SHA1"

    def __post_init__(self) -> None:
        hash_type = self.hash_type.upper().replace("-", "")
        if hash_type not in HASH_TYPES:
            raise ValueError(f"App token hash type {self.hash_type!r} is unknown: use one of {', '.join(HASH_TYPES)}")
        object.__setattr__(self, "hash_type", hash_type)
        object.__setattr__(self, "token", self.token.strip())
        object.__setattr__(self, "token_id", self.token_id.strip())

    @property
    def secrets(self) -> tuple[str, ...]:
        """The texts to mask from the beginning."""
        return (self.token,)

    def start(self, starter: Starter, spec: SessionSpec) -> StartedSession:
        """Start a session.

        :param starter: calls the server without a session.
        :param spec: what the session is for.
        :raises KalturaError: if Kaltura refuses the token.
        """
        widget_ks = _widget_session(starter, None, None)["ks"]
        token_hash = hashlib.new(self.hash_type, (widget_ks + self.token).encode(), usedforsecurity=False).hexdigest()
        starter.on_secret(token_hash)
        params = {
            "ks": widget_ks,
            "id": self.token_id,
            "tokenHash": token_hash,
            "userId": spec.user_id or None,
            "type": spec.session_type,
            "expiry": spec.lifetime,
            "sessionPrivileges": spec.privileges or None,
        }
        answer = starter.call("appToken", "startSession", params)
        expiry = int(answer.get("expiry") or starter.server_time() + spec.lifetime)
        if expiry <= starter.server_time():
            raise KalturaError(
                "APP_TOKEN_EXPIRED", "the new session has already ended", service_action="appToken.startSession"
            )
        info = SessionInfo(
            partner_id=int(answer.get("partnerId") or starter.partner_id),
            user_id=str(answer.get("userId") or ""),
            session_type=int(answer.get("sessionType") or 0),
            privileges=str(answer.get("privileges") or ""),
            expiry=expiry,
        )
        return StartedSession(answer["ks"], info)


@dataclass(frozen=True)
class AdminSecretCredentials:
    """The administrator secret of the account. It cannot be changed once it leaked: prefer an app token.

    :param secret: the administrator secret.
    :param method: ``local_v2`` and ``local_v1`` sign sessions without a call; ``session.start`` sends the secret to
        Kaltura.
    """

    secret: str = field(repr=False)
    method: str = "local_v2"

    def __post_init__(self) -> None:
        if self.method not in SESSION_METHODS:
            raise ValueError(f"Session method {self.method!r} is unknown: use one of {', '.join(SESSION_METHODS)}")
        object.__setattr__(self, "secret", self.secret.strip())

    @property
    def secrets(self) -> tuple[str, ...]:
        """The texts to mask from the beginning."""
        return (self.secret,)

    def start(self, starter: Starter, spec: SessionSpec) -> StartedSession:
        """Start a session.

        :param starter: calls the server without a session; only ``session.start`` uses it.
        :param spec: what the session is for.
        :raises KalturaError: if Kaltura refuses the secret, which local signing finds out only with the first call.
        """
        expiry = int(starter.server_time()) + spec.lifetime
        if self.method == "session.start":
            params = {
                "secret": self.secret,
                "partnerId": starter.partner_id,
                "userId": spec.user_id,
                "type": spec.session_type,
                "expiry": spec.lifetime,
                "privileges": spec.privileges or None,
            }
            ks = str(starter.call("session", "start", params))
        else:
            sign = sign_v1 if self.method == "local_v1" else sign_v2
            ks = sign(
                self.secret,
                starter.partner_id,
                user_id=spec.user_id,
                session_type=spec.session_type,
                expiry=expiry,
                privileges=spec.privileges,
            )
        info = SessionInfo(starter.partner_id, spec.user_id, spec.session_type, spec.privileges, expiry)
        return StartedSession(ks, info)


@dataclass(frozen=True)
class WidgetCredentials:
    """No credential at all: an anonymous session that may read what is public.

    :param widget_id: the widget; the account's own (``_`` and the partner ID) when None.
    """

    widget_id: str | None = None

    @property
    def secrets(self) -> tuple[str, ...]:
        """The texts to mask from the beginning: none."""
        return ()

    def start(self, starter: Starter, spec: SessionSpec) -> StartedSession:
        """Start a session with ``session.startWidgetSession``.

        :param starter: calls the server without a session.
        :param spec: only the lifetime counts.
        :raises KalturaError: if Kaltura does not know the widget.
        """
        answer = _widget_session(starter, self.widget_id, spec.lifetime)
        expiry = int(starter.server_time()) + spec.lifetime
        return StartedSession(answer["ks"], SessionInfo(starter.partner_id, "", 1, "", expiry))


def _widget_session(starter: Starter, widget_id: str | None, lifetime: int | None) -> dict[str, Any]:
    params = {"widgetId": widget_id or f"_{starter.partner_id}", "expiry": lifetime}
    answer: dict[str, Any] = starter.call("session", "startWidgetSession", params)
    starter.on_secret(answer["ks"])
    return answer
