"""The policies below deploy/iam allow what the pipeline asks of AWS, and nothing that it does not."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timezone
from typing import Any

import boto3
import pytest
from demo.media import audio
from tests.deploy.aws_calls import IAM, Need, allows, grants, idle, lacking, recording
from tests.pipeline.conftest import s3_url
from tests.pipeline.publishing.conftest import Library

import kaltura_pipeline.s3_objects as s3_objects
from kaltura_pipeline.after_success import AfterSuccess, LiveTitle, after_success
from kaltura_pipeline.settings import PipelineSettings
from kaltura_pipeline.workspace import Workspace
from kaltura_provider.api import AdminSecretCredentials, ClientConfig, KalturaClient
from kaltura_sandbox.faults.proxy import FaultProxy
from kaltura_sandbox.server import SandboxServer
from kaltura_sandbox.settings import Partner, Settings
from kaltura_sandbox.traffic.plan import TrafficPlan

__all__ = ["s3_url"]

KALTURA = IAM.parent / "kaltura"
SECRET = "admin-secret-for-tests"
SETTINGS = PipelineSettings(bucket="lectures", state_bucket="notes", reports="TOP_CONTENT,PLATFORMS")
PLACES = {
    "SOURCE-BUCKET": "lectures", "STATE-BUCKET": "notes", "MOVED-PREFIX": "ingested",
    "REGION": "us-east-1", "ACCOUNT": "123456789012", "QUEUE": "uploads",
}  # fmt: skip
DAYS = ("2026-03-13", "2026-03-20")


@dataclass
class Recorded:
    """What parts of the pipeline needed, by the policies that are to allow it; and what was asked of Kaltura."""

    needs: dict[str, set[Need]] = field(default_factory=dict)
    actions: set[str] = field(default_factory=set)


@pytest.fixture(scope="module")
def aws(s3_url: str) -> Iterator[Any]:
    """A source bucket that keeps versions, a state bucket, and Airflow's connection to them."""
    keys: Any = {"region_name": "us-east-1", "aws_access_key_id": "test", "aws_secret_access_key": "test"}
    connection = {
        "conn_type": "aws", "login": "test", "password": "test",
        "extra": {"endpoint_url": s3_url, "region_name": "us-east-1"},
    }  # fmt: skip
    s3 = boto3.client("s3", endpoint_url=s3_url, **keys)
    for name in ("lectures", "notes"):
        s3.create_bucket(Bucket=name)
    s3.put_bucket_versioning(Bucket="lectures", VersioningConfiguration={"Status": "Enabled"})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW_CONN_AWS_DEFAULT", json.dumps(connection))
        yield s3


@pytest.fixture(scope="module")
def recorded(aws: Any, tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    told = Recorded()
    plan = TrafficPlan(5, entries=5, viewers=50, first_day=date(2026, 3, 1), days=30, sessions=20)
    sandbox = Settings(
        data=tmp_path_factory.mktemp("sandbox"), partners=(Partner(102, SECRET, "user-secret-for-tests"),),
        conversion_seconds=0.2, traffic=plan,
    )  # fmt: skip
    with SandboxServer(sandbox) as server, FaultProxy(server.url, judge=lambda seen: _note(told, seen)) as proxy:
        config = ClientConfig(proxy.url, 102, max_attempts=2, backoff_initial=0.05)
        with KalturaClient(config, AdminSecretCredentials(SECRET)) as kaltura:
            library = Library(aws, "lectures", kaltura, server.url, SETTINGS)
            with recording() as calls:
                run_pipeline(library)
            told.needs["pipeline"] = calls.needs()
    for action in AfterSuccess.TAG, AfterSuccess.MOVE:
        with recording() as calls:
            settle(aws, action)
        told.needs[f"after-success-{action.value}"] = calls.needs()
    return told


def _note(told: Recorded, seen: Any) -> None:
    told.actions |= set(seen.items or [seen.action])


def run_pipeline(library: Library) -> None:
    """Ingest a title with all that can lie beside it, and one that cannot be used; publish, compare and report."""
    from kaltura_pipeline.ledger import main as ledger
    from kaltura_pipeline.options import RunOptions
    from kaltura_pipeline.plan import KNOWN_COMPARE
    from kaltura_pipeline.planning import plan_ingest
    from kaltura_pipeline.reconciling.compare import compare_batch
    from kaltura_pipeline.reconciling.record import record_reconcile
    from kaltura_pipeline.reporting.daily import fetch_day
    from kaltura_pipeline.reporting.pages import PageWriter

    library.put("talk.mp3", audio(1))
    library.put("talk.en.vtt", "WEBVTT\n\n00:00.000 --> 00:01.000\nHello\n")
    library.put("talk.chapters.txt", "0:00 Light")
    library.put("talk.attachments/notes.txt", "all of it")
    library.put("talk.yaml", "name: Light\n")
    library.put("bad.mp4", b"<html>please sign in</html>")
    library.publish(manifests=(library.ingest(),))
    held = library.s3.list_objects_v2(Bucket="notes", Prefix="_kaltura/quarantine/")["Contents"]
    assert any(each["Key"].endswith("bad.mp4.why.json") for each in held)
    # What can be used leaves the quarantine.
    library.put("bad.mp4", audio(2))
    library.ingest()
    assert "Contents" not in library.s3.list_objects_v2(Bucket="notes", Prefix="_kaltura/quarantine/")

    settings, kaltura = library.settings, library.kaltura
    options = RunOptions(bucket="lectures", known_files=KNOWN_COMPARE)
    uri, plan = plan_ingest(settings, options, run_id="c", kaltura=lambda: kaltura)
    for batch in plan["batches"]:
        compare_batch(settings, batch, bucket="lectures", run_id="c", kaltura=kaltura)
    record_reconcile(settings, bucket="lectures", run_id="c", plan_uri=uri)

    for day in DAYS:
        fetch_day(settings, kaltura, "notes", day)
    PageWriter(settings, kaltura, "notes", datetime(2026, 3, 21, 6, tzinfo=timezone.utc)).write(date(2026, 3, 13))

    library.s3.delete_object(Bucket="lectures", Key="bad.mp4")
    assert ledger(["--bucket", "lectures", "--ledger", "s3://notes/_kaltura", "prune", "--yes"]) == 0
    upload_that_ends_early(library)


def upload_that_ends_early(library: Library) -> None:
    """Break the upload of a large document; nothing of it may stay in S3, where it would be charged for ever."""

    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell() > 9 * 1024 * 1024:
                raise OSError("the disk is gone")
            return super().read(size)

    with pytest.raises(OSError, match="the disk is gone"):
        Workspace.open(library.settings, "lectures").documents.upload("big", Broken(bytes(20 * 1024 * 1024)), "x/y")
    assert "Uploads" not in library.s3.list_multipart_uploads(Bucket="notes")


def settle(s3: Any, action: AfterSuccess) -> None:
    """Tag or move an object, and move one that is too large to be copied in one request."""
    workspace = Workspace.open(SETTINGS, "lectures")
    etag = s3.put_object(Bucket="lectures", Key="in/a.mp4", Body=b"film", Tagging="project=optics")["ETag"]
    title = LiveTitle("1_abcd1234", {"in/a.mp4": etag})
    done = after_success(workspace, [title], action, prefix="ingested/", source_prefix="in/")
    assert [each["changed"] for each in done] == [True]
    if action is AfterSuccess.MOVE:
        move_large(s3, workspace)


def move_large(s3: Any, workspace: Workspace) -> None:
    """Move an object part by part; a second one goes while it is copied, and no parts of it stay."""
    client, keys = workspace.client, ("in/large.mp4", "in/gone.mp4")

    def remove(**_: Any) -> None:
        s3.delete_object(Bucket="lectures", Key=keys[1])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(s3_objects, "WHOLE_BYTES", 10)
        for key in keys:
            s3.put_object(Bucket="lectures", Key=key, Body=bytes(100))
            seen = s3_objects.look(client, "lectures", key)
            assert seen is not None
            source, target = ("lectures", key), ("lectures", f"ingested/{key}")
            if key == keys[0]:
                s3_objects.move(client, source, target, seen)
                continue
            client.meta.events.register(
                "before-call.s3.UploadPartCopy",
                lambda **_: s3.delete_object(Bucket="lectures", Key="in/gone.mp4") and None,
            )
            with pytest.raises(client.exceptions.ClientError):
                s3_objects.copy(client, source, target, seen)
    assert "Uploads" not in s3.list_multipart_uploads(Bucket="lectures")


@pytest.mark.parametrize("name", ["pipeline", "after-success-tag", "after-success-move"])
def test_a_policy_allows_what_is_used_and_no_more(recorded: Recorded, name: str) -> None:
    needed, granted = recorded.needs[name], grants(name, PLACES)
    assert lacking(granted | grants("pipeline", PLACES), needed) == set()
    assert idle(granted, needed) == set()


def test_the_role_on_kaltura_allows_what_was_asked_of_it(recorded: Recorded) -> None:
    asked = {action for action in recorded.actions if "." in action}
    assert len(asked) > 15
    role = (KALTURA / "pipeline-role.txt").read_text().split()
    known = json.loads((KALTURA / "permissions.json").read_text())["actions"]
    assert {action for action in asked if known[action] not in ("", *role)} == set()


def test_the_page_in_airflow_reads(aws: Any, recorded: Recorded) -> None:
    from kaltura_pipeline.airflow_plugin.state import PipelineState

    with recording() as calls:
        state = PipelineState(SETTINGS)
        state.titles()
        state.held()
        assert state.days() == [date(2026, 3, 13)]
        assert state.read("reports/day=2026-03-13/index.html")
    granted = grants("airflow-page", PLACES)
    assert lacking(granted, calls.needs()) == set()
    assert idle(granted, calls.needs()) == set()


def test_an_archived_object_is_restored(aws: Any) -> None:
    from kaltura_provider.transfers.s3_restore import request_restore

    aws.put_object(Bucket="lectures", Key="old.mp4", Body=b"12345", StorageClass="GLACIER")
    with recording() as calls:
        request_restore(Workspace.open(SETTINGS, "lectures").client, "lectures", "old.mp4")
    granted = grants("restore", PLACES)
    assert lacking(granted | grants("pipeline", PLACES), calls.needs()) == set()
    assert idle(granted, calls.needs()) == set()


async def test_events_are_taken_from_the_queue(aws: Any, s3_url: str) -> None:
    from kaltura_provider.triggers.s3_queue import S3Queue

    sqs = boto3.client(
        "sqs", endpoint_url=s3_url, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
    )
    url = sqs.create_queue(QueueName="uploads")["QueueUrl"]
    event = {"eventSource": "aws:s3", "eventName": "ObjectCreated:Put"}
    record = {**event, "s3": {"bucket": {"name": "lectures"}, "object": {"key": "talk.mp4"}}}
    sqs.send_message(QueueUrl=url, MessageBody=json.dumps({"Records": [record]}))
    with recording() as calls:
        queue = S3Queue(url, "aws_default", None, wait_seconds=1, gather_seconds=0, visibility_timeout=None)
        batch = await queue.next_batch()
        assert batch is not None
        await queue.delete(batch)
        queue.close()
    granted = grants("events", PLACES)
    assert lacking(granted, calls.needs()) == set()
    assert idle(granted, calls.needs()) == set()


def test_the_connection_comes_out_of_secrets_manager(s3_url: str) -> None:
    from airflow.providers.amazon.aws.secrets.secrets_manager import SecretsManagerBackend

    keys: Any = {"region_name": "us-east-1", "aws_access_key_id": "test", "aws_secret_access_key": "test"}
    manager = boto3.client("secretsmanager", endpoint_url=s3_url, **keys)
    extra = {"app_token_id": "1_a2b3c4d5", "app_token_hash": "SHA256"}
    connection = {"conn_type": "kaltura", "host": "https://www.kaltura.com", "login": "102", "extra": extra}
    manager.create_secret(Name="airflow/connections/kaltura_default", SecretString=json.dumps(connection))
    page = (IAM.parent.parent / "docs" / "deploy-mwaa.md").read_text()
    found = re.search(r"secrets\.backend_kwargs=(\{.*?\})`", page)
    assert found is not None
    with recording() as calls:
        backend = SecretsManagerBackend(**json.loads(found[1]), endpoint_url=s3_url, **keys)
        told = json.loads(backend.get_conn_value("kaltura_default") or "")
        assert {name: value for name, value in told.items() if value is not None} == connection
        # Other connections are not asked for, and so need no rights.
        assert backend.get_conn_value("aws_default") is None
        assert backend.get_variable("anything") is None
    granted = grants("secrets-manager", {**PLACES, "ACCOUNT": "1"})
    assert lacking(granted, calls.needs()) == set()
    assert idle(granted, calls.needs()) == set()


POLICIES = sorted(path.stem for path in IAM.glob("*.json"))


@pytest.mark.parametrize("name", POLICIES)
def test_policies_are_well_formed_and_name_each_action(name: str) -> None:
    policy = json.loads((IAM / f"{name}.json").read_text())
    assert set(policy) == {"Version", "Statement"}
    assert policy["Version"] == "2012-10-17"
    sids = [statement["Sid"] for statement in policy["Statement"]]
    assert len(set(sids)) == len(sids)
    for statement in policy["Statement"]:
        assert set(statement) == {"Sid", "Effect", "Action", "Resource"}
        assert statement["Effect"] == "Allow"
        assert re.fullmatch(r"[A-Za-z0-9]+", statement["Sid"])
    for action, resource in grants(name, {}):
        assert re.fullmatch(r"(s3|sqs|kms|secretsmanager):[A-Z][A-Za-z]+", action)
        # All keys of a bucket or below a prefix; Secrets Manager's suffix. No other bucket, queue or key.
        assert re.fullmatch(r"arn:aws:[a-z0-9]+:[A-Z]*:[A-Z]*:[^*?]+((?<=[/-])\*)?", resource)


def test_every_policy_is_explained() -> None:
    page = (IAM.parent.parent / "docs" / "permissions.md").read_text()
    for name in POLICIES:
        assert f"deploy/iam/{name}.json" in page, name
        for action, _ in grants(name, {}):
            assert f"`{action}`" in page, action


def test_a_grant_covers_its_keys_alone() -> None:
    grant = ("s3:GetObject", "arn:aws:s3:::notes/_kaltura/*")
    assert allows(grant, ("s3:GetObject", "arn:aws:s3:::notes/_kaltura/a/b"))
    assert not allows(grant, ("s3:GetObject", "arn:aws:s3:::notes/other"))
    assert not allows(grant, ("s3:PutObject", "arn:aws:s3:::notes/_kaltura/a"))
