"""What the benchmark of reports reads, and what it holds against its goals."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from benchmarks.report.__main__ import read
from benchmarks.report.night import Night, nights
from benchmarks.report.targets import Reading, evaluate, speed_of

from kaltura_sandbox.traffic.plan import TrafficPlan

FAST = Reading(rows=1000, seconds=2.0, waited=1.0, rss=150.0)
SLOW = Reading(rows=1000, seconds=4.0, waited=1.0, rss=900.0)
NIGHT = Night("2026-03-20", 100, 15, 10.0, 7.0)


def missed(ours: Reading = FAST, night: Night = NIGHT, rows: int = 1000) -> list[str]:
    return [target.name for target in evaluate([ours], [SLOW], [night], rows) if not target.met]


def test_both_read_all_rows() -> None:
    found = read(13_000, 1)
    assert {name: [each.rows for each in readings] for name, readings in found.items()} == {
        "provider": [13_000],
        "pandas": [13_000],
    }
    assert all(0 < each.waited < each.seconds for readings in found.values() for each in readings)


def test_waiting_is_no_part_of_the_speed() -> None:
    assert speed_of([FAST, SLOW, FAST]) == 1000


def test_each_goal_can_be_missed() -> None:
    assert missed() == []
    assert missed(rows=1001) == ["every row is in the file"]
    assert missed(replace(FAST, seconds=10.0)) == ["rows a second: at least 0.6 times pandas"]
    assert missed(replace(FAST, rss=200.0)) == ["MB of the process: under 200"]
    assert missed(night=replace(NIGHT, waited=4.0)) == [
        "2026-03-20: waiting for the API is the largest part of the time"
    ]


def test_a_night_counts_its_requests_and_its_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", "{}")  # put back afterwards, whatever it becomes
    plan = TrafficPlan(5, entries=20, viewers=50, first_day=date(2026, 3, 1), days=30, sessions=20)
    (night,) = nights(plan, 0.05, ("2026-03-20",))
    # Two requests a report, and one for the titles.
    assert night.requests == 2 * 7 + 1
    assert night.rows > 20
    assert 15 * 0.05 <= night.waited <= night.seconds
