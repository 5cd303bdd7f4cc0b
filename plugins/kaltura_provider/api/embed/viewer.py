"""Sessions for viewers: short, and good for nothing but playing one entry."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TYPE_CHECKING

from kaltura_provider.api.credentials import USER, SessionInfo, SessionSpec
from kaltura_provider.api.links import checked_entry_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kaltura_provider.api.client import KalturaClient

#: Allows playing and what a player needs besides, and nothing else.
PLAYBACK_ROLE = "PLAYBACK_BASE_ROLE"
#: Seconds a session of a viewer lasts, unless said otherwise, and at most.
DEFAULT_LIFETIME = 3600
MAX_LIFETIME = 24 * 3600

# Bookkeeping, which gives no right: added by Kaltura to the sessions of app tokens, and for reports.
_HARMLESS = frozenset({"apptoken", "sessionid", "appid"})
_RESTRICTIONS = frozenset({"iprestrict", "urirestrict"})
_URI = re.compile(r"/[A-Za-z0-9_./-]*\*?")
# The server's clock and rounding.
_SLACK = 300


@dataclass(frozen=True)
class ViewerSession:
    """A session (KS) that may do nothing but play one entry. Made by :func:`start_viewer_session`.

    :param ks: the session: whoever reads the page can read it.
    :param entry_id: the entry it is for.
    :param info: what is known about it, as granted.
    :raises ValueError: if it may do more than play, such as that of an administrator.
    """

    ks: str = field(repr=False)
    entry_id: str
    info: SessionInfo

    def __post_init__(self) -> None:
        checked_entry_id(self.entry_id)
        _check_type(self.info.session_type)
        stated = _type_within(self.ks)
        if stated is not None:
            _check_type(stated)
        _check_privileges(self.info.privileges, self.entry_id)

    @property
    def expiry(self) -> int:
        """Unix seconds, by the server's clock, at which it ends."""
        return self.info.expiry

    def check_is_for(self, entry_id: str) -> None:
        """Make sure that this session is for an entry.

        :param entry_id: the entry.
        :raises ValueError: if it is for another one.
        """
        if entry_id != self.entry_id:
            raise ValueError(f"The session is for {self.entry_id}, not for {entry_id}: start one for each entry")


def start_viewer_session(
    client: KalturaClient,
    entry_id: str,
    *,
    user_id: str = "",
    lifetime: int = DEFAULT_LIFETIME,
    ip_addresses: Sequence[str] = (),
    uris: Sequence[str] = (),
) -> ViewerSession:
    """Start a session with which a viewer's player may play one entry that needs one.

    With the credentials of the client: an app token (``appToken.startSession``), or the administrator's secret (signed
    here, or ``session.start``). An app token must be for users (``sessionType`` 0) and have the ``sessionPrivileges``
    ``sview:*,setrole:PLAYBACK_BASE_ROLE``, as Kaltura lets nobody add those that are not there.

    :param client: gives account and credentials; its own session is not touched.
    :param entry_id: the entry.
    :param user_id: the viewer, for reports and entitlement; nobody when empty.
    :param lifetime: seconds until it ends; 1 to 86400.
    :param ip_addresses: the viewer's address, where only that shall be able to use the session.
    :param uris: paths below which it may be used, such as ``/api_v3/*``.
    :return: the session.
    :raises KalturaError: if Kaltura refused to start it.
    :raises ValueError: if an argument has no meaning, or the session would be allowed more than playing the entry.
    """
    if not 0 < int(lifetime) <= MAX_LIFETIME:
        raise ValueError(f"lifetime is {lifetime}: a viewer's session lasts 1 to {MAX_LIFETIME} seconds")
    privileges = [f"sview:{checked_entry_id(entry_id)}", f"setrole:{PLAYBACK_ROLE}"]
    if ip_addresses:
        privileges.append("iprestrict:" + "/".join(str(ip_address(address)) for address in ip_addresses))
    if uris:
        wrong = [uri for uri in uris if not _URI.fullmatch(uri)]
        if wrong:
            raise ValueError(f"{wrong[0]!r} is no path for a session: use one such as /api_v3/*")
        privileges.append("urirestrict:" + "|".join(uris))
    with client.with_session(SessionSpec(user_id, USER, ",".join(privileges), int(lifetime))) as own:
        viewer = ViewerSession(own.ks(), entry_id, own.session_info())
    missing = {name for name in ("iprestrict", "urirestrict") if any(p.startswith(name) for p in privileges)}
    missing -= {privilege.partition(":")[0] for privilege in viewer.info.privileges.split(",")}
    if missing:
        raise ValueError(
            f"The app token of this connection does not grant {', '.join(sorted(missing))}: add it to its "
            "sessionPrivileges with the value *, or use the administrator's secret"
        )
    if viewer.expiry > client.server_time() + int(lifetime) + _SLACK:
        raise ValueError("Kaltura granted a longer session than was asked for: give the app token a sessionDuration")
    return viewer


def _check_type(session_type: int) -> None:
    if session_type != USER:
        raise ValueError(
            "This is no session of a viewer: those of administrators must never get into a page. Use credentials that "
            "start sessions for users: an app token with sessionType 0"
        )


def _check_privileges(privileges: str, entry_id: str) -> None:
    granted = dict(part.strip().partition(":")[::2] for part in privileges.split(",") if part.strip())
    for name, wanted in (("sview", entry_id), ("setrole", PLAYBACK_ROLE)):
        if granted.get(name) != wanted:
            raise ValueError(
                f"The session of a viewer needs the privilege {name}:{wanted}, and this one has "
                f"{f'{name}:{granted[name]}' if name in granted else 'no ' + name}: use an app token with the "
                f"sessionPrivileges sview:*,setrole:{PLAYBACK_ROLE}, or the administrator's secret"
            )
    if more := sorted(set(granted) - {"sview", "setrole"} - _HARMLESS - _RESTRICTIONS):
        raise ValueError(
            f"The session of a viewer may do nothing but play, and this one has {', '.join(more)}: use an app token "
            "without these sessionPrivileges"
        )


def _type_within(ks: str) -> int | None:
    """Read the type a session states itself; None if only Kaltura can read it, as with version 2."""
    try:
        fields = base64.b64decode(ks, validate=True).decode().partition("|")[2].split(";")
        return int(fields[3])
    except (binascii.Error, ValueError, IndexError):
        return None
