"""Analytics tables to S3: a running sandbox on one side, a real S3 server on the other."""

from __future__ import annotations

import datetime
import hashlib
import io
import json
import threading
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow.parquet as parquet
import pytest
from airflow.sdk import DAG
from tests.provider.airflow_fixtures import BUCKET, render
from tests.provider.entries import ready_entry

from kaltura_provider.api import KalturaClient, KalturaError
from kaltura_provider.transfers.kaltura_to_s3 import KalturaReportToS3Operator

PLAY = 3


def transfer(**more: Any) -> KalturaReportToS3Operator:
    arguments = {"report_type": "TOP_CONTENT", "day": "2026-01-31", "s3_bucket": BUCKET, "s3_prefix": "r/", **more}
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


def stored(s3: Any, name: str = "data.parquet", day: str = "2026-01-31") -> bytes:
    """A file of a day's partition."""
    body: bytes = s3.get_object(Bucket=BUCKET, Key=f"r/top_content/day={day}/{name}")["Body"].read()
    return body


def rows(s3: Any, day: str = "2026-01-31") -> dict[str, dict[str, Any]]:
    """The rows of a day's Parquet file by entry."""
    return {row["object_id"]: row for row in parquet.read_table(io.BytesIO(stored(s3, day=day))).to_pylist()}


def test_a_day_in_every_format(s3: Any, client: KalturaClient, context: Any) -> None:
    entry_id = ready_entry(client, name='Ünï "quoted", and | more')
    play(client, entry_id, "2026-01-31T12:00")
    told = transfer(formats=["parquet", "csv", "ndjson"]).execute(context)
    assert told["s3_uri"] == f"s3://{BUCKET}/r/top_content/day=2026-01-31/"
    assert (told["report"], told["day"], told["agrees"], told["provisional"]) == (
        "TOP_CONTENT",
        "2026-01-31",
        True,
        False,
    )
    json.dumps(told)
    row = rows(s3)[entry_id]
    assert (row["count_plays"], row["entry_name"]) == (1, 'Ünï "quoted", and   more')
    # The whole name, which the report cannot give.
    assert row["title"] == 'Ünï "quoted", and | more'
    lines = [json.loads(line) for line in stored(s3, "data.ndjson").decode().splitlines()]
    assert {line["object_id"]: line for line in lines} == rows(s3)
    assert '"Ünï ""quoted"", and | more"' in stored(s3, "data.csv").decode()


def test_the_manifest_says_what_is_there(s3: Any, client: KalturaClient, context: Any) -> None:
    play(client, ready_entry(client), "2026-01-31T12:00")
    transfer(time_zone="Europe/Berlin").execute(context)
    manifest, body = json.loads(stored(s3, "_manifest.json")), stored(s3)
    assert manifest["files"] == {"data.parquet": {"bytes": len(body), "sha256": hashlib.sha256(body).hexdigest()}}
    assert manifest["rows"] == len(rows(s3))
    file = parquet.ParquetFile(io.BytesIO(body))
    assert [each["name"] for each in manifest["schema"]] == file.schema_arrow.names
    # The Parquet file says the same of itself.
    within = json.loads(file.metadata.metadata[b"kaltura"])
    assert within == {key: value for key, value in manifest.items() if key != "files"}
    viewed = next(each for each in manifest["schema"] if each["name"] == "sum_time_viewed_seconds")
    assert (viewed["kaltura_column"], viewed["kaltura_unit"]) == ("sum_time_viewed", "min")


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
    assert rows(s3, day)[entry_id]["count_plays"] == 2


def test_running_again_replaces_the_files(s3: Any, client: KalturaClient, context: Any) -> None:
    entry_id = ready_entry(client)
    play(client, entry_id, "2026-02-20T12:00")
    transfer(day="2026-02-20").execute(context)
    play(client, entry_id, "2026-02-20T13:00")
    transfer(day="2026-02-20").execute(context)
    assert rows(s3, "2026-02-20")[entry_id]["count_plays"] == 2
    keys = [each["Key"].rpartition("/")[2] for each in s3.list_objects_v2(Bucket=BUCKET)["Contents"]]
    assert sorted(keys) == ["_manifest.json", "data.parquet"]


def test_several_at_once_leave_files_that_belong_together(s3: Any, client: KalturaClient, context: Any) -> None:
    entry_id = ready_entry(client)
    play(client, entry_id, "2026-02-21T12:00")
    tasks = [transfer(day="2026-02-21", on_disagreement="warn") for _ in range(4)]
    threads = [threading.Thread(target=task.execute, args=[context]) for task in tasks]
    for each in threads:
        each.start()
        play(client, entry_id, "2026-02-21T12:00")
    for each in threads:
        each.join()
    manifest = json.loads(stored(s3, "_manifest.json", "2026-02-21"))
    assert manifest["files"]["data.parquet"]["sha256"] == hashlib.sha256(stored(s3, day="2026-02-21")).hexdigest()


def test_day_with_nothing_to_report_has_columns_but_no_rows(s3: Any, connection: None, context: Any) -> None:
    told = transfer(day="2001-01-01", formats=["parquet", "csv"]).execute(context)
    assert told["rows"] == 0
    table = parquet.read_table(io.BytesIO(stored(s3, day="2001-01-01")))
    assert len(table) == 0
    assert {"object_id", "count_plays", "title"} <= set(table.schema.names)
    assert stored(s3, "data.csv", "2001-01-01").count(b"\n") == 1


def test_a_day_that_is_not_over_is_provisional(s3: Any, connection: None, context: Any) -> None:
    today = datetime.datetime.now(datetime.timezone.utc).date()
    assert transfer(day=str(today)).execute(context)["provisional"]
    assert not transfer(day=str(today - datetime.timedelta(days=2))).execute(context)["provisional"]


def test_limited_to_objects(s3: Any, client: KalturaClient, context: Any) -> None:
    wanted, other = ready_entry(client), ready_entry(client)
    for entry_id in (wanted, other):
        play(client, entry_id, "2026-03-20T12:00")
    transfer(day="2026-03-20", object_ids=[wanted]).execute(context)
    assert list(rows(s3, "2026-03-20")) == [wanted]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"report_type": "TOP_CONTNT"}, "TOP_CONTNT.*TOP_CONTENT"),
        ({"day": "31.01.2026"}, "use the form 2026-01-31"),
        ({"time_zone": "Berlin"}, "IANA name such as Europe/Berlin"),
        ({"s3_bucket": "nowhere"}, "bucket 'nowhere' does not exist"),
        ({"s3_bucket": ""}, "s3_bucket is needed"),
    ],
)
def test_wrong_arguments_are_named(
    s3: Any, connection: None, context: Any, arguments: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        transfer(**arguments).execute(context)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"formats": ["xlsx"]}, "formats must be some of parquet, csv, ndjson"),
        ({"on_drift": "ignore"}, "on_drift must be 'error' or 'warn'"),
        ({"on_disagreement": "ignore"}, "on_disagreement must be 'error' or 'warn'"),
    ],
)
def test_options_are_checked_in_the_dag_file(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        transfer(**arguments)


def test_session_without_the_right_is_refused(s3: Any, connection: None, context: Any) -> None:
    with pytest.raises(KalturaError, match="ANALYTICS_BASE"):
        transfer(session={"user_id": "ann", "session_type": "USER"}).execute(context)


def test_templates_and_mapping() -> None:
    task = transfer(day="{{ ds }}", s3_prefix="reports/{{ ds }}/")
    render(task, ds="2026-01-31")
    assert (task.day, task.s3_prefix) == ("2026-01-31", "reports/2026-01-31/")
    with DAG("mapped", schedule=None):
        KalturaReportToS3Operator.partial(task_id="report", report_type=1, s3_bucket=BUCKET).expand(
            day=["2026-01-30", "2026-01-31"]
        )
