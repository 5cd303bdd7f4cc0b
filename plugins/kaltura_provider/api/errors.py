"""The one exception of this package, and how Kaltura's error codes become it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from kaltura_provider.api import catalogue
from kaltura_provider.api.advice import Advice, explain
from kaltura_provider.api.catalogue import ErrorClass
from kaltura_provider.api.redaction import MASK, redact

__all__ = [
    "DependencyFailed",
    "DriftError",
    "ErrorClass",
    "KalturaError",
    "MediaRefusedError",
    "SourceChangedError",
    "SourceUnavailableError",
    "UploadStoppedError",
    "api_error",
    "classify",
]

_INVALID_KS_TEXT = re.compile(r'(Invalid KS ")(.*)(", Error )', re.DOTALL)


class KalturaError(Exception):
    """A call to Kaltura failed. Text, details and hint are free of secrets; the object can be pickled.

    :param code: Kaltura's error code, such as ``ENTRY_ID_NOT_FOUND``; for faults of the way there one of
        ``CONNECTION_REFUSED``, ``HOST_NOT_FOUND``, ``HOST_UNREACHABLE``, ``TLS_ERROR``, ``CONNECT_TIMEOUT``,
        ``READ_TIMEOUT``, ``CONNECTION_LOST``, ``PROXY_ERROR``, ``HTTP_<status>`` or ``BAD_ANSWER``.
    :param message: what the server or the network said.
    :param error_class: what a caller can do; found by the code when None.
    :param details: Kaltura's error arguments.
    :param service_action: such as ``media.get``.
    :param request_id: the value of ``X-Kaltura-Session``, which Kaltura support asks for.
    :param http_status: status of the HTTP answer, None if there was none.
    :param hint: the cause and the user's next step; found by the code when None.
    :param outcome_unknown: True if the server may have done what it was asked for although the answer is missing.
    :param retry_after: seconds the server asked to wait.
    """

    def __init__(
        self,
        code: str,
        message: str = "",
        *,
        error_class: ErrorClass | None = None,
        details: Mapping[str, Any] | None = None,
        service_action: str = "",
        request_id: str | None = None,
        http_status: int | None = None,
        hint: str | None = None,
        outcome_unknown: bool = False,
        retry_after: float | None = None,
    ) -> None:
        self.code = code
        self.message = redact(message)
        self.details = {str(key): redact(str(value)) for key, value in (details or {}).items()}
        self.service_action = service_action
        self.request_id = request_id
        self.http_status = http_status
        advice = explain(code, self.details, service_action)
        self.error_class = error_class or advice.error_class
        self.hint = str(advice) if hint is None else redact(hint)
        self.outcome_unknown = outcome_unknown
        self.retry_after = retry_after
        super().__init__(code, self.message)

    @property
    def retryable(self) -> bool:
        """Whether the same call may work later."""
        return self.error_class is ErrorClass.RETRY

    @property
    def advice(self) -> Advice:
        """The cause of the error, who can fix it, and the next step; see :mod:`kaltura_provider.api.advice`."""
        found = explain(self.code, self.details, self.service_action)
        step = found.step if self.hint == str(found) else self.hint
        return replace(found, code=self.code, error_class=self.error_class, step=step)

    def __str__(self) -> str:
        text = f"{self.service_action or 'Kaltura call'} failed: {self.code}"
        if self.message:
            text += f": {self.message.rstrip('.')}"
        text += "."
        if self.hint:
            text += f" {self.hint} Who can fix it: {self.advice.fixer.value}."
        if self.request_id:
            text += f" [X-Kaltura-Session {self.request_id}]"
        return text

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), dict(self.__dict__))


class DependencyFailed(KalturaError):
    """A request of a multirequest needed the result of another one, which failed."""


class DriftError(ValueError):
    """A player or a profile is not as it should be; the message says in what."""


class MediaRefusedError(ValueError):
    """A file is nothing that Kaltura makes an entry of, or not what its name says; the message says what to do."""


class SourceChangedError(Exception):
    """A file changed while it was being uploaded; what Kaltura has of it must not be used."""


class SourceUnavailableError(OSError):
    """A file cannot be read just now, as its store or the way to it is in trouble; this may pass."""


class UploadStoppedError(Exception):
    """An upload was stopped on purpose; what has arrived stays on Kaltura, and a later upload goes on from there."""


def _rebuild(cls: type[KalturaError], state: dict[str, Any]) -> KalturaError:
    error = cls.__new__(cls)
    error.__dict__.update(state)
    error.args = (state["code"], state["message"])
    return error


def classify(code: str, details: Mapping[str, str] | None = None) -> ErrorClass:
    """Say what a caller can do about an error code.

    ``INVALID_KS`` has many meanings: a session that ended or cannot be read needs a new one, but ``ERR_CODE`` -4 says
    that this user may not touch the object, and no new session ever changes that.

    :param code: Kaltura's error code or one of this package.
    :param details: Kaltura's error arguments.
    :return: the class of the error.
    """
    return explain(code, details).error_class


def api_error(
    answer: Mapping[str, Any],
    service_action: str,
    *,
    request_id: str | None = None,
    http_status: int | None = None,
    mask: Callable[[str], str] = redact,
) -> KalturaError:
    """Build the exception for a ``KalturaAPIException`` object.

    :param answer: the error object as received.
    :param service_action: the action that failed.
    :param request_id: value of ``X-Kaltura-Session``.
    :param http_status: status of the HTTP answer.
    :param mask: removes secrets from a text.
    :return: the exception, not raised.
    """
    code = str(answer.get("code") or "UNKNOWN_ERROR")
    message = str(answer.get("message") or "")
    raw = answer.get("args")
    details = {str(key): str(value) for key, value in raw.items()} if isinstance(raw, dict) else {}
    if code == "INVALID_KS":
        # An unreadable session is repeated in full, and it need not be ours: cached answers show those of others.
        if details.get("KSID", "") not in catalogue.KSID_WORDS:
            details["KSID"] = MASK
        quoted = _INVALID_KS_TEXT.search(message)
        if quoted and quoted.group(2) not in catalogue.KSID_WORDS:
            message = _INVALID_KS_TEXT.sub(rf"\g<1>{MASK}\g<3>", message)
        elif quoted and "KSID" not in details:
            details["KSID"] = quoted.group(2)
    return KalturaError(
        code,
        mask(message),
        details={key: mask(value) for key, value in details.items()},
        service_action=service_action,
        request_id=request_id,
        http_status=http_status,
        # A fault inside the server says nothing about how far it had come.
        outcome_unknown=code.startswith("INTERNAL_") or code in ("LOCK_TIMED_OUT", "FILE_PENDING"),
    )
