"""The reports the sandbox knows: what they group by and which columns they have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from .countries import country_code, country_name
from .user_agents import browser, device, operating_system

Event = Mapping[str, Any]
Details = Mapping[str, Any]

UNKNOWN = "Unknown"
_SEPARATOR = "\x1f"

_VIEWING = (
    "count_plays", "sum_time_viewed", "avg_time_viewed", "count_loads", "load_play_ratio", "avg_view_drop_off",
)  # fmt: skip
_PERIODS = ("sum_view_period", "avg_view_period_time", "avg_completion_rate")
_CONTENT = (*_VIEWING, "unique_known_users", *_PERIODS)
_AUDIENCE = (*_VIEWING, "unique_known_users", "unique_viewers", *_PERIODS)
_QUARTERS = ("count_plays_25", "count_plays_50", "count_plays_75", "count_plays_100", "play_through_ratio")
_INTERACTIONS = ("count_edit", "count_viral", "count_download", "count_report")
_PLACES = ("count_plays", *_QUARTERS, "unique_known_users", "avg_view_drop_off", "avg_completion_rate")
_TOWNS = (
    "count_plays", *_QUARTERS, "unique_known_users", "avg_view_drop_off", "count_loads", "avg_completion_rate",
)  # fmt: skip
USAGE = (
    "bandwidth_consumption", "average_storage", "peak_storage", "added_storage", "deleted_storage",
    "combined_bandwidth_storage", "transcoding_consumption",
)  # fmt: skip


@dataclass(frozen=True)
class ReportType:
    """One report.

    :param key: the value its rows stand for, from an event and the details of its entry; object ids limit these.
    :param columns: descriptive columns: name, and the text from the key and the details of the group's entry.
    :param metrics: the figures, in order.
    :param percentiles: the rows stand for how far viewers got, 1 to 100, instead of for keys.
    :param usage: it is about what the account uses, which :mod:`.usage` counts.
    """

    key: Callable[[Event, Details], str]
    columns: tuple[tuple[str, Callable[[str, Details], str]], ...]
    metrics: tuple[str, ...]
    percentiles: bool = False
    usage: bool = False


def _all(event: Event, entry: Details) -> str:
    return ""


def _entry(event: Event, entry: Details) -> str:
    return event.get("entryId") or ""


def _user(event: Event, entry: Details) -> str:
    return event.get("userId") or UNKNOWN


def domain(event: Event, entry: Details) -> str:
    """Return the site that shows the player."""
    return _host(str(event.get("referrer") or ""))


# Each page of an automatic embed has an address of its own, so only some are kept.
@lru_cache(maxsize=4096)
def _host(address: str) -> str:
    return urlsplit(address).hostname or UNKNOWN


def _agent(read: Callable[[str], str]) -> Callable[[Event, Details], str]:
    return lambda event, entry: read(str(event.get("userAgent") or ""))


def country(event: Event, entry: Details) -> str:
    """Return the name of the viewer's country, which only synthetic events know: local addresses have none."""
    return event.get("country") or UNKNOWN


def _code(event: Event, entry: Details) -> str:
    return country_code(country(event, entry))


def _region(event: Event, entry: Details) -> str:
    return f"{country(event, entry)}{_SEPARATOR}{event.get('region') or UNKNOWN}"


def _city(event: Event, entry: Details) -> str:
    return f"{_region(event, entry)}{_SEPARATOR}{event.get('city') or UNKNOWN}"


def _context(event: Event, entry: Details) -> str:
    return str(event.get("contextId") or UNKNOWN)


def _itself(key: str, entry: Details) -> str:
    return key


def _nothing(key: str, entry: Details) -> str:
    return ""


def _part(number: int) -> Callable[[str, Details], str]:
    return lambda key, entry: key.split(_SEPARATOR)[number]


def _of_entry(name: str) -> Callable[[str, Details], str]:
    return lambda key, entry: str(entry.get(name, ""))


def _category_name(key: str, entry: Details) -> str:
    """Return the name of a category; only those of the entry that was watched there are at hand."""
    names = str(entry.get("categories") or "").split(",")
    return dict(zip(str(entry.get("categoriesIds") or "").split(","), names, strict=False)).get(key, "").split(">")[-1]


_OBJECT = ("object_id", _itself)
_ENTRY_NAME = ("entry_name", _of_entry("name"))
_CREATOR = (
    _OBJECT, _ENTRY_NAME, ("creator_name", _of_entry("creatorId")), ("created_at", _of_entry("createdAt")),
    ("status", _of_entry("status")), ("media_type", _of_entry("mediaType")),
    ("duration_msecs", _of_entry("msDuration")), ("entry_source", _of_entry("sourceType")),
)  # fmt: skip
_COUNTRY, _REGION = ("country", _part(0)), ("region", _part(1))
_COORDINATES = ("coordinates", _nothing)

REPORT_TYPES: dict[int, ReportType] = {
    1: ReportType(_entry, (_OBJECT, _ENTRY_NAME), _CONTENT),
    2: ReportType(_entry, (_OBJECT, _ENTRY_NAME), ("count_plays", *_QUARTERS, "count_loads")),
    3: ReportType(_entry, (_OBJECT, _ENTRY_NAME), ("count_plays", *_INTERACTIONS)),
    4: ReportType(country, (_OBJECT, ("country", lambda key, entry: country_code(key))), _PLACES),
    6: ReportType(domain, (_OBJECT, ("domain_name", _itself)), _CONTENT),
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
    25: ReportType(
        _context, (_OBJECT, ("name", _category_name)),
        (
            "count_plays", "sum_time_viewed", "avg_time_viewed", "avg_view_drop_off", "count_loads", "load_play_ratio",
            "unique_viewers", "avg_completion_rate", "sum_view_period", "avg_view_period_time",
        ),
    ),
    30: ReportType(
        _city,
        (
            _COUNTRY, _REGION, ("city", _part(2)), _COORDINATES,
            ("country_code", lambda key, entry: country_code(key.split(_SEPARATOR)[0])),
        ),
        _TOWNS,
    ),
    34: ReportType(
        _all, (),
        (
            "count_plays", "sum_time_viewed", "unique_known_users", "avg_view_drop_off", "avg_completion_rate",
            "count_loads", "sum_view_period",
        ),
    ),
    35: ReportType(_all, (), ("unique_known_users",)),
    36: ReportType(_code, (_OBJECT, ("country", lambda key, entry: country_name(key))), _PLACES),
    37: ReportType(_region, (_COUNTRY, _REGION, _COORDINATES), _TOWNS),
    38: ReportType(
        _entry, _CREATOR,
        (
            *_VIEWING, "unique_known_users", "engagement_ranking", "avg_completion_rate", "unique_viewers",
            "sum_view_period", "avg_view_period_time", "total_completion_rate",
        ),
    ),
    43: ReportType(
        _all, (("percentile", _itself),), ("count_viewers", "unique_known_users"), percentiles=True
    ),
    201: ReportType(_all, (), USAGE, usage=True),
}  # fmt: skip
