"""Made-up events: always the same, plausible, and enough of them."""

from __future__ import annotations

import hashlib
from collections import Counter
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest

from kaltura_sandbox.traffic.__main__ import main
from kaltura_sandbox.traffic.calendar import is_exam_day
from kaltura_sandbox.traffic.events import MARK, events_between
from kaltura_sandbox.traffic.library import titles
from kaltura_sandbox.traffic.plan import DAY, HOUR, TrafficPlan

from .conftest import PLAN

LOADED, PLAY, QUARTERS = 2, 3, (4, 5, 6, 7)


def test_a_day_is_the_same_on_every_machine(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("one.csv", "other.csv")]
    for file in files:
        assert main(["--traffic-seed", "7", "--from", "2025-11-05", "--out", str(file)]) == 0
    assert files[0].read_bytes() == files[1].read_bytes()
    assert (
        hashlib.sha256(files[0].read_bytes()).hexdigest()
        == "aeeb2987bb3e951768ebaeab0752fd50eed475acd3bb8add2da9b9b4a78eb240"
    )


def test_another_seed_is_another_day() -> None:
    start = PLAN.start + 4 * DAY
    one, other = (list(events_between(plan, start, start + HOUR)) for plan in (PLAN, TrafficPlan(seed=8)))
    assert one
    assert one != other


def test_a_year_has_five_million_events() -> None:
    days = range(0, 366, 12)  # every twelfth falls on every weekday
    counted = sum(1 for day in days for _ in events_between(PLAN, PLAN.start + day * DAY, PLAN.start + (day + 1) * DAY))
    assert 5_000_000 <= counted / len(days) * 365 <= 7_000_000


def test_parts_of_a_day_are_the_day() -> None:
    start = PLAN.start + 17 * DAY  # an exam day, whose sessions reach into the next
    cuts = [start, start + 1, start + 5 * HOUR, start + 14 * HOUR + 137, start + DAY]
    parts = [list(events_between(PLAN, *cut)) for cut in pairwise(cuts)]
    whole = list(events_between(PLAN, start, start + DAY))
    assert [event for part in parts for event in part] == whole
    moments = [moment for moment, _, _ in whole]
    assert moments == sorted(moments)
    assert start <= moments[0]
    assert moments[-1] < start + DAY


def test_nothing_happens_before_and_after() -> None:
    everything = TrafficPlan(seed=7, days=1, sessions=200)
    found = list(events_between(everything, 0, everything.end + 30 * DAY))
    assert {kind for _, kind, _ in found} >= {LOADED, PLAY, *QUARTERS}
    assert found[0][0] >= everything.start
    # The last sessions go on after midnight, and are not cut.
    assert found == list(events_between(everything, everything.start, everything.end + 3 * HOUR))
    assert found[-1][0] >= everything.end


def test_sessions_go_through_a_title_in_order() -> None:
    created = {title.entry_id: title.created for title in titles(PLAN)}
    start = PLAN.start + 100 * DAY
    sessions: dict[str, list[int]] = {}
    for moment, kind, event in events_between(PLAN, start, start + DAY):
        assert event["clientVer"] == MARK
        assert created[event["entryId"]] < moment
        sessions.setdefault(event["sessionId"], []).append(kind)
    complete = [kinds for kinds in sessions.values() if kinds[0] == LOADED]
    assert len(complete) > 1000
    watched = [tuple(kind for kind in kinds if kind in {LOADED, PLAY, *QUARTERS}) for kinds in complete]
    order = (LOADED, PLAY, *QUARTERS)
    assert all(kinds == order[: len(kinds)] for kinds in watched)
    counts = Counter(kind for kinds in watched for kind in kinds)
    assert [counts[kind] for kind in order] == sorted(counts.values(), reverse=True)


def test_exam_days_come_every_sixty_first_day() -> None:
    exams = [day for day in range(PLAN.days) if is_exam_day(PLAN, PLAN.day_of(PLAN.start + day * DAY))]
    assert exams == [17, 78, 139, 200, 261, 322, 383]
    for day in exams[:2]:
        start = PLAN.start + day * DAY
        assert len({event["userId"] for _, _, event in events_between(PLAN, start, start + DAY)}) > 12_500


@pytest.mark.parametrize("wrong", [{"entries": 0}, {"viewers": 0}, {"days": 0}, {"sessions": 0}, {"entries": 100_000}])
def test_impossible_plans_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="ynthetic traffic"):
        TrafficPlan(1, **wrong)  # type: ignore[arg-type]


def test_small_plans_work() -> None:
    plan = TrafficPlan(seed=1, entries=1, viewers=1, first_day=date(2026, 2, 1), days=20, sessions=1)
    assert {event["entryId"] for _, _, event in events_between(plan, plan.start, plan.end)} == {"0_syn00001"}
