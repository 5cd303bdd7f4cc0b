"""Waiting in the triggerer until S3 has restored an object."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
from tests.provider.airflow_fixtures import BUCKET, TaskLog

from kaltura_provider.hooks.s3_archive import read_restore_event
from kaltura_provider.triggers.s3_restore import S3ObjectRestoredTrigger

KEY = "old/talk.mp4"
EVENT_KEYS = {"status", "bucket", "key", "version_id", "expires", "message", "retryable", "echo"}


def trigger(**more: Any) -> S3ObjectRestoredTrigger:
    return S3ObjectRestoredTrigger(
        **{"aws_conn_id": "aws_default", "bucket": BUCKET, "key": KEY, "poll_interval": 0.02, **more}
    )


async def payload(waiting: S3ObjectRestoredTrigger) -> dict[str, Any]:
    """The one event, as it arrives at the task: through JSON."""
    events = [event async for event in waiting.run()]
    await waiting.cleanup()
    assert len(events) == 1
    event: dict[str, Any] = json.loads(json.dumps(events[0].payload))
    assert set(event) == EVENT_KEYS
    return event


@pytest.fixture
def restoring(s3: Any, restore_ends_after: Callable[[int], None]) -> Callable[[int], None]:
    """An object whose restore was requested; it ends when it has been looked at some times."""

    def prepare(looks: int) -> None:
        s3.put_object(Bucket=BUCKET, Key=KEY, Body=b"old", StorageClass="GLACIER")
        s3.restore_object(Bucket=BUCKET, Key=KEY, RestoreRequest={"Days": 2})
        restore_ends_after(1)
        assert 'ongoing-request="true"' in s3.head_object(Bucket=BUCKET, Key=KEY)["Restore"]
        restore_ends_after(looks)

    return prepare


def test_serialized_form_rebuilds_it() -> None:
    original = trigger(version_id="v1", end_time=1_900_000_000.5, max_poll_failures=7, echo={"a": 1})
    path, kwargs = original.serialize()
    module, _, name = path.rpartition(".")
    rebuilt = getattr(import_module(module), name)(**json.loads(json.dumps(kwargs)))
    assert rebuilt.serialize() == (path, kwargs)


async def test_it_waits_until_the_object_can_be_read(restoring: Callable[[int], None]) -> None:
    restoring(4)
    event = await asyncio.wait_for(payload(trigger(echo={"entry_id": "1_a"})), 30)
    assert read_restore_event(event)["echo"] == {"entry_id": "1_a"}
    assert event["expires"] > "2026"


async def test_an_object_in_no_archive_needs_no_wait(s3: Any) -> None:
    s3.put_object(Bucket=BUCKET, Key=KEY, Body=b"new")
    event = await payload(trigger())
    assert (event["status"], event["expires"]) == ("restored", None)


async def test_deadline(restoring: Callable[[int], None]) -> None:
    restoring(100_000)
    started = time.time()
    event = await payload(trigger(end_time=started + 0.3, poll_interval=60))
    assert event["status"] == "timeout"
    assert "paid for already" in event["message"]
    assert 0.3 <= time.time() - started < 10


async def test_a_restore_that_nobody_runs(s3: Any) -> None:
    s3.put_object(Bucket=BUCKET, Key=KEY, Body=b"old", StorageClass="DEEP_ARCHIVE")
    event = await payload(trigger())
    assert event["status"] == "failed"
    assert "from DEEP_ARCHIVE" in event["message"]


async def test_an_object_that_is_gone(s3: Any) -> None:
    event = await payload(trigger())
    assert event["status"] == "failed"
    assert "deleted" in event["message"]


async def test_a_connection_that_does_not_exist_ends_the_wait_at_once() -> None:
    event = await payload(trigger(aws_conn_id="nowhere", poll_interval=60))
    assert (event["status"], event["retryable"]) == ("error", False)


class Flaky(S3ObjectRestoredTrigger):
    """Looks that fail for a passing reason as often as asked for."""

    failures = 0

    def _look(self) -> Any:
        if self.failures:
            self.failures -= 1
            raise ConnectionError("the network went away")
        return super()._look()


async def test_passing_faults_are_waited_out(restoring: Callable[[int], None]) -> None:
    restoring(1)
    waiting = Flaky(aws_conn_id="aws_default", bucket=BUCKET, key=KEY, poll_interval=0.01, max_poll_failures=3)
    waiting.failures = 2
    assert (await payload(waiting))["status"] == "restored"
    waiting.failures = 3
    event = await payload(waiting)
    assert (event["status"], event["retryable"]) == ("error", True)
    assert "the network went away" in event["message"]


async def test_a_cancelled_wait_sends_nothing(restoring: Callable[[int], None]) -> None:
    restoring(100_000)
    waiting = asyncio.create_task(payload(trigger()))
    await asyncio.wait([waiting], timeout=0.2)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_a_stopped_task_leaves_the_restore_and_says_how_to_go_on(
    s3: Any, restoring: Callable[[int], None], task_log: TaskLog
) -> None:
    restoring(100_000)
    await trigger().on_kill()
    [said] = [entry["event"] for entry in task_log.entries]
    assert f"the restore of s3://{BUCKET}/{KEY} goes on in S3" in said
    assert "clear the task" in said
    assert 'ongoing-request="true"' in s3.head_object(Bucket=BUCKET, Key=KEY)["Restore"]
