"""A night's tables: complete, of the right days, and never worse than what was there."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

import pytest
import time_machine
from tests.pipeline.reporting.conftest import plays
from tests.sandbox.conftest import wait_until

from kaltura_pipeline.errors import ConfigurationError
from kaltura_pipeline.reporting.daily import (
    ReportsFailedError,
    days_to_fetch,
    fetch_day,
    report_day,
    reports_of,
)
from kaltura_pipeline.settings import PipelineSettings
from kaltura_provider.api import KalturaClient
from kaltura_provider.hooks.s3_partitions import S3Partitions
from kaltura_sandbox.faults.fault import Fault
from kaltura_sandbox.faults.proxy import FaultProxy
from kaltura_sandbox.faults.rules import Rule

DAY = "2026-03-20"


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


def test_reports_are_checked() -> None:
    assert reports_of(PipelineSettings(reports=" top_content, 21 ,PLATFORMS")) == ["TOP_CONTENT", "PLATFORMS"]
    with pytest.raises(ConfigurationError, match="KALTURA_PIPELINE_REPORTS: Report type 'TOP'"):
        reports_of(PipelineSettings(reports="TOP"))
    with pytest.raises(ConfigurationError, match="lacks TOP_CONTENT"):
        reports_of(PipelineSettings(reports="PLATFORMS"))


def test_a_day_has_all_its_tables(
    settings: PipelineSettings, busy: KalturaClient, bucket: str, tables: S3Partitions
) -> None:
    told = fetch_day(settings, busy, bucket, DAY)
    assert list(told["rows"]) == reports_of(settings)
    assert (told["warnings"], told["provisional"]) == ([], False)
    everywhere = {plays(tables, DAY, name) for name in ("TOP_CONTENT", "PLATFORMS", "BROWSERS", "MAP_OVERLAY_COUNTRY")}
    assert len(everywhere) == 1
    assert everywhere != {0}
    # Once more: the same.
    before = tables.table("TOP_CONTENT", DAY)
    fetch_day(settings, busy, bucket, DAY)
    assert tables.table("TOP_CONTENT", DAY).equals(before)


def test_a_table_that_fails_stays_as_it_was_and_the_others_go_on(
    settings: PipelineSettings, busy: KalturaClient, bucket: str, tables: S3Partitions, line: FaultProxy
) -> None:
    fetch_day(settings, busy, bucket, DAY)
    before = tables.manifest("CONTENT_DROPOFF", DAY)
    # The second report's table fails, and that again.
    line.set_rules([Rule(Fault("internal_error"), action="report.getTable", nth=nth) for nth in (2, 3)])
    unsettled = replace(settings, report_settle_hours=1_000_000)
    with pytest.raises(
        ReportsFailedError, match=r"1 of 7 tables of 2026-03-20 stay as they were before. CONTENT_DROPOFF: .*INTERNAL"
    ):
        fetch_day(unsettled, busy, bucket, DAY)
    after = {name: tables.manifest(name, DAY) or {} for name in reports_of(settings)}
    assert [name for name in after if not after[name]["provisional"]] == ["CONTENT_DROPOFF"]
    assert after["CONTENT_DROPOFF"] == before
    assert plays(tables, DAY, "CONTENT_DROPOFF") == plays(tables, DAY)


def test_numbers_that_do_not_pass_the_gate_stay_out(
    settings: PipelineSettings, busy: KalturaClient, bucket: str, tables: S3Partitions
) -> None:
    day = "2026-03-21"
    strict = replace(settings, reports="TOP_CONTENT", report_rules='{"rows": "fail", "rows_most": 0.1}')
    for earlier in ("2026-03-07", "2026-03-14"):
        fetch_day(replace(settings, reports="TOP_CONTENT"), busy, bucket, earlier)
    with pytest.raises(ReportsFailedError, match=r"TOP_CONTENT: \d+ rows are many: \S+ are usual on this weekday"):
        fetch_day(strict, busy, bucket, day)
    assert tables.manifest("TOP_CONTENT", day) is None


def test_an_empty_day_is_a_table_without_rows(
    settings: PipelineSettings, busy: KalturaClient, bucket: str, tables: S3Partitions
) -> None:
    told = fetch_day(settings, busy, bucket, "2020-01-01")
    assert set(told["rows"].values()) == {0}
    assert plays(tables, "2020-01-01") == 0


def on_time(client: KalturaClient) -> bool:
    client.call("system", "ping", anonymous=True)
    return abs(client.server_time() - time.time()) < 60


def test_provisional_days_are_fetched_again_by_the_schedule(
    settings: PipelineSettings, busy: KalturaClient, bucket: str
) -> None:
    one = replace(settings, reports="TOP_CONTENT")
    with time_machine.travel(datetime(2026, 3, 20, 20, tzinfo=timezone.utc)):
        assert fetch_day(one, busy, bucket, "2026-03-20")["provisional"]
        assert not fetch_day(one, busy, bucket, "2026-03-19")["provisional"]
    assert days_to_fetch(one, bucket, "2026-03-21", look_back=True) == ["2026-03-20", "2026-03-21"]
    assert days_to_fetch(one, bucket, "2026-03-21", look_back=False) == ["2026-03-21"]
    assert days_to_fetch(replace(one, report_lookback=0), bucket, "2026-03-21", look_back=True) == ["2026-03-21"]
    # Once it is settled it is left alone. Without the session of March, which has ended in one jump, and by a client
    # that reads the right time: for up to a second the server tells the one of before.
    wait_until(lambda: on_time(busy))
    fetch_day(one, busy, bucket, "2026-03-20")
    assert days_to_fetch(one, bucket, "2026-03-21", look_back=True) == ["2026-03-21"]


def test_the_call_of_a_day(settings: PipelineSettings, busy: KalturaClient, bucket: str, line: FaultProxy) -> None:
    """Two calls a report, and one for the entries."""
    line.reset()
    told: dict[str, Any] = fetch_day(settings, busy, bucket, DAY)
    calls = [name for name in line.calls if not name.startswith("session")]
    assert len(calls) == told["requests"] == 2 * 7 + 1
