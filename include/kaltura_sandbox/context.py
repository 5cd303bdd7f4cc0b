"""What an action knows about its request."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .sessions import invalid_session

if TYPE_CHECKING:
    from .files import Files
    from .jobs import Jobs
    from .ks import Session
    from .sandbox import Sandbox
    from .settings import Settings
    from .store import Store


@dataclass(frozen=True)
class RequestInfo:
    """The HTTP side of a request.

    :param base_url: scheme and host the caller used, without a slash at the end; links are built on it.
    :param client: the caller's address.
    :param uri: path and query as sent.
    :param url_params: the parameters of path and query alone.
    :param user_agent: what the caller's program calls itself; reports tell devices by it.
    """

    base_url: str
    client: str
    uri: str
    url_params: dict[str, Any] = field(default_factory=dict)
    user_agent: str = ""


@dataclass(frozen=True)
class Context:
    """One call of an action.

    :param sandbox: the shared state.
    :param request: the HTTP side.
    :param session: the caller's session, already checked; None without one.
    :param partner_id: the account, 0 when neither session nor request names one.
    :param params: the request's parameters before conversion.
    """

    sandbox: Sandbox
    request: RequestInfo
    session: Session | None
    partner_id: int
    params: dict[str, Any]

    @property
    def store(self) -> Store:
        """The documents."""
        return self.sandbox.store

    @property
    def files(self) -> Files:
        """The files."""
        return self.sandbox.files

    @property
    def jobs(self) -> Jobs:
        """The background jobs."""
        return self.sandbox.jobs

    @property
    def settings(self) -> Settings:
        """The sandbox's settings."""
        return self.sandbox.settings

    @property
    def base_url(self) -> str:
        """Scheme and host for links."""
        return self.request.base_url

    @property
    def user_id(self) -> str:
        """The session's user, empty without one."""
        return self.session.user_id if self.session else ""

    @property
    def is_admin(self) -> bool:
        """Whether the session is an admin session."""
        return self.session is not None and self.session.is_admin

    def may(self, privilege: str, object_id: str) -> bool:
        """Tell whether the session has a privilege for an object, for example ``may("edit", entry_id)``."""
        return self.session is not None and self.session.allows(privilege, object_id)

    def require_edit(self, owner: str | None, object_id: str) -> None:
        """Refuse a user session that neither owns the object nor has ``edit`` for it.

        :param owner: the object's user.
        :raises ApiError: ``INVALID_KS`` with ERR_CODE -4.
        """
        if not self.is_admin and owner != self.user_id and not self.may("edit", object_id):
            raise invalid_session("", -4, "INVALID_TYPE")
