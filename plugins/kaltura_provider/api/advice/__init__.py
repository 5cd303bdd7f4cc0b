"""What every error code means: its cause, who can fix it, and the next step. One table for all that show it.

    >>> explain("APP_TOKEN_EXPIRED").fixer.value
    'an administrator of the Kaltura account'

``python -m kaltura_provider.api.advice CODE`` prints the same on the command line.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from kaltura_provider.api.advice.model import Advice, Fixer
from kaltura_provider.api.catalogue import ErrorClass, permission_of

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Advice", "Fixer", "explain", "known", "topics"]

_UNKNOWN = Advice(
    "*",
    ErrorClass.PERMANENT,
    Fixer.YOU,
    "Kaltura refused the call.",
    "Check the values of the call; the Kaltura API documentation of the action lists what it takes.",
)


def explain(code: str, details: Mapping[str, str] | None = None, service_action: str = "") -> Advice:
    """Say what an error code means.

    :param code: Kaltura's error code or one of this package, such as ``ENTRY_ID_NOT_FOUND`` or ``HTTP_502``.
    :param details: Kaltura's error arguments; the meaning of ``INVALID_KS`` depends on them.
    :param service_action: the action that failed, such as ``media.add``; a missing right is then named.
    :return: cause, who can fix it, and the next step. A code that no table has gets what its form says.
    """
    table = _table()
    if code == "INVALID_KS":
        code = _invalid_ks(details or {})
    if code == "SERVICE_FORBIDDEN" and (permission := permission_of(service_action)):
        return replace(table[code], cause=f"The role of the session needs the permission {permission}.")
    if code in table:
        return table[code]
    matching = [advice for advice in table.values() if _fits(advice.code, code)]
    return max(matching, key=lambda advice: len(advice.code), default=_UNKNOWN)


def known(code: str) -> bool:
    """Tell whether a table has this very code, so that nothing is left to guessing.

    :param code: Kaltura's error code or one of this package.
    """
    return code in _table()


def topics() -> dict[str, tuple[Advice, ...]]:
    """Return all there is, by topic, in the order of the tables."""
    from kaltura_provider.api.advice import assets, calls, content, moments, network, orders, sessions

    return {
        "The way to Kaltura": network.ADVICE,
        "Credentials, sessions and rights": sessions.ADVICE,
        "Requests and the server": calls.ADVICE,
        "Entries, uploads and source files": content.ADVICE,
        "Captions, thumbnails, flavors, metadata, categories, players": assets.ADVICE,
        "Chapters and other cue points": moments.ADVICE,
        "Orders of captions and translations (REACH)": orders.ADVICE,
    }


@cache
def _table() -> dict[str, Advice]:
    return {advice.code: advice for table in topics().values() for advice in table}


def _fits(pattern: str, code: str) -> bool:
    return (pattern.endswith("*") and code.startswith(pattern[:-1])) or (
        pattern.startswith("*") and code.endswith(pattern[1:])
    )


def _invalid_ks(details: Mapping[str, str]) -> str:
    """Name the meaning of ``INVALID_KS``: Kaltura says it of ended sessions and of missing rights alike."""
    word = str(details.get("KSID", ""))
    if word.startswith("EXCEEDED_RESTRICTED_"):
        specific = f"INVALID_KS:{word}"
        return specific if specific in _table() else "INVALID_KS:FORBIDDEN"
    if str(details.get("ERR_CODE")) == "-4" or details.get("ERR_DESC") == "INVALID_TYPE":
        return "INVALID_KS:FORBIDDEN"
    specific = f"INVALID_KS:{word}"
    return specific if specific in _table() else "INVALID_KS"
