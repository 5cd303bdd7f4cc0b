"""Plays that reports count."""

from __future__ import annotations

import datetime
from zoneinfo import ZoneInfo

from kaltura_provider.api import KalturaClient

PLAY = 3


def play(client: KalturaClient, entry_id: str, moment: str, time_zone: str = "UTC") -> None:
    """Let an entry be played at a local time."""
    when = datetime.datetime.fromisoformat(moment).replace(tzinfo=ZoneInfo(time_zone))
    event = {
        "objectType": "KalturaStatsEvent",
        "eventType": PLAY,
        "partnerId": client.partner_id,
        "entryId": entry_id,
        "sessionId": moment,
        "eventTimestamp": when.timestamp(),
    }
    client.call("stats", "collect", {"event": event})
