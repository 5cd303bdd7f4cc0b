"""DAGs started by events under a real Airflow: an object in S3, an entry in Kaltura. Prints how long that takes."""

from __future__ import annotations

import io
import json
import shutil
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus

import pytest
import requests
from demo.bucket import ACCESS_KEY, BUCKET, REGION, SECRET_KEY
from demo.stack import LocalStack

from tests.system.tools import entries, kaltura_client, until

if TYPE_CHECKING:
    from demo.airflow_api import AirflowApi

pytestmark = [pytest.mark.system, pytest.mark.timeout(500)]

QUEUE = "uploads"
FOLLOWING = """
from airflow.sdk import DAG, Asset, AssetWatcher, get_current_context, task

from kaltura_provider.triggers.new_entries import KalturaNewEntriesTrigger

new_entries = Asset(
    "new_kaltura_entries",
    "x-kaltura://new-entries",
    watchers=[AssetWatcher(name="watch", trigger=KalturaNewEntriesTrigger(status="added", poll_interval=2))],
)

with DAG("by_entries", schedule=[new_entries], catchup=False):

    @task(inlets=[new_entries])
    def follow():
        context = get_current_context()
        events = context["triggering_asset_events"][new_entries]
        return [entry_id for event in events for entry_id in event.extra["payload"]["entry_ids"]]

    follow()
"""


def _command_of(process: Any) -> list[str]:
    """Return the command of a process; of one that has just ended there is none."""
    import psutil

    try:
        return list(process.cmdline())
    except psutil.NoSuchProcess:
        return []


class EventStack(LocalStack):
    """The demonstration's servers, with a queue that starts the ingest, and with a DAG that new entries start."""

    def airflow_environment(self) -> dict[str, str]:
        dags = self.state / "event-dags"
        dags.mkdir(parents=True, exist_ok=True)
        (dags / "by_entries.py").write_text(FOLLOWING)
        environment = super().airflow_environment()
        bundle = "airflow.dag_processing.bundles.local.LocalDagBundle"
        bundles = {"own": environment["AIRFLOW__CORE__DAGS_FOLDER"], "events": str(dags)}
        return {
            **environment,
            "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": json.dumps(
                [{"name": name, "classpath": bundle, "kwargs": {"path": path}} for name, path in bundles.items()]
            ),
            "KALTURA_PIPELINE_INGEST_QUEUE": self.queue_url,
            "KALTURA_PIPELINE_INGEST_QUEUE_REGION": REGION,
            # The clock is there only to show that both can be had; it never strikes.
            "KALTURA_PIPELINE_INGEST_SCHEDULE": "0 0 29 2 *",
        }

    def kill_triggerer(self) -> None:
        """Kill Airflow's triggerer, and what it started, at once."""
        import psutil

        assert self._airflow is not None
        below = psutil.Process(self._airflow.process.pid).children(recursive=True)
        found = [process for process in below if "triggerer" in _command_of(process)]
        assert found
        for process in {each for one in found for each in [one, *one.children(recursive=True)]}:
            process.kill()

    def start_triggerer(self) -> None:
        """Start another triggerer."""
        command = [sys.executable, "-m", "airflow", "triggerer"]
        self._processes.start("triggerer", command, self.airflow_environment())

    @property
    def queue_url(self) -> str:
        return f"{self.s3_url}/123456789012/{QUEUE}"

    @property
    def sqs(self) -> Any:
        import boto3

        return boto3.client(
            "sqs",
            endpoint_url=self.s3_url,
            region_name=REGION,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
        )


@pytest.fixture(scope="module")
def events() -> Iterator[EventStack]:
    from tests.conftest import LOGS

    shutil.rmtree(LOGS / "event-stack", ignore_errors=True)
    with EventStack(LOGS / "event-stack") as running:
        running.s3.put_object(Bucket=BUCKET, Key="in/unnoticed.png", Body=picture(0))
        url = running.sqs.create_queue(QueueName=QUEUE, Attributes={"VisibilityTimeout": "30"})["QueueUrl"]
        assert url == running.queue_url
        arn = running.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        running.s3.put_bucket_notification_configuration(
            Bucket=BUCKET,
            NotificationConfiguration={"QueueConfigurations": [{"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}]},
        )
        running.await_airflow()
        yield running


@pytest.fixture(scope="module")
def api(events: EventStack) -> AirflowApi:
    from demo.airflow_api import AirflowApi
    from demo.stack import USER

    api = AirflowApi(events.airflow_url, USER, events.password)
    until(lambda: "by_entries" in api.dag_ids(), 120)
    # The first batch tells that queue and triggerer know each other: S3's test message is gone.
    until(lambda: left(events) == 0, 120)
    return api


def left(events: EventStack) -> int:
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = events.sqs.get_queue_attributes(QueueUrl=events.queue_url, AttributeNames=names)["Attributes"]
    return sum(int(found[name]) for name in names)


def in_flight(events: EventStack) -> int:
    name = "ApproximateNumberOfMessagesNotVisible"
    found = events.sqs.get_queue_attributes(QueueUrl=events.queue_url, AttributeNames=[name])["Attributes"]
    return int(found[name])


def ended(api: AirflowApi, dag_id: str) -> list[dict[str, Any]]:
    runs = api.runs(dag_id)
    return runs if runs and all(run["state"] in ("success", "failed") for run in runs) else []


def seconds(moment: str) -> float:
    return datetime.fromisoformat(moment.replace("Z", "+00:00")).timestamp()


def picture(number: int) -> bytes:
    """A small picture like no other."""
    from PIL import Image

    file = io.BytesIO()
    Image.new("RGB", (64, 36), (number, 80, 80)).save(file, "PNG")
    return file.getvalue()


def totals(api: AirflowApi, run_id: str) -> dict[str, int]:
    """What a run of kaltura_ingest planned, without what was nothing."""
    found = api.xcom("kaltura_ingest", run_id, "plan", "plan")["totals"]
    return {name: found[name] for name in ("add", "replace", "update", "skip", "refuse", "not_taken") if found[name]}


def message(key: str, sequencer: str) -> str:
    """What S3 says of an object that was put."""
    s3 = {"bucket": {"name": BUCKET}, "object": {"key": quote_plus(key, safe="/"), "sequencer": sequencer}}
    return json.dumps({"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": s3}]})


def test_an_object_becomes_an_entry_once_whatever_the_messages_do(
    events: EventStack, api: AirflowApi, capsys: pytest.CaptureFixture[str]
) -> None:
    key = "in/a picture+1.png"
    put_at = time.time()
    events.s3.put_object(Bucket=BUCKET, Key=key, Body=picture(1))
    [run] = until(lambda: ended(api, "kaltura_ingest"), 180)
    run_id = run["dag_run_id"]
    assert run["state"] == "success", api.failure("kaltura_ingest", run_id)
    assert run["run_type"] == "asset_triggered"
    # It looked where something had changed; what no message told of is left to the clock.
    assert totals(api, run_id) == {"add": 1}
    [entry] = entries(events)
    assert entry["name"] == "a picture+1"
    assert requests.get(entry["downloadUrl"], timeout=60).content == picture(1)
    ends = {task["task_id"]: seconds(task["end_date"]) - put_at for task in api.tasks("kaltura_ingest", run_id)}
    with capsys.disabled():
        print(  # noqa: T201
            f"\nobject put -> run created {seconds(run['run_after']) - put_at:.1f} s, "
            f"planned {ends['plan']:.1f} s, entry there {ends['transfer']:.1f} s, ready {ends['wait']:.1f} s, "
            f"run ended {seconds(run['end_date']) - put_at:.1f} s"
        )

    # What the run wrote into the bucket started nothing.
    until(lambda: left(events) == 0, 60)
    assert len(api.runs("kaltura_ingest")) == 1
    # Messages that come again, late and mixed up, and one of an object that is gone: the run finds the work done.
    for about, sequencer in ((key, "00FF"), (key, "0001"), ("in/gone.png", "0002"), (key, "00FF")):
        events.sqs.send_message(QueueUrl=events.queue_url, MessageBody=message(about, sequencer))
    again = until(lambda: runs if len(runs := ended(api, "kaltura_ingest")) > 1 else None, 180)
    until(lambda: left(events) == 0, 60)
    for later in again:
        assert later["state"] == "success", api.failure("kaltura_ingest", later["dag_run_id"])
    assert totals(api, again[0]["dag_run_id"]) in ({"skip": 1}, {})
    assert [(found["id"], found["version"]) for found in entries(events)] == [(entry["id"], entry["version"])]


def test_an_event_about_something_else_is_no_failure(events: EventStack, api: AirflowApi) -> None:
    runs, made = len(api.runs("kaltura_ingest")), entries(events)
    elsewhere = {"bucket": "another", "key": "in/picture.png", "size": 1, "etag": "e", "sequencer": "01"}
    body = {"asset_id": asset_id(api, "kaltura_source_objects"), "extra": {"payload": {"objects": [elsewhere]}}}
    api.post("assets/events", body)
    found = until(lambda: found if len(found := ended(api, "kaltura_ingest")) > runs else None, 120)
    run_id = found[0]["dag_run_id"]
    assert found[0]["state"] == "success", api.failure("kaltura_ingest", run_id)
    states = {task["task_id"]: task["state"] for task in api.tasks("kaltura_ingest", run_id)}
    assert states.pop("verdict") == "success"
    assert set(states.values()) == {"skipped"}
    assert entries(events) == made


def test_a_new_entry_starts_a_dag(events: EventStack, api: AirflowApi, capsys: pytest.CaptureFixture[str]) -> None:
    state = f"assets/{asset_id(api, 'new_kaltura_entries')}/state-store"
    with kaltura_client(events) as client:
        made_at = time.time()
        made = client.call(
            "media", "add", {"entry": {"objectType": "KalturaMediaEntry", "mediaType": 2, "name": "new"}}
        )

    def followed() -> dict[str, Any] | None:
        for run in ended(api, "by_entries"):
            if made["id"] in api.xcom("by_entries", run["dag_run_id"], "follow"):
                return run
        return None

    run = until(followed, 120)
    with capsys.disabled():
        print(f"\nentry added -> run ended {seconds(run['end_date']) - made_at:.1f} s (a look every 2 s)")  # noqa: T201
    # Written by the watcher after the event was stored.
    stored = until(lambda: made["id"] in json.dumps(api.get(state)), 30)
    assert stored


def test_a_killed_triggerer_loses_nothing(events: EventStack, api: AirflowApi) -> None:
    from kaltura_provider.transfers.upload import reference_id_of

    keys = [f"in/kept {number}.png" for number in range(3)]
    for number, key in enumerate(keys, start=2):
        events.s3.put_object(Bucket=BUCKET, Key=key, Body=picture(number))
    # Now the triggerer holds messages, and Airflow knows nothing of them yet or has not said so.
    until(lambda: in_flight(events), 30)
    events.kill_triggerer()
    assert left(events)
    events.start_triggerer()

    wanted = sorted(reference_id_of(f"s3://{BUCKET}/{key}") for key in keys)
    until(lambda: set(wanted) <= {entry.get("referenceId") for entry in entries(events)}, 240)
    until(lambda: left(events) == 0, 90)
    until(lambda: ended(api, "kaltura_ingest"), 120)
    made = [entry for entry in entries(events) if entry.get("referenceId") in wanted]
    assert sorted(entry["referenceId"] for entry in made) == wanted

    def followed() -> set[str]:
        runs = ended(api, "by_entries")
        return {each for run in runs for each in api.xcom("by_entries", run["dag_run_id"], "follow")}

    until(lambda: {entry["id"] for entry in made} <= followed(), 120)


def asset_id(api: AirflowApi, name: str) -> int:
    [found] = [asset for asset in api.get("assets", limit=100)["assets"] if asset["name"] == name]
    return int(found["id"])
