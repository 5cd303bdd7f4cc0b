"""Calling one action: parameters in Kaltura's form, repetition where it is safe, decoding of the answer."""

from __future__ import annotations

import datetime
import json
import logging
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from kaltura_provider.api.answers import Answer
from kaltura_provider.api.catalogue import REFUSED_BEFORE_ACTING
from kaltura_provider.api.errors import ErrorClass, KalturaError
from kaltura_provider.api.multipart import FilePart, MultipartBody
from kaltura_provider.api.pacing import pace_of

if TYPE_CHECKING:
    from tenacity import RetryCallState

    from kaltura_provider.api.config import ClientConfig
    from kaltura_provider.api.pacing import Pace
    from kaltura_provider.api.redaction import Redactor
    from kaltura_provider.api.session import SessionKeeper
    from kaltura_provider.api.transport import Transport

log = logging.getLogger(__name__)

T = TypeVar("T")

#: Kaltura counts calls over some seconds; an action that stays blocked longer is blocked for good.
MAX_BLOCKED_ATTEMPTS = 3
#: Codes that say that there were too many calls.
RATE_LIMITED = frozenset({"ACTION_BLOCKED", "RATE_LIMITED", "HTTP_429"})
#: Seconds that all threads leave an action alone at most, whatever the server asks for.
MAX_PAUSE = 60.0

_IDEMPOTENT_STARTS = ("get", "list", "count", "serve", "search")
_IDEMPOTENT = frozenset(
    {
        "ping",
        "update",
        "updatestatus",
        "delete",
        "start",
        "startsession",
        "startwidgetsession",
        "setasdefault",
        "approve",
        "reject",
        "cancelreplace",
        "index",
        "execute",
    }
)
# What XML 1.0 cannot hold is refused by Kaltura with INVALID_PARAMETER_CHAR.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_GONE = ("_NOT_FOUND", "INVALID_ENTRY_ID", "INVALID_UI_CONF_ID")


def is_idempotent(action: str) -> bool:
    """Tell whether an action may be called again without knowing what became of the first call.

    :param action: name of the action, such as ``list``.
    """
    name = action.lower()
    return name in _IDEMPOTENT or name.startswith(_IDEMPOTENT_STARTS)


def is_serving(action: str) -> bool:
    """Tell whether an action answers with a file instead of a value.

    :param action: name of the action, such as ``serve``.
    """
    return action.lower().startswith("serve")


def clean(value: Any, path: str = "") -> Any:
    """Bring a parameter into the form Kaltura reads as it was meant.

    ``None`` is dropped at any depth, as Kaltura takes JSON null for "" or 0 and overwrites fields with it. Control
    characters, which Kaltura refuses, are removed from texts. Enums give their value, aware datetimes Unix seconds.

    :param value: a parameter.
    :param path: where it stands, for error messages.
    :return: what can be sent as JSON.
    :raises ValueError: for values that have no meaning in the API.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        # Half of a surrogate pair makes the whole body unreadable for the server.
        return _CONTROL.sub("", value.value if isinstance(value, Enum) else value).encode("utf-8", "replace").decode()
    if isinstance(value, Enum):
        return clean(value.value, path)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        if value != value or value in (float("inf"), float("-inf")):
            raise ValueError(f"{path or 'The value'} is {value}, which JSON cannot hold: use a finite number")
        return value
    if isinstance(value, datetime.datetime):
        if value.tzinfo is None:
            raise ValueError(f"{path or 'The value'} is a datetime without time zone: add one, or give Unix seconds")
        return int(value.timestamp())
    if isinstance(value, Mapping):
        items = ((str(key), clean(item, f"{path}.{key}" if path else str(key))) for key, item in value.items())
        return {key: item for key, item in items if item is not None}
    if isinstance(value, list | tuple | set | frozenset):
        values = sorted(value, key=str) if isinstance(value, set | frozenset) else value
        return [item for item in (clean(item, f"{path}[{i}]") for i, item in enumerate(values)) if item is not None]
    raise ValueError(
        f"{path or 'The value'} is a {type(value).__name__}, which Kaltura does not take: use text, number, "
        "list or dict"
    )


@dataclass(frozen=True)
class Fetch:
    """An address outside the API, and how much of it is read.

    :param url: full URL.
    :param limit: bytes of the body that are read at most.
    :param byte_range: part of the file to ask for, such as ``bytes=0-999``; all of it when None.
    """

    url: str = field(repr=False)
    limit: int
    byte_range: str | None = None


@dataclass(frozen=True)
class Request:
    """One call, ready to be sent any number of times.

    :param service_action: name for messages, such as ``media.get``.
    :param path: path below ``/api_v3``.
    :param params: parameters without session and format.
    :param idempotent: whether it may be repeated without knowing what became of the first one.
    :param files: files by parameter name.
    :param read_timeout: seconds to wait for the answer; the configured ones when None.
    :param base_url: root of another server of the same Kaltura, such as a token's ``uploadUrl``.
    :param absent_is_done: whether a repetition that finds nothing means that the first call had done its work.
    :param attempts: how often it is tried at most; as often as the settings say when None.
    :param actions: the calls it holds, if these are several; Kaltura's limits count each.
    :param fetch: an address that is read instead of calling an action.
    """

    service_action: str
    path: str
    params: Mapping[str, Any]
    idempotent: bool
    files: Mapping[str, FilePart] = field(default_factory=dict)
    read_timeout: float | None = None
    base_url: str | None = None
    absent_is_done: bool = False
    attempts: int | None = None
    actions: tuple[str, ...] = ()
    fetch: Fetch | None = None

    @classmethod
    def of_action(cls, service: str, action: str, params: Mapping[str, Any] | None = None, **options: Any) -> Request:
        """Build the request for one action.

        :param service: such as ``media`` or ``caption_captionAsset``.
        :param action: such as ``get``.
        :param params: parameters by name.
        :param options: the other fields of this class.
        :raises ValueError: if a name is no name, or a parameter cannot be sent.
        """
        for name in (service, action):
            if not re.fullmatch(r"[A-Za-z0-9_]+", name):
                raise ValueError(f"{name!r} is no name of a Kaltura service or action: use names such as media and get")
        if options.get("idempotent") is None:
            options["idempotent"] = is_idempotent(action)
        return cls(
            service_action=f"{service}.{action}",
            path=f"service/{service}/action/{action}",
            params=clean(params or {}),
            absent_is_done=action.lower() == "delete",
            **options,
        )


class Caller:
    """Performs requests: adds the session, repeats what may be repeated, decodes the answer.

    :param config: settings of the client.
    :param transport: sends one request.
    :param redactor: masks secrets.
    :param pace: lets requests pass; one of this account's when None.
    """

    def __init__(
        self, config: ClientConfig, transport: Transport, redactor: Redactor, pace: Pace | None = None
    ) -> None:
        self.config = config
        self.transport = transport
        self.redactor = redactor
        self.pace = pace or pace_of(config)

    def perform(
        self, request: Request, decode: Callable[[Answer], T], sessions: SessionKeeper | None = None
    ) -> T | None:
        """Send a request until it is answered, refused, or tried often enough.

        :param request: the call.
        :param decode: turns an answer into the value or raises :class:`KalturaError`.
        :param sessions: gives and renews the session; None to send none but the one in the parameters.
        :return: what ``decode`` returned; None if a repeated deletion found nothing left.
        :raises KalturaError: the last error.
        """
        from tenacity import Retrying

        attempts = _Attempts(self, request, decode, sessions)
        retrying = Retrying(
            retry=attempts.may_repeat,
            stop=attempts.enough,
            wait=attempts.wait,
            before_sleep=attempts.report,
            reraise=True,
        )
        try:
            result: T = retrying(attempts.run)
            return result
        except KalturaError as error:
            # Only Kaltura can say that there is nothing left: HOST_NOT_FOUND, say, is no answer to the deletion.
            answered = error.http_status is not None and not attempts.without_session
            if request.absent_is_done and attempts.lost and answered and error.code.endswith(_GONE):
                return None
            raise

    def note_refusal(self, service_action: str, error: KalturaError) -> None:
        """Keep all threads from calling an action for a while, if it was refused because of too many calls.

        :param service_action: what was called.
        :param error: why it failed.
        """
        if error.code in RATE_LIMITED:
            asked = min(error.retry_after or 0.0, MAX_PAUSE)
            self.pace.refused(service_action, max(self.config.rate_limit_wait, asked))

    def send(self, request: Request, ks: str | None) -> Answer:
        """Send a request once, when its moment has come.

        :param request: the call.
        :param ks: the session, or None.
        :return: the answer, whatever it says.
        """
        if (fetch := request.fetch) is not None:
            # Delivery has no counters of calls.
            return self.transport.get(
                fetch.url, service_action=request.service_action, limit=fetch.limit, byte_range=fetch.byte_range
            )
        params = {"format": 1, "clientTag": self.config.client_tag, **request.params}
        if ks is not None:
            params["ks"] = ks
        root = request.base_url or self.config.service_url
        # The format stands in the URL too: if the server loses the body, its error is still JSON.
        url = f"{root}/api_v3/{request.path}?format=1"
        self.pace.take(request.actions or (request.service_action,))
        body = MultipartBody(params, request.files) if request.files else json.dumps(params, allow_nan=False).encode()
        return self.transport.post(url, body, service_action=request.service_action, read_timeout=request.read_timeout)


class _Attempts:
    """The tries of one request, and the decision whether there is another one."""

    def __init__(
        self, caller: Caller, request: Request, decode: Callable[[Answer], Any], sessions: SessionKeeper | None
    ) -> None:
        self.caller = caller
        self.request = request
        self.decode = decode
        self.sessions = None if "ks" in request.params else sessions
        self.renewed = False
        self.lost = False
        self.without_session = False

    def run(self) -> Any:
        """One try; a session that has ended is renewed once, which does not count as a try."""
        if self.sessions is None:
            return self.send(None)
        ks = self.started(self.sessions.current)
        try:
            return self.send(ks)
        except KalturaError as error:
            if error.error_class is not ErrorClass.RENEW_SESSION or self.renewed:
                raise
            log.info("Kaltura no longer accepts the session (%s): starting a new one", error.code)
        # Kaltura checks the session before it does anything, so this is safe for every action.
        self.renewed = True
        return self.send(self.started(partial(self.sessions.renew, ks)))

    def send(self, ks: str | None) -> Any:
        try:
            return self.decode(self.caller.send(self.request, ks))
        except KalturaError as error:
            self.lost = self.lost or error.outcome_unknown
            self.caller.note_refusal(self.request.service_action, error)
            raise

    def started(self, start: Callable[[], str]) -> str:
        """A session. Starting it has its own repetitions; if it fails, the call itself was never sent."""
        try:
            return start()
        except KalturaError as error:
            self.without_session = True
            error.outcome_unknown = False
            raise

    def may_repeat(self, state: RetryCallState) -> bool:
        error = _error_of(state)
        if not isinstance(error, KalturaError) or self.without_session:
            return False
        if error.code in REFUSED_BEFORE_ACTING:
            return state.attempt_number < MAX_BLOCKED_ATTEMPTS
        if not error.retryable:
            return False
        # A fault before the request was out (refused, not found, no route) can be repeated for any action.
        return self.request.idempotent or (error.http_status is None and not error.outcome_unknown)

    def enough(self, state: RetryCallState) -> bool:
        return state.attempt_number >= (self.request.attempts or self.caller.config.max_attempts)

    def wait(self, state: RetryCallState) -> float:
        config = self.caller.config
        error = _error_of(state)
        # A random share of the whole wait, so that tasks that failed together do not come back together.
        backoff = random.uniform(0, min(config.backoff_max, config.backoff_initial * 2.0 ** (state.attempt_number - 1)))
        if isinstance(error, KalturaError):
            if error.code in REFUSED_BEFORE_ACTING:
                backoff += config.rate_limit_wait
            if error.retry_after is not None:
                backoff = max(backoff, min(error.retry_after, config.backoff_max))
        return backoff

    def report(self, state: RetryCallState) -> None:
        log.warning(
            "Attempt %d of %d: %s Trying again in %.1f s.",
            state.attempt_number,
            self.caller.config.max_attempts,
            _error_of(state),
            state.next_action.sleep if state.next_action else 0,
        )


def _error_of(state: RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None
