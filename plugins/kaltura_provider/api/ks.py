"""Signing Kaltura sessions (KS) locally, without a call to the server.

Both versions are signed with the *administrator* secret, also for user sessions. The server accepts both; version 2 is
encrypted and therefore hides user and privileges from whoever sees the session.
"""

from __future__ import annotations

import base64
import hashlib
import os
import random
from urllib.parse import urlencode

# These hold one value; two different ones contradict each other.
_SINGLE_VALUED = frozenset(
    {"setrole", "restrictingrole", "actionslimit", "sessionid", "apptoken", "limitentry", "reftime"}
)
# Values are separated by "/", except URIs, which contain slashes themselves.
_SEPARATORS = {"urirestrict": "|"}


def merge_privileges(privileges: str) -> str:
    """Bring a privilege text into the form in which no privilege is lost.

    A version 2 session is a map: of ``edit:a,edit:b`` only the last one survives. Repeated names are therefore joined
    to ``edit:a/b``, a wildcard swallows the single values, and order is kept.

    :param privileges: comma separated ``name`` or ``name:value``.
    :return: the same privileges with each name once.
    :raises ValueError: if a privilege that can only have one value is given two.
    """
    merged: dict[str, list[str]] = {}
    for part in privileges.split(","):
        text = part.strip()
        if not text:
            continue
        name, colon, value = ("all", ":", "*") if text == "*" else text.partition(":")
        values = merged.setdefault(name, [])
        separator = _SEPARATORS.get(name.lower(), "/")
        for single in value.split(separator) if colon else ():
            if single not in values:
                values.append(single)
        if len(values) > 1 and name.lower() in _SINGLE_VALUED:
            raise ValueError(f"The session privilege {name} has two values ({' and '.join(values)}): keep one of them")
    texts = []
    for name, values in merged.items():
        if name == "all" and values == ["*"]:
            texts.append("*")
        elif values:
            texts.append(f"{name}:{'*' if '*' in values else _SEPARATORS.get(name.lower(), '/').join(values)}")
        else:
            texts.append(name)
    return ",".join(texts)


def sign_v2(
    secret: str,
    partner_id: int,
    *,
    user_id: str,
    session_type: int,
    expiry: int,
    privileges: str = "",
    nonce: bytes | None = None,
) -> str:
    """Sign a version 2 session.

    :param secret: the administrator secret of the account.
    :param partner_id: the account.
    :param user_id: the Kaltura user the session belongs to; may be empty.
    :param session_type: 0 user, 2 admin.
    :param expiry: Unix time in seconds at which it ends.
    :param privileges: comma separated privileges; repeated names are joined.
    :param nonce: 16 random bytes; only tests give them.
    :return: the session.
    """
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    fields: dict[str, str] = {}
    for privilege in filter(None, merge_privileges(privileges).split(",")):
        name, _, value = ("all", ":", "*") if privilege == "*" else privilege.partition(":")
        fields[name] = value
    fields |= {"_e": str(expiry), "_t": str(session_type), "_u": user_id}
    plain = (nonce or os.urandom(16)) + urlencode(fields).encode()
    plain = hashlib.sha1(plain, usedforsecurity=False).digest() + plain
    plain += b"\0" * (-len(plain) % 16)
    key = hashlib.sha1(secret.encode(), usedforsecurity=False).digest()[:16]
    encryptor = Cipher(algorithms.AES(key), modes.CBC(b"\0" * 16)).encryptor()
    sealed = encryptor.update(plain) + encryptor.finalize()
    return base64.urlsafe_b64encode(f"v2|{partner_id}|".encode() + sealed).decode()


def sign_v1(
    secret: str,
    partner_id: int,
    *,
    user_id: str,
    session_type: int,
    expiry: int,
    privileges: str = "",
    nonce: str | None = None,
) -> str:
    """Sign a version 1 session. Anyone who sees it can read user and privileges.

    :param secret: the administrator secret of the account.
    :param partner_id: the account.
    :param user_id: the Kaltura user the session belongs to; may be empty.
    :param session_type: 0 user, 2 admin.
    :param expiry: Unix time in seconds at which it ends.
    :param privileges: comma separated privileges; repeated names are joined.
    :param nonce: a random text; only tests give it.
    :return: the session.
    :raises ValueError: if user or privileges contain a semicolon, which separates the fields.
    """
    privileges = merge_privileges(privileges)
    if ";" in user_id + privileges:
        raise ValueError(
            "A version 1 session cannot hold a semicolon in user or privileges: use session_method local_v2"
        )
    nonce = nonce or f"{random.SystemRandom().random() * 1e10:.5f}"
    fields = (partner_id, partner_id, expiry, session_type, nonce, user_id, privileges, "", "")
    info = ";".join(map(str, fields))
    signature = hashlib.sha1((secret + info).encode(), usedforsecurity=False).hexdigest()
    return base64.b64encode(f"{signature}|{info}".encode()).decode()
