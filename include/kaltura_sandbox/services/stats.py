"""Service ``stats``: events of players, kept for reports."""

from __future__ import annotations

import math
import time

from ..context import Context
from ..registry import ANYONE, action, param
from ..reporting.metrics import MEDIA_LOADED, PLAY
from ..schema import ApiObject, kaltura_type, prop, props
from ..store import Collection, Document, Store
from .entries import entries

_COLLECTION = "statsEvent"
# Players send their clock in seconds or, as JavaScript does, in milliseconds.
_MILLISECONDS_FROM = 10_000_000_000
# A clock that is further ahead than this is not believed.
_MAX_AHEAD = 86_400

kaltura_type(
    "KalturaStatsEvent", None,
    prop("clientVer"), prop("eventType", "int"), prop("eventTimestamp", "float"), prop("sessionId"),
    prop("partnerId", "int"), *props("string", "entryId uniqueViewer widgetId"), prop("uiconfId", "int"),
    prop("userId"), *props("int", "currentPoint duration"), prop("userIp", read_only=True),
    prop("processDuration", "int"), prop("controlId"), prop("seek", "bool"), prop("newPoint", "int"),
    prop("referrer"), prop("isFirstInSession", "bool"), prop("applicationId"), prop("contextId", "int"),
    prop("featureType", "int"),
)  # fmt: skip


def stats_events(store: Store) -> Collection:
    """Return the kept events; ``occurredAt`` is the time (Unix seconds) under which reports count one."""
    return store.collection(_COLLECTION, "entryId", "occurredAt")


@action("stats", "collect", param("event", "KalturaStatsEvent"), access=ANYONE)
def collect(context: Context, event: ApiObject) -> bool:
    """Keep an event; it is never refused for what it says.

    Kaltura counts an event under the time of its arrival. Here it counts under the time it names, so that the
    reports of earlier days can be tried out; without one the arrival counts.
    """
    document = event.to_document()
    if not math.isfinite(document.get("eventTimestamp", 0.0)):
        document["eventTimestamp"] = 0.0
    keep_event(context, document)
    return True


def keep_event(context: Context, document: Document) -> None:
    """Keep an event for reports and count it at its entry.

    :param document: the event's properties, as in ``KalturaStatsEvent``.
    """
    now = int(time.time())
    document["id"] = context.store.next_number(_COLLECTION)
    document["partnerId"] = document.get("partnerId") or context.partner_id
    if not document.get("userId") and context.session is not None and not context.session.is_widget:
        document["userId"] = context.user_id
    document["createdAt"] = now
    document["occurredAt"] = occurrence(document.get("eventTimestamp", 0.0), now)
    document["userIp"] = context.request.client
    document["userAgent"] = context.request.user_agent
    with context.store.transaction():
        stats_events(context.store).insert(document)
        _count(context, document)


def _count(context: Context, event: Document) -> None:
    """Show a play or a load in the entry's own counters, at once; Kaltura's lag behind."""
    name = {MEDIA_LOADED: "views", PLAY: "plays"}.get(event.get("eventType", 0))
    entry = entries(context.store).get(event.get("entryId"), event["partnerId"]) if name else None
    if name is None or entry is None or name not in entry:
        return
    entry[name] += 1
    if name == "plays":
        entry["lastPlayedAt"] = max(event["occurredAt"], entry.get("lastPlayedAt", 0))
    entries(context.store).save(entry)


def occurrence(named: float, now: int) -> int:
    """Return the Unix seconds under which an event counts.

    :param named: the time the event names, in seconds or milliseconds; 0 for none.
    :param now: the time of its arrival.
    """
    seconds = named / 1000 if named >= _MILLISECONDS_FROM else named
    return int(seconds) if 1 <= seconds <= now + _MAX_AHEAD else now
