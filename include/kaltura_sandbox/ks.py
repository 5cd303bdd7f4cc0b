"""Kaltura sessions (KS): signing and reading of versions 1 and 2.

Both versions are signed with the account's admin secret, whatever the type of the session.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

USER = 0
ADMIN = 2

_RANDOM_SIZE = 16
_SHA1_SIZE = 20
_BLOCK = 16


@dataclass(frozen=True)
class Session:
    """What a valid session string says.

    :param text: the session string as sent; never shown in ``repr``.
    :param partner_id: the account.
    :param user_id: the user, may be empty.
    :param session_type: 0 user, 2 admin.
    :param expiry: Unix seconds; 0 when the session names none.
    :param privileges: comma-separated ``name:value`` pairs, in Kaltura's order.
    """

    text: str
    partner_id: int
    user_id: str
    session_type: int
    expiry: int
    privileges: str

    def __repr__(self) -> str:
        return f"Session(partner_id={self.partner_id}, user_id={self.user_id!r}, session_type={self.session_type})"

    @property
    def is_admin(self) -> bool:
        """Whether this is an admin session (type 2)."""
        return self.session_type == ADMIN

    @property
    def is_widget(self) -> bool:
        """Whether this is the anonymous session of a widget."""
        return not self.is_admin and "1" in self.privilege_values("widget")

    @property
    def digest(self) -> str:
        """A hash that identifies the session without revealing it."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def privilege_values(self, name: str) -> list[str]:
        """Return the values of a privilege (split at ``/``); ``[""]`` when it stands without a value.

        :param name: the privilege, for example ``edit``.
        """
        found: list[str] = []
        for part in self.privileges.split(","):
            key, _, value = part.strip().partition(":")
            if key == name:
                found.extend(value.split("/"))
        return found

    def allows(self, name: str, value: str) -> bool:
        """Tell whether a privilege covers a value, directly or by a star.

        :param name: the privilege, for example ``edit``.
        :param value: the object, for example an entry id.
        """
        everything = any(part.strip() in {"*", "all:*"} for part in self.privileges.split(","))
        return everything or bool({value, "*"} & set(self.privilege_values(name)))

    def is_expired(self, now: float | None = None) -> bool:
        """Tell whether the session is over; a session without an expiry counts as expired."""
        return self.expiry <= (time.time() if now is None else now)


def sign_v1(
    secret: str, partner_id: int, user_id: str, session_type: int, expiry: int, privileges: str,
    nonce: str | None = None,
) -> str:  # fmt: skip
    """Sign a version 1 session: base64 of a hex SHA-1 and the fields in clear text.

    :param expiry: absolute, Unix seconds.
    :param nonce: the random field; the time in microseconds by default.
    """
    nonce = f"{time.time():.6f}" if nonce is None else nonce
    info = f"{partner_id};{partner_id};{expiry};{session_type};{nonce};{user_id};{privileges};;"
    signature = _sha1((secret + info).encode()).hex()
    return base64.b64encode(f"{signature}|{info}".encode()).decode()


def sign_v2(
    secret: str, partner_id: int, user_id: str, session_type: int, expiry: int, privileges: str,
    random_bytes: bytes | None = None,
) -> str:  # fmt: skip
    """Sign a version 2 session: the fields encrypted with the secret, in URL-safe base64.

    :param expiry: absolute, Unix seconds.
    :param random_bytes: 16 bytes; fresh ones by default.
    """
    fields: dict[str, str | int] = {}
    for part in privileges.split(","):
        text = part.strip()
        if text:
            key, _, value = ("all:*" if text == "*" else text).partition(":")
            fields[key] = value
    fields.update(_e=expiry, _t=session_type, _u=user_id)
    body = (secrets.token_bytes(_RANDOM_SIZE) if random_bytes is None else random_bytes) + urlencode(fields).encode()
    body = _sha1(body) + body
    body += b"\0" * (-len(body) % _BLOCK)
    encryptor = _cipher(secret).encryptor()
    sealed = f"v2|{partner_id}|".encode() + encryptor.update(body) + encryptor.finalize()
    return base64.urlsafe_b64encode(sealed).decode()


def parse(text: str, admin_secrets: Callable[[int], Sequence[str]]) -> Session | None:
    """Read a session string of either version and check its signature.

    :param text: the session string; both base64 alphabets, with or without padding, white space around it.
    :param admin_secrets: gives the admin secrets of an account, none for an unknown one.
    :return: the session, which may be expired, or None when the text is not a session signed by the account.
    """
    stripped = text.strip()
    try:
        compact = stripped.replace("-", "+").replace("_", "/").rstrip("=")
        raw = base64.b64decode(compact + "=" * (-len(compact) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None
    read = _parse_v2 if raw.startswith(b"v2|") else _parse_v1
    return read(stripped, raw, admin_secrets)


def _parse_v1(text: str, raw: bytes, admin_secrets: Callable[[int], Sequence[str]]) -> Session | None:
    signature, separator, info = raw.partition(b"|")
    parts = info.decode("utf-8", "replace").split(";")
    if not separator or len(parts) < 3 or not parts[0].isdecimal():
        return None
    partner_id = int(parts[0])
    for secret in admin_secrets(partner_id):
        if hmac.compare_digest(_sha1(secret.encode() + info).hex().encode(), signature):
            parts += [""] * (7 - len(parts))
            return Session(text, partner_id, parts[5], _number(parts[3]), _number(parts[2]), parts[6])
    return None


def _parse_v2(text: str, raw: bytes, admin_secrets: Callable[[int], Sequence[str]]) -> Session | None:
    _, partner, sealed = raw.split(b"|", 2) if raw.count(b"|") >= 2 else (b"", b"", b"")
    if not partner.isdigit() or not sealed or len(sealed) % _BLOCK:
        return None
    for secret in admin_secrets(int(partner)):
        decryptor = _cipher(secret).decryptor()
        plain = (decryptor.update(sealed) + decryptor.finalize()).rstrip(b"\0")
        digest, body = plain[:_SHA1_SIZE], plain[_SHA1_SIZE:]
        if len(body) >= _RANDOM_SIZE and hmac.compare_digest(_sha1(body), digest):
            return _session_from_fields(text, int(partner), body[_RANDOM_SIZE:].decode("utf-8", "replace"))
    return None


def _session_from_fields(text: str, partner_id: int, query: str) -> Session:
    fields = dict(parse_qsl(query, keep_blank_values=True))
    privileges = []
    for name, value in fields.items():
        if name == "all" and value == "*":
            privileges.append("*")
        elif not name.startswith("_"):
            # PHP's parse_str turns dots and spaces of names into underscores.
            clean = name.replace(".", "_").replace(" ", "_")
            privileges.append(f"{clean}:{value}" if value else clean)
    return Session(
        text, partner_id, fields.get("_u", ""), _number(fields.get("_t", "0")), _number(fields.get("_e", "0")),
        ",".join(privileges),
    )  # fmt: skip


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        return 0


def _cipher(secret: str) -> Cipher[modes.CBC]:
    key = _sha1(secret.encode())[:16]
    return Cipher(algorithms.AES(key), modes.CBC(bytes(_BLOCK)))


def _sha1(data: bytes) -> bytes:
    """Return what the formats of sessions are made with; no choice of ours."""
    return hashlib.sha1(data, usedforsecurity=False).digest()
