"""The pages of a day, a week and a month say what the tables say."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, datetime, timezone
from typing import Any

import pytest
from tests.pipeline.reporting.conftest import plays
from tests.provider.api.embed.html import Html

from kaltura_pipeline.reporting.daily import fetch_day
from kaltura_pipeline.reporting.pages import PageWriter
from kaltura_pipeline.settings import PipelineSettings
from kaltura_provider.api import KalturaClient
from kaltura_provider.hooks.s3_partitions import S3Partitions

NOW = datetime(2026, 3, 21, 6, tzinfo=timezone.utc)
DAYS = ("2026-03-13", "2026-03-19", "2026-03-20")


@pytest.fixture
def some(settings: PipelineSettings) -> PipelineSettings:
    return replace(settings, reports="TOP_CONTENT,PLATFORMS,MAP_OVERLAY_COUNTRY,TOP_SYNDICATION")


@pytest.fixture
def fetched(some: PipelineSettings, busy: KalturaClient, bucket: str) -> None:
    for day in DAYS:
        fetch_day(some, busy, bucket, day)


def page(s3: Any, bucket: str, name: str) -> str:
    found: str = s3.get_object(Bucket=bucket, Key=f"_kaltura/reports/{name}")["Body"].read().decode()
    return found


def tile(text: str, name: str) -> str:
    found = re.search(rf'<span class="name">{name}</span> <strong>([^<]+)</strong>', text)
    assert found is not None
    return found[1]


@pytest.mark.usefixtures("fetched")
def test_pages_of_the_newest_day(
    some: PipelineSettings, busy: KalturaClient, bucket: str, s3: Any, tables: S3Partitions
) -> None:
    for title in tables.table("TOP_CONTENT", "2026-03-20")["object_id"].to_pylist():
        s3.put_object(Bucket=bucket, Key=f"_kaltura/pages/{title}.html", Body=b"")
    written = PageWriter(some, busy, bucket, NOW).write(date(2026, 3, 20))
    assert written == {
        "day": f"s3://{bucket}/_kaltura/reports/day=2026-03-20/index.html",
        "week": f"s3://{bucket}/_kaltura/reports/week.html", "month": f"s3://{bucket}/_kaltura/reports/month.html",
    }  # fmt: skip
    day, week = page(s3, bucket, "day=2026-03-20/index.html"), page(s3, bucket, "week.html")
    assert tile(day, "Plays") == str(plays(tables, "2026-03-20"))
    # All viewers, and over several days each once.
    viewers = {name: int((tables.manifest("PLATFORMS", name) or {})["total"]["unique_viewers"]) for name in DAYS[1:]}
    assert tile(day, "Viewers") == str(viewers["2026-03-20"])
    assert int(tile(week, "Viewers")) > max(viewers.values())
    assert tile(week, "Plays") == str(plays(tables, "2026-03-19") + plays(tables, "2026-03-20"))
    assert "there is no table of 2026-03-14, 2026-03-15" in week
    assert "made up" in day
    assert "Friday, 20 March 2026" in day
    html = Html(day)
    assert {"Most played", "Rising", "How far viewers get", "Devices", "Places", "Sites", "Titles without captions",
            "New in the library", "Storage and bandwidth", "All numbers"} == set(html.texts("h2"))  # fmt: skip
    # The title with the most plays is there, and links to its page.
    rows = tables.table("TOP_CONTENT", "2026-03-20").sort_by([("count_plays", "descending")]).to_pylist()
    assert html.texts("tbody th")[0].startswith(rows[0]["title"])
    assert f"../../pages/{rows[0]['object_id']}.html" in [each["href"] for each in html.all("tbody a")]


@pytest.mark.usefixtures("fetched")
def test_an_earlier_day_leaves_week_and_month_alone(
    some: PipelineSettings, busy: KalturaClient, bucket: str, s3: Any
) -> None:
    assert list(PageWriter(some, busy, bucket, NOW).write(date(2026, 3, 13))) == ["day"]
    text = page(s3, bucket, "day=2026-03-13/index.html")
    assert "Titles without captions" not in text
    assert "There are no numbers of an earlier time to compare with." in text


@pytest.mark.usefixtures("fetched")
def test_the_caption_debt_of_earlier_days_is_a_trend(
    some: PipelineSettings, busy: KalturaClient, bucket: str, s3: Any
) -> None:
    s3.put_object(
        Bucket=bucket, Key="_kaltura/reports/day=2026-03-19/facts.json", Body=b'{"titles_without_captions": 31}'
    )
    PageWriter(some, busy, bucket, NOW).write(date(2026, 3, 20))
    assert 'aria-label="Titles without captions from 2026-03-19 to 2026-03-20"' in page(s3, bucket, "week.html")


def test_a_day_without_plays_has_a_page(some: PipelineSettings, busy: KalturaClient, bucket: str, s3: Any) -> None:
    fetch_day(some, busy, bucket, "2020-01-01")
    PageWriter(some, busy, bucket, NOW).write(date(2020, 1, 1))
    assert "Nothing was played on this day." in page(s3, bucket, "day=2020-01-01/index.html")
