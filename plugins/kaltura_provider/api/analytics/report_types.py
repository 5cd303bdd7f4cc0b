"""Kaltura's report types as data: number, what a row is about, columns. The documentation is made from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from kaltura_provider.api.analytics.columns import Column, columns_of

#: What a row is about.
Dimension = Literal["entry", "user", "other", "none"]

_VIEWING = (
    "count_plays", "sum_time_viewed", "avg_time_viewed", "count_loads", "load_play_ratio", "avg_view_drop_off",
)  # fmt: skip
_PERIODS = ("sum_view_period", "avg_view_period_time", "avg_completion_rate")
_CONTENT = (*_VIEWING, "unique_known_users", *_PERIODS)
_AUDIENCE = (*_VIEWING, "unique_known_users", "unique_viewers", *_PERIODS)
_QUARTERS = ("count_plays_25", "count_plays_50", "count_plays_75", "count_plays_100", "play_through_ratio")
_INTERACTIONS = ("count_edit", "count_viral", "count_download", "count_report")
_PLACES = ("count_plays", *_QUARTERS, "unique_known_users", "avg_view_drop_off", "avg_completion_rate")
_ENTRY = ("object_id", "entry_name")


@dataclass(frozen=True)
class ReportType:
    """A report type.

    :param number: its ``KalturaReportType``.
    :param name: its name there.
    :param dimension: what a row is about. It decides how a day beyond Kaltura's 12,000 rows is cut.
    :param columns: Kaltura's names in order; empty when they are not known: then all are taken as texts.
    :param keys: those of them that tell one row from another.
    :param note: what to mind.
    """

    number: int
    name: str
    dimension: Dimension
    columns: tuple[str, ...] = ()
    keys: tuple[str, ...] = ("object_id",)
    note: str = ""

    def described(self) -> list[Column]:
        """Return the columns with their meaning."""
        return columns_of(self.columns)


_TYPES = (
    ReportType(1, "TOP_CONTENT", "entry", (*_ENTRY, *_CONTENT)),
    ReportType(2, "CONTENT_DROPOFF", "entry", (*_ENTRY, "count_plays", *_QUARTERS, "count_loads")),
    ReportType(3, "CONTENT_INTERACTIONS", "entry", (*_ENTRY, "count_plays", *_INTERACTIONS)),
    ReportType(4, "MAP_OVERLAY", "other", ("object_id", "country", *_PLACES), note="object ids: regions of a country"),
    ReportType(5, "TOP_CONTRIBUTORS", "other"),
    ReportType(6, "TOP_SYNDICATION", "other", ("object_id", "domain_name", *_CONTENT), note="object ids: referrers"),
    ReportType(11, "USER_ENGAGEMENT", "user", ("name", "unique_videos", *_VIEWING, *_PERIODS), ("name",)),
    ReportType(12, "SPECIFIC_USER_ENGAGEMENT", "entry", (*_ENTRY, *_CONTENT), note="needs userIds in the filter"),
    ReportType(
        13, "USER_TOP_CONTENT", "user",
        ("name", "full_name", *_VIEWING, "count_viral", *_PERIODS, "total_completion_rate"), ("name",),
    ),
    ReportType(14, "USER_CONTENT_DROPOFF", "user", ("name", "count_plays", *_QUARTERS, "count_loads"), ("name",)),
    ReportType(15, "USER_CONTENT_INTERACTIONS", "user", ("name", "count_plays", *_INTERACTIONS), ("name",)),
    ReportType(16, "APPLICATIONS", "other", note="names of the last 30 days, no figures"),
    ReportType(17, "USER_USAGE", "user"),
    ReportType(18, "SPECIFIC_USER_USAGE", "user"),
    ReportType(20, "TOP_CREATORS", "other"),
    ReportType(21, "PLATFORMS", "other", ("device", *_AUDIENCE), ("device",)),
    ReportType(22, "OPERATING_SYSTEM", "other", ("os", *_AUDIENCE), ("os",)),
    ReportType(23, "BROWSERS", "other", ("browser", *_AUDIENCE), ("browser",)),
    ReportType(24, "LIVE", "other"),
    ReportType(25, "TOP_PLAYBACK_CONTEXT", "other"),
    ReportType(26, "VPAAS_USAGE", "none"),
    ReportType(27, "ENTRY_USAGE", "none"),
    ReportType(30, "MAP_OVERLAY_CITY", "other"),
    ReportType(32, "OPERATING_SYSTEM_FAMILIES", "other"),
    ReportType(33, "BROWSERS_FAMILIES", "other"),
    ReportType(
        34, "USER_ENGAGEMENT_TIMELINE", "none", note="curves and totals (getGraphs, getTotal) rather than a table"
    ),
    ReportType(35, "UNIQUE_USERS_PLAY", "none", note="curves and totals rather than a table"),
    ReportType(36, "MAP_OVERLAY_COUNTRY", "other", ("object_id", "country", *_PLACES)),
    ReportType(37, "MAP_OVERLAY_REGION", "other"),
    ReportType(
        38, "TOP_CONTENT_CREATOR", "entry",
        (
            *_ENTRY, "creator_name", "created_at", "status", "media_type", "duration_msecs", "entry_source", *_VIEWING,
            "unique_known_users", "engagement_ranking", "avg_completion_rate", "unique_viewers", "sum_view_period",
            "avg_view_period_time", "total_completion_rate",
        ),
    ),
    ReportType(39, "TOP_CONTENT_CONTRIBUTORS", "other"),
    ReportType(41, "TOP_SOURCES", "other"),
    ReportType(
        43, "PERCENTILES", "other", ("percentile", "count_viewers", "unique_known_users"), ("percentile",),
        "one entry in entryIdIn: its curve",
    ),
    ReportType(45, "PLAYER_RELATED_INTERACTIONS", "other"),
    ReportType(46, "PLAYBACK_RATE", "other"),
    ReportType(
        201, "PARTNER_USAGE", "none",
        (
            "bandwidth_consumption", "average_storage", "peak_storage", "added_storage", "deleted_storage",
            "combined_bandwidth_storage", "transcoding_consumption",
        ),
        (), "a total rather than a table; counted once a day, in UTC days",
    ),
)  # fmt: skip

#: The report types by name.
REPORT_TYPES: Mapping[str, ReportType] = {each.name: each for each in _TYPES}
_BY_NUMBER = {each.number: each for each in _TYPES}


def report_type(wanted: int | str | ReportType) -> ReportType:
    """Find a report type.

    :param wanted: a name such as ``TOP_CONTENT``, or a number; one that is not in the table can be given by number.
    :raises ValueError: the name is unknown; the message names those that are known.
    """
    if isinstance(wanted, ReportType):
        return wanted
    text = str(wanted).strip()
    if text.isdigit():
        return _BY_NUMBER.get(int(text)) or ReportType(int(text), f"REPORT_{int(text)}", "other", keys=())
    if text.upper() not in REPORT_TYPES:
        raise ValueError(
            f"Report type {text!r} is unknown: use a number of KalturaReportType or one of {', '.join(REPORT_TYPES)}"
        )
    return REPORT_TYPES[text.upper()]
