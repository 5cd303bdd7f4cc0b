"""Fetching content from an address, as Kaltura's import does."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from ..sandbox import Sandbox

_TIMEOUT = (5.0, 30.0)  # seconds to connect, and between two pieces
_BLOCK = 1024 * 1024


class FetchError(Exception):
    """The address gave no content; the text says why."""


def fetch(sandbox: Sandbox, url: str, headers: Sequence[str] = ()) -> Path:
    """Load an address into a file of the spool.

    :param url: http or https.
    :param headers: lines of the form ``Name: value``.
    :return: the file; move it to where it belongs.
    :raises FetchError: the address is no address, refuses, or breaks off.
    """
    import requests

    address = _collapse(url)
    if urlsplit(address).scheme not in {"http", "https"}:
        raise FetchError(f"{url!r} is not an http or https address")
    sent = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in headers)}
    target = sandbox.files.temporary(suffix_of(url))
    try:
        with requests.get(address, headers=sent, stream=True, timeout=_TIMEOUT) as answer:
            answer.raise_for_status()
            with target.open("wb") as file:
                for block in answer.iter_content(_BLOCK):
                    file.write(block)
    except (requests.RequestException, OSError) as problem:
        target.unlink(missing_ok=True)
        raise FetchError(f"{address}: {problem}") from problem
    return target


def _collapse(url: str) -> str:
    """Make one slash of several, also in the query: Kaltura's import does that to every address."""
    scheme, separator, rest = url.strip().partition("://")
    return scheme + separator + re.sub("/{2,}", "/", rest)


def suffix_of(url: str) -> str:
    """Return the extension of the file an address names, with its dot; empty when there is none."""
    suffix = PurePosixPath(urlsplit(url).path).suffix.lower()
    return suffix if re.fullmatch(r"\.[a-z0-9]{1,8}", suffix) else ""
