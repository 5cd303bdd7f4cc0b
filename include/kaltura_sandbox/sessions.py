"""Which sessions are accepted: expiry, log-out, limits and restrictions, kept across restarts."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from .errors import ApiError, fail
from .ks import Session, parse, sign_v2
from .registry import ADMIN, ANYONE, USER, WIDGET

if TYPE_CHECKING:
    from collections.abc import Callable

    from .settings import Settings
    from .store import Store

# A log-out of a group of sessions (privilege "sessionid") also blocks sessions that are made later, this long.
GROUP_BLOCK_SECONDS = 24 * 3600

# Roles that "setrole" may name, and the kind of session that has the same rights.
ROLES = {
    "PLAYBACK_BASE_ROLE": WIDGET,
    "WIDGET_SESSION_ROLE": WIDGET,
    "BASE_USER_SESSION_ROLE": USER,
    "PARTNER_ADMIN_ROLE": ADMIN,
}


def invalid_session(word: str, code: int = -1, description: str = "INVALID_STR") -> ApiError:
    """Make the error ``INVALID_KS``.

    :param word: the text of the session, or a word such as ``EXPIRED``.
    """
    return fail("INVALID_KS", KSID=word, ERR_CODE=code, ERR_DESC=description)


class Sessions:
    """Reads and judges session strings.

    :param store: keeps log-outs and counts.
    :param settings: the accounts.
    """

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings
        self._shared: dict[str, tuple[str, float]] = {}
        self._shared_lock = threading.Lock()
        with store.transaction() as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS ended_sessions (key TEXT PRIMARY KEY, until REAL NOT NULL)")
            connection.execute("CREATE TABLE IF NOT EXISTS session_uses (key TEXT PRIMARY KEY, uses INTEGER NOT NULL)")

    def read(self, text: str) -> Session:
        """Read a session string and check its signature, nothing else.

        :raises ApiError: ``INVALID_KS`` with the text itself.
        """
        session = parse(text, self._settings.admin_secrets)
        if session is None:
            raise invalid_session(text)
        return session

    def check(self, session: Session, client: str, uri: str) -> None:
        """Check that a session is in force, and count its use if it is limited.

        :param client: the caller's address.
        :param uri: path and query of the request.
        :raises ApiError: ``INVALID_KS`` with a word that tells why.
        """
        if session.is_expired():
            raise invalid_session("EXPIRED")
        if not session.is_widget and self._is_ended(session):
            raise invalid_session("LOGOUT")
        addresses = session.privilege_values("iprestrict")
        if addresses and client not in addresses:
            raise invalid_session("EXCEEDED_RESTRICTED_IP")
        if not _allowed_uri(session, uri):
            raise invalid_session("EXCEEDED_RESTRICTED_URI")
        limits = [int(value) for value in session.privilege_values("actionslimit") if value.isdecimal()]
        if limits and self._count_use(session) > min(limits):
            raise invalid_session("EXCEEDED_ACTIONS_LIMIT")

    @staticmethod
    def level(session: Session | None) -> int:
        """Return what a session may do at most: one of the access levels of the registry.

        :raises ApiError: the session names a role that does not exist.
        """
        if session is None:
            return ANYONE
        level = WIDGET if session.is_widget else ADMIN if session.is_admin else USER
        for role in session.privilege_values("setrole"):
            if role not in ROLES:
                raise fail("INVALID_OBJECT_ID", ID="N/A")
            level = min(level, ROLES[role])
        return level

    def issue(self, partner_id: int, user_id: str, session_type: int, expiry: int, privileges: str) -> str:
        """Sign a session (version 2) for an account that exists.

        :param expiry: absolute, Unix seconds.
        """
        secret = self._settings.admin_secrets(partner_id)[0]
        return sign_v2(secret, partner_id, user_id, session_type, expiry, privileges)

    def shared(self, key: str, seconds: float, make: Callable[[], str]) -> str:
        """Return a session made for an earlier call with the same key, or a new one.

        :param seconds: how long one is handed out.
        """
        now = time.monotonic()
        with self._shared_lock:
            text, until = self._shared.get(key, ("", 0.0))
            if until <= now:
                text, until = make(), now + seconds
                self._shared[key] = (text, until)
            return text

    def end(self, session: Session) -> None:
        """Log out a session, and its whole group when it belongs to one."""
        rows = [(session.digest, float(session.expiry))]
        rows += [(self._group(session, name), time.time() + GROUP_BLOCK_SECONDS) for name in _groups(session)]
        self._block(rows)

    def end_group(self, partner_id: int, group: str, seconds: float) -> None:
        """Log out every session that carries ``sessionid:<group>``.

        :param seconds: how long such sessions stay blocked.
        """
        self._block([(f"{partner_id}:{group}", time.time() + seconds)])

    def _block(self, rows: list[tuple[str, float]]) -> None:
        with self._store.transaction() as connection:
            connection.execute("DELETE FROM ended_sessions WHERE until < ?", (time.time(),))
            connection.executemany("INSERT OR REPLACE INTO ended_sessions (key, until) VALUES (?, ?)", rows)

    def _is_ended(self, session: Session) -> bool:
        keys = [session.digest, *(self._group(session, name) for name in _groups(session))]
        sql = f"SELECT 1 FROM ended_sessions WHERE until >= ? AND key IN ({', '.join('?' * len(keys))})"  # noqa: S608
        return self._store.connection.execute(sql, (time.time(), *keys)).fetchone() is not None

    def _count_use(self, session: Session) -> int:
        with self._store.transaction() as connection:
            row = connection.execute(
                "INSERT INTO session_uses (key, uses) VALUES (?, 1)"
                " ON CONFLICT (key) DO UPDATE SET uses = uses + 1 RETURNING uses",
                (session.digest,),
            ).fetchone()
            return int(row[0])

    @staticmethod
    def _group(session: Session, name: str) -> str:
        return f"{session.partner_id}:{name}"


def _groups(session: Session) -> list[str]:
    return [name for name in session.privilege_values("sessionid") if name]


def _allowed_uri(session: Session, uri: str) -> bool:
    # A value may hold slashes, so the privilege is taken whole and its alternatives are separated by "|".
    for part in session.privileges.split(","):
        name, _, value = part.partition(":")
        if name == "urirestrict":
            patterns = value.split("|")
            exact = uri in patterns or uri.partition("?")[0] in patterns
            return exact or any(each.endswith("*") and uri.startswith(each[:-1]) for each in patterns)
    return True
