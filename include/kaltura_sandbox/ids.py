"""Ids as Kaltura makes them."""

from __future__ import annotations

import secrets

_LETTERS = "0123456789abcdefghijklmnopqrstuvwxyz"


def short_id() -> str:
    """Return an id of an entry, asset or application token: ``0_`` and eight letters or digits."""
    return "0_" + "".join(secrets.choice(_LETTERS) for _ in range(8))


def long_id() -> str:
    """Return an id of an upload token: ``0_`` and 32 hexadecimal digits."""
    return "0_" + secrets.token_hex(16)
