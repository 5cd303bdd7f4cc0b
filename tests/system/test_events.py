"""DAGs started by events under a real Airflow: an object in S3, an entry in Kaltura. Prints how long that takes."""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
from demo.bucket import BUCKET
from demo.stack import LocalStack

if TYPE_CHECKING:
    from demo.airflow_api import AirflowApi

pytestmark = [pytest.mark.system, pytest.mark.timeout(500)]

QUEUE = "uploads"
DAGS = """
import os
from datetime import timedelta

from airflow.sdk import DAG, get_current_context, task

from kaltura_pipeline.events import changed_objects, ingest_schedule, prefixes_to_plan
from kaltura_pipeline.settings import PipelineSettings
from kaltura_provider.transfers.s3_to_kaltura import S3ToKalturaOperator

# The clock is there only to show that both can be had; it never strikes.
SETTINGS = PipelineSettings(bucket=os.environ["KALTURA_PIPELINE_BUCKET"], prefix="in/", ingest_schedule="0 0 29 2 *")

with DAG(
    "by_objects",
    schedule=ingest_schedule(SETTINGS, os.environ["TEST_QUEUE"], region_name="us-east-1"),
    catchup=False,
    max_active_runs=1,
):

    @task
    def plan():
        events = get_current_context()["triggering_asset_events"]
        prefixes = prefixes_to_plan(events, SETTINGS.bucket, SETTINGS.prefix)
        get_current_context()["ti"].xcom_push(key="prefixes", value=prefixes)
        return changed_objects(events)[SETTINGS.bucket]

    S3ToKalturaOperator.partial(
        task_id="transfer",
        s3_bucket=SETTINGS.bucket,
        wait_until_ready=False,
        retries=2,
        retry_delay=timedelta(seconds=2),
    ).expand(s3_key=plan())
"""
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


class EventStack(LocalStack):
    """The demonstration's servers, with a queue, and with DAGs that events start."""

    def airflow_environment(self) -> dict[str, str]:
        dags = self.state / "event-dags"
        dags.mkdir(parents=True, exist_ok=True)
        (dags / "by_objects.py").write_text(DAGS)
        (dags / "by_entries.py").write_text(FOLLOWING)
        environment = super().airflow_environment()
        bundle = "airflow.dag_processing.bundles.local.LocalDagBundle"
        bundles = {"own": environment["AIRFLOW__CORE__DAGS_FOLDER"], "events": str(dags)}
        return {
            **environment,
            "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": json.dumps(
                [{"name": name, "classpath": bundle, "kwargs": {"path": path}} for name, path in bundles.items()]
            ),
            "TEST_QUEUE": self.queue_url,
        }

    def kill_triggerer(self) -> None:
        """Kill Airflow's triggerer, and what it started, at once."""
        import psutil

        assert self._airflow is not None
        below = psutil.Process(self._airflow.process.pid).children(recursive=True)
        found = [process for process in below if "triggerer" in process.cmdline()]
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
        from demo.bucket import ACCESS_KEY, REGION, SECRET_KEY

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
    until(lambda: {"by_objects", "by_entries"} <= api.dag_ids(), 120)
    # The first batch tells that queue and triggerer know each other: S3's test message is gone.
    until(lambda: left(events) == 0, 120)
    return api


def until(condition: Callable[[], Any], seconds: float) -> Any:
    """Wait for something that another process does."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.25)
    return found


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


def entries(events: EventStack) -> list[dict[str, Any]]:
    from demo.stack import PARTNER_ID

    from kaltura_provider.api import AdminSecretCredentials, ClientConfig, KalturaClient

    config = ClientConfig(events.kaltura_url, PARTNER_ID)
    with KalturaClient(config, AdminSecretCredentials(events.admin_secret)) as client:
        return list(client.iterate("baseEntry", "list", {"statusIn": "-2,-1,0,1,2,4,7"}))


def seconds(moment: str) -> float:
    return datetime.fromisoformat(moment.replace("Z", "+00:00")).timestamp()


def test_an_object_becomes_an_entry_once_whatever_the_messages_do(
    events: EventStack, api: AirflowApi, capsys: pytest.CaptureFixture[str]
) -> None:
    from demo.media import image

    put_at = time.time()
    events.s3.put_object(Bucket=BUCKET, Key="in/a picture+1.png", Body=image())
    [run] = until(lambda: ended(api, "by_objects"), 180)
    assert run["state"] == "success", api.failure("by_objects", run["dag_run_id"])
    assert run["run_type"] == "asset_triggered"
    assert api.xcom("by_objects", run["dag_run_id"], "plan") == ["in/a picture+1.png"]
    assert api.xcom("by_objects", run["dag_run_id"], "plan", "prefixes") == ["in/a picture+1"]
    [entry] = entries(events)
    with capsys.disabled():
        print(  # noqa: T201
            f"\nobject put -> run created {seconds(run['run_after']) - put_at:.1f} s, "
            f"started {seconds(run['start_date']) - put_at:.1f} s, "
            f"entry {seconds(run['end_date']) - put_at:.1f} s",
        )

    # What the ledger wrote into the bucket started nothing.
    until(lambda: left(events) == 0, 60)
    assert len(api.runs("by_objects")) == 1
    # Messages that come again, late and mixed up, start runs that find the work done.
    for sequencer in ("00FF", "0001", "00FF"):
        s3 = {"bucket": {"name": BUCKET}, "object": {"key": "in/a+picture%2B1.png", "sequencer": sequencer}}
        record = {"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": s3}
        events.sqs.send_message(QueueUrl=events.queue_url, MessageBody=json.dumps({"Records": [record]}))
    again = until(lambda: runs if len(runs := ended(api, "by_objects")) > 1 else None, 180)
    until(lambda: left(events) == 0, 60)
    assert {run["state"] for run in again} == {"success"}
    assert [found["id"] for found in entries(events)] == [entry["id"]]


def test_a_new_entry_starts_a_dag(events: EventStack, api: AirflowApi, capsys: pytest.CaptureFixture[str]) -> None:
    from demo.stack import PARTNER_ID

    from kaltura_provider.api import AdminSecretCredentials, ClientConfig, KalturaClient

    state = f"assets/{asset_id(api, 'new_kaltura_entries')}/state-store"
    config = ClientConfig(events.kaltura_url, PARTNER_ID)
    with KalturaClient(config, AdminSecretCredentials(events.admin_secret)) as client:
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
    from demo.media import image

    from kaltura_provider.transfers.upload import reference_id_of

    keys = [f"in/kept {number}.png" for number in range(3)]
    for key in keys:
        events.s3.put_object(Bucket=BUCKET, Key=key, Body=image())
    # Now the triggerer holds messages, and Airflow knows nothing of them yet or has not said so.
    until(lambda: in_flight(events), 30)
    events.kill_triggerer()
    assert left(events)
    events.start_triggerer()

    wanted = sorted(reference_id_of(f"s3://{BUCKET}/{key}") for key in keys)
    until(lambda: set(wanted) <= {entry.get("referenceId") for entry in entries(events)}, 240)
    until(lambda: left(events) == 0, 90)
    until(lambda: ended(api, "by_objects"), 120)
    made = [entry for entry in entries(events) if entry.get("referenceId") in wanted]
    assert sorted(entry["referenceId"] for entry in made) == wanted

    def followed() -> set[str]:
        runs = ended(api, "by_entries")
        return {each for run in runs for each in api.xcom("by_entries", run["dag_run_id"], "follow")}

    until(lambda: {entry["id"] for entry in made} <= followed(), 120)


def asset_id(api: AirflowApi, name: str) -> int:
    [found] = [asset for asset in api.get("assets", limit=100)["assets"] if asset["name"] == name]
    return int(found["id"])
