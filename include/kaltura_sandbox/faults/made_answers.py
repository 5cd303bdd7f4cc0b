"""Answers the proxy gives in place of the server, as Kaltura, S3 or a gateway writes them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import escape

from ..answers import HTML_TYPE, XML, common_headers, error_headers, serialize
from ..casting import to_text
from ..errors import ApiError, fail
from ..sessions import invalid_session
from .fault import (
    ACCESS_DENIED,
    ACTION_BLOCKED,
    API_ERROR,
    BAD_GATEWAY,
    EMPTY,
    EXPIRED_KS,
    INTERNAL_ERROR,
    KMS_DENIED,
    KMS_DISABLED,
    NO_SUCH_VERSION,
    PRECONDITION_FAILED,
    S3,
    SLOW_DOWN,
    WEB_PAGE,
    Fault,
)
from .request import Request

_GATEWAY_PAGE = (
    "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n"
    "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)
_PORTAL_PAGE = (
    "<!DOCTYPE html>\n<html><head><title>Welcome</title></head>\n<body>Log in to use this network.</body></html>\n"
)
_KMS_KEY = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
_USER = "arn:aws:iam::111122223333:user/reader"
_S3_ERRORS = {
    INTERNAL_ERROR: (500, "InternalError", "We encountered an internal error. Please try again."),
    SLOW_DOWN: (503, "SlowDown", "Please reduce your request rate."),
    PRECONDITION_FAILED: (
        412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold",
    ),
    NO_SUCH_VERSION: (404, "NoSuchVersion", "The specified version does not exist."),
    ACCESS_DENIED: (403, "AccessDenied", "Access Denied"),
    KMS_DENIED: (
        403, "AccessDenied",
        f"User: {_USER} is not authorized to perform: kms:Decrypt on resource: {_KMS_KEY} because no identity-based "
        "policy allows the kms:Decrypt action",
    ),
    KMS_DISABLED: (400, "KMS.DisabledException", f"{_KMS_KEY} is disabled."),
}  # fmt: skip


@dataclass(frozen=True)
class MadeAnswer:
    """An answer, ready to be sent."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def make_answer(fault: Fault, request: Request, client: str) -> MadeAnswer:
    """Write the answer of a fault that stands for one.

    :param client: the caller's address.
    """
    if fault.kind == BAD_GATEWAY:
        return MadeAnswer(502, _GATEWAY_PAGE.encode(), {"Server": "nginx", "Content-Type": "text/html"})
    if fault.kind == WEB_PAGE:
        return MadeAnswer(200, _PORTAL_PAGE.encode(), {"Content-Type": "text/html"})
    return _s3_answer(fault, request) if request.service == S3 else _kaltura_answer(fault, request, client)


def _kaltura_answer(fault: Fault, request: Request, client: str) -> MadeAnswer:
    headers = {"Server": "Apache", **common_headers(client)}
    if fault.kind == EMPTY:
        error = ApiError(fault.code, fault.message or "Internal server error occurred", {})
        return MadeAnswer(200, b"", {**headers, "Content-Type": HTML_TYPE, **error_headers(error, serving=False)})
    results = [_result(fault, action) for action in request.items or (request.action,)]
    value: Any = results if request.items else results[0]
    body, content_type = serialize(
        value, to_text(request.params.get("format")) or XML, seconds=0.0,
        callback=to_text(request.params.get("callback")), keep_nulls=True,
    )  # fmt: skip
    return MadeAnswer(200, body, {**headers, "Content-Type": content_type})


def _result(fault: Fault, action: str) -> ApiError | str:
    """What stands in the place of the result of one action; of a multirequest every item has it."""
    service, _, name = action.partition(".")
    if fault.kind == EXPIRED_KS:
        return invalid_session("EXPIRED")
    if fault.kind == ACTION_BLOCKED:
        args = {"ACTION_NAME": name, "SERVICE_NAME": service}
        return ApiError("ACTION_BLOCKED", f'Action "{name}" in service "{service}" is blocked', args)
    if fault.kind == API_ERROR:
        return ApiError(fault.code, fault.message, dict(fault.args))
    if fault.kind == INTERNAL_ERROR:
        return fail("INTERNAL_SERVERL_ERROR")
    return f"Access to {service}->{name} was rate limited"


def _s3_answer(fault: Fault, request: Request) -> MadeAnswer:
    status, code, message = _S3_ERRORS[fault.kind]
    request_id, host_id = secrets.token_hex(8).upper(), secrets.token_urlsafe(57)
    details = {"Code": code, "Message": message}
    if fault.kind == PRECONDITION_FAILED:
        details["Condition"] = "If-Match" if "if-match" in request.headers else "If-None-Match"
    details.update(RequestId=request_id, HostId=host_id)
    fields = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in details.items())
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{fields}</Error>'.encode()
    headers = {
        "x-amz-request-id": request_id, "x-amz-id-2": host_id, "Content-Type": "application/xml", "Server": "AmazonS3",
    }  # fmt: skip
    return MadeAnswer(status, body, headers)
