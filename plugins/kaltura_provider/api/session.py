"""One session for all threads of a client, renewed ahead of its end and once when the server no longer accepts it."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from kaltura_provider.api.answers import decode
from kaltura_provider.api.calls import Request
from kaltura_provider.api.errors import KalturaError

if TYPE_CHECKING:
    from kaltura_provider.api.calls import Caller
    from kaltura_provider.api.credentials import Credentials, SessionInfo, SessionSpec, StartedSession

#: Seconds before the end, at most, at which a session is renewed: the server checks it when a request has *arrived*,
#: which for a part of a file can be minutes after it was sent.
MAX_MARGIN = 300.0
#: Share of the lifetime, at most, that the margin takes.
MARGIN_SHARE = 0.2


class Starter:
    """What credentials need to start a session: calls without one.

    :param caller: performs the calls.
    """

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self.partner_id = caller.config.partner_id
        self.on_secret = caller.redactor.add

    def call(self, service: str, action: str, params: dict[str, Any]) -> Any:
        """Call an action without a session.

        :param service: such as ``session``.
        :param action: such as ``start``.
        :param params: parameters by name.
        :return: the decoded answer, of the kind that starting a session gives.
        :raises KalturaError: if it fails.
        """
        request = Request.of_action(service, action, params, idempotent=True)
        mask = self._caller.redactor.redact
        answer = self._caller.perform(request, lambda found: decode(found, request.service_action, mask=mask))
        if not (isinstance(answer, str) or (isinstance(answer, dict) and isinstance(answer.get("ks"), str))):
            raise KalturaError("BAD_ANSWER", "the answer holds no session", service_action=request.service_action)
        return answer

    def server_time(self) -> float:
        """The time of the server in Unix seconds, as far as it is known."""
        return self._caller.transport.server_time()


class SessionKeeper:
    """Holds the session of one client. Safe for use by threads.

    :param caller: performs the calls.
    :param credentials: start a session.
    :param spec: what the session is for.
    """

    def __init__(self, caller: Caller, credentials: Credentials, spec: SessionSpec) -> None:
        self._starter = Starter(caller)
        self._credentials = credentials
        self._spec = spec
        self._lock = threading.Lock()
        self._session: StartedSession | None = None
        self._renew_at = 0.0
        for secret in credentials.secrets:
            caller.redactor.add(secret)

    def current(self) -> str:
        """Return the session, a new one if it is about to end.

        :raises KalturaError: if none can be started.
        """
        return self._current().ks

    def info(self) -> SessionInfo:
        """Return what is known about the session; starts one if there is none."""
        return self._current().info

    def renew(self, refused: str) -> str:
        """Return another session than the one the server refused.

        Of many threads whose call was refused the first one starts a session and the others get it.

        :param refused: the session the server refused.
        :raises KalturaError: if none can be started.
        """
        with self._lock:
            if self._session is None or self._session.ks == refused:
                return self._start().ks
            return self._session.ks

    def _current(self) -> StartedSession:
        session = self._session
        if session is not None and time.monotonic() < self._renew_at:
            return session
        with self._lock:
            if self._session is None or time.monotonic() >= self._renew_at:
                return self._start()
            return self._session

    def _start(self) -> StartedSession:
        # Counted on the clock of this process: that of the machine may be wrong, or be set while a task runs.
        started = time.monotonic()
        session = self._credentials.start(self._starter, self._spec)
        self._starter.on_secret(session.ks)
        life = session.info.expiry - self._starter.server_time()
        self._renew_at = started + life - min(MARGIN_SHARE * life, MAX_MARGIN)
        self._session = session
        return session
