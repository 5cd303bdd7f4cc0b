"""Turning the answers of a Kaltura server, in all the shapes they come, into a value or a :class:`KalturaError`.

Kaltura answers HTTP 200 to nearly everything. The failure is in the body, or only in a header; and between the client
and Kaltura stand proxies and load balancers with answers of their own.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from kaltura_provider.api.errors import KalturaError, api_error
from kaltura_provider.api.redaction import redact

#: Numbers that pages outside the API (players, downloads) give in ``X-Kaltura: error-N``.
_NUMBERED = {
    1: "ENTRY_ID_NOT_FOUND",
    2: "SCHEDULED_RESTRICTED",
    3: "SERVICE_ACCESS_CONTROL_RESTRICTED",
    4: "INVALID_KS",
    5: "FILE_NOT_FOUND",
    6: "FLAVOR_NOT_FOUND",
    7: "INVALID_KS",
    13: "ENTRY_MODERATION_ERROR",
    20: "MISSING_MANDATORY_PARAMETER",
    24: "MULTIREQUEST_PROXY_FAILED",
    31: "INVALID_KS",
    40: "SERVICE_FORBIDDEN_CONTENT_BLOCKED",
    57: "RATE_LIMITED",
}
_RATE_LIMITED = re.compile(r"Access to \S+->\S+ was rate limited")
_XML_CODE = re.compile(r"<error>.*?<code>(.*?)</code>", re.DOTALL)
_XML_MESSAGE = re.compile(r"<error>.*?<message>(.*?)</message>", re.DOTALL)
_MULTIPLE_SPACE = re.compile(r"\s+")
_TAGS = re.compile(r"(?s)<(script|style)\b.*?</\1>|<[^>]*>")


@dataclass(frozen=True)
class Answer:
    """An HTTP answer as received.

    :param status: HTTP status.
    :param headers: header values by lower-case name.
    :param body: the bytes of the body, decompressed.
    :param url: the address that gave it in the end, after redirects; only of what was fetched.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    # It may hold a session.
    url: str = field(default="", repr=False)

    @property
    def request_id(self) -> str | None:
        """The number Kaltura support asks for, absent on answers from a cache or a proxy."""
        return self.headers.get("x-kaltura-session")


def decode(answer: Answer, service_action: str, *, mask: Callable[[str], str] = redact) -> Any:
    """Return the JSON value of an answer.

    :param answer: the answer as received.
    :param service_action: the action called, such as ``media.get``; named in errors.
    :param mask: removes secrets from a text.
    :return: the value; None for actions that return nothing.
    :raises KalturaError: for every answer that is not the result of the action.
    """
    faults = _Faults(answer, service_action, mask)
    text = answer.body.decode("utf-8", "replace").lstrip("\ufeff").strip()
    try:
        value = json.loads(text)
    except ValueError:
        raise faults.not_json(text) from None
    if is_api_error(value):
        raise faults.of_api(value)
    if answer.status != 200:
        raise faults.of_status(text)
    if isinstance(value, str) and _RATE_LIMITED.search(value):
        raise faults.make("RATE_LIMITED", value)
    return value


def decode_file(answer: Answer, service_action: str, *, mask: Callable[[str], str] = redact) -> bytes:
    """Return the file an action such as ``caption_captionAsset.serve`` answers with.

    These actions report an error by an empty body and a header, which is easily taken for an empty file.

    :param answer: the answer as received.
    :param service_action: the action called.
    :param mask: removes secrets from a text.
    :return: the bytes of the file.
    :raises KalturaError: if the answer is no file.
    """
    faults = _Faults(answer, service_action, mask)
    if fault := faults.of_header():
        raise fault
    if answer.headers.get("content-type", "").lower().startswith("application/json"):
        try:
            value = json.loads(answer.body)
        except ValueError:
            value = None
        if is_api_error(value):
            raise faults.of_api(value)
    if answer.status not in (200, 206):
        raise faults.of_status(answer.body.decode("utf-8", "replace"))
    return answer.body


def is_api_error(value: Any) -> bool:
    """Tell whether a decoded JSON value is an error of the API.

    :param value: a decoded JSON value.
    """
    return isinstance(value, dict) and value.get("objectType") == "KalturaAPIException"


class _Faults:
    """Builds the exception for one answer."""

    def __init__(self, answer: Answer, service_action: str, mask: Callable[[str], str]) -> None:
        self.answer = answer
        self.service_action = service_action
        self.mask = mask

    def make(self, code: str, message: str, *, outcome_unknown: bool = False) -> KalturaError:
        return KalturaError(
            code,
            self.mask(message),
            service_action=self.service_action,
            request_id=self.answer.request_id,
            http_status=self.answer.status,
            outcome_unknown=outcome_unknown,
            retry_after=_seconds(self.answer.headers.get("retry-after")),
        )

    def of_api(self, value: Mapping[str, Any]) -> KalturaError:
        return api_error(
            value,
            self.service_action,
            request_id=self.answer.request_id,
            http_status=self.answer.status,
            mask=self.mask,
        )

    def of_header(self) -> KalturaError | None:
        """The error of ``X-Kaltura: error- CODE``, if there is one."""
        # Kaltura remembers errors of addresses for a minute.
        marker = self.answer.headers.get("x-kaltura", "").strip().removeprefix("cached-")
        if not marker.startswith("error-"):
            return None
        code = marker[len("error-") :].strip()
        text = self.answer.headers.get("x-kaltura-app", "")
        _, found, message = text.partition(f"exiting on error {code} - ")
        if code.isdigit():
            message = f"Kaltura stopped with error {code}" + (f": {message}" if message else "")
            code = _NUMBERED.get(int(code), f"KALTURA_ERROR_{code}")
        return self.make(code or "UNKNOWN_ERROR", message if found or code else text)

    def of_status(self, text: str) -> KalturaError:
        status = self.answer.status
        message = f"HTTP status {status}"
        if 300 <= status < 400:
            # Only scheme and host: the rest of a redirect may be signed.
            target = self.answer.headers.get("location", "").split("?", 1)[0]
            message += f", sent on to {target}" if target else ""
        elif words := _words(text):
            message += f": {words}"
        # The server, or a proxy in front of it, may have failed after the work was done.
        return self.make(f"HTTP_{status}", message, outcome_unknown=status >= 500 or status == 408)

    def not_json(self, text: str) -> KalturaError:
        if fault := self.of_header():
            return fault
        if code := _XML_CODE.search(text):
            message = _XML_MESSAGE.search(text)
            found = {
                "code": html.unescape(code.group(1)),
                "message": html.unescape(message.group(1)) if message else "",
            }
            return self.of_api(found)
        if self.answer.status != 200:
            return self.of_status(text)
        if _RATE_LIMITED.search(text):
            return self.make("RATE_LIMITED", text)
        if not text:
            return self.make("BAD_ANSWER", "the answer is empty", outcome_unknown=True)
        if text.startswith(("<?xml", "<xml")):
            return self.make("BAD_ANSWER", "the answer is XML though JSON was asked for", outcome_unknown=True)
        if text.startswith("<"):
            return self.make("BAD_ANSWER", f"the answer is a web page, not JSON: {_words(text)}", outcome_unknown=True)
        return self.make("BAD_ANSWER", f"the answer of {len(text)} characters is not valid JSON", outcome_unknown=True)


def _words(text: str) -> str:
    """The beginning of what a person would read in an error page."""
    return _MULTIPLE_SPACE.sub(" ", html.unescape(_TAGS.sub(" ", text))).strip()[:200]


def _seconds(retry_after: str | None) -> float | None:
    # The form with a date is left out: it depends on clocks, and the wait before a repetition is random anyway.
    return float(retry_after) if retry_after and retry_after.strip().isdigit() else None
