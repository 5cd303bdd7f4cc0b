"""From the tables of days to the figures of a page: for one day, or added up over several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from kaltura_pipeline.reporting.page_model import DayFigures, Headline, Share, Title

if TYPE_CHECKING:
    from kaltura_provider.hooks.s3_partitions import S3Partitions

#: The report whose total counts all viewers, known by name or not.
VIEWERS_REPORT = "PLATFORMS"
#: Titles of a list.
LISTED = 20
_SHARES = 12


@dataclass
class Watched:
    """One title over a period.

    :param plays: plays.
    :param seconds: time viewed.
    :param completion: share seen, times plays.
    :param viewers: viewers known by name; None over several days.
    :param details: title, owner, categories, length, as of the last day.
    """

    plays: int = 0
    seconds: float = 0.0
    completion: float = 0.0
    viewers: int | None = 0
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Period:
    """What was watched in a period.

    :param days: the days, in order.
    :param titles: by entry id.
    :param figures: each day's; without figures where there is no table.
    :param headline: the sums; None when no day has a table.
    :param provisional: whether a day's numbers may still change.
    :param warnings: what was noted about the tables, in words.
    """

    days: tuple[date, ...]
    titles: Mapping[str, Watched]
    figures: tuple[DayFigures, ...]
    headline: Headline | None
    provisional: bool
    warnings: tuple[str, ...]


def days_of(last: date, number: int) -> tuple[date, ...]:
    """Return so many days up to one."""
    return tuple(last - timedelta(days=back) for back in range(number - 1, -1, -1))


def read_period(partitions: S3Partitions, days: Sequence[date]) -> Period:
    """Read what was watched on some days.

    :param partitions: where the tables are.
    :param days: the days, in order.
    """
    titles: dict[str, Watched] = {}
    figures: list[DayFigures] = []
    warnings: list[str] = []
    provisional = False
    viewers: int | None = None
    for day in days:
        manifest = partitions.manifest("TOP_CONTENT", str(day))
        table = partitions.table("TOP_CONTENT", str(day)) if manifest else None
        if manifest is None or table is None:
            figures.append(DayFigures(day, None, None))
            continue
        provisional |= bool(manifest["provisional"])
        warnings += [f"{day}: {sentence}" for sentence in manifest.get("warnings", [])]
        viewers = _viewers(partitions, manifest, str(day))
        plays, seconds = 0, 0.0
        for row in table.to_pylist():
            plays += row["count_plays"]
            seconds += row["sum_time_viewed_seconds"]
            _add(titles.setdefault(row["object_id"], Watched()), row, single=len(days) == 1)
        figures.append(DayFigures(day, plays, seconds))
    present = [each for each in figures if each.plays is not None]
    headline = _headline(titles, viewers if len(days) == 1 else None) if present else None
    return Period(tuple(days), titles, tuple(figures), headline, provisional, tuple(warnings))


def _viewers(partitions: S3Partitions, manifest: Mapping[str, Any], day: str) -> int:
    """Return the different viewers of a day: all of them where PLATFORMS is fetched, else those with a name."""
    of_devices = partitions.manifest(VIEWERS_REPORT, day) or {}
    known = manifest.get("total", {}).get("unique_known_users", 0)
    return int(of_devices.get("total", {}).get("unique_viewers", known))


def _add(watched: Watched, row: Mapping[str, Any], *, single: bool) -> None:
    watched.plays += row["count_plays"]
    watched.seconds += row["sum_time_viewed_seconds"]
    watched.completion += (row["avg_completion_ratio"] or 0.0) * row["count_plays"]
    watched.viewers = row["unique_known_users"] if single else None
    details = {name: row.get(name) for name in ("title", "owner_id", "categories", "entry_duration_seconds")}
    details["title"] = details["title"] or row["entry_name"]
    watched.details = details


def _headline(titles: Mapping[str, Watched], viewers: int | None) -> Headline:
    plays = sum(each.plays for each in titles.values())
    return Headline(
        plays=plays,
        viewers=viewers,
        seconds_viewed=sum(each.seconds for each in titles.values()),
        completion_ratio=sum(each.completion for each in titles.values()) / plays if plays else None,
        titles=sum(1 for each in titles.values() if each.plays),
    )


def top_titles(period: Period, before: Period) -> list[Title]:
    """Return the titles with the most plays."""
    ranked = sorted(period.titles.items(), key=lambda item: (-item[1].plays, item[0]))
    return [_title(entry_id, each, before) for entry_id, each in ranked[:LISTED] if each.plays]


def rising_titles(period: Period, before: Period) -> list[Title]:
    """Return the titles whose plays grew most since the period before; none when that has no tables."""
    if before.headline is None:
        return []
    growth = {
        entry_id: each.plays - before.titles.get(entry_id, Watched()).plays for entry_id, each in period.titles.items()
    }
    ranked = sorted(growth, key=lambda entry_id: (-growth[entry_id], entry_id))
    return [_title(each, period.titles[each], before) for each in ranked[: LISTED // 2] if growth[each] > 0]


def _title(entry_id: str, watched: Watched, before: Period) -> Title:
    details = watched.details
    known = before.headline is not None
    return Title(
        entry_id=entry_id,
        name=details["title"] or entry_id,
        owner=details["owner_id"] or "",
        categories=tuple(filter(None, (details["categories"] or "").split(","))),
        duration_seconds=details["entry_duration_seconds"],
        plays=watched.plays,
        plays_before=before.titles.get(entry_id, Watched()).plays if known else None,
        viewers=watched.viewers,
        seconds_viewed=watched.seconds,
        completion_ratio=watched.completion / watched.plays if watched.plays else None,
    )


def shares(partitions: S3Partitions, report: str, column: str, days: Sequence[date]) -> tuple[Share, ...]:
    """Return the plays by a column of a report, most first, the smallest added up as "Other".

    :param report: such as ``PLATFORMS``.
    :param column: such as ``device``.
    """
    plays: dict[str, int] = {}
    for day in days:
        table = partitions.table(report, str(day))
        for row in table.to_pylist() if table is not None else []:
            name = row[column] or "Unknown"
            plays[name] = plays.get(name, 0) + row["count_plays"]
    ranked = sorted(((number, name) for name, number in plays.items() if number), key=lambda item: (-item[0], item[1]))
    shown = [Share(name, number) for number, name in ranked[:_SHARES]]
    rest = sum(number for number, _ in ranked[_SHARES:])
    return (*shown, Share("Other", rest)) if rest else tuple(shown)
