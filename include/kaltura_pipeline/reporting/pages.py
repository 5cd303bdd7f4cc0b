"""Writes the pages of a day, and of the week and the month up to it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

from kaltura_pipeline.reporting import from_kaltura
from kaltura_pipeline.reporting.caption_debt import caption_debt
from kaltura_pipeline.reporting.daily import MAIN_REPORT, partitions_of, reports_of
from kaltura_pipeline.reporting.figures import Period, days_of, read_period, rising_titles, shares, top_titles
from kaltura_pipeline.reporting.library_figures import library_figures
from kaltura_pipeline.reporting.page_model import CaptionDebt, Headline, PageData, Title
from kaltura_provider.hooks.s3_write import write_object

if TYPE_CHECKING:
    from kaltura_pipeline.settings import PipelineSettings
    from kaltura_provider.api import KalturaClient
    from kaltura_provider.hooks.s3_partitions import S3Partitions

Kind = Literal["day", "week", "month"]

#: Where the pages are, below the prefix of the pipeline.
REPORTS = "reports/"
# What was true on a day and cannot be asked for later.
_FACTS = "facts.json"
_JSON = "application/json"

_LENGTHS: dict[Kind, int] = {"day": 1, "week": 7, "month": 30}
_TREND_DAYS = 90
_NOBODY = Headline(plays=0, viewers=0, seconds_viewed=0.0, completion_ratio=None, titles=0)
# Reports of the pages, and the column that names a row.
_SHARES = {"devices": ("PLATFORMS", "device"), "places": ("MAP_OVERLAY_COUNTRY", "country"),
           "domains": ("TOP_SYNDICATION", "domain_name")}  # fmt: skip


class PageWriter:
    """Writes report pages.

    :param settings: the settings.
    :param client: the client.
    :param bucket: the state bucket.
    :param now: the present moment, with its zone.
    """

    def __init__(self, settings: PipelineSettings, client: KalturaClient, bucket: str, now: datetime) -> None:
        self._settings = settings
        self._client = client
        self._bucket = bucket
        self._now = now
        self._tables: S3Partitions = partitions_of(settings, bucket)
        self._prefix = settings.state_prefix + REPORTS

    def write(self, day: date) -> dict[str, str]:
        """Write the page of a day; and those of the week and the month up to it, unless there is a later day.

        :return: addresses by kind.
        """
        is_newest = day == self._newest()
        kinds: tuple[Kind, ...] = ("day", "week", "month") if is_newest else ("day",)
        present = self._present(day) if is_newest else None
        return {kind: self._write(kind, self._data(kind, day, present)) for kind in kinds}

    def _data(self, kind: Kind, last: date, debt: CaptionDebt | None) -> PageData:
        length = _LENGTHS[kind]
        days = days_of(last, length)
        # A day is held against the same weekday of the week before.
        earlier = days_of(last - timedelta(days=7 if kind == "day" else length), length)
        period, before = read_period(self._tables, days), read_period(self._tables, earlier)
        headline, headline_before = (self._headline(kind, each) for each in (period, before))
        top, rising = top_titles(period, before), rising_titles(period, before)
        seen = from_kaltura.look(self._client, [each.entry_id for each in top])
        reports = reports_of(self._settings)
        parts = {
            name: shares(self._tables, report, column, days) if report in reports else ()
            for name, (report, column) in _SHARES.items()
        }
        zone = self._settings.time_zone
        return PageData(
            period=kind, first=days[0], last=last, time_zone=zone, provisional=period.provisional,
            synthetic=seen.synthetic,
            written=self._now.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M %Z"),
            headline=headline or _NOBODY, before=headline_before,
            days=period.figures if kind != "day" else (),
            top=tuple(self._shown(each, seen.pictures, kind) for each in top),
            rising=tuple(self._shown(each, seen.pictures, kind) for each in rising),
            drop_offs=tuple(from_kaltura.drop_offs(self._client, top, days, zone)),
            usage=from_kaltura.usage(self._client, days, zone),
            library=library_figures(self._settings, self._tables.client, self._bucket, days[0], last),
            caption_debt=debt,
            notes=(*period.warnings, *_missing(period)), files=_files(kind, last, reports), **parts,
        )  # fmt: skip

    def _headline(self, kind: Kind, period: Period) -> Headline | None:
        """Return the sums of a period with its viewers, who cannot be added up from its days."""
        if kind == "day" or period.headline is None:
            return period.headline
        viewers = from_kaltura.viewers(self._client, period.days, self._settings.time_zone)
        return replace(period.headline, viewers=viewers)

    def _present(self, day: date) -> CaptionDebt:
        """Return the caption debt, which can only be told of the present, and keep its size for later pages."""
        month = read_period(self._tables, days_of(day, _LENGTHS["month"]))
        debt = caption_debt(self._client, {entry_id: each.seconds for entry_id, each in month.titles.items()})
        self._put(self._facts_key(day), json.dumps({"titles_without_captions": debt.without}).encode(), _JSON)
        return replace(debt, trend=tuple(self._trend(day)))

    def _trend(self, last: date) -> Iterator[tuple[date, int]]:
        for day in days_of(last, _TREND_DAYS):
            kept = self._tables.read(self._facts_key(day))
            if kept is not None:
                yield day, int(json.loads(kept)["titles_without_captions"])

    def _facts_key(self, day: date) -> str:
        return f"{self._prefix}day={day}/{_FACTS}"

    def _shown(self, title: Title, pictures: Mapping[str, str], kind: Kind) -> Title:
        page = f"pages/{title.entry_id}.html"
        up = "../../" if kind == "day" else "../"
        there = self._exists(self._settings.state_prefix + page)
        return replace(title, thumbnail=pictures.get(title.entry_id, ""), link=up + page if there else "")

    def _newest(self) -> date | None:
        """Return the last day there is a table of."""
        pages = self._tables.client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=f"{self._tables.prefix}{MAIN_REPORT.lower()}/day=", Delimiter="/"
        )
        names = [each["Prefix"] for page in pages for each in page.get("CommonPrefixes", [])]
        return max((date.fromisoformat(name[-11:-1]) for name in names), default=None)

    def _exists(self, key: str) -> bool:
        from botocore.exceptions import ClientError

        try:
            self._tables.client.head_object(Bucket=self._bucket, Key=key)
        except ClientError:
            return False
        return True

    def _write(self, kind: Kind, data: PageData) -> str:
        from kaltura_pipeline.reporting.render import render_page

        name = f"day={data.last}/index.html" if kind == "day" else f"{kind}.html"
        return self._put(self._prefix + name, render_page(data).encode(), "text/html; charset=utf-8")

    def _put(self, key: str, body: bytes, content_type: str) -> str:
        return write_object(self._settings.aws_conn_id, self._bucket, key, body, content_type=content_type)


def _files(kind: Kind, last: date, reports: Sequence[str]) -> tuple[tuple[str, str], ...]:
    if kind != "day":
        return ()
    return tuple((name, f"../../analytics/{name.lower()}/day={last}/data.csv") for name in reports)


def _missing(period: Period) -> list[str]:
    gone = [str(each.day) for each in period.figures if each.plays is None]
    return [f"there is no table of {', '.join(gone)}: run kaltura_report for these days"] if gone else []
