"""Masking of secrets in anything that may reach a log, an exception or a page.

Kaltura repeats secrets in places nobody expects: ``INVALID_KS`` echoes the session, report URLs contain one, and import
errors quote presigned URLs. Two nets catch them: the patterns below know how such secrets look, and a :class:`Redactor`
also knows the exact secrets its client has used.
"""

from __future__ import annotations

import base64
import binascii
import re
import threading
from collections.abc import Callable
from urllib.parse import quote, quote_plus

MASK = "***"

#: Shorter texts are not registered: masking every "a" would destroy the message and protect nothing.
MIN_SECRET_LENGTH = 6

# "djJ8" is base64 for "v2|", with which every version 2 session starts.
_KS_V2 = re.compile(r"djJ8[A-Za-z0-9+/_%-]{16,}={0,2}")
# A version 1 session is base64 of 40 hexadecimal digits and "|"; its first letter can only be one of these.
_MAYBE_KS_V1 = re.compile(r"(?<![A-Za-z0-9+/_-])[MNOYZ][A-Za-z0-9+/_-]{55,}={0,2}")
_KS_V1_START = re.compile(rb"[0-9a-f]{40}\|")

_NAMED = re.compile(
    r"""(?P<start>["']?\b(?:ks|tokenHash|\w*secret|\w*password|\w*passphrase|\w*privateKey"""
    r"""|authorization|x-amz-security-token)["']?\s*(?:=|:|%3D|/(?=[^/]{20}))\s*["']?(?:(?:Basic|Bearer)\s+)?)"""
    r"""(?P<value>[^\s"'&;,/<>}{]{3,})""",
    re.IGNORECASE,
)
# An app token is 32 hexadecimal digits. An upload token has a data centre before them ("1_...") and is no secret.
_APP_TOKEN = re.compile(r"""(?P<start>["']?\btoken["']?\s*[=:]\s*["']?)[0-9a-f]{32}(?![0-9a-f])""", re.IGNORECASE)
_SIGNED_QUERY = re.compile(
    r"(?P<start>\bhttps?:[\\/]+[^\s\"'<>?]+\?)"
    r"(?=[^\s\"'<>]*(?:X-Amz-|X-Goog-|Signature=|AWSAccessKeyId=|sig=|Key-Pair-Id=|hdnts=|access_token=))[^\s\"'<>]+",
    re.IGNORECASE,
)
_USER_INFO = re.compile(r"(?P<start>\b[a-z][a-z0-9+.-]*://)[^\s/@\"'<>]+@", re.IGNORECASE)


def _mask_v1(match: re.Match[str]) -> str:
    text = match.group()
    try:
        head = base64.urlsafe_b64decode(text[:56].replace("+", "-").replace("/", "_"))
    except (binascii.Error, ValueError):
        return text
    return MASK if _KS_V1_START.match(head) else text


def redact(text: str) -> str:
    """Mask everything in a text that looks like a secret.

    Masks Kaltura sessions (version 1 and 2), values named like secrets (``ks=``, ``"adminSecret":``), app tokens, the
    query of presigned URLs and passwords inside URLs.

    :param text: any text.
    :return: the text with each secret replaced by ``***``.
    """
    text = _KS_V2.sub(MASK, text)
    text = _MAYBE_KS_V1.sub(_mask_v1, text)
    text = _SIGNED_QUERY.sub(rf"\g<start>{MASK}", text)
    text = _USER_INFO.sub(rf"\g<start>{MASK}@", text)
    text = _APP_TOKEN.sub(rf"\g<start>{MASK}", text)
    return _NAMED.sub(rf"\g<start>{MASK}", text)


class Redactor:
    """Masks the secrets one client has used, besides everything :func:`redact` recognises. Safe for use by threads.

    :param on_secret: called once with each new secret, so that a surrounding system can mask it too.
    """

    def __init__(self, on_secret: Callable[[str], None] | None = None) -> None:
        self._on_secret = on_secret
        self._lock = threading.Lock()
        self._known: frozenset[str] = frozenset()
        self._forms: tuple[str, ...] = ()

    def add(self, secret: str | None) -> None:
        """Register a secret from the moment it is known.

        :param secret: the text to mask from now on; empty and very short texts are ignored.
        """
        if not secret or len(secret) < MIN_SECRET_LENGTH:
            return
        with self._lock:
            if secret in self._known:
                return
            self._known |= {secret}
            forms = {form for known in self._known for form in (known, quote(known, safe=""), quote_plus(known))}
            # The longest first: a secret may contain another one.
            self._forms = tuple(sorted(forms, key=len, reverse=True))
        if self._on_secret is not None:
            self._on_secret(secret)

    def redact(self, text: str) -> str:
        """Mask the known secrets and everything that looks like one.

        :param text: any text.
        :return: the text with each secret replaced by ``***``.
        """
        for secret in self._forms:
            if secret in text:
                text = text.replace(secret, MASK)
        return redact(text)

    __call__ = redact
