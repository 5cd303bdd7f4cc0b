"""What reports count: events gathered into totals, and the figures Kaltura derives from them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

# Event types of KalturaStatsEvent.
MEDIA_LOADED = 2
PLAY = 3
QUARTILES = (4, 5, 6, 7)
OPEN_EDIT = 8
OPEN_VIRAL = 9
OPEN_DOWNLOAD = 10
OPEN_REPORT = 11

_MILLISECONDS_A_MINUTE = 60_000
# Users of sessions that name nobody.
_NOBODY = {"", "0", "Unknown"}


@dataclass
class Totals:
    """The events of one group.

    :param events: how many of each type.
    :param viewed: milliseconds seen; a quarter of the duration for every quarter that was reached.
    :param users: known users who played.
    :param viewers: all who played, known or not.
    :param entries: what was played.
    """

    events: dict[int, int] = field(default_factory=dict)
    viewed: float = 0.0
    users: set[str] = field(default_factory=set)
    viewers: set[str] = field(default_factory=set)
    entries: set[str] = field(default_factory=set)

    def add(self, kind: int, event: dict[str, Any], duration: float) -> None:
        """Count one event.

        :param kind: its type.
        :param event: its other properties, as ``stats.collect`` keeps them.
        :param duration: milliseconds the entry takes.
        """
        self.events[kind] = self.events.get(kind, 0) + 1
        if kind in QUARTILES:
            self.viewed += duration / len(QUARTILES)
        if kind == PLAY:
            user = event.get("userId") or ""
            if user not in _NOBODY:
                self.users.add(user)
            self.viewers.add(event.get("uniqueViewer") or user or event.get("sessionId") or "")
            self.entries.add(event.get("entryId") or "")

    def of(self, *kinds: int) -> int:
        """Return how many events of these types there were."""
        return sum(self.events.get(kind, 0) for kind in kinds)


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def _minutes(totals: Totals) -> float:
    return totals.viewed / _MILLISECONDS_A_MINUTE


def _drop_off(totals: Totals) -> float:
    return _ratio(totals.of(*QUARTILES) / len(QUARTILES), totals.of(PLAY))


def _completion(totals: Totals) -> float:
    return min(100 * _drop_off(totals), 100.0)


# Kaltura measures view periods and completion by beacons that players send every ten seconds. There are none among
# the events of stats.collect, so both are estimated from the quarters reached, as Kaltura does for the time viewed.
METRICS: dict[str, Callable[[Totals], float]] = {
    "count_plays": lambda totals: totals.of(PLAY),
    "count_viewers": lambda totals: totals.of(PLAY),
    "count_plays_25": lambda totals: totals.of(4),
    "count_plays_50": lambda totals: totals.of(5),
    "count_plays_75": lambda totals: totals.of(6),
    "count_plays_100": lambda totals: totals.of(7),
    "play_through_ratio": lambda totals: _ratio(totals.of(7), totals.of(PLAY)),
    "count_loads": lambda totals: totals.of(MEDIA_LOADED),
    "load_play_ratio": lambda totals: _ratio(totals.of(PLAY), totals.of(MEDIA_LOADED)),
    "sum_time_viewed": _minutes,
    "avg_time_viewed": lambda totals: _ratio(_minutes(totals), totals.of(PLAY)),
    "avg_view_drop_off": _drop_off,
    "sum_view_period": _minutes,
    "avg_view_period_time": lambda totals: _ratio(_minutes(totals), totals.of(PLAY)),
    "avg_completion_rate": _completion,
    "total_completion_rate": _completion,
    # Kaltura ranks from 0 to 10 by how far viewers get.
    "engagement_ranking": lambda totals: _completion(totals) / 10,
    "unique_known_users": lambda totals: len(totals.users),
    "unique_viewers": lambda totals: len(totals.viewers),
    "unique_videos": lambda totals: len(totals.entries),
    "count_edit": lambda totals: totals.of(OPEN_EDIT),
    "count_viral": lambda totals: totals.of(OPEN_VIRAL),
    "count_download": lambda totals: totals.of(OPEN_DOWNLOAD),
    "count_report": lambda totals: totals.of(OPEN_REPORT),
}


def figure(name: str, totals: Totals) -> float:
    """Return a figure of a group."""
    return METRICS[name](totals)


def text(value: float) -> str:
    """Write a figure with 14 significant digits, as PHP does, but never with an exponent."""
    written = str(int(value)) if value == int(value) else f"{value:.14g}"
    return format(Decimal(written), "f") if "e" in written else written
