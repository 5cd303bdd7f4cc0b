"""Whether the rules of an access control profile let somebody play."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from .ks import Session

_PLAY = 1
_BLOCK = 1
_VIEW_PRIVILEGES = ("view", "sview")

Rule = dict[str, Any]


@dataclass(frozen=True)
class Viewer:
    """Who wants to play.

    :param session: the session, or None.
    :param entry_id: what.
    :param address: from which address.
    :param referrer: from which page.
    :param user_agent: with which program.
    """

    session: Session | None
    entry_id: str
    address: str = ""
    referrer: str = ""
    user_agent: str = ""


def applying_rules(rules: list[Rule], viewer: Viewer) -> list[Rule]:
    """Return the rules whose conditions all hold for a viewer; admin sessions are exempt from most."""
    admin = viewer.session is not None and viewer.session.is_admin
    found = []
    for rule in rules:
        contexts = [holder.get("type") for holder in rule.get("contexts", [])]
        if (admin and not rule.get("forceAdminValidation")) or (contexts and _PLAY not in contexts):
            continue
        if all(_holds(condition, viewer) for condition in rule.get("conditions", [])):
            found.append(rule)
            if rule.get("stopProcessing"):
                break
    return found


def blocks(rule: Rule) -> bool:
    """Tell whether a rule forbids playing."""
    return any(action.get("type") == _BLOCK for action in rule.get("actions", []))


def _holds(condition: dict[str, Any], viewer: Viewer) -> bool:
    test = _TESTS.get(condition.get("objectType", ""))
    # A condition of a kind that is unknown here never holds, so that its rule does not apply by accident.
    if test is None:
        return False
    return test(condition, viewer) is not bool(condition.get("not"))


def _values(condition: dict[str, Any], name: str = "values") -> list[str]:
    return [str(item.get("value", "")) for item in condition.get(name) or []]


def _authenticated(condition: dict[str, Any], viewer: Viewer) -> bool:
    names = _values(condition, "privileges") or _VIEW_PRIVILEGES
    session = viewer.session
    if session is None or session.is_widget:
        return False
    return session.is_admin or any(session.allows(name, viewer.entry_id) for name in names)


def _from_country(condition: dict[str, Any], viewer: Viewer) -> bool:
    return False  # addresses of a local network belong to no country


def _from_address(condition: dict[str, Any], viewer: Viewer) -> bool:
    try:
        address = ipaddress.ip_address(viewer.address)
    except ValueError:
        return False
    return any(_contains(text, address) for text in _values(condition))


def _contains(text: str, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    first, separator, last = (part.strip() for part in text.partition("-"))
    try:
        if separator:
            return int(ipaddress.ip_address(first)) <= int(address) <= int(ipaddress.ip_address(last))
        return address in ipaddress.ip_network(first, strict=False)
    except ValueError:
        return False


def _from_site(condition: dict[str, Any], viewer: Viewer) -> bool:
    host = (urlsplit(viewer.referrer).hostname or "").lower()
    return any(host == site or host.endswith(f".{site}") for site in map(str.lower, _values(condition)) if site)


def _with_program(condition: dict[str, Any], viewer: Viewer) -> bool:
    for pattern in _values(condition):
        try:
            if re.search(pattern, viewer.user_agent, re.IGNORECASE):
                return True
        except re.error:
            continue
    return False


_TESTS: dict[str, Callable[[dict[str, Any], Viewer], bool]] = {
    "KalturaAuthenticatedCondition": _authenticated,
    "KalturaCountryCondition": _from_country,
    "KalturaIpAddressCondition": _from_address,
    "KalturaSiteCondition": _from_site,
    "KalturaUserAgentCondition": _with_program,
}
