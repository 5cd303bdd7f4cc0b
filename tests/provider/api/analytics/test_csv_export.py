"""Kaltura's own CSV file of a report: the same rows as its table, and no session anywhere."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest
from tests.provider.api.analytics.conftest import EXAM_DAY

from kaltura_provider.api import (
    KalturaClient,
    KalturaError,
    fetch_period_table,
    fetch_report_csv,
    read_report_csv,
)
from kaltura_provider.api.analytics.report_types import ReportType, report_type

FIRST, LAST = "2026-03-10", "2026-03-11"


def test_the_rows_are_those_of_the_table(busy: KalturaClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        data = fetch_report_csv(busy, "TOP_CONTENT", FIRST, LAST, "Europe/Berlin", title="Two days, and more")
    assert data.decode("utf-8-sig").splitlines()[0] == '"Two days, and more"'
    rows = read_report_csv(data)
    table = fetch_period_table(busy, "TOP_CONTENT", FIRST, LAST, "Europe/Berlin").to_pylist()
    assert len(rows) == len(table) > 100
    assert {row["object_id"]: int(row["count_plays"]) for row in rows} == {
        row["object_id"]: row["count_plays"] for row in table
    }
    # Units are Kaltura's own.
    assert float(rows[0]["sum_time_viewed"]) * 60 == pytest.approx(table[0]["sum_time_viewed_seconds"], abs=0.001)
    assert "report/action/serve" in caplog.text
    assert "/ks/" not in caplog.text


def test_a_day_without_events(busy: KalturaClient) -> None:
    assert read_report_csv(fetch_report_csv(busy, "PLATFORMS", "2026-01-01", "2026-01-02")) == []


def test_more_than_a_table_gives_at_once(busy: KalturaClient) -> None:
    rows = read_report_csv(fetch_report_csv(busy, "USER_ENGAGEMENT", EXAM_DAY, EXAM_DAY))
    assert len(rows) > 12_000


def failing_report() -> ReportType:
    """A report that fails on the server."""
    return replace(report_type("TOP_CONTENT"), number=5)


def test_what_cannot_be_written_is_told(busy: KalturaClient) -> None:
    # Of what Kaltura could not do it says nothing.
    with pytest.raises(KalturaError, match="no address of the file"):
        fetch_report_csv(busy, failing_report(), FIRST, LAST)
    with pytest.raises(ValueError, match="swap them"):
        fetch_report_csv(busy, "TOP_CONTENT", LAST, FIRST)
    with pytest.raises(ValueError, match="columns of TOP_CONTRIBUTORS are not known"):
        fetch_report_csv(busy, "TOP_CONTRIBUTORS", FIRST, LAST)
    with pytest.raises(KalturaError, match="no table in the file"):
        read_report_csv(b"Title\n")
