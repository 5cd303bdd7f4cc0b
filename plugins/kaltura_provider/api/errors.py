"""The one exception of this package, and how Kaltura's error codes become it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from kaltura_provider.api import catalogue
from kaltura_provider.api.catalogue import ErrorClass
from kaltura_provider.api.redaction import MASK, redact

__all__ = [
    "DependencyFailed",
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
    :param hint: the user's next step; found by the code when None.
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
        self.error_class = error_class or classify(code, self.details)
        self.hint = find_hint(code, self.error_class, self.details, service_action) if hint is None else redact(hint)
        self.outcome_unknown = outcome_unknown
        self.retry_after = retry_after
        super().__init__(code, self.message)

    @property
    def retryable(self) -> bool:
        """Whether the same call may work later."""
        return self.error_class is ErrorClass.RETRY

    def __str__(self) -> str:
        text = f"{self.service_action or 'Kaltura call'} failed: {self.code}"
        if self.message:
            text += f": {self.message.rstrip('.')}"
        text += "."
        if self.hint:
            text += f" {self.hint}"
        if self.request_id:
            text += f" [X-Kaltura-Session {self.request_id}]"
        return text

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), dict(self.__dict__))


class DependencyFailed(KalturaError):
    """A request of a multirequest needed the result of another one, which failed."""


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
    details = details or {}
    if code == "INVALID_KS":
        forbidden = (
            str(details.get("ERR_CODE")) == "-4"
            or details.get("ERR_DESC") == "INVALID_TYPE"
            or str(details.get("KSID", "")).startswith("EXCEEDED_RESTRICTED_")
        )
        return ErrorClass.PERMISSION if forbidden else ErrorClass.RENEW_SESSION
    if code in catalogue.RENEW:
        return ErrorClass.RENEW_SESSION
    if code in catalogue.RETRY:
        return ErrorClass.RETRY
    if code in catalogue.PERMISSION:
        return ErrorClass.PERMISSION
    if code.startswith("HTTP_") and code[5:].isdigit():
        status = int(code[5:])
        if status >= 500 or status in (408, 425, 429):
            return ErrorClass.RETRY
        return ErrorClass.PERMISSION if status in (401, 403, 407) else ErrorClass.PERMANENT
    return ErrorClass.PERMANENT


def find_hint(code: str, error_class: ErrorClass, details: Mapping[str, str], service_action: str) -> str:
    """Find the user's next step for an error.

    :param code: the error code.
    :param error_class: its class.
    :param details: Kaltura's error arguments.
    :param service_action: the action that failed, such as ``media.add``.
    :return: one or two sentences.
    """
    if code == "SERVICE_FORBIDDEN" and (permission := catalogue.permission_of(service_action)):
        return f"The role of the session needs the permission {permission}. " + catalogue.PERMISSION[code]
    if code == "INVALID_KS":
        return _invalid_ks_hint(error_class, details)
    for table in (catalogue.RETRY, catalogue.PERMISSION, catalogue.RENEW, catalogue.PERMANENT):
        if code in table:
            return table[code]
    if code.startswith("HTTP_3"):
        return (
            "The server sends the client elsewhere. Put the final address, with https, into the connection "
            "as service URL."
        )
    if code == "HTTP_404":
        return (
            "This address is no Kaltura API. Check the service URL in the connection, such as https://www.kaltura.com."
        )
    if code == "HTTP_413":
        return "The request was too big for the server. Use smaller upload parts."
    if code in ("HTTP_401", "HTTP_403", "HTTP_407"):
        return "A proxy or firewall refused the request before Kaltura saw it. Ask the network administrator."
    if code.startswith("HTTP_"):
        return "The web server or a proxy failed. Run the task again; if it stays, check the service URL and the proxy."
    if code.endswith("_NOT_FOUND"):
        return "Check the ID: the object was deleted or belongs to another account."
    if code.startswith("PROPERTY_VALIDATION_"):
        return "Correct this field; the Kaltura API documentation lists what it takes."
    return "Check the values of the call; the Kaltura API documentation of the action lists what it takes."


def _invalid_ks_hint(error_class: ErrorClass, details: Mapping[str, str]) -> str:
    word = details.get("KSID", "")
    if error_class is ErrorClass.PERMISSION:
        if word == "EXCEEDED_RESTRICTED_IP":
            return "The session is restricted to other IP addresses. Correct the privilege iprestrict."
        if word == "EXCEEDED_RESTRICTED_URI":
            return "The session is restricted to other URLs. Correct the privilege urirestrict."
        return "This user may not change the object. Use its owner, an admin session, or the privilege edit:ENTRY_ID."
    if word == "EXPIRED":
        return (
            "Sessions expire as soon as they start: check the clock of this machine and the lifetime in the connection."
        )
    if word == "LOGOUT":
        return (
            "Kaltura has ended the sessions of these credentials. If session.end was called for an app token, its new "
            "sessions stay blocked for 24 hours: make a new app token and put it into the connection."
        )
    if word == "EXCEEDED_ACTIONS_LIMIT":
        return "The session may do only a few calls. Raise or remove the privilege actionslimit."
    return (
        "Kaltura cannot read the session. Check the admin secret or the app token, and the partner ID, in the "
        "connection."
    )


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
