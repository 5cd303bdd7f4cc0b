"""The report's day and page."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from kaltura_pipeline.report import render_page, report_day, write_page
from kaltura_pipeline.settings import PipelineSettings


@pytest.mark.parametrize(
    ("moment", "zone", "day"),
    [
        ("2026-11-23T06:00:00", "UTC", "2026-11-22"),
        ("2026-11-23T03:00:00", "America/New_York", "2026-11-21"),
        ("2026-11-22T20:00:00", "Pacific/Chatham", "2026-11-22"),
        ("2026-03-29T04:00:00", "Europe/Berlin", "2026-03-28"),
    ],
)
def test_the_day_before_in_the_reporting_zone(moment: str, zone: str, day: str) -> None:
    assert report_day(None, datetime.fromisoformat(moment).replace(tzinfo=timezone.utc), zone) == day


def test_a_chosen_day_wins_and_must_be_a_date() -> None:
    now = datetime.now(timezone.utc)
    assert report_day("2026-02-28", now, "UTC") == "2026-02-28"
    with pytest.raises(ValueError, match=r"2026-02-30.*write it as"):
        report_day("2026-02-30", now, "UTC")


def test_titles_are_escaped_and_plays_summed() -> None:
    rows = [
        {"object_id": "0_a", "entry_name": "<script>x</script>", "count_plays": "3"},
        {"object_id": "0_b", "entry_name": "b", "count_plays": "4"},
    ]
    html, plays = render_page("2026-11-22", "UTC", rows)
    assert plays == 7
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert "Minutes viewed" not in html


def test_a_day_without_plays_says_so() -> None:
    html, plays = render_page("2026-11-22", "UTC", [])
    assert plays == 0
    assert "Nothing was played" in html


@pytest.mark.parametrize(
    ("table", "plays", "titles", "text"),
    [
        (b"object_id,entry_name,count_plays\r\n0_a,\xc3\x84pfel,3\r\n", 3, 1, "\u00c4pfel"),
        (b"", 0, 0, "Nothing was played"),
    ],
)
def test_the_page_lies_beside_its_table(s3: Any, bucket: str, table: bytes, plays: int, titles: int, text: str) -> None:
    key = "a b/reports/2026-11-22/top_content.csv"
    s3.put_object(Bucket=bucket, Key=key, Body=table)
    made = {"s3_uri": f"s3://{bucket}/{key}", "day": "2026-11-22"}
    answer = write_page(PipelineSettings(), made)
    assert answer == write_page(PipelineSettings(), made)
    assert answer == {
        "uri": f"s3://{bucket}/a b/reports/2026-11-22/index.html",
        "day": "2026-11-22",
        "plays": plays,
        "titles": titles,
    }
    page = s3.get_object(Bucket=bucket, Key="a b/reports/2026-11-22/index.html")
    assert page["ContentType"] == "text/html; charset=utf-8"
    assert text in page["Body"].read().decode()
