"""Service ``analytics``: the events that Kaltura's player sends."""

from __future__ import annotations

import time
from typing import Any

from ..casting import to_float, to_int, to_text
from ..context import Context
from ..registry import ANYONE, action
from ..reporting.metrics import MEDIA_LOADED, PLAY, QUARTILES
from ..store import Collection, Store
from .stats import keep_event

_COLLECTION = "analyticsEvent"
_MILLISECONDS = 1000
# Types of the player's events that reports count, and what they are called as events of ``stats.collect``.
_IMPRESSION, _PLAY, _REPLAY, _SEEK = 1, 3, 34, 35
_REACHED = (11, 12, 13, 14)
_COUNTED_AS = {
    _IMPRESSION: MEDIA_LOADED, _PLAY: PLAY, **dict(zip(_REACHED, QUARTILES, strict=True)), _REPLAY: 16, _SEEK: 17
}  # fmt: skip
_OF_THE_REQUEST = frozenset({"service", "action", "format", "ks", "apiVersion", "clientTag"})


def analytics_events(store: Store) -> Collection:
    """Return the kept events, each with the fields that were sent, ``eventType`` as a number."""
    return store.collection(_COLLECTION, "entryId", "createdAt")


@action("analytics", "trackEvent", access=ANYONE)
def track_event(context: Context) -> dict[str, Any]:
    """Keep an event of a player or a page, whatever its fields; it is never refused for what it says.

    Kaltura has this service on a host of its own. What reports count is kept a second time, as ``stats.collect`` would
    have been told of it.

    :return: the server's time, which the player sends back as the start of its session.
    """
    now = time.time()
    fields = {name: to_text(value) for name, value in context.params.items() if name not in _OF_THE_REQUEST}
    kind, partner_id = to_int(fields.get("eventType")), to_int(fields.get("partnerId")) or context.partner_id
    with context.store.transaction():
        number = context.store.next_number(_COLLECTION)
        analytics_events(context.store).insert({
            **fields, "id": number, "eventType": kind, "partnerId": partner_id, "createdAt": int(now),
            "userIp": context.request.client, "userAgent": context.request.user_agent,
        })  # fmt: skip
        if kind in _COUNTED_AS:
            keep_event(context, {
                "eventType": _COUNTED_AS[kind], "entryId": fields.get("entryId", ""), "partnerId": partner_id,
                "sessionId": fields.get("sessionId", ""), "uiconfId": to_int(fields.get("uiConfId")),
                "userId": fields.get("userId", ""), "referrer": fields.get("referrer", ""),
                "clientVer": fields.get("clientVer", ""),
                "currentPoint": round(to_float(fields.get("position", 0)) * _MILLISECONDS),
            })  # fmt: skip
    return {"time": now, "viewEventsEnabled": True}
