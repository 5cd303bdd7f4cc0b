"""A day's report is whole: in one call, in pages, or in parts where Kaltura would cut it."""

from __future__ import annotations

import collections
import datetime
from typing import Any

import pytest
from tests.provider.api.analytics.conftest import EXAM_DAY, PLAN
from tests.provider.api.conftest import ClientFactory
from tests.provider.api.scripted import Received, ScriptedServer, client_of, result

from kaltura_provider.api import DayReport, ErrorClass, KalturaClient, KalturaError, SessionSpec, fetch_table
from kaltura_provider.api.analytics.days import local_day
from kaltura_provider.api.analytics.report_types import report_type
from kaltura_sandbox.traffic.events import events_between

HEADER = "name|count_plays|count_edit|count_viral|count_download|count_report"
PLAY = 3


def pages(total: int) -> Any:
    """A server with a report of many users."""

    def answer(received: Received) -> bytes:
        pager = received.json["pager"]
        start = (pager["pageIndex"] - 1) * pager["pageSize"]
        found = [f"user{n}|{n}|0|0|0|0;" for n in range(start, min(total, start + pager["pageSize"]))]
        if not found:
            return result({"objectType": "KalturaReportTable"})
        return result({"header": HEADER, "data": "".join(found), "totalCount": total + 7})

    return answer


@pytest.mark.parametrize(("total", "calls"), [(0, 1), (1, 1), (499, 1), (500, 2), (501, 2), (1234, 3)])
def test_all_pages(total: int, calls: int) -> None:
    with ScriptedServer(pages(total)) as server, client_of(server) as client:
        table = fetch_table(client, "USER_CONTENT_INTERACTIONS", "2026-01-31", page_size=500)
        assert len(server.requests) == calls
    assert table["user_id"].to_pylist() == [f"user{n}" for n in range(total)]
    assert table.schema.names[:2] == ["user_id", "count_plays"]


def test_the_question_on_the_wire() -> None:
    with ScriptedServer(pages(0)) as server, client_of(server) as client:
        fetch_table(
            client, "TOP_CONTENT", datetime.date(2026, 1, 31), "America/New_York", object_ids=["0_a", "0_b"],
            filter={"playbackTypeIn": ["vod", "live"], "userIds": "ann", "isPreview": None}, order="-count_plays",
        )  # fmt: skip
        body = server.requests[0].json
    assert body["reportType"] == "1"
    assert body["reportInputFilter"] == {
        "objectType": "KalturaEndUserReportInputFilter", "fromDay": "20260131", "toDay": "20260131",
        "timeZoneOffset": 300, "playbackTypeIn": "vod|live", "userIds": "ann",
    }  # fmt: skip
    assert (body["objectIds"], body["order"], body["responseOptions"]["delimiter"]) == ("0_a|0_b", "-count_plays", "|")
    assert body["pager"] == {"pageSize": 12_000, "pageIndex": 1}


def test_a_row_that_comes_on_two_pages_counts_once() -> None:
    answers = [
        result({"header": HEADER, "data": "ann|2|0|0|0|0;bob|1|0|0|0|0;", "totalCount": 3}),
        result({"header": HEADER, "data": "bob|1|0|0|0|0;", "totalCount": 3}),
    ]
    with ScriptedServer(*answers) as server, client_of(server) as client:
        table = fetch_table(client, "USER_CONTENT_INTERACTIONS", "2026-01-31", page_size=2)
    assert table["user_id"].to_pylist() == ["ann", "bob"]


def test_columns_that_change_between_pages_are_an_error() -> None:
    answers = [
        result({"header": HEADER, "data": "ann|2|0|0|0|0;bob|1|0|0|0|0;", "totalCount": 3}),
        result({"header": HEADER + "|mood", "data": "cid|1|0|0|0|0|x;", "totalCount": 3}),
    ]
    with (
        ScriptedServer(*answers) as server,
        client_of(server) as client,
        pytest.raises(KalturaError, match="changed from one page to the next"),
    ):
        fetch_table(client, "USER_CONTENT_INTERACTIONS", "2026-01-31", page_size=2)


def test_rows_that_cannot_be_told_apart_are_not_cut() -> None:
    with (
        ScriptedServer(pages(12_001)) as server,
        client_of(server) as client,
        pytest.raises(KalturaError, match=r"REPORT_TOO_LARGE.*it cannot be cut") as caught,
    ):
        fetch_table(client, 9999, "2026-01-31")
    assert caught.value.error_class is ErrorClass.PERMANENT


def plays_by(column: str, day: str, zone: str = "UTC") -> collections.Counter[str]:
    """Count plays over the raw events."""
    period = local_day(day, zone)
    found: collections.Counter[str] = collections.Counter()
    for _, kind, session in events_between(PLAN, period.start, period.end):
        if kind == PLAY:
            found[session[column] or "Unknown"] += 1
    return found


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Chatham"])
def test_a_day_beyond_the_cap_is_whole(busy: KalturaClient, zone: str) -> None:
    day = EXAM_DAY if zone == "UTC" else "2026-03-19"
    report = DayReport(busy, "USER_ENGAGEMENT", day, zone)
    rows = {row["user_id"]: row for table in report.tables() for row in table.to_pylist()}
    assert report.rows == len(rows) > 12_000
    assert report.parts > 1
    expected = plays_by("userId", day, zone)
    assert {user: row["count_plays"] for user, row in rows.items() if row["count_plays"]} == expected
    assert all(check.agrees for check in report.check_totals())
    assert report.notes == []
    # Averages are those of the sums; no entry is in two parts, so different entries add up.
    most = rows[expected.most_common(1)[0][0]]
    assert most["avg_time_viewed_seconds"] == pytest.approx(
        most["sum_time_viewed_seconds"] / most["count_plays"], abs=1e-3
    )
    period = local_day(day, zone)
    seen = {
        session["entryId"]
        for _, kind, session in events_between(PLAN, period.start, period.end)
        if kind == PLAY and (session["userId"] or "Unknown") == most["user_id"]
    }
    assert most["unique_videos"] == len(seen)


def test_one_entry_beyond_the_cap_is_cut_by_time() -> None:
    """Twelve thousand users of a single entry before noon, and some of them again after it."""

    def answer(received: Received) -> bytes:
        body = received.json
        fields, report = body["reportInputFilter"], body["reportType"]
        if report == "1":
            header = "|".join(report_type(1).columns)
            return result({"header": header, "data": "0_a|A|12000|1|1|1|1|1|1|1|1|1;", "totalCount": 1})
        columns = "|".join(report_type(11).columns)
        if "fromDay" in fields:
            users = range(12_000)
        else:
            noon = local_day("2026-01-31", "UTC").start + 12 * 3600
            users = range(11_000) if fields["fromDate"] < noon else range(10_000, 12_500)
        cells = "".join(f"u{n}|1|2|1|0.5|2|1|0.5|1|0.5|50;" for n in users)
        return result({"header": columns, "data": cells, "totalCount": 1})

    with ScriptedServer(answer) as server, client_of(server) as client:
        table = fetch_table(client, "USER_ENGAGEMENT", "2026-01-31")
    rows = {row["user_id"]: row for row in table.to_pylist()}
    assert len(rows) == len(table) == 12_500
    # Before and after noon: plays and time add up, the entry is one entry, averages stay.
    assert rows["u10500"] == {
        "user_id": "u10500", "unique_videos": 1, "count_plays": 4, "sum_time_viewed_seconds": 120.0,
        "avg_time_viewed_seconds": 30.0, "count_loads": 4, "load_play_ratio": 1.0, "avg_view_drop_off_ratio": 0.5,
        "sum_view_period_seconds": 120.0, "avg_view_period_seconds": 30.0, "avg_completion_ratio": 0.5,
    }  # fmt: skip


def test_an_hour_of_one_entry_beyond_the_cap_is_said() -> None:
    def answer(received: Received) -> bytes:
        if received.json["reportType"] == "1":
            data = "0_a|A|12000|1|1|1|1|1|1|1|1|1;"
            return result({"header": "|".join(report_type(1).columns), "data": data, "totalCount": 1})
        cells = "".join(f"u{n}|1|2|1|0.5|2|1|0.5|1|0.5|50;" for n in range(12_000))
        return result({"header": "|".join(report_type(11).columns), "data": cells, "totalCount": 1})

    with (
        ScriptedServer(answer) as server,
        client_of(server) as client,
        pytest.raises(KalturaError, match=r"REPORT_TOO_LARGE.*entry 0_a alone has that many in an hour"),
    ):
        fetch_table(client, "USER_ENGAGEMENT", "2026-01-31")


def test_a_total_that_disagrees_is_noted() -> None:
    table = {"header": HEADER, "data": "ann|2|0|0|0|0;", "totalCount": 1}
    total = {"header": "count_plays|count_edit", "data": "3|0"}
    with ScriptedServer(result(table), result(total)) as server, client_of(server) as client:
        report = DayReport(client, "USER_CONTENT_INTERACTIONS", "2026-01-31")
        list(report.tables())
        checks = {check.column: check.agrees for check in report.check_totals()}
    assert checks == {"count_plays": False, "count_edit": True}
    assert report.notes == ["USER_CONTENT_INTERACTIONS, count_plays: the rows add up to 2, the total is 3"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("TOP_CONTNT", "2026-01-31"), "Report type 'TOP_CONTNT' is unknown"),
        ((1, "31.1.2026"), "use the form 2026-01-31"),
        ((1, "2026-01-31", "Mars/Olympus"), "use an IANA name"),
    ],
)
def test_what_is_refused(arguments: tuple[Any, ...], words: str) -> None:
    with ScriptedServer(pages(0)) as server, client_of(server) as client:
        with pytest.raises(ValueError, match=words):
            fetch_table(client, *arguments)
        with pytest.raises(ValueError, match="use 1 to 12000 rows"):
            fetch_table(client, 1, "2026-01-31", page_size=12_001)
        assert server.requests == []


def test_a_user_session_may_not_see_reports(new_client: ClientFactory) -> None:
    user = new_client(session=SessionSpec("ann", 0))
    with pytest.raises(KalturaError, match="ANALYTICS_BASE") as caught:
        fetch_table(user, "TOP_CONTENT", "2026-01-31")
    assert caught.value.error_class is ErrorClass.PERMISSION
