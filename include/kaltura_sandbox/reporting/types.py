"""The reports the sandbox knows: what they group by and which columns they have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from .user_agents import browser, device, operating_system

Event = Mapping[str, Any]
Details = Mapping[str, Any]

_VIEWING = (
    "count_plays", "sum_time_viewed", "avg_time_viewed", "count_loads", "load_play_ratio", "avg_view_drop_off",
)  # fmt: skip
_PERIODS = ("sum_view_period", "avg_view_period_time", "avg_completion_rate")
_CONTENT = (*_VIEWING, "unique_known_users", *_PERIODS)
_AUDIENCE = (*_VIEWING, "unique_known_users", "unique_viewers", *_PERIODS)
_QUARTERS = ("count_plays_25", "count_plays_50", "count_plays_75", "count_plays_100", "play_through_ratio")
_INTERACTIONS = ("count_edit", "count_viral", "count_download", "count_report")
_PLACES = ("count_plays", *_QUARTERS, "unique_known_users", "avg_view_drop_off", "avg_completion_rate")


@dataclass(frozen=True)
class ReportType:
    """One report.

    :param key: the value its rows stand for, from an event and the details of its entry; object ids limit these.
    :param columns: descriptive columns: name, and the text from the key and the details of the group's entry.
    :param metrics: the figures, in order.
    """

    key: Callable[[Event, Details], str]
    columns: tuple[tuple[str, Callable[[str, Details], str]], ...]
    metrics: tuple[str, ...]


def _entry(event: Event, entry: Details) -> str:
    return str(event.get("entryId") or "")


def _user(event: Event, entry: Details) -> str:
    return str(event.get("userId") or "Unknown")


def _domain(event: Event, entry: Details) -> str:
    return urlsplit(str(event.get("referrer") or "")).hostname or "Unknown"


def _agent(read: Callable[[str], str]) -> Callable[[Event, Details], str]:
    return lambda event, entry: read(str(event.get("userAgent") or ""))


def _country(event: Event, entry: Details) -> str:
    """Say that nothing is known: the addresses of a local network belong to no country."""
    return "Unknown"


def _itself(key: str, entry: Details) -> str:
    return key


def _of_entry(name: str) -> Callable[[str, Details], str]:
    return lambda key, entry: str(entry.get(name, ""))


_OBJECT = ("object_id", _itself)
_ENTRY_NAME = ("entry_name", _of_entry("name"))
_CREATOR = (
    _OBJECT, _ENTRY_NAME, ("creator_name", _of_entry("creatorId")), ("created_at", _of_entry("createdAt")),
    ("status", _of_entry("status")), ("media_type", _of_entry("mediaType")),
    ("duration_msecs", _of_entry("msDuration")), ("entry_source", _of_entry("sourceType")),
)  # fmt: skip

REPORT_TYPES: dict[int, ReportType] = {
    1: ReportType(_entry, (_OBJECT, _ENTRY_NAME), _CONTENT),
    2: ReportType(_entry, (_OBJECT, _ENTRY_NAME), ("count_plays", *_QUARTERS, "count_loads")),
    3: ReportType(_entry, (_OBJECT, _ENTRY_NAME), ("count_plays", *_INTERACTIONS)),
    4: ReportType(_country, (_OBJECT, ("country", _itself)), _PLACES),
    6: ReportType(_domain, (_OBJECT, ("domain_name", _itself)), _CONTENT),
    11: ReportType(_user, (("name", _itself),), ("unique_videos", *_VIEWING, *_PERIODS)),
    12: ReportType(_entry, (_OBJECT, _ENTRY_NAME), _CONTENT),
    13: ReportType(
        _user, (("name", _itself), ("full_name", _itself)),
        (*_VIEWING, "count_viral", *_PERIODS, "total_completion_rate"),
    ),
    14: ReportType(_user, (("name", _itself),), ("count_plays", *_QUARTERS, "count_loads")),
    15: ReportType(_user, (("name", _itself),), ("count_plays", *_INTERACTIONS)),
    21: ReportType(_agent(device), (("device", _itself),), _AUDIENCE),
    22: ReportType(_agent(operating_system), (("os", _itself),), _AUDIENCE),
    23: ReportType(_agent(browser), (("browser", _itself),), _AUDIENCE),
    34: ReportType(
        lambda event, entry: "", (),
        (
            "count_plays", "sum_time_viewed", "unique_known_users", "avg_view_drop_off", "avg_completion_rate",
            "count_loads", "sum_view_period",
        ),
    ),
    35: ReportType(lambda event, entry: "", (), ("unique_known_users",)),
    36: ReportType(_country, (_OBJECT, ("country", _itself)), _PLACES),
    38: ReportType(
        _entry, _CREATOR,
        (
            *_VIEWING, "unique_known_users", "engagement_ranking", "avg_completion_rate", "unique_viewers",
            "sum_view_period", "avg_view_period_time", "total_completion_rate",
        ),
    ),
}  # fmt: skip
