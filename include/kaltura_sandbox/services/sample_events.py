"""Some plays in January 2026, so that a fresh sandbox has reports to look at. Option ``--sample-events``."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from ..query import at_least, at_most, equal
from ..registry import on_start
from ..reporting.metrics import MEDIA_LOADED, PLAY, QUARTILES
from .stats import stats_events

if TYPE_CHECKING:
    from ..sandbox import Sandbox

_NOON = int(datetime(2026, 1, 3, 12, tzinfo=timezone.utc).timestamp())
_DAY = 86_400
_MINUTES = 2 * 60 * 1000
_AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
# Entries that do not exist, as of ones deleted long ago; plays and full plays on each of the three days.
_PLAYS = {"0_nope": ((2, 1), (1, 0), (3, 2)), "0_sample1": ((1, 1), (4, 1), (2, 0))}


@on_start
def add_sample_events(sandbox: Sandbox, partner_id: int) -> None:
    """Keep the sample events of an account, once."""
    if not sandbox.settings.sample_events:
        return
    events = stats_events(sandbox.store)
    present = at_least("occurredAt", _NOON) & at_most("occurredAt", _NOON + 3 * _DAY) & equal("clientVer", "sample")
    with sandbox.store.transaction():
        if events.count(equal("partnerId", partner_id) & present):
            return
        for event in _events():
            events.insert({**event, "id": sandbox.store.next_number("statsEvent"), "partnerId": partner_id})


def _events() -> Iterator[dict[str, Any]]:
    for entry_id, days in _PLAYS.items():
        for day, (plays, complete) in enumerate(days):
            for number in range(plays):
                reached = QUARTILES if number < complete else QUARTILES[:1]
                moment = _NOON + day * _DAY + number
                shared = {
                    "objectType": "KalturaStatsEvent", "entryId": entry_id, "clientVer": "sample",
                    "sessionId": f"{entry_id}-{day}-{number}", "userId": f"viewer{number}", "duration": _MINUTES,
                    "userAgent": _AGENT, "createdAt": moment, "occurredAt": moment,
                }  # fmt: skip
                for kind in (MEDIA_LOADED, PLAY, *reached):
                    yield {**shared, "eventType": kind}
