"""Bringing texts and values of others into pages, so that they stay texts and values."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from jinja2 import Environment

# In a script element these would end it, or the line, in the middle of a text.
_SCRIPT_ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
# HTML cannot hold them: control characters other than tab and line ends, halves of characters, noncharacters.
_NO_TEXT = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef"
    + "".join(f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(17))
    + "]"
)


def clean(text: str) -> str:
    """Return a text as HTML can hold it: without control characters, and with line ends of one kind.

    :param text: any text.
    """
    return _NO_TEXT.sub("\ufffd", str(text)).replace("\r\n", "\n").replace("\r", "\n")


def script_json(value: Any) -> str:
    """Write JSON that can stand within a script element.

    :param value: what JSON can hold.
    """
    text = json.dumps(value)
    for character, escape in _SCRIPT_ESCAPES.items():
        text = text.replace(character, escape)
    return text


def checked_url(url: str, *, relative: bool = False) -> str:
    """Return an address that runs no script when it is followed.

    :param url: the address.
    :param relative: one without a host is fine too.
    :raises ValueError: if it is none.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("none:")
    if not re.search(r"[\x00-\x20\x7f\\]", url):
        if parts.scheme in ("http", "https") and parts.netloc:
            return url
        if relative and not parts.scheme and not parts.netloc and not url.startswith("//"):
            return url
    raise ValueError(f"{url!r} is no http(s) address: use one such as https://www.example.com/videos/")


def checked_origin(origin: str) -> str:
    """Return the origin of a site: scheme, host, and port unless it is the usual one; nothing else.

    :param origin: the origin.
    :raises ValueError: if it is none; ``*``, which means any, is none either.
    """
    try:
        parts = urlsplit(origin)
        port = parts.port
        host = (parts.hostname or "").encode("idna").decode()
    except ValueError:
        parts, port, host = urlsplit(""), None, ""
    # Browsers leave these out of the origin they report.
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    exact = f"{parts.scheme}://{host}{f':{port}' if port and port != usual else ''}"
    rest = (parts.path, parts.query, parts.fragment, parts.username)
    if usual and re.fullmatch(r"[a-z0-9.-]+", host) and rest == ("", "", "", None):
        return exact
    raise ValueError(f"{origin!r} is no origin of a site: use scheme and host alone, such as https://www.example.com")


@lru_cache(maxsize=1)
def environment() -> Environment:
    """Return the templates. Everything in them is escaped; what is HTML already is marked so there."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("kaltura_provider.api", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


@lru_cache(maxsize=8)
def script(name: str) -> str:
    """Return a script of the pages. It holds no data: those stand in an attribute, which needs no other escaping.

    :param name: file name below ``templates``.
    """
    from importlib.resources import files

    return (files("kaltura_provider.api") / "templates" / name).read_text(encoding="utf-8")
