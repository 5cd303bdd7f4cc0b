"""Numbers that cannot be, or do not add up, are told in words and by rule."""

from __future__ import annotations

import re
from typing import Any

import pytest

from kaltura_pipeline.errors import ConfigurationError
from kaltura_pipeline.reporting.gate import GateRules, judge


def manifest(**more: Any) -> dict[str, Any]:
    return {
        "rows": 100, "provisional": False, "totals": [],
        "ranges": {"count_plays": [0, 50], "unique_known_users": [0, 40], "avg_completion_ratio": [0.0, 1.0]}, **more,
    }  # fmt: skip


def total(rows: float, total: float) -> dict[str, Any]:
    return {"column": "count_plays", "rows": rows, "total": total, "agrees": rows == total}


WEEKS = {f"2026-01-{day:02}": {"rows": rows} for day, rows in ((3, 90), (10, 110), (17, 100))}


def test_good_numbers_pass() -> None:
    verdict = judge(GateRules(), manifest(totals=[total(500, 500)]), WEEKS)
    assert (verdict.failures, verdict.warnings) == ([], [])


@pytest.mark.parametrize(
    ("ranges", "words"),
    [
        ({"count_plays": [-1, 5]}, "count_plays is negative: -1"),
        ({"sum_time_viewed_seconds": [-0.5, 5]}, "sum_time_viewed_seconds is negative"),
        ({"avg_completion_ratio": [0.0, 1.2]}, "avg_completion_ratio is more than all: 1.2"),
        ({"sum_time_viewed_seconds": [float("nan"), 5]}, "holds what is no number"),
        ({"count_plays": [0, 5], "unique_known_users": [0, 6]}, r"more viewers \(6\) of a row than plays \(5\)"),
    ],
)
def test_impossible_values_fail(ranges: dict[str, list[float]], words: str) -> None:
    verdict = judge(GateRules(), manifest(ranges=ranges), {})
    assert len(verdict.failures) == 1
    assert re.search(words, verdict.failures[0])
    # Also while a day still grows: it does not grow into the impossible.
    assert judge(GateRules(), manifest(ranges=ranges, provisional=True), {}).failures


def test_totals_fail_beyond_the_tolerance() -> None:
    assert judge(GateRules(), manifest(totals=[total(995, 1000)]), {}).failures == []
    (failure,) = judge(GateRules(), manifest(totals=[total(900, 1000)]), {}).failures
    assert "add up to 900, Kaltura's total is 1000; fetch the day again later" in failure
    assert judge(GateRules(totals_tolerance=0.2), manifest(totals=[total(900, 1000)]), {}).failures == []


def test_a_day_that_still_grows_is_warned_about() -> None:
    verdict = judge(GateRules(rows="fail"), manifest(rows=1, totals=[total(9, 10)], provisional=True), WEEKS)
    assert verdict.failures == []
    assert len(verdict.warnings) == 2


@pytest.mark.parametrize(("rows", "words"), [(0, "0 rows are few: 100 are usual"), (29, "few"), (301, "many")])
def test_unusual_numbers_of_rows(rows: int, words: str) -> None:
    (warning,) = judge(GateRules(), manifest(rows=rows), WEEKS).warnings
    assert words in warning
    assert judge(GateRules(rows="fail"), manifest(rows=rows), WEEKS).failures == [warning]
    assert judge(GateRules(rows="off"), manifest(rows=rows), WEEKS).warnings == []
    # One week says nothing.
    assert judge(GateRules(), manifest(rows=rows), dict(list(WEEKS.items())[:1])).warnings == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "is no JSON"),
        ("[]", "must be a JSON object"),
        ('{"row": "fail"}', "'row' is no rule; use totals, totals_tolerance, values, rows"),
        ('{"rows": "stop"}', "rows must be one of fail, warn, off, not 'stop'"),
        ('{"rows_least": "half"}', "rows_least must be a number"),
        ('{"rows_least": -1}', "rows_least must be a number that is not negative"),
    ],
)
def test_rules_that_cannot_be_read(text: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match="KALTURA_PIPELINE_REPORT_RULES") as caught:
        GateRules.read(text)
    assert words in str(caught.value)


def test_rules_are_read() -> None:
    assert GateRules.read("") == GateRules()
    assert GateRules.read('{"rows": "fail", "rows_weeks": 8}') == GateRules(rows="fail", rows_weeks=8)
