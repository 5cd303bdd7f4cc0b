"""Report tables: whole, typed by column, and of the right day."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from tests.provider.api.conftest import ClientFactory
from tests.provider.api.scripted import Received, ScriptedServer, client_of, result

from kaltura_provider.api import ErrorClass, KalturaClient, KalturaError, SessionSpec, fetch_table
from kaltura_provider.api.reports import parse_table, report_type_number, time_zone_offset

HEADER = "object_id|entry_name|count_plays"


def pages(total: int) -> Any:
    """A server with a report of many rows."""

    def answer(received: Received) -> bytes:
        pager = received.json["pager"]
        start = (pager["pageIndex"] - 1) * pager["pageSize"]
        rows = [f"0_{n}|name {n}|{n};" for n in range(start, min(total, start + pager["pageSize"]))]
        if not rows:
            return result({"objectType": "KalturaReportTable"})
        return result(
            {"header": HEADER, "data": "".join(rows), "totalCount": total + 7, "objectType": "KalturaReportTable"}
        )

    return answer


@pytest.mark.parametrize("total", [0, 1, 499, 500, 501, 1000, 1234])
def test_all_pages(total: int) -> None:
    with ScriptedServer(pages(total)) as server, client_of(server) as client:
        table = fetch_table(client, "top_content", "2026-01-31")
    assert len(table) == total
    assert table.columns == (("object_id", "entry_name", "count_plays") if total else ())
    assert [row[0] for row in table.rows] == [f"0_{n}" for n in range(total)]
    if total:
        assert next(table.records()) == {"object_id": "0_0", "entry_name": "name 0", "count_plays": "0"}


def test_more_rows_than_kaltura_gives_are_an_error_not_a_cut() -> None:
    with ScriptedServer(pages(12_001)) as server, client_of(server) as client:
        with pytest.raises(KalturaError, match=r"REPORT_TOO_LARGE.*at most 12,000 rows"):
            fetch_table(client, 1, "2026-01-31", page_size=1000)
        assert len(server.requests) == 12


def test_the_question_on_the_wire() -> None:
    with ScriptedServer(pages(0)) as server, client_of(server) as client:
        fetch_table(
            client,
            "TOP_CONTENT",
            datetime.date(2026, 1, 31),
            "America/New_York",
            object_ids=["0_a", "0_b"],
            filter={"playbackTypeIn": ["vod", "live"], "userIds": "ann", "isPreview": None},
            order="-count_plays",
        )
        body = server.requests[0].json
    assert body["reportType"] == "1"
    assert body["reportInputFilter"] == {
        "objectType": "KalturaEndUserReportInputFilter",
        "fromDay": "20260131",
        "toDay": "20260131",
        "timeZoneOffset": 300,
        "playbackTypeIn": "vod|live",
        "userIds": "ann",
    }
    assert (body["objectIds"], body["order"], body["responseOptions"]["delimiter"]) == ("0_a|0_b", "-count_plays", "|")
    assert body["pager"] == {"pageSize": 500, "pageIndex": 1}


@pytest.mark.parametrize(
    ("zone", "day", "offset"),
    [
        ("UTC", "2026-06-01", 0),
        ("Europe/Berlin", "2026-01-15", -60),
        ("Europe/Berlin", "2026-07-15", -120),
        ("Europe/Berlin", "2026-03-29", -120),
        ("America/New_York", "2026-01-15", 300),
        ("Asia/Kolkata", "2026-01-15", -330),
    ],
)
def test_the_sign_of_the_offset_is_that_of_javascript(zone: str, day: str, offset: int) -> None:
    assert time_zone_offset(zone, datetime.date.fromisoformat(day)) == offset


def test_rows() -> None:
    assert parse_table({"header": "a|b", "data": "1|x;2|;"}) == (("a", "b"), [("1", "x"), ("2", "")])
    assert parse_table({"objectType": "KalturaReportTable"}) == ((), [])
    assert parse_table({"header": "a", "data": ""}) == ((), [])
    broken: Any
    for broken in ({"header": "a|b", "data": "1;"}, [], None):
        with pytest.raises(KalturaError, match="the table is unreadable"):
            parse_table(broken)


def test_a_row_that_comes_on_two_pages_counts_once() -> None:
    answers = [
        result({"header": HEADER, "data": "0_a|x|2;0_b|x|1;", "totalCount": 3}),
        result({"header": HEADER, "data": "0_b|x|1;", "totalCount": 3}),
    ]
    with ScriptedServer(*answers) as server, client_of(server) as client:
        assert [row[0] for row in fetch_table(client, 1, "2026-01-31", page_size=2).rows] == ["0_a", "0_b"]


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
        with pytest.raises(ValueError, match="lies before day"):
            fetch_table(client, 1, "2026-01-31", last_day="2026-01-30")
        assert server.requests == []
    assert report_type_number(" 38 ") == 38


def test_against_the_sandbox(client: KalturaClient, new_client: ClientFactory) -> None:
    yesterday = datetime.date.today() - datetime.timedelta(days=1)
    table = fetch_table(client, "PLATFORMS", yesterday, "Europe/Berlin", page_size=2)
    whole = fetch_table(client, "PLATFORMS", yesterday, "Europe/Berlin")
    assert table == whole
    user = new_client(session=SessionSpec("ann", 0))
    with pytest.raises(KalturaError, match="ANALYTICS_BASE") as caught:
        fetch_table(user, "TOP_CONTENT", yesterday)
    assert caught.value.error_class is ErrorClass.PERMISSION
