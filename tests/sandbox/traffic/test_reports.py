"""Reports about made-up traffic equal counts over its raw events."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest

from kaltura_sandbox.server import SandboxServer
from kaltura_sandbox.traffic.__main__ import main
from kaltura_sandbox.traffic.plan import TrafficPlan

from ..conftest import Api, make_settings
from ..reports import graph, pick, report_filter, table, total
from .conftest import PLAN

LOADED, PLAY, QUARTERS = "2", "3", ("4", "5", "6", "7")
DAY, EXAM = "20251105", "20251118"
CHATHAM = ZoneInfo("Pacific/Chatham")

Raw = dict[str, str]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, int], list[Raw]]:
    """The raw events of some UTC days, as the command writes them."""
    file: Path = tmp_path_factory.mktemp("raw") / "events.csv"

    def export(first: str, days: int) -> list[Raw]:
        assert main(["--traffic-seed", str(PLAN.seed), "--from", first, "--days", str(days), "--out", str(file)]) == 0
        with file.open(newline="") as lines:
            return list(csv.DictReader(lines))

    return export


def counted(events: Iterable[Raw], key: Callable[[Raw], str]) -> dict[str, dict[str, Any]]:
    """Figures by key."""
    found: dict[str, dict[str, Any]] = {}
    for event in events:
        row = found.setdefault(
            key(event), {"plays": 0, "loads": 0, "quarters": Counter(), "seconds": 0.0, "users": set()}
        )
        kind = event["event_type"]
        row["loads"] += kind == LOADED
        row["plays"] += kind == PLAY
        if kind == PLAY and event["user_id"]:
            row["users"].add(event["user_id"])
        if kind in QUARTERS:
            row["quarters"][kind] += 1
            row["seconds"] += int(event["duration_ms"]) / 4000
    return found


def assert_equal(rows: list[dict[str, str]], expected: dict[str, dict[str, Any]], column: str = "object_id") -> None:
    """The rows of a report on viewing are these figures."""
    assert {row[column] for row in rows} == set(expected)
    for row in rows:
        want = expected[row[column]]
        assert (int(row["count_plays"]), int(row["count_loads"])) == (want["plays"], want["loads"])
        assert round(float(row["sum_time_viewed"]) * 60, 3) == round(want["seconds"], 3)
        if "unique_known_users" in row:
            assert int(row["unique_known_users"]) == len(want["users"])


def test_a_day_equals_a_count_over_the_raw_events(seeded: Api, exported: Callable[[str, int], list[Raw]]) -> None:
    events = exported("2025-11-05", 1)
    assert len(events) > 10_000
    by_entry = counted(events, lambda event: event["entry_id"])
    rows = table(seeded, report_filter(DAY), size=12_000)
    assert_equal(rows, by_entry)
    assert_equal(
        table(seeded, report_filter(DAY), report=6),
        counted(events, lambda event: urlsplit(event["referrer"]).hostname or "Unknown"),
    )
    assert_equal(
        table(seeded, report_filter(DAY), report=11, size=12_000),
        counted(events, lambda event: event["user_id"] or "Unknown"), "name",
    )  # fmt: skip
    for row in table(seeded, report_filter(DAY), report=2, size=12_000):
        figures = [int(row[f"count_plays_{part}"]) for part in (25, 50, 75, 100)]
        assert figures == [by_entry[row["object_id"]]["quarters"][kind] for kind in QUARTERS]
    everything = total(seeded, report_filter(DAY))
    assert int(everything["count_plays"]) == sum(int(row["count_plays"]) for row in rows)
    assert int(everything["count_loads"]) == sum(int(row["count_loads"]) for row in rows)
    assert float(everything["sum_time_viewed"]) == pytest.approx(sum(float(row["sum_time_viewed"]) for row in rows))


# The day on which clocks go back has 25 hours, the one on which they go forward 23.
@pytest.mark.parametrize(("day", "hours"), [(date(2026, 4, 5), 25), (date(2026, 9, 27), 23), (date(2026, 1, 20), 24)])
def test_a_day_of_chatham_asked_in_seconds(
    seeded: Api, exported: Callable[[str, int], list[Raw]], day: date, hours: int
) -> None:
    start, end = (
        int(datetime(each.year, each.month, each.day, tzinfo=CHATHAM).timestamp())
        for each in (day, day + timedelta(days=1))
    )
    assert end - start == hours * 3600
    raw = exported(str(day - timedelta(days=1)), 2)
    events = [event for event in raw if start <= int(event["occurred_at"]) < end]
    seconds = {"objectType": "KalturaReportInputFilter", "fromDate": start, "toDate": end - 1}
    assert_equal(table(seeded, seconds, size=12_000), counted(events, lambda event: event["entry_id"]))


def test_an_exam_day_has_more_rows_than_are_given_out(seeded: Api) -> None:
    # In Chatham, where clocks show 13:45 hours more, the exam falls on the next day, but as a whole.
    for day, offset in ((EXAM, 0), ("20251119", -825), (EXAM, 300)):
        filter = report_filter(day, timeZoneOffset=offset)
        answer = seeded.call(
            "report", "getTable", seeded.admin, reportType="11", reportInputFilter=filter, pager={"pageSize": 20_000}
        )
        assert answer["totalCount"] > 12_500
        assert answer["data"].count(";") == 12_000
    refused = seeded.call(
        "report", "getTable", seeded.admin, reportType="11", reportInputFilter=report_filter(EXAM),
        pager={"pageSize": 4000, "pageIndex": 4},
    )  # fmt: skip
    assert refused["code"] == "INTERNAL_SERVERL_ERROR"


def test_hours_of_a_day_add_up_to_it(seeded: Api) -> None:
    filter = report_filter("20251106", timeZoneOffset=-825, interval="hours")
    points = graph(seeded, filter, "count_plays")
    assert set(points) == {f"20251106{hour:02}" for hour in range(24)}
    assert sum(map(int, points.values())) == int(total(seeded, filter)["count_plays"])
    # An hour of that graph, asked for by its seconds.
    start = int(datetime(2025, 11, 6, 9, tzinfo=CHATHAM).timestamp())
    hour = {"objectType": "KalturaReportInputFilter", "fromDate": start, "toDate": start + 3599}
    assert total(seeded, hour)["count_plays"] == points["2025110609"]


def test_places_and_contexts(seeded: Api, exported: Callable[[str, int], list[Raw]]) -> None:
    plays = Counter(event["country"] for event in exported("2025-11-05", 1) if event["event_type"] == PLAY)
    rows = table(seeded, report_filter(DAY), report=4)
    assert {row["object_id"]: int(row["count_plays"]) for row in rows} == plays
    assert ("Germany", "DE") in pick(rows, "object_id", "country")
    assert ("DE", "Germany") in pick(table(seeded, report_filter(DAY), report=36), "object_id", "country")
    towns = table(seeded, report_filter(DAY), report=30)
    assert ("Germany", "Bavaria", "Munich", "DE") in pick(towns, "country", "region", "city", "country_code")
    regions = table(seeded, report_filter(DAY), report=37)
    for found in (towns, regions, table(seeded, report_filter(DAY), report=25)):
        assert sum(int(row["count_plays"]) for row in found) == plays.total()
    assert ("900011", "Physics") in pick(table(seeded, report_filter(DAY), report=25), "object_id", "name")


def test_filters_cut_a_day_into_parts(seeded: Api) -> None:
    def plays(**filter: str) -> int:
        return int(total(seeded, report_filter(DAY, **filter))["count_plays"] or 0)

    everything = plays()
    rows = table(seeded, report_filter(DAY), report=36)
    abroad = "|".join(row["object_id"] for row in rows if row["object_id"] != "DE")
    assert 0 < plays(countryIn="DE") == plays(countryIn="Germany") == everything - plays(countryIn=abroad)
    upper = [plays(categoriesAncestorIdIn=number) for number in ("900001", "900002", "900003")]
    assert sum(upper) == everything
    assert min(upper) > 0
    assert plays(categoriesIdsIn="900001") == 0
    assert 0 < plays(categoriesIdsIn="900011") < upper[0]
    assert 0 < plays(domainIn="moodle.example.edu") < everything
    assert (
        plays(domainIn="moodle.example.edu|media.example.edu|canvas.example.org|www.example.edu|www.google.com|Unknown")
        == everything
    )


def test_the_curve_of_a_title_falls_as_its_quarters_do(seeded: Api) -> None:
    top = table(seeded, report_filter(EXAM), report=2, size=1)[0]
    curve = table(seeded, report_filter(EXAM, entryIdIn=top["object_id"]), report=43)
    viewers = {int(row["percentile"]): int(row["count_viewers"]) for row in curve}
    assert list(viewers) == list(range(1, 101))
    assert viewers[1] == int(top["count_plays"])
    assert [viewers[part] for part in (25, 50, 75, 100)] == [
        int(top[f"count_plays_{part}"]) for part in (25, 50, 75, 100)
    ]
    assert all(int(row["unique_known_users"]) <= int(row["count_viewers"]) for row in curve)
    whole = total(seeded, report_filter(EXAM, entryIdIn=top["object_id"]), report=43)
    assert int(whole["count_viewers"]) == sum(viewers.values())


def test_usage_follows_sources_and_views(seeded: Api, exported: Callable[[str, int], list[Raw]]) -> None:
    megabytes: dict[str, float] = {}
    came: dict[str, int] = {}
    for first in range(1, PLAN.entries, 500):
        wanted = {"entryIdIn": ",".join(f"0_syn{number:05}" for number in range(first, first + 500))}
        found = seeded.call("flavorAsset", "list", seeded.admin, filter=wanted, pager={"pageSize": 500})
        for asset in found["objects"]:
            megabytes[asset["entryId"]] = int(asset["sizeInBytes"]) / 1024 / 1024
            came[asset["entryId"]] = asset["createdAt"]
    assert len(megabytes) == PLAN.entries
    sent = sum(
        megabytes[event["entry_id"]] / 4 for event in exported("2025-11-05", 1) if event["event_type"] in QUARTERS
    )
    start = PLAN.start + 4 * 86_400
    used = total(seeded, report_filter(DAY), report=201)
    assert float(used["bandwidth_consumption"]) == pytest.approx(sent)
    added = sum(size for entry, size in megabytes.items() if start <= came[entry] < start + 86_400)
    before = sum(size for entry, size in megabytes.items() if came[entry] < start)
    assert float(used["added_storage"]) == pytest.approx(added)
    assert float(used["peak_storage"]) == pytest.approx(before + added)
    assert before <= float(used["average_storage"]) <= before + added
    assert table(seeded, report_filter(DAY), report=201) == [used]
    week = graph(seeded, report_filter("20251103", "20251109"), "bandwidth_consumption", report=201)
    assert float(week[DAY]) == pytest.approx(sent)
    assert len(week) == 7


def test_the_titles_are_entries(seeded: Api) -> None:
    answer = seeded.call("media", "list", seeded.admin, filter={"tagsLike": "synthetic"}, pager={"pageSize": 1})
    assert answer["totalCount"] == PLAN.entries
    top = table(seeded, report_filter(DAY), report=38, size=1)[0]
    entry = seeded.call("media", "get", seeded.admin, entryId=top["object_id"])
    assert (top["creator_name"], top["duration_msecs"]) == (entry["userId"], str(entry["msDuration"]))
    names = seeded.call("category", "list", seeded.admin, filter={"idIn": entry["categoriesIds"]})["objects"]
    assert [each["fullName"] for each in names] == [entry["categories"]]
    assert table(seeded, report_filter(DAY), ks=seeded.other_admin) == []


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Callable[[], Api]]:
    """Starts a sandbox with little traffic, again and again on the same data."""
    running: list[SandboxServer] = []

    def start() -> Api:
        while running:
            running.pop().stop()
        plan = TrafficPlan(1, entries=20, viewers=50, days=10, sessions=40)
        running.append(SandboxServer(make_settings(tmp_path / "data", traffic=plan)))
        running[0].start()
        return Api(running[0].url)

    yield start
    while running:
        running.pop().stop()


def test_the_library_is_made_once_and_kept(small: Callable[[], Api]) -> None:
    api = small()
    before = table(api, report_filter(DAY))
    api.call("media", "update", api.admin, entryId="0_syn00001", mediaEntry={"name": "Renamed"})
    api = small()
    assert api.call("media", "list", api.admin)["totalCount"] == 20
    assert api.call("media", "get", api.admin, entryId="0_syn00001")["name"] == "Renamed"
    figures = ("object_id", "count_plays", "sum_time_viewed")
    assert pick(table(api, report_filter(DAY)), *figures) == pick(before, *figures)


def test_events_of_players_count_beside_those_made_up(small: Callable[[], Api]) -> None:
    api = small()
    before = int(total(api, report_filter(DAY))["count_plays"])
    moment = PLAN.start + 4 * 86_400 + 3600
    for entry in ("0_syn00001", "0_real"):
        event = {"partnerId": 102, "entryId": entry, "eventType": 3, "eventTimestamp": moment, "userId": "ann"}
        assert api.call("stats", "collect", event=event) is True
    assert int(total(api, report_filter(DAY))["count_plays"]) == before + 2
    assert pick(table(api, report_filter(DAY), objectIds="0_real"), "count_plays") == [("1",)]
    assert pick(table(api, report_filter(DAY), report=4, objectIds="Unknown"), "count_plays") == [("2",)]
