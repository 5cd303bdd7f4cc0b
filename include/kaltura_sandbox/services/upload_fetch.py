"""Fetching content from an address, as Kaltura's import does."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from http.client import HTTPException
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.error import HTTPError
from urllib.parse import quote, urlsplit
from urllib.request import Request, urlopen

if TYPE_CHECKING:
    from ..sandbox import Sandbox

_TIMEOUT = 30.0  # seconds to connect, and between two pieces
_BLOCK = 1024 * 1024
_AS_DECLARED = -1  # in place of a size: the one that the answer itself declares


class FetchError(Exception):
    """An address gave no content; the text says why, without the parts of the address that may be secret."""


def fetch(sandbox: Sandbox, url: str, headers: Sequence[str] = (), *, probe: bool = False) -> Path:
    """Load an address into a file of the spool.

    The standard library does it, because it keeps no log: addresses of private files are secrets themselves.

    :param url: http or https.
    :param headers: lines of the form ``Name: value``.
    :param probe: ask for the size first (HEAD), as Kaltura's import jobs do, and compare what came with that alone. An
        address that refuses to tell its size, such as one signed for GET, then gives whatever came before the end: a
        download that broke off counts as complete.
    :return: the file; move it to where it belongs.
    :raises FetchError: the address is no address, refuses, or breaks off.
    """
    target = sandbox.files.temporary(suffix_of(url))
    try:
        address = _collapse(url)
        _load(address, headers, target, _size_of(address) if probe else _AS_DECLARED)
    except HTTPError as problem:
        target.unlink()
        raise FetchError(f"{_shown(url)} answered HTTP {problem.code}") from None
    except (OSError, HTTPException, ValueError) as problem:
        target.unlink()
        raise FetchError(f"{_shown(url)} can not be read: {type(problem).__name__}") from None
    return target


def _size_of(address: str) -> int | None:
    """Ask for the size of what an address gives; None when it does not say."""
    try:
        # _request checks the scheme, here and below.
        with urlopen(_request(address, "HEAD"), timeout=_TIMEOUT) as answer:  # noqa: S310  # nosec B310  # checked
            declared = answer.headers.get("Content-Length", "")
    except (OSError, HTTPException):
        return None
    return int(declared) if declared.isdecimal() else None


def _load(address: str, headers: Sequence[str], target: Path, size: int | None) -> None:
    request = _request(address, "GET")
    for line in headers:
        name, _, value = line.partition(":")
        request.add_header(name.strip(), value.strip())
    with urlopen(request, timeout=_TIMEOUT) as answer, target.open("wb") as file:  # noqa: S310  # nosec B310  # checked
        try:
            shutil.copyfileobj(answer, file, _BLOCK)
        except (OSError, HTTPException):
            if size is not None:
                raise
        declared = answer.headers.get("Content-Length", "")
    if size == _AS_DECLARED:
        size = int(declared) if declared.isdecimal() else None
    if size is not None and target.stat().st_size < size:
        raise OSError("the answer broke off")


def _request(address: str, method: str) -> Request:
    if urlsplit(address).scheme not in {"http", "https"}:
        raise ValueError("not an http or https address")
    # Blanks and letters beyond ASCII are sent as browsers send them.
    return Request(quote(address, safe="%/:=&?~#+!$,;'@()*[]"), method=method)  # noqa: S310  the scheme was checked


def _shown(url: str) -> str:
    """Return what of an address may be shown: neither query nor password."""
    return re.sub(r"//[^/@]*@", "//", url.partition("?")[0].partition("#")[0])


def _collapse(url: str) -> str:
    """Make one slash of every two, also in the query: Kaltura's import does that to every address."""
    scheme, separator, rest = url.strip().partition("://")
    return scheme + separator + rest.replace("//", "/")


def suffix_of(url: str) -> str:
    """Return the extension of the file an address names, with its dot; empty when there is none."""
    try:
        suffix = PurePosixPath(urlsplit(url).path).suffix.lower()
    except ValueError:
        return ""
    return suffix if re.fullmatch(r"\.[a-z0-9]{1,8}", suffix) else ""
