"""What a report page shows, for a day, a week or a month; plain values, so that rendering needs nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Literal


@dataclass(frozen=True)
class Headline:
    """The numbers at the top.

    :param plays: plays.
    :param viewers: different viewers, known by name or not; None if that is unknown.
    :param seconds_viewed: time viewed, seconds.
    :param completion_ratio: how much of what was started was seen, 0 to 1; None without plays.
    :param titles: titles that were played.
    """

    plays: int
    viewers: int | None
    seconds_viewed: float
    completion_ratio: float | None
    titles: int


@dataclass(frozen=True)
class DayFigures:
    """One day of a chart over several.

    :param day: the local day.
    :param plays: plays; None when the day has no partition.
    :param seconds_viewed: time viewed, seconds; None when the day has no partition.
    """

    day: date
    plays: int | None
    seconds_viewed: float | None


@dataclass(frozen=True)
class Title:
    """A title in a list.

    :param entry_id: the entry.
    :param name: its name; the id if it is gone.
    :param owner: its owner, or empty.
    :param categories: full paths.
    :param duration_seconds: its length; None if unknown.
    :param plays: plays.
    :param plays_before: plays in the period before; None if that is unknown.
    :param viewers: viewers known by name; None over several days.
    :param seconds_viewed: time viewed, seconds.
    :param completion_ratio: 0 to 1; None without plays.
    :param thumbnail: a ``data:`` URI, or empty.
    :param link: where the title can be seen, or empty.
    """

    entry_id: str
    name: str
    owner: str
    categories: tuple[str, ...]
    duration_seconds: float | None
    plays: int
    plays_before: int | None
    viewers: int | None
    seconds_viewed: float
    completion_ratio: float | None
    thumbnail: str = ""
    link: str = ""


@dataclass(frozen=True)
class DropOff:
    """How many viewers are left along a title.

    :param name: the title.
    :param left: share of the viewers, 0 to 1, at equal steps from its beginning to its end.
    """

    name: str
    left: tuple[float, ...]


@dataclass(frozen=True)
class Share:
    """One part of the plays, such as a device.

    :param name: its name.
    :param plays: plays.
    """

    name: str
    plays: int


@dataclass(frozen=True)
class Library:
    """What the pipeline did in the period.

    :param ingested: files that became entries.
    :param failed: files that were refused or failed; quarantine has the reasons.
    :param waiting: files that are in flight or wait for something.
    :param problems: key and reason of some of those that failed.
    """

    ingested: int
    failed: int
    waiting: int
    problems: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class CaptionDebt:
    """Published titles that no human has captioned.

    :param published: titles in the library that are published.
    :param without: those of them without a human caption.
    :param departments: for each department (first level of the category): its name, titles without, seconds viewed.
    :param titles: the ones viewed most: name, department, seconds viewed, whether there are machine captions at least.
    :param trend: for each day of the past, how many were without.
    """

    published: int
    without: int
    departments: tuple[tuple[str, int, float], ...] = ()
    titles: tuple[tuple[str, str, float, bool], ...] = ()
    trend: tuple[tuple[date, int], ...] = ()


@dataclass(frozen=True)
class Usage:
    """What the library costs.

    :param storage_mb: storage in the period on average, MB; None if unknown.
    :param bandwidth_mb: bandwidth in the period, MB; None if unknown.
    """

    storage_mb: float | None
    bandwidth_mb: float | None


@dataclass(frozen=True)
class PageData:
    """Everything a page shows.

    :param period: what it is about.
    :param first: first local day.
    :param last: last local day, included.
    :param time_zone: IANA name.
    :param provisional: whether Kaltura may still change the numbers.
    :param synthetic: whether the traffic is made up (a sandbox's).
    :param written: when the page was made, as people read it.
    :param headline: the numbers at the top.
    :param before: those of the period before, for a day those of the same weekday a week before; None if unknown.
    :param days: each day, for a week or a month.
    :param top: titles with the most plays, in order.
    :param rising: titles whose plays grew most, in order.
    :param drop_offs: curves of the top titles.
    :param devices: plays by device, most first.
    :param places: plays by country, most first.
    :param domains: plays by site, most first.
    :param library: what the pipeline did; None if it was not asked.
    :param caption_debt: None if it was not asked.
    :param usage: None if it was not asked.
    :param notes: what the quality gate found, in words.
    :param files: name and relative address of the tables behind the page.
    """

    period: Literal["day", "week", "month"]
    first: date
    last: date
    time_zone: str
    provisional: bool
    synthetic: bool
    written: str
    headline: Headline
    before: Headline | None = None
    days: tuple[DayFigures, ...] = ()
    top: tuple[Title, ...] = ()
    rising: tuple[Title, ...] = ()
    drop_offs: tuple[DropOff, ...] = ()
    devices: tuple[Share, ...] = ()
    places: tuple[Share, ...] = ()
    domains: tuple[Share, ...] = ()
    library: Library | None = None
    caption_debt: CaptionDebt | None = None
    usage: Usage | None = None
    notes: tuple[str, ...] = field(default=())
    files: tuple[tuple[str, str], ...] = ()
