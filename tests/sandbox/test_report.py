"""Reports count exactly the events that were sent, by local days."""

from __future__ import annotations

import csv
import io
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from kaltura_sandbox.reporting.metrics import text
from kaltura_sandbox.reporting.periods import days_period, usable_offset
from kaltura_sandbox.server import SandboxServer

from .conftest import OTHER_PARTNER, PARTNER, Api, make_settings
from .media import add_entry, video
from .reports import DAY, pick, report_filter, table

LOADED, PLAY, QUARTERS = 2, 3, (4, 5, 6, 7)
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0 Safari/537.36"


def at(text: str, minutes_east: int = 0) -> float:
    """Unix seconds of a local time."""
    zone = timezone(timedelta(minutes=minutes_east))
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=zone).timestamp()


def collect(api: Api, entry: str, kind: int, moment: float, **values: Any) -> None:
    event = {"partnerId": PARTNER, "entryId": entry, "eventType": kind, "eventTimestamp": moment, **values}
    assert api.call("stats", "collect", event=event) is True


def watch(api: Api, entry: str, moment: float, quarters: int = 0, **values: Any) -> None:
    """Load and play an entry up to a number of quarters."""
    for kind in (LOADED, PLAY, *QUARTERS[:quarters]):
        collect(api, entry, kind, moment, **values)


def test_a_table_equals_the_events(api: Api) -> None:
    noon = at("2026-03-10 12:00:00")
    watch(api, "0_a", noon, 4, userId="ann", duration=120_000)
    watch(api, "0_a", noon, 2, userId="bob", duration=120_000)
    watch(api, "0_a", noon, 0, userId="ann", duration=120_000)
    watch(api, "0_b", noon, 1)
    collect(api, "0_b", LOADED, noon)
    rows = table(api, report_filter())
    assert pick(rows, "object_id", "count_plays", "count_loads", "unique_known_users") == [
        ("0_a", "3", "3", "2"),
        ("0_b", "1", "2", "0"),
    ]
    # Six quarters of two minutes are three minutes; one minute a play; half of every play was seen on average.
    assert pick(rows, "sum_time_viewed", "avg_time_viewed", "avg_view_drop_off", "load_play_ratio")[0] == (
        "3", "1", "0.5", "1",
    )  # fmt: skip
    assert rows[1]["load_play_ratio"] == "0.5"
    quarters = table(api, report_filter(), report=2)
    names = [f"count_plays_{part}" for part in (25, 50, 75, 100)]
    assert pick(quarters, "count_plays", *names, "play_through_ratio") == [
        ("3", "2", "2", "1", "1", "0.33333333333333"),
        ("1", "1", "0", "0", "0", "0"),
    ]


@pytest.mark.parametrize(
    ("minutes_east", "offset"),
    [(0, 0), (-300, 300), (330, -330), (345, -345), (-210, 210), (825, -825), (120, -120)],
)
def test_days_begin_and_end_at_local_midnight(api: Api, minutes_east: int, offset: int) -> None:
    midnight = at("2026-03-10 00:00:00", minutes_east)
    for number, moment in enumerate([midnight - 1, midnight, midnight + 86_399, midnight + 86_400]):
        watch(api, f"0_{number}", moment)
    rows = table(api, report_filter(timeZoneOffset=offset))
    assert sorted(row["object_id"] for row in rows) == ["0_1", "0_2"]
    graph = api.call(
        "report", "getGraphs", api.admin, reportType="1",
        reportInputFilter=report_filter("20260309", "20260311", timeZoneOffset=offset),
    )  # fmt: skip
    plays = next(curve["data"] for curve in graph if curve["id"] == "count_plays")
    assert plays == "20260309,1;20260310,2;20260311,1;"


def test_differences_no_place_has_are_rounded_to_the_hour() -> None:
    assert [usable_offset(minutes) for minutes in (-331, 29, 30, -30, 5000, -5000, -330)] == [
        -360, 0, 60, -60, 720, -840, -330,
    ]  # fmt: skip
    start, end = days_period("20260310", "20260310", -330) or (0, 0)
    assert (start, end - start) == (int(at("2026-03-10 00:00:00", 330)), 86_400)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0, "0"), (3.0, "3"), (1 / 3, "0.33333333333333"), (2 / 3 * 1000, "666.66666666667"), (0.25, "0.25"),
        (1 / 30_000_000, "0.000000033333333333333"), (123456789012345.0, "123456789012345"),
        (1.5e15, "1500000000000000"),
    ],
)  # fmt: skip
def test_figures_have_fourteen_digits_and_no_exponent(value: float, written: str) -> None:
    assert text(value) == written


def test_seconds_reversed_days_and_missing_dates(api: Api) -> None:
    moment = int(at("2026-03-10 12:00:00"))
    watch(api, "0_a", moment)
    days = {"objectType": "KalturaReportInputFilter"}
    assert len(table(api, {**days, "fromDate": moment, "toDate": moment})) == 1
    assert table(api, {**days, "fromDate": moment + 1, "toDate": moment + 9}) == []
    assert len(table(api, report_filter("20260312", "20260308"))) == 1
    for wrong in ({}, {"fromDay": DAY}, {"fromDay": "2026-03-10", "toDay": DAY}, {"fromDay": "20261310", "toDay": DAY}):
        assert table(api, {**days, **wrong}) == []


def test_nothing_seen_is_an_answer_without_keys(api: Api) -> None:
    answer = api.call(
        "report", "getTable", api.admin, reportType="1", reportInputFilter=report_filter(), pager={"pageSize": 10}
    )
    assert answer == {"objectType": "KalturaReportTable"}
    total = api.call("report", "getTotal", api.admin, reportType="1", reportInputFilter=report_filter())
    assert total["data"] == ",,,,,,,,,"
    graphs = api.call("report", "getGraphs", api.admin, reportType="1", reportInputFilter=report_filter())
    assert {curve["data"] for curve in graphs} == {""}


def test_totals_and_limits_to_objects(api: Api) -> None:
    noon = at("2026-03-10 12:00:00")
    for entry, plays in (("0_a", 3), ("0_b", 2), ("0_c", 1)):
        for _ in range(plays):
            watch(api, entry, noon)
    total = api.call("report", "getTotal", api.admin, reportType="1", reportInputFilter=report_filter())
    assert dict(zip(total["header"].split(","), total["data"].split(","), strict=True))["count_plays"] == "6"
    assert pick(table(api, report_filter(), objectIds="0_a|0_c"), "object_id") == [("0_a",), ("0_c",)]
    assert pick(table(api, report_filter(entryIdIn="0_b|0_c")), "object_id") == [("0_b",), ("0_c",)]
    assert pick(table(api, report_filter(), order="+count_plays"), "object_id") == [("0_c",), ("0_b",), ("0_a",)]
    assert pick(table(api, report_filter(), size=2, page=2), "object_id") == [("0_c",)]
    answer = api.call(
        "report", "getTable", api.admin, reportType="1", reportInputFilter=report_filter(), pager={"pageSize": 1}
    )
    assert answer["totalCount"] == 3


def test_separators_in_values_become_spaces(api: Api) -> None:
    entry = api.call("media", "add", api.admin, entry={"name": "a,b;c|d", "mediaType": 1})["id"]
    watch(api, entry, at("2026-03-10 12:00:00"))
    assert table(api, report_filter())[0]["entry_name"] == "a,b c d"
    answer = api.call(
        "report", "getTable", api.admin, reportType="1", reportInputFilter=report_filter(), pager={"pageSize": 10}
    )
    assert answer["data"].split(",")[1] == "a b c|d"


def test_devices_systems_and_other_accounts(api: Api) -> None:
    api.http.headers["User-Agent"] = CHROME
    watch(api, "0_a", at("2026-03-10 12:00:00"))
    for report, column, value in ((21, "device", "Computer"), (22, "os", "WINDOWS_10"), (23, "browser", "CHROME")):
        assert pick(table(api, report_filter(), report=report), column, "count_plays") == [(value, "1")]
    assert table(api, report_filter(), ks=api.other_admin) == []
    collect(api, "0_z", PLAY, at("2026-03-10 12:00:00"), partnerId=OTHER_PARTNER)
    assert pick(table(api, report_filter(), ks=api.other_admin), "object_id") == [("0_z",)]


def test_the_time_of_arrival_counts_without_another(api: Api) -> None:
    now = datetime.now(timezone.utc)
    api.call("stats", "collect", event={"partnerId": PARTNER, "entryId": "0_a", "eventType": PLAY})
    watch(api, "0_b", now.timestamp() * 1000)  # milliseconds, as players in browsers send them
    watch(api, "0_c", now.timestamp() + 10 * 86_400)  # a clock that is wrong
    days = ((now - timedelta(days=1)).strftime("%Y%m%d"), (now + timedelta(days=1)).strftime("%Y%m%d"))
    assert sorted(pick(table(api, report_filter(*days)), "object_id")) == [("0_a",), ("0_b",), ("0_c",)]


def test_a_play_belongs_to_the_user_of_its_session(api: Api) -> None:
    moment = at("2026-03-10 12:00:00")
    event = {"entryId": "0_a", "eventType": PLAY, "eventTimestamp": moment}
    for ks in (api.user("ann"), api.user("bob"), api.widget):
        assert api.call("stats", "collect", ks, event=event) is True
    assert pick(table(api, report_filter()), "count_plays", "unique_known_users") == [("3", "2")]
    rows = table(api, report_filter(userIds="ann", objectType="KalturaEndUserReportInputFilter"))
    assert pick(rows, "count_plays") == [("1",)]


def test_rows_after_twelve_thousand_are_refused(api: Api, sandbox: SandboxServer) -> None:
    moment = int(at("2026-03-10 12:00:00"))
    events = sandbox.sandbox.store.collection("statsEvent")
    with sandbox.sandbox.store.transaction():
        for number in range(12_050):
            events.insert({
                "id": f"e{number}", "partnerId": PARTNER, "entryId": f"0_{number:08}", "eventType": PLAY,
                "occurredAt": moment,
            })  # fmt: skip
    assert len(table(api, report_filter(), size=20_000)) == 12_000
    assert len(table(api, report_filter(), size=500, page=24)) == 500
    refused = api.call(
        "report", "getTable", api.admin, reportType="1", reportInputFilter=report_filter(),
        pager={"pageSize": 500, "pageIndex": 25},
    )  # fmt: skip
    assert refused["code"] == "INTERNAL_SERVERL_ERROR"


def test_the_csv_file_has_totals_and_table(api: Api) -> None:
    watch(api, "0_a", at("2026-03-10 12:00:00"), 4, duration=60_000)
    address = api.call(
        "report", "getUrlForReportAsCsv", api.admin, reportTitle="Plays", reportText="all of them",
        headers="Plays;Id,Name,Plays", reportType="1", reportInputFilter=report_filter(),
    )  # fmt: skip
    reply = api.http.get(address, timeout=30)
    assert reply.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(reply.content.decode("utf-8-sig"))))
    assert [rows[0], rows[2]] == [["Plays"], ["all of them"]]
    assert rows[-2][:3] == ["Id", "Name", "Plays"]
    assert rows[-1][0] == "0_a"
    assert rows[-1][2] == "1"
    stranger = address.replace("/ks/", "/ks/x")
    assert api.http.get(stranger, timeout=30).content == b""


def test_sample_events_are_kept_once(tmp_path: Path) -> None:
    for _ in range(2):
        with SandboxServer(make_settings(tmp_path, sample_events=True)) as server:
            api = Api(server.url)
            assert sum(int(row["count_plays"]) for row in table(api, report_filter("20260101", "20260107"))) == 13
            assert table(api, report_filter("20260106", "20260107")) == []


def test_events_of_players_are_counted_like_others(api: Api, sandbox: SandboxServer) -> None:
    entry = add_entry(api, 1, video(), "v.mp4")
    shared: dict[str, Any] = {
        "service": "analytics",
        "action": "trackEvent",
        "format": "1",
        "partnerId": PARTNER,
        "entryId": entry,
    }
    for kind in (1, 2, 3, 11, 12, 13, 14, 99):
        sent: dict[str, Any] = {**shared, "eventType": kind, "sessionId": "s", "position": 1.5, "playTimeSum": 0.25}
        reply = api.http.get(f"{api.url}/api_v3/index.php", params=sent, timeout=30).json()
        assert abs(reply["time"] - time.time()) < 60
    form = {**shared, "eventType": 10002, "buttonName": "Watch later", "ks": api.user("ann")}
    assert api.post("/api_v3/index.php", data=form).json()["viewEventsEnabled"] is True

    kept = sandbox.sandbox.store.collection("analyticsEvent").find()
    assert [event["eventType"] for event in kept] == [1, 2, 3, 11, 12, 13, 14, 99, 10002]
    assert (kept[0]["position"], kept[-1]["buttonName"]) == ("1.5", "Watch later")
    assert not any("ks" in event for event in kept)
    today = time.strftime("%Y%m%d", time.gmtime())
    names = ("count_loads", "count_plays", "count_plays_25", "count_plays_100")
    assert pick(table(api, report_filter(today), report=2, objectIds=entry), *names) == [("1",) * 4]
    assert api.call("media", "get", api.admin, entryId=entry)["plays"] == 1
