"""Answers as Kaltura writes them: JSON, XML, PHP or JSONP, and its headers."""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from .errors import ApiError

JSON = "1"
XML = "2"
PHP = "3"
JSONP = "9"
HTML_TYPE = "text/html; charset=UTF-8"

_EXPOSED = "Server, Content-Length, Content-Range, Date, X-Kaltura, X-Kaltura-Session, X-Me"


@dataclass(frozen=True)
class FileAnswer:
    """A file as the answer of a serve action or raw route.

    :param content: the file, or its bytes.
    :param content_type: for the header.
    :param download_name: file name for ``Content-Disposition: attachment``; None for none.
    :param headers: more headers.
    """

    content: Path | bytes
    content_type: str = "application/octet-stream"
    download_name: str | None = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class RedirectAnswer:
    """A redirect (302) as the answer of an action or raw route.

    :param url: where to.
    """

    url: str


def common_headers(client: str) -> dict[str, str]:
    """Return the headers every answer of the API carries.

    :param client: the caller's address.
    """
    return {
        "Access-Control-Expose-Headers": _EXPOSED,
        "Access-Control-Allow-Origin": "*",
        "Expires": "Sun, 19 Nov 2000 08:52:00 GMT",
        "Cache-Control": "no-store, no-cache, must-revalidate, post-check=0, pre-check=0",
        "Pragma": "no-cache",
        "X-Kaltura-Session": f"{secrets.randbelow(2**31)}, {int(time.time())}",
        "X-Me": client,
    }


def error_headers(error: ApiError, *, serving: bool) -> dict[str, str]:
    """Return the headers that name an error: of every failed serve action, and of refused actions.

    :param serving: the action serves files, which writes a space after ``error-``.
    """
    return {
        "X-Kaltura": f"error-{' ' if serving else ''}{error.code}",
        "X-Kaltura-App": header_text(f"exiting on error {error.code} - {error.message}"),
    }


def header_text(text: str) -> str:
    """Make any text fit for a header: UTF-8 bytes, as PHP sends them, on one line."""
    return " ".join(text.split()).encode("utf-8", "replace").decode("latin-1")


def serialize(
    value: Any, response_format: str, *, seconds: float, callback: str, keep_nulls: bool
) -> tuple[bytes, str]:
    """Write a result in one of Kaltura's formats.

    :param value: what an action returned, or an :class:`ApiError`.
    :param response_format: ``1`` JSON, ``2`` XML, ``3`` PHP, ``9`` JSONP.
    :param seconds: how long the action took; XML shows it.
    :param callback: the JSONP function.
    :param keep_nulls: XML shows properties without a value as empty tags.
    :return: the body and its content type.
    """
    if response_format == JSON:
        return _json(value).encode(), "application/json"
    if response_format == JSONP:
        return f"{callback}({_json(value)});".encode(), "application/javascript"
    if response_format == PHP:
        return _php(_plain(value)), HTML_TYPE
    body = f'<?xml version="1.0" encoding="utf-8"?><xml><result>{_xml(value, keep_nulls)}</result>'
    return f"{body}<executionTime>{seconds:.12f}</executionTime></xml>".encode(), "text/xml;charset=UTF-8"


def _plain(value: Any) -> Any:
    """Turn errors into objects and leave out what has no value."""
    if isinstance(value, ApiError):
        return {
            "code": value.code, "message": value.message, "objectType": "KalturaAPIException",
            "args": value.api_args or [],
        }  # fmt: skip
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items() if item is not None}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


def _json(value: Any) -> str:
    return json.dumps(_plain(value), separators=(",", ":")).replace("/", "\\/")


def _xml(value: Any, keep_nulls: bool) -> str:
    if isinstance(value, ApiError):
        items = "".join(
            f"<item><objectType>KalturaApiExceptionArg</objectType><name>{_text(name)}</name>"
            f"<value>{_text(argument)}</value></item>"
            for name, argument in value.api_args.items()
        )
        return (
            f"<error><code>{_text(value.code)}</code><message>{_text(value.message)}</message>"
            f"<objectType>KalturaAPIException</objectType><args>{items}</args></error>"
        )
    if isinstance(value, (list, tuple)):
        return "".join(f"<item>{_xml(item, keep_nulls)}</item>" for item in value)
    if isinstance(value, dict):
        ordered = ([("objectType", value["objectType"])] if "objectType" in value else []) + [
            pair for pair in value.items() if pair[0] != "objectType"
        ]
        return "".join(
            f"<{name}>{_xml(item, keep_nulls)}</{name}>" for name, item in ordered if keep_nulls or item is not None
        )
    if isinstance(value, bool):
        return "1" if value else "0"
    return "" if value is None else _text(str(value))


def _text(text: str) -> str:
    return escape(text, {'"': "&quot;", "'": "&apos;"})


def _php(value: Any) -> bytes:
    if value is None:
        return b"N;"
    if isinstance(value, bool):
        return b"b:%d;" % value
    if isinstance(value, int):
        return b"i:%d;" % value
    if isinstance(value, float):
        return f"d:{value!r};".encode()
    if isinstance(value, str):
        raw = value.encode()
        return b's:%d:"%s";' % (len(raw), raw)
    pairs = list(value.items() if isinstance(value, dict) else enumerate(value))
    return b"a:%d:{%s}" % (len(pairs), b"".join(_php(key) + _php(item) for key, item in pairs))
