"""Analytics tables to S3: a running sandbox on one side, a real S3 server on the other."""

from __future__ import annotations

import csv
import datetime
import io
import json
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from airflow.sdk import DAG
from tests.provider.airflow_fixtures import BUCKET, render
from tests.provider.entries import ready_entry

from kaltura_provider.api import KalturaClient, KalturaError
from kaltura_provider.transfers.kaltura_to_s3 import KalturaReportToS3Operator

PLAY = 3


def transfer(**more: Any) -> KalturaReportToS3Operator:
    arguments = {"report_type": "TOP_CONTENT", "day": "2026-01-31", "s3_bucket": BUCKET, "s3_key": "r/day", **more}
    return KalturaReportToS3Operator(task_id="report", **arguments)


def play(client: KalturaClient, entry_id: str, moment: str, time_zone: str = "UTC") -> None:
    """Let an entry be played at a local time."""
    when = datetime.datetime.fromisoformat(moment).replace(tzinfo=ZoneInfo(time_zone))
    event = {
        "objectType": "KalturaStatsEvent",
        "eventType": PLAY,
        "partnerId": client.partner_id,
        "entryId": entry_id,
        "sessionId": moment,
        "eventTimestamp": when.timestamp(),
    }
    client.call("stats", "collect", {"event": event})


def stored(s3: Any, key: str = "r/day") -> tuple[bytes, str]:
    found = s3.get_object(Bucket=BUCKET, Key=key)
    return found["Body"].read(), found["ContentType"]


def plays(s3: Any, entry_id: str) -> int:
    """How often the table in S3 says the entry was played."""
    body, _ = stored(s3)
    rows = csv.DictReader(io.StringIO(body.decode(), newline=""))
    return sum(int(row["count_plays"]) for row in rows if row["object_id"] == entry_id)


def test_csv(s3: Any, client: KalturaClient, context: Any) -> None:
    entry_id = ready_entry(client, name='Ünï "quoted", and more')
    play(client, entry_id, "2026-01-31T12:00")
    result = transfer().execute(context)
    body, content_type = stored(s3)
    assert content_type == "text/csv; charset=utf-8"
    assert result["s3_uri"] == f"s3://{BUCKET}/r/day"
    assert result["bytes"] == len(body)
    assert result["columns"][:2] == ["object_id", "entry_name"]
    rows = list(csv.DictReader(io.StringIO(body.decode(), newline="")))
    assert len(rows) == result["rows"]
    (row,) = [row for row in rows if row["object_id"] == entry_id]
    assert row["entry_name"] == 'Ünï "quoted", and more'
    assert row["count_plays"] == "1"
    json.dumps(result)


def test_json(s3: Any, client: KalturaClient, context: Any) -> None:
    entry_id = ready_entry(client, name="Ünï")
    play(client, entry_id, "2026-01-30T12:00")
    transfer(day="2026-01-30", format="json").execute(context)
    body, content_type = stored(s3)
    assert content_type == "application/json"
    (row,) = [row for row in json.loads(body) if row["object_id"] == entry_id]
    assert (row["entry_name"], row["count_plays"]) == ("Ünï", "1")


@pytest.mark.parametrize(
    ("time_zone", "day"),
    [
        ("Europe/Berlin", "2026-01-15"),
        ("Europe/Berlin", "2026-07-15"),
        ("America/New_York", "2026-01-15"),
        ("UTC", "2026-01-15"),
    ],
    ids=["winter", "summer", "west", "utc"],
)
def test_day_is_a_local_one(s3: Any, client: KalturaClient, context: Any, time_zone: str, day: str) -> None:
    entry_id = ready_entry(client)
    noon = datetime.datetime.fromisoformat(f"{day}T12:00")
    # Five minutes after its beginning and before its end; ten minutes further out it is another day.
    for hours in (-11.9, 11.9, -12.1, 12.1):
        play(client, entry_id, (noon + datetime.timedelta(hours=hours)).isoformat(), time_zone)
    transfer(day=day, time_zone=time_zone).execute(context)
    assert plays(s3, entry_id) == 2


def test_running_again_writes_the_same_object(s3: Any, client: KalturaClient, context: Any) -> None:
    play(client, ready_entry(client), "2026-02-20T12:00")
    first = transfer(day="2026-02-20").execute(context)
    before = stored(s3)
    assert transfer(day="2026-02-20").execute(context) == first
    assert stored(s3) == before
    assert s3.list_objects_v2(Bucket=BUCKET)["KeyCount"] == 1


@pytest.mark.parametrize(("format", "empty"), [("csv", b""), ("json", b"[]")])
def test_day_with_nothing_to_report(s3: Any, connection: None, context: Any, format: str, empty: bytes) -> None:
    result = transfer(day="2001-01-01", format=format).execute(context)
    assert (result["rows"], result["columns"]) == (0, [])
    assert stored(s3)[0] == empty


def test_limited_to_objects(s3: Any, client: KalturaClient, context: Any) -> None:
    wanted, other = ready_entry(client), ready_entry(client)
    for entry_id in (wanted, other):
        play(client, entry_id, "2026-03-20T12:00")
    transfer(day="2026-03-20", object_ids=[wanted]).execute(context)
    assert (plays(s3, wanted), plays(s3, other)) == (1, 0)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"report_type": "TOP_CONTNT"}, "TOP_CONTNT.*TOP_CONTENT"),
        ({"day": "31.01.2026"}, "use the form 2026-01-31"),
        ({"time_zone": "Berlin"}, "IANA name such as Europe/Berlin"),
        ({"s3_bucket": "nowhere"}, "bucket 'nowhere' does not exist"),
        ({"s3_key": ""}, "s3_bucket and s3_key are both needed"),
    ],
)
def test_wrong_arguments_are_named(
    s3: Any, connection: None, context: Any, arguments: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        transfer(**arguments).execute(context)


def test_format_is_checked_in_the_dag_file() -> None:
    with pytest.raises(ValueError, match="format must be 'csv' or 'json'"):
        transfer(format="xlsx")


def test_session_without_the_right_is_refused(s3: Any, connection: None, context: Any) -> None:
    with pytest.raises(KalturaError, match="ANALYTICS_BASE"):
        transfer(session={"user_id": "ann", "session_type": "USER"}).execute(context)


def test_templates_and_mapping() -> None:
    task = transfer(day="{{ ds }}", s3_key="reports/{{ ds }}.csv")
    render(task, ds="2026-01-31")
    assert (task.day, task.s3_key) == ("2026-01-31", "reports/2026-01-31.csv")
    with DAG("mapped", schedule=None):
        KalturaReportToS3Operator.partial(task_id="report", report_type=1, s3_bucket=BUCKET).expand_kwargs(
            [{"day": "2026-01-30", "s3_key": "a"}, {"day": "2026-01-31", "s3_key": "b"}]
        )
