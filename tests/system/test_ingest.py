"""The ingest DAG under a real scheduler: good files go live, bad ones are named, and errors tell the fix."""

from __future__ import annotations

import io
import re
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from tests.system.tools import entries, kaltura_client, until

if TYPE_CHECKING:
    from demo.airflow_api import AirflowApi
    from demo.stack import LocalStack

pytestmark = [pytest.mark.system, pytest.mark.timeout(400)]


# Until Airflow 3.2 a task that asks is deferred.
WAITING = ("awaiting_input", "deferred")


@pytest.fixture
def bucket(stack: LocalStack) -> str:
    name = f"ingest-{uuid.uuid4().hex[:8]}"
    stack.s3.create_bucket(Bucket=name)
    return name


def run(api: AirflowApi, conf: dict[str, Any]) -> tuple[str, str]:
    """Run kaltura_ingest; return the run's id and state."""
    run_id = api.trigger("kaltura_ingest", conf)
    return run_id, api.await_run("kaltura_ingest", run_id, 240, lambda _: None)


PICTURES = {"red.png": (200, 0, 0), "blue.png": (0, 0, 200)}


def put_pictures(stack: LocalStack, bucket: str) -> None:
    from PIL import Image

    for key, colour in PICTURES.items():
        file = io.BytesIO()
        Image.new("RGB", (64, 36), colour).save(file, "PNG")
        stack.s3.put_object(Bucket=bucket, Key=key, Body=file.getvalue())


def asked(stack: LocalStack, api: AirflowApi, run_id: str) -> dict[str, Any]:
    """Wait until a run asks a person, and return the question as Airflow's page of required actions gets it."""
    until(lambda: states(api, run_id).get("approve") in WAITING, 120)
    # An answer within the second in which the scheduler has not heard yet that the task is parked is lost: Airflow
    # takes what it hears then for a crash, and asks again. No person is so quick.
    heard = re.compile(rf"executor event with state success.*task_id='approve', run_id='{re.escape(run_id)}'")
    until(lambda: heard.search((stack.state / "airflow.log").read_text()), 30)
    found: list[dict[str, Any]] = api.get("dags/~/dagRuns/~/hitlDetails", response_received=False)["hitl_details"]
    [mine] = [each for each in found if each["task_instance"]["dag_run_id"] == run_id]
    return mine


def states(api: AirflowApi, run_id: str) -> dict[str, str]:
    """The state of each task of a run; of several with one name, of one of them."""
    return {task["task_id"]: task["state"] for task in api.tasks("kaltura_ingest", run_id)}


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


def test_an_approved_plan_is_carried_out(stack: LocalStack, airflow_api: AirflowApi, bucket: str) -> None:
    from kaltura_provider.transfers.upload import reference_id_of

    put_pictures(stack, bucket)
    run_id = airflow_api.trigger("kaltura_ingest", {"bucket": bucket, "approve": True})
    question = asked(stack, airflow_api, run_id)
    assert bucket in question["subject"]
    assert question["options"] == ["Approve", "Reject"]
    # What a person decides by: the totals, and where the whole plan is.
    plan = airflow_api.xcom("kaltura_ingest", run_id, "plan", "plan")
    assert "| add | 2 |" in question["body"]
    assert plan["uri"] in question["body"]
    references = {reference_id_of(f"s3://{bucket}/{key}") for key in PICTURES}
    assert entries(stack, referenceIdIn=",".join(references)) == []

    airflow_api.answer("kaltura_ingest", run_id, "approve", "Approve")
    state = airflow_api.await_run("kaltura_ingest", run_id, 240, lambda _: None)
    assert state == "success", airflow_api.failure("kaltura_ingest", run_id)
    assert set(states(airflow_api, run_id).values()) == {"success"}
    made = entries(stack, referenceIdIn=",".join(references))
    assert sorted(entry["referenceId"] for entry in made) == sorted(references)


def test_a_rejected_plan_sends_nothing(stack: LocalStack, airflow_api: AirflowApi, bucket: str) -> None:
    from kaltura_provider.transfers.upload import reference_id_of

    put_pictures(stack, bucket)
    run_id = airflow_api.trigger("kaltura_ingest", {"bucket": bucket, "approve": True})
    asked(stack, airflow_api, run_id)
    airflow_api.answer("kaltura_ingest", run_id, "approve", "Reject")
    state = airflow_api.await_run("kaltura_ingest", run_id, 120, lambda _: None)

    assert state == "success", "a person said no; nothing went wrong"
    found = states(airflow_api, run_id)
    assert (found.pop("plan"), found.pop("approve")) == ("success", "success")
    assert found == dict.fromkeys(("transfer", "wait", "record", "verdict"), "skipped")
    references = {reference_id_of(f"s3://{bucket}/{key}") for key in PICTURES}
    assert entries(stack, referenceIdIn=",".join(references)) == []
    # Nor is it noted that the files were ever looked at: the next run plans them again.
    keys = {item["Key"] for item in stack.s3.list_objects_v2(Bucket=bucket)["Contents"]}
    assert not [key for key in keys if key.startswith("_kaltura/ledger/")]


def test_a_missing_bucket_fails_at_once_and_names_the_fix(airflow_api: AirflowApi) -> None:
    run_id, state = run(airflow_api, {"bucket": "there-is-no-such-bucket"})
    assert state == "failed"
    tries = {task["task_id"]: task["try_number"] for task in airflow_api.tasks("kaltura_ingest", run_id)}
    # Nor do the tasks behind it try in vain to work without a plan.
    assert tries == {"plan": 1, "approve": 0, "transfer": 0, "wait": 1, "record": 1, "verdict": 1}
    assert "'there-is-no-such-bucket' does not exist; check the name in the trigger form" in (
        airflow_api.failure("kaltura_ingest", run_id)
    )


def test_what_somebody_changed_on_kaltura_is_named_and_put_right(
    stack: LocalStack, airflow_api: AirflowApi, bucket: str
) -> None:
    """The reconcile DAG under a real scheduler."""
    put_pictures(stack, bucket)
    stack.s3.put_object(Bucket=bucket, Key="red.yaml", Body=b"name: Red")
    assert run(airflow_api, {"bucket": bucket})[1] == "success"
    with kaltura_client(stack) as client:
        (entry,) = [each for each in entries(stack) if each["name"] == "Red"]
        client.call("baseEntry", "update", {"entryId": entry["id"], "baseEntry": {"name": "Blue"}})

        def reconcile(**conf: Any) -> tuple[str, Any]:
            run_id = airflow_api.trigger("kaltura_reconcile", {"bucket": bucket, **conf})
            state = airflow_api.await_run("kaltura_reconcile", run_id, 240, lambda _: None)
            return state, airflow_api.xcom("kaltura_reconcile", run_id, "record")

        state, found = reconcile()
        assert (state, found["counts"]) == ("failed", {"drift": 1, "skip": 1})
        assert found["first"] == ["red.png: fields: name is 'Blue', not 'Red'"]
        state, found = reconcile(repair=True)
        assert (state, found["counts"]) == ("success", {"mended": 1, "skip": 1})
        assert client.call("baseEntry", "get", {"entryId": entry["id"]})["name"] == "Red"
