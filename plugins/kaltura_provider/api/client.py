"""The client: one Kaltura account, one session, any number of threads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from kaltura_provider.api.answers import Answer, decode, decode_file
from kaltura_provider.api.calls import Caller, Fetch, Request, is_serving
from kaltura_provider.api.config import ClientConfig
from kaltura_provider.api.credentials import Credentials, SessionInfo, SessionSpec
from kaltura_provider.api.distance import Distance
from kaltura_provider.api.errors import KalturaError
from kaltura_provider.api.multipart import FilePart
from kaltura_provider.api.redaction import Redactor
from kaltura_provider.api.session import SessionKeeper
from kaltura_provider.api.transport import Transport

if TYPE_CHECKING:
    from kaltura_provider.api.multirequest import MultiRequest


class KalturaClient:
    """Calls the API of one Kaltura account. Safe for use by threads; use it as a context manager or call :meth:`close`.

    Nothing is sent before the first call.

    :param config: where Kaltura is and how patiently to talk to it.
    :param credentials: start the session.
    :param session: what the session may do; an admin session of one hour when None.
    :param on_secret: called with every secret the moment it is known (secrets of the credentials, sessions, hashes), so
        that the surrounding system can mask it.
    """

    def __init__(
        self,
        config: ClientConfig,
        credentials: Credentials,
        session: SessionSpec | None = None,
        on_secret: Callable[[str], None] | None = None,
    ) -> None:
        self.config = config
        self.partner_id = config.partner_id
        self.redactor = Redactor(on_secret)
        self._on_secret = on_secret
        self._credentials = credentials
        self._transport = Transport(config, self.redactor)
        self._distance = Distance(
            lambda: self._transport.ask_for_nothing(config.service_url),
            # TCP, and up to two for TLS.
            handshakes=3 if config.service_url.startswith("https:") else 1,
        )
        self._caller = Caller(config, self._transport, self.redactor)
        self._sessions = SessionKeeper(self._caller, credentials, session or SessionSpec())

    def __enter__(self) -> KalturaClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"KalturaClient({self.config!r})"

    def call(
        self,
        service: str,
        action: str,
        params: Mapping[str, Any] | None = None,
        *,
        files: Mapping[str, FilePart] | None = None,
        idempotent: bool | None = None,
        read_timeout: float | None = None,
        base_url: str | None = None,
        anonymous: bool = False,
        attempts: int | None = None,
    ) -> Any:
        """Call any action of the API.

        The session is added to the parameters, unless they hold a ``ks``. Parameters that are None, at any depth, are
        not sent. Faults are repeated with random waits as far as that is safe: always when Kaltura surely did nothing,
        and for idempotent actions also when the answer was lost.

        :param service: such as ``media``, or ``caption_captionAsset`` for a service of a plugin.
        :param action: such as ``get``.
        :param params: parameters by name, as JSON-able values.
        :param files: files by parameter name, such as ``fileData``; they are streamed.
        :param idempotent: whether the action may run twice; decided by its name when None.
        :param read_timeout: seconds to wait for the answer; the configured ones when None.
        :param base_url: root of another server of the same Kaltura.
        :param anonymous: send no session.
        :param attempts: how often the call is tried at most, where repeating it is safe; as often as the settings say
            when None.
        :return: the decoded JSON; None for actions that return nothing; bytes for actions that serve a file.
        :raises KalturaError: if the call failed.
        :raises ValueError: if a parameter cannot be sent.
        """
        request = Request.of_action(
            service,
            action,
            params,
            files=files or {},
            idempotent=idempotent,
            read_timeout=read_timeout,
            base_url=base_url,
            attempts=attempts,
        )
        decoder = decode_file if is_serving(action) else decode

        def decode_answer(answer: Answer) -> Any:
            return decoder(answer, request.service_action, mask=self.redactor.redact)

        return self.perform(request, decode_answer, anonymous=anonymous)

    def perform(self, request: Request, decode_answer: Callable[[Answer], Any], *, anonymous: bool = False) -> Any:
        """Send a prepared request under the session of this client.

        :param request: the request.
        :param decode_answer: turns the answer into the value.
        :param anonymous: send no session.
        :return: what ``decode_answer`` returned.
        :raises KalturaError: if it failed.
        """
        return self._caller.perform(request, decode_answer, None if anonymous else self._sessions)

    def fetch(
        self, url: str, name: str, *, limit: int, byte_range: str | None = None, attempts: int | None = None
    ) -> Answer:
        """Read the beginning of an address that serves media, captions or pictures, as a viewer's player does.

        No session is sent, unless the address itself holds one. Faults are repeated as those of calls are.

        :param url: full URL; redirects are followed.
        :param name: what it is, such as ``playManifest``; named in errors.
        :param limit: bytes that are read at most.
        :param byte_range: part of the file to ask for, such as ``bytes=0-999``.
        :param attempts: how often it is tried at most; as often as the settings say when None.
        :return: an answer that holds the file or its beginning.
        :raises KalturaError: if there is no such answer: also for those with an empty body and ``X-Kaltura: error-N``.
        """
        request = Request(
            service_action=name,
            path="",
            params={},
            idempotent=True,
            attempts=attempts,
            fetch=Fetch(url, limit, byte_range),
        )

        def checked(answer: Answer) -> Answer:
            decode_file(answer, name, mask=self.redactor.redact)
            return answer

        answer: Answer = self.perform(request, checked, anonymous=True)
        return answer

    def with_session(self, session: SessionSpec, credentials: Credentials | None = None) -> KalturaClient:
        """Return another client of the account, under a session of its own; close it as well.

        :param session: what the session may do.
        :param credentials: start it; those of this client when None.
        """
        return KalturaClient(self.config, credentials or self._credentials, session, self._on_secret)

    def note_refusal(self, service_action: str, error: KalturaError) -> None:
        """Keep all threads from calling an action for a while, if it was refused because of too many calls.

        :param service_action: what was called.
        :param error: why it failed.
        """
        self._caller.note_refusal(service_action, error)

    def multirequest(self, *, text_references: bool = False) -> MultiRequest:
        """Begin a batch of calls that travel in one HTTP request.

        :param text_references: take texts such as ``{1:result:id}`` for references. Off by default, as such a text in,
            say, a title would be replaced by the server.
        """
        from kaltura_provider.api.multirequest import MultiRequest

        return MultiRequest(self, text_references=text_references)

    def iterate(
        self,
        service: str,
        action: str = "list",
        filter: Mapping[str, Any] | None = None,
        *,
        page_size: int = 500,
        params: Mapping[str, Any] | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Go through all objects a filter matches, also beyond the 10,000 where Kaltura stops paging.

        :param service: such as ``media``.
        :param action: the listing action.
        :param filter: the filter; ``orderBy`` is ``+createdAt`` unless given. An ``idIn`` of any length is split.
        :param page_size: objects asked for with one call, 1 to 500.
        :param params: further parameters, such as ``responseProfile``.
        :return: the objects as dicts, none of them twice.
        :raises KalturaError: if a call failed, or more than 10,000 objects match in an order other than ``createdAt``.
        :raises ValueError: if the page size is out of range or a list in the filter is longer than Kaltura reads.
        """
        from kaltura_provider.api.paging import iterate

        return iterate(self, service, action, filter, page_size=page_size, params=params)

    def session_info(self) -> SessionInfo:
        """Return user, type, privileges and expiry of the session; starts it if needed.

        :raises KalturaError: if no session can be started.
        """
        return self._sessions.info()

    def ks(self) -> str:
        """Return the session itself, which is a secret; renewed if it is about to end.

        :raises KalturaError: if no session can be started.
        """
        return self._sessions.current()

    def ping(self) -> bool:
        """Tell whether the server and its database answer (``system.ping``, without a session). Never raises."""
        try:
            return self.call("system", "ping", anonymous=True) is True
        except KalturaError:
            return False

    def server_time(self) -> float:
        """Return the time of the server in Unix seconds as known from its last answer; before that the local time."""
        return self._transport.server_time()

    def measure_distance(self) -> None:
        """Begin to measure how far the server is, beside the calls that follow; once for each client."""
        self._distance.begin()

    def round_trip(self) -> float:
        """Return the seconds a packet takes to the server and back, 0 if that could not be found out."""
        return self._distance.round_trip()

    def close(self) -> None:
        """Close the connections. The session just runs out."""
        self._transport.close()
