"""Whether a media file may be given to somebody: what ``playManifest`` asks before it answers."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from ..access_rules import Viewer, applying_rules, blocks
from ..errors import ApiError
from ..external import ACCESS_CONTROL_RESTRICTED, INVALID_KS, NOT_SCHEDULED_NOW
from .access_control import rules_of
from .playback_context import in_schedule

if TYPE_CHECKING:
    from starlette.requests import Request

    from ..sandbox import Sandbox
    from ..store import Document


def why_not(sandbox: Sandbox, request: Request, entry: Document, values: dict[str, str]) -> tuple[int, str] | None:
    """Return the error for somebody who must not play an entry; None if they may.

    :param values: the options of the address, of which ``ks`` and ``referrer`` count.
    """
    client = request.client.host if request.client else ""
    session = None
    if ks := values.get("ks") or request.headers.get("x-kaltura-ks"):
        try:
            session = sandbox.sessions.read(ks)
            sandbox.sessions.check(session, client, str(request.url))
        except ApiError:
            return INVALID_KS
    # The right to view one entry opens it also outside its dates.
    if not in_schedule(entry) and not (session and (session.is_admin or session.allows("sview", entry["id"]))):
        return NOT_SCHEDULED_NOW
    viewer = Viewer(session, entry["id"], client, _referrer(request, values), request.headers.get("user-agent", ""))
    rules = applying_rules(rules_of(sandbox.store, entry.get("accessControlId")), viewer)
    return ACCESS_CONTROL_RESTRICTED if any(blocks(rule) for rule in rules) else None


def _referrer(request: Request, values: dict[str, str]) -> str:
    try:
        given = base64.b64decode(values.get("referrer", "").replace(" ", "+")).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        given = ""
    return given or request.headers.get("referer", "")
