"""The ingest DAG under a real scheduler: good files go live, bad ones are named, and errors tell the fix."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from demo.airflow_api import AirflowApi
    from demo.stack import LocalStack

pytestmark = [pytest.mark.system, pytest.mark.timeout(400)]


@pytest.fixture
def bucket(stack: LocalStack) -> str:
    name = f"ingest-{uuid.uuid4().hex[:8]}"
    stack.s3.create_bucket(Bucket=name)
    return name


def run(api: AirflowApi, conf: dict[str, Any]) -> tuple[str, str]:
    """Run kaltura_ingest; return the run's id and state."""
    run_id = api.trigger("kaltura_ingest", conf)
    return run_id, api.await_run("kaltura_ingest", run_id, 240, lambda _: None)


def test_bad_titles_do_not_stop_the_good_ones(stack: LocalStack, airflow_api: AirflowApi, bucket: str) -> None:
    from demo.media import audio, video

    files = {
        "good.mp4": video(1),
        "good.en.srt": b"1\n00:00:00,000 --> 00:00:01,000\nHello\n",
        "also-good.mp3": audio(1),
        "wrong-sidecar.mp3": audio(2),
        "wrong-sidecar.yaml": b"titel: x",
        "broken.mp4": b"\x00\x00\x00\x18ftypmp42" + b"no film at all " * 50,
        "strange.xyz": b"?",
    }
    for key, data in files.items():
        stack.s3.put_object(Bucket=bucket, Key=key, Body=data)
    run_id, state = run(airflow_api, {"bucket": bucket})

    assert state == "failed"
    summary = airflow_api.xcom("kaltura_ingest", run_id, "record", "summary")
    record = summary["failures"]
    assert (len(record), summary["failed"], summary["attempted"]) == (2, 2, 4), summary
    assert any("wrong-sidecar.yaml, line 1, field 'titel': unknown field" in line for line in record)
    assert any(line.startswith("broken.mp4") for line in record)
    plan = airflow_api.xcom("kaltura_ingest", run_id, "plan", "plan")
    totals = plan["totals"]
    # What cannot be played is refused before a byte of it is sent.
    assert {name: totals[name] for name in ("add", "refuse", "not_taken")} == {"add": 2, "refuse": 2, "not_taken": 1}
    page = (
        stack.s3.get_object(Bucket=bucket, Key=summary["page"].removeprefix(f"s3://{bucket}/"))["Body"].read().decode()
    )
    assert "broken.mp4" in page
    assert "titel" in page
    quarantined = stack.s3.list_objects_v2(Bucket=bucket, Prefix="_kaltura/quarantine/")["Contents"]
    assert {item["Key"].rsplit("/", 1)[1] for item in quarantined} >= {"broken.mp4", "broken.mp4.why.json"}
    events = airflow_api.get("assets/events", order_by="-timestamp", limit=50)["asset_events"]
    mine = [event for event in events if event["source_run_id"] == run_id]
    assert [event["extra"]["entries"] for event in mine] == [2]

    # Run again: what is live is left alone, and so is what is in quarantine; nothing is made twice.
    again, state = run(airflow_api, {"bucket": bucket})
    totals = airflow_api.xcom("kaltura_ingest", again, "plan", "plan")["totals"]
    assert (totals["add"], totals["refuse"], totals["skip"]) == (0, 0, 4)
    assert state == "success"


def test_dry_run_writes_the_plan_and_stops(stack: LocalStack, airflow_api: AirflowApi, bucket: str) -> None:
    from demo.media import image

    stack.s3.put_object(Bucket=bucket, Key="picture.png", Body=image())
    run_id, state = run(airflow_api, {"bucket": bucket, "dry_run": True})
    assert state == "success"
    plan = airflow_api.xcom("kaltura_ingest", run_id, "plan", "plan")
    assert plan["totals"]["add"] == 1
    keys = {item["Key"] for item in stack.s3.list_objects_v2(Bucket=bucket)["Contents"]}
    folder = plan["uri"].removeprefix(f"s3://{bucket}/").rsplit("/", 1)[0]
    names = ("plan.json", "titles.ndjson", "not-taken.ndjson", "work.ndjson")
    assert keys == {"picture.png", *(f"{folder}/{name}" for name in names)}


def test_a_missing_bucket_fails_at_once_and_names_the_fix(airflow_api: AirflowApi) -> None:
    run_id, state = run(airflow_api, {"bucket": "there-is-no-such-bucket"})
    assert state == "failed"
    tries = {task["task_id"]: task["try_number"] for task in airflow_api.tasks("kaltura_ingest", run_id)}
    assert tries["plan"] == 1
    assert "'there-is-no-such-bucket' does not exist; check the name in the trigger form" in (
        airflow_api.failure("kaltura_ingest", run_id)
    )
