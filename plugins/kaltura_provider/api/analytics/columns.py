"""The columns of Kaltura's reports: what each holds, in which unit, and how rows of partial answers are added up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

#: What a column holds: a text, a whole number, or a number.
Kind = Literal["text", "count", "number"]
#: How partial rows of one key become one row. ``sum``: adds up. ``distinct``: counts different things, so it adds up
#: only where no thing can be in two parts. ``quotient``: is computed from two sums. ``mean``: is weighed by a sum.
#: ``rank``: cannot be told from parts. ``same``: is the same in all parts.
Adding = Literal["sum", "distinct", "quotient", "mean", "rank", "same"]

_SECONDS_A_MINUTE = 60
_DECIMALS = {"seconds": 3, "ratio": 6, "mb": 6}


@dataclass(frozen=True)
class Column:
    """A column of a report.

    :param name: Kaltura's name.
    :param output: its name in typed tables, which ends in the unit: ``_seconds``, ``_ratio``, ``_mb``.
    :param kind: what it holds.
    :param unit: Kaltura's unit: ``min``, ``ms``, ``percent``, ``ratio``, ``MB``, ``unix`` or nothing.
    :param adding: how partial rows are added up.
    :param of: for a quotient its two columns, for a mean its weight; Kaltura's names.
    :param factor: what Kaltura's number is multiplied by.
    :param meaning: what it says, in words.
    """

    name: str
    output: str
    kind: Kind
    meaning: str
    unit: str = ""
    adding: Adding = "sum"
    of: tuple[str, ...] = ()
    factor: float = 1.0

    @property
    def decimals(self) -> int:
        """Decimals that are kept of a number: milliseconds, millionths of a ratio, bytes."""
        return _DECIMALS.get(self.output.rpartition("_")[2], 6)


def _text(name: str, meaning: str, output: str = "") -> Column:
    return Column(name, output or name, "text", meaning, adding="same")


def _count(name: str, meaning: str, adding: Adding = "sum") -> Column:
    return Column(name, name, "count", meaning, adding=adding)


def _minutes(name: str, output: str, meaning: str, adding: Adding = "sum", of: tuple[str, ...] = ()) -> Column:
    return Column(name, output, "number", meaning, "min", adding, of, float(_SECONDS_A_MINUTE))


def _ratio(name: str, output: str, meaning: str, adding: Adding, of: tuple[str, ...]) -> Column:
    return Column(name, output, "number", meaning, "ratio", adding, of)


def _percent(name: str, output: str, meaning: str, adding: Adding = "mean") -> Column:
    return Column(name, output, "number", meaning, "percent", adding, ("count_plays",), 0.01)


def _megabytes(name: str, output: str, meaning: str, adding: Adding = "sum") -> Column:
    return Column(name, output, "number", meaning, "MB", adding)


_COLUMNS = (
    _text("object_id", "id of what the row is about: an entry, or the name of a place, a site, a category"),
    _text("entry_name", "the entry's name as the report has it, with separators replaced by spaces"),
    _text("name", "the user's id; Unknown for viewers without one", "user_id"),
    _text("full_name", "the user's full name"),
    _text("creator_name", "who made the entry"),
    _text("created_at", "when the entry was made, as Kaltura writes it"),
    _text("status", "the entry's status"),
    _text("media_type", "the entry's media type"),
    _text("entry_source", "where the entry comes from"),
    _text("country", "the country"),
    _text("region", "the region"),
    _text("city", "the city"),
    _text("coordinates", "latitude and longitude"),
    _text("domain_name", "the site that shows the player"),
    _text("referrer", "the address of the page that shows the player"),
    _text("device", "kind of device"),
    _text("os", "operating system"),
    _text("os_family", "family of operating systems"),
    _text("browser", "browser"),
    _text("browser_family", "family of browsers"),
    _text("category", "the category, as a full path"),
    _text("playback_context", "the category in which it was played"),
    _text("percentile", "1 to 100: how far into the title"),
    Column(
        "duration_msecs", "duration_seconds", "number", "how long the entry is", "ms", "same", factor=0.001
    ),
    _count("count_plays", "plays"),
    _count("count_loads", "players that were loaded"),
    _count("count_plays_25", "plays that reached a quarter"),
    _count("count_plays_50", "plays that reached the middle"),
    _count("count_plays_75", "plays that reached three quarters"),
    _count("count_plays_100", "plays that reached the end"),
    _count("count_edit", "times an editor was opened"),
    _count("count_viral", "times it was shared"),
    _count("count_download", "downloads"),
    _count("count_report", "times it was reported"),
    _count("count_viewers", "views that reached this far"),
    _count("unique_known_users", "different users known by name who played; an estimate in large numbers", "distinct"),
    _count("unique_viewers", "different viewers, known or not; an estimate in large numbers", "distinct"),
    _count("unique_videos", "different entries that were played", "distinct"),
    _minutes("sum_time_viewed", "sum_time_viewed_seconds", "time viewed, estimated from the quarters reached"),
    _minutes(
        "avg_time_viewed", "avg_time_viewed_seconds", "time viewed per play", "quotient",
        ("sum_time_viewed", "count_plays"),
    ),
    _minutes("sum_view_period", "sum_view_period_seconds", "time viewed, from signals every ten seconds"),
    _minutes(
        "avg_view_period_time", "avg_view_period_seconds", "the same per play", "quotient",
        ("sum_view_period", "count_plays"),
    ),
    _ratio("load_play_ratio", "load_play_ratio", "plays per load", "quotient", ("count_plays", "count_loads")),
    _ratio(
        "play_through_ratio", "play_through_ratio", "plays that reached the end, per play", "quotient",
        ("count_plays_100", "count_plays"),
    ),
    _ratio(
        "avg_view_drop_off", "avg_view_drop_off_ratio", "how far plays got on average, in quarters", "mean",
        ("count_plays",),
    ),
    _percent("avg_completion_rate", "avg_completion_ratio", "how much of an entry was seen per play"),
    _percent("total_completion_rate", "total_completion_ratio", "how much of an entry was seen in all its plays"),
    Column("engagement_ranking", "engagement_ranking", "number", "Kaltura's rank from 0 to 10", adding="rank"),
    _megabytes("bandwidth_consumption", "bandwidth_mb", "bandwidth"),
    _megabytes("average_storage", "average_storage_mb", "storage, mean of the days", "same"),
    _megabytes("peak_storage", "peak_storage_mb", "most storage on a day", "same"),
    _megabytes("added_storage", "added_storage_mb", "storage that was added"),
    _megabytes("deleted_storage", "deleted_storage_mb", "storage that was freed"),
    _megabytes("combined_bandwidth_storage", "combined_bandwidth_storage_mb", "bandwidth and storage together"),
    _megabytes("transcoding_consumption", "transcoding_mb", "what transcoding made"),
)  # fmt: skip

#: All columns that are known, by Kaltura's name.
COLUMNS: Mapping[str, Column] = {column.name: column for column in _COLUMNS}


def columns_of(names: Iterable[str]) -> list[Column]:
    """Return the columns of a header.

    :param names: Kaltura's names; one that is unknown is taken for a text of the same name.
    """
    return [
        COLUMNS.get(name) or Column(name, name, "text", "not known to this package", adding="rank") for name in names
    ]
