"""Waiting in the triggerer, against a running sandbox."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import pytest
from airflow.triggers.base import TriggerEvent
from tests.provider.airflow_fixtures import ADMIN_SECRET, PARTNER, ConnectionSetter, TaskLog
from tests.provider.entries import add_content, failed_entry, new_entry, ready_entry, unapproved_entry

from kaltura_provider.api import KalturaClient, KalturaError
from kaltura_provider.hooks.readiness import Look
from kaltura_provider.triggers.entry import KalturaEntryReadyTrigger

EVENT_KEYS = {"status", "entry_ids", "entries", "failed", "waiting", "message", "retryable", "echo"}


def trigger(entry_ids: Sequence[str], **more: Any) -> KalturaEntryReadyTrigger:
    return KalturaEntryReadyTrigger(
        kaltura_conn_id="kaltura_default", entry_ids=entry_ids, **{"poll_interval": 0.05, **more}
    )


async def payload(waiting: KalturaEntryReadyTrigger) -> dict[str, Any]:
    """The one event, as it arrives at the task: through JSON."""
    events = [event async for event in waiting.run()]
    await waiting.cleanup()
    assert len(events) == 1
    assert isinstance(events[0], TriggerEvent)
    event: dict[str, Any] = json.loads(json.dumps(events[0].payload))
    assert set(event) == EVENT_KEYS
    return event


def test_serialized_form_rebuilds_it() -> None:
    original = trigger(
        ["1_a", "1_b"],
        end_time=1_900_000_000.5,
        session={"user_id": "ann"},
        fail_on_error=False,
        wait_for_approval=False,
        max_poll_failures=7,
        echo={"entry_id": "1_a"},
    )
    path, kwargs = original.serialize()
    module, _, name = path.rpartition(".")
    rebuilt = getattr(import_module(module), name)(**json.loads(json.dumps(kwargs)))
    assert rebuilt.serialize() == (path, kwargs)


def test_serialized_form_has_no_secret(connection: None) -> None:
    assert ADMIN_SECRET not in json.dumps(trigger(["1_a"]).serialize())


async def test_ready(client: KalturaClient) -> None:
    entry_id = ready_entry(client)
    event = await payload(trigger([entry_id], echo={"bytes_sent": 5}))
    assert event["status"] == "ready"
    assert event["entry_ids"] == [entry_id]
    assert event["entries"][entry_id]["status_name"] == "READY"
    assert event["echo"] == {"bytes_sent": 5}


async def test_waits_until_the_last_one_is_ready(client: KalturaClient) -> None:
    entry_ids = [ready_entry(client), new_entry(client)]
    waiting = asyncio.create_task(payload(trigger(entry_ids)))
    # Long enough for several looks; the wait must not end before there is content.
    done, _ = await asyncio.wait([waiting], timeout=0.5)
    assert not done
    await asyncio.to_thread(add_content, client, entry_ids[1])
    event = await asyncio.wait_for(waiting, 30)
    assert event["status"] == "ready"
    assert set(event["entries"]) == set(entry_ids)
    assert event["waiting"] == {}


async def test_first_failed_entry_ends_the_wait(client: KalturaClient) -> None:
    failed, waiting = failed_entry(client), new_entry(client)
    event = await payload(trigger([waiting, failed]))
    assert event["status"] == "failed"
    assert list(event["failed"]) == [failed]
    assert event["failed"][failed].startswith("ERROR_CONVERTING")
    assert list(event["waiting"]) == [waiting]
    assert event["waiting"][waiting].startswith("NO_CONTENT")


async def test_failed_entries_may_count_as_done(client: KalturaClient) -> None:
    failed, ready = failed_entry(client), ready_entry(client)
    event = await payload(trigger([failed, ready], fail_on_error=False))
    assert event["status"] == "ready"
    assert set(event["failed"]) == {failed}
    assert set(event["entries"]) == {ready}


async def test_deleted_entry(client: KalturaClient) -> None:
    entry_id = new_entry(client)
    client.call("baseEntry", "delete", {"entryId": entry_id})
    event = await payload(trigger([entry_id]))
    assert event["status"] == "failed"
    assert event["failed"][entry_id].startswith("NOT_FOUND")


async def test_deadline(client: KalturaClient) -> None:
    entry_id = new_entry(client)
    started = time.time()
    event = await payload(trigger([entry_id], end_time=started + 0.3, poll_interval=60))
    assert event["status"] == "timeout"
    assert event["waiting"][entry_id].startswith("NO_CONTENT")
    assert 0.3 <= time.time() - started < 10


async def test_deadline_in_the_past_still_looks_once(client: KalturaClient) -> None:
    event = await payload(trigger([ready_entry(client)], end_time=time.time() - 100))
    assert event["status"] == "ready"


async def test_refused_credentials_end_the_wait_at_once(sandbox: Any, set_connection: ConnectionSetter) -> None:
    set_connection(host=sandbox.url, login=str(PARTNER), extra={"admin_secret": "not-the-secret"})
    event = await payload(trigger(["1_a"]))
    assert (event["status"], event["retryable"]) == ("error", False)
    assert "INVALID_KS" in event["message"]
    assert "not-the-secret" not in json.dumps(event)


async def test_missing_connection_ends_the_wait_at_once() -> None:
    event = await payload(KalturaEntryReadyTrigger(kaltura_conn_id="nowhere", entry_ids=["1_a"], poll_interval=60))
    assert (event["status"], event["retryable"]) == ("error", False)
    assert "nowhere" in event["message"]


class Flaky(KalturaEntryReadyTrigger):
    """Looks that fail for a passing reason as often as asked for."""

    failures = 0
    looks = 0

    def look_at(self, client: KalturaClient, ids: list[str]) -> Look:
        self.looks += 1
        if self.looks <= self.failures:
            raise KalturaError("CONNECTION_LOST", "the network went away")
        return super().look_at(client, ids)


def flaky(entry_id: str, failures: int) -> Flaky:
    made = Flaky(kaltura_conn_id="kaltura_default", entry_ids=[entry_id], poll_interval=0.01, max_poll_failures=3)
    made.failures = failures
    return made


async def test_passing_faults_are_waited_out(client: KalturaClient) -> None:
    waiting = flaky(ready_entry(client), 2)
    event = await payload(waiting)
    assert event["status"] == "ready"
    assert waiting.looks == 3


async def test_faults_in_a_row_end_the_wait(client: KalturaClient) -> None:
    entry_id = ready_entry(client)
    waiting = flaky(entry_id, 100)
    event = await payload(waiting)
    assert (event["status"], event["retryable"]) == ("error", True)
    assert waiting.looks == 3
    assert "CONNECTION_LOST" in event["message"]
    assert "3 in a row" in event["message"]
    assert event["entry_ids"] == [entry_id]


async def test_a_cancelled_wait_sends_nothing(client: KalturaClient) -> None:
    waiting = asyncio.create_task(payload(trigger([new_entry(client)])))
    await asyncio.wait([waiting], timeout=0.2)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_content_that_needs_approval_is_waited_for(approving_client: KalturaClient) -> None:
    entry_id = unapproved_entry(approving_client)
    event = await payload(trigger([entry_id], end_time=time.time() + 0.3))
    assert event["status"] == "timeout"
    assert event["waiting"][entry_id].startswith("REPLACEMENT_NOT_APPROVED")
    waiting = asyncio.create_task(payload(trigger([entry_id])))
    await asyncio.to_thread(approving_client.call, "media", "approveReplace", {"entryId": entry_id})
    event = await asyncio.wait_for(waiting, 30)
    assert (event["status"], "needs_approval" in event["entries"][entry_id]) == ("ready", False)


async def test_the_wait_can_end_where_only_approval_is_missing(approving_client: KalturaClient) -> None:
    entry_id = unapproved_entry(approving_client)
    event = await asyncio.wait_for(payload(trigger([entry_id], wait_for_approval=False)), 30)
    assert event["status"] == "ready"
    assert event["entries"][entry_id]["needs_approval"] is True
    assert approving_client.call("baseEntry", "get", {"entryId": entry_id})["replacementStatus"] == 2


async def test_a_stopped_task_leaves_everything_and_says_how_to_go_on(client: KalturaClient, task_log: TaskLog) -> None:
    entry_id = ready_entry(client)
    await trigger([entry_id, *(f"1_{number}" for number in range(12))]).on_kill()
    [said] = [entry["event"] for entry in task_log.entries]
    assert said.startswith(f"The task was stopped; entries {entry_id}, 1_0,")
    assert "and 3 more stay in Kaltura" in said
    assert "clear the task" in said
    assert client.call("baseEntry", "get", {"entryId": entry_id})["status"] == 2
