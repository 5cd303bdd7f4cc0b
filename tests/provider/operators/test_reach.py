"""Ordering captions and waiting for them: operator, trigger and sensor, against a running sandbox."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import (
    AirflowFailException,
    AirflowSensorTimeout,
    AirflowSkipException,
    TaskDeferred,
)
from tests.provider.airflow_fixtures import ADMIN_SECRET, PARTNER, ConnectionSetter, TaskLog, render
from tests.provider.conftest import sandbox_settings
from tests.provider.entries import new_entry, sound_entry
from tests.provider.reach import TASKS, report, tasks_of, wait_for_task

from kaltura_provider.api import KalturaClient, KalturaError
from kaltura_provider.api.reach_catalog import ReachChoiceError, list_profiles
from kaltura_provider.hooks.errors import KalturaWaitError
from kaltura_provider.hooks.reach import normalize_task_ids
from kaltura_provider.operators.reach import KalturaReachOrderOperator
from kaltura_provider.sensors.reach import KalturaReachTaskSensor
from kaltura_provider.triggers.reach import KalturaReachTaskTrigger
from kaltura_sandbox.server import SandboxServer

USER = {"user_id": "ann", "session_type": "USER"}


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    """Converts at once, as every test needs an entry that is READY."""
    settings = sandbox_settings(tmp_path_factory.mktemp("sandbox"), conversion_seconds=0.01)
    with SandboxServer(settings) as server:
        yield server


def operator(entry_ids: Any, **arguments: Any) -> KalturaReachOrderOperator:
    given = {"language": "English", "profile": "Default", "deferrable": False, "poll_interval": 0.05, **arguments}
    return KalturaReachOrderOperator(task_id="order", entry_ids=entry_ids, **given)


def moderated(client: KalturaClient) -> int:
    """The profile whose orders by users must be approved."""
    return next(each.id for each in list_profiles(client) if each.name == "Approved orders")


def unapproved(client: KalturaClient, context: Any) -> tuple[str, str]:
    """An entry, and an order for it that waits for approval."""
    entry = sound_entry(client)
    task = operator(entry, profile=moderated(client), session=USER, wait=False)
    return entry, str(task.execute(context)["tasks"][entry]["task_id"])


def test_orders_waits_and_orders_no_second_time(client: KalturaClient, context: Any) -> None:
    entry = sound_entry(client)
    result = operator(entry).execute(context)
    assert (result["ordered"], result["price"], result["tasks"][entry]["status_name"]) == (1, 0.05, "READY")
    caption = client.call("caption_captionAsset", "get", {"captionAssetId": result["tasks"][entry]["output_id"]})
    assert caption["entryId"] == entry
    again = operator(entry).execute(context)
    assert (again["ordered"], again["price"], again["tasks"]) == (0, 0, result["tasks"])
    json.dumps(result)


def test_a_translation_by_catalog_item(client: KalturaClient, context: Any) -> None:
    entry = sound_entry(client)
    by_language = operator(entry, target_language="German", dry_run=True).execute(context)
    result = operator(entry, language="", catalog_item_id=str(by_language["catalog_item_id"])).execute(context)
    caption = client.call("caption_captionAsset", "get", {"captionAssetId": result["tasks"][entry]["output_id"]})
    assert caption["languageCode"] == "de"


def test_a_dry_run_says_what_it_would_cost(client: KalturaClient, context: Any, task_log: TaskLog) -> None:
    entry = sound_entry(client)
    result = operator([entry], dry_run=True).execute(context)
    assert (result["prices"], result["total"], result["enough"]) == ({entry: 0.05}, 0.05, True)
    assert result["credit_left"] <= 10_000
    assert tasks_of(client, entry) == []
    assert any("Dry run: " in str(each["event"]) for each in task_log.entries)
    with pytest.raises(AirflowFailException, match="1 entries do not exist: 0_nowhere1"):
        operator("0_nowhere1", dry_run=True).execute(context)


def test_defers_and_takes_over(client: KalturaClient, context: Any) -> None:
    entry = sound_entry(client)
    # One that waits for approval, so that it is not done before the wait begins.
    task = operator(entry, profile=moderated(client), session=USER, deferrable=True, wait_timeout=60)
    with pytest.raises(TaskDeferred) as deferred:
        task.execute(context)
    trigger = deferred.value.trigger
    assert isinstance(trigger, KalturaReachTaskTrigger)
    (task_id,) = trigger.ids
    assert [each["id"] for each in tasks_of(client, entry)] == [task_id]
    state = {"task_id": task_id, "entry_id": entry, "status_name": "READY", "output_id": "1_x"}
    event = {"status": "ready", "task_ids": [task_id], "tasks": {task_id: state}, "echo": trigger.echo}
    assert task.execute_complete(context, event)["tasks"] == {entry: state}


async def run(trigger: KalturaReachTaskTrigger) -> dict[str, Any]:
    """The one event, as it arrives at the task: through JSON."""
    events = [event async for event in trigger.run()]
    await trigger.cleanup()
    assert len(events) == 1
    payload: dict[str, Any] = json.loads(json.dumps(events[0].payload))
    return payload


def new_trigger(task_ids: list[str], **more: Any) -> KalturaReachTaskTrigger:
    given = {"poll_interval": 0.05, "echo": {"a": 1}, **more}
    return KalturaReachTaskTrigger(kaltura_conn_id="kaltura_default", task_ids=task_ids, **given)


async def test_trigger_waits_for_all(client: KalturaClient, context: Any) -> None:
    entries = [sound_entry(client) for _ in range(2)]
    made = operator(entries, wait=False).execute(context)
    event = await run(new_trigger(normalize_task_ids(made)))
    assert (event["status"], event["echo"], len(event["tasks"])) == ("ready", {"a": 1}, 2)
    assert {each["entry_id"] for each in event["tasks"].values()} == set(entries)


async def test_trigger_ends_with_the_first_that_failed(client: KalturaClient, context: Any) -> None:
    entry, task_id = unapproved(client, context)
    late = await run(new_trigger([task_id], end_time=time.time() + 0.1))
    assert late["status"] == "timeout"
    assert late["waiting"][task_id].startswith("PENDING_MODERATION: it waits for approval in the KMC")
    client.call(TASKS, "reject", {"id": task_id, "rejectReason": "too dear"})
    event = await run(new_trigger([task_id]))
    assert event["status"] == "failed"
    assert event["failed"][task_id] == (
        "REJECTED (too dear): it was not approved. Ask whoever approves REACH orders, then clear the task that ordered "
        f"(entry {entry})"
    )


def test_trigger_can_be_rebuilt() -> None:
    path, arguments = new_trigger(["1"], end_time=5.5, session=USER, fail_on_error=False).serialize()
    module, _, name = path.rpartition(".")
    rebuilt = getattr(import_module(module), name)(**json.loads(json.dumps(arguments)))
    assert rebuilt.serialize() == (path, arguments)


@pytest.mark.parametrize(
    ("end", "message"),
    [
        (lambda client, task_id: client.call(TASKS, "reject", {"id": task_id}), r"REJECTED: it was not approved\. Ask"),
        (lambda client, task_id: report(client, task_id, 6, "bad sound"), r"ERROR \(bad sound\): the vendor could not"),
        (lambda client, task_id: client.call(TASKS, "abort", {"id": task_id}), r"ABORTED: it was cancelled\. If it is"),
    ],
)
def test_orders_that_end_badly(
    client: KalturaClient, context: Any, end: Callable[[KalturaClient, str], object], message: str
) -> None:
    entry, task_id = unapproved(client, context)
    end(client, task_id)
    with pytest.raises(AirflowFailException, match=message):
        sensor(task_id).execute(context)
    with pytest.raises(AirflowSkipException):
        sensor(task_id, soft_fail=True, deferrable=True).execute(context)
    accepted = sensor(task_id, fail_on_error=False).execute(context)
    assert accepted[task_id]["status_name"] == "FAILED"
    # What failed is ordered anew.
    assert operator(entry, wait=False).execute(context)["ordered"] == 1


def test_a_vendor_that_fails(
    new_sandbox: Callable[..., SandboxServer], set_connection: ConnectionSetter, context: Any
) -> None:
    server = new_sandbox(conversion_seconds=0.01, reach_seconds=0.05, reach_error="no speech")
    set_connection(host=server.url, login=str(PARTNER), extra={"admin_secret": ADMIN_SECRET})
    task = operator("x")
    entry = sound_entry(task.hook.get_conn())
    with pytest.raises(AirflowFailException, match=r"1 REACH order failed: \d+: ERROR \(no speech\)"):
        operator(entry).execute(context)


def test_waits_no_longer_than_asked_to(client: KalturaClient, context: Any) -> None:
    entry, _ = unapproved(client, context)
    late = operator(entry, profile=moderated(client), session=USER, wait_timeout=0.1)
    with pytest.raises(AirflowSensorTimeout, match=r"1 REACH order is not done in time: .*waits for approval"):
        late.execute(context)


def test_orders_that_cannot_be_made_name_the_entry(client: KalturaClient, context: Any) -> None:
    empty, good = new_entry(client), sound_entry(client)
    with pytest.raises(AirflowFailException, match=rf"1 of 2 orders could not be made: entry {empty}: .*NOT_READY"):
        operator([empty, good]).execute(context)
    assert len(tasks_of(client, good)) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"language": "Klingon"}, "nothing can be ordered in 'Klingon'"),
        ({"profile": None}, "it matters whose credit is spent"),
        ({"catalog_item_id": "x"}, "catalog_item_id 'x' is no ID"),
        ({"within": 60, "service": "human"}, "the nearest are"),
    ],
)
def test_wrong_choices(client: KalturaClient, context: Any, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ReachChoiceError, match=message):
        operator("1_a", **arguments).execute(context)


def test_a_user_may_not_look_profiles_up_by_name(client: KalturaClient, context: Any) -> None:
    with pytest.raises(KalturaError, match="ADMIN_BASE"):
        operator("1_a", session=USER).execute(context)


def sensor(task_ids: Any, **more: Any) -> KalturaReachTaskSensor:
    given = {"poke_interval": 0.05, "timeout": 20, "deferrable": False, **more}
    return KalturaReachTaskSensor(task_id="wait", task_ids=task_ids, **given)


def test_sensor_waits_on_the_worker(client: KalturaClient, context: Any) -> None:
    entry = sound_entry(client)
    made = operator(entry, wait=False).execute(context)
    (state,) = sensor(made).execute(context).values()
    assert (state["entry_id"], state["status"], bool(state["output_id"])) == (entry, 2, True)


def test_sensor_defers(client: KalturaClient, context: Any) -> None:
    entry, task_id = unapproved(client, context)
    with pytest.raises(TaskDeferred) as deferred:
        sensor(task_id, deferrable=True).execute(context)
    assert deferred.value.trigger.serialize()[1]["task_ids"] == [task_id]
    client.call(TASKS, "approve", {"id": task_id})
    wait_for_task(client, task_id)
    assert sensor(task_id, deferrable=True).execute(context)[task_id]["entry_id"] == entry


def test_sensor_events(context: Any) -> None:
    event = {"status": "ready", "task_ids": ["1"], "tasks": {"1": {"status": 2}}, "failed": {"2": "why"}}
    assert sensor("1").execute_complete(context, event) == {
        "1": {"status": 2}, "2": {"status_name": "FAILED", "reason": "why"},
    }  # fmt: skip
    with pytest.raises(KalturaWaitError, match="Waiting for REACH orders 1 stopped: away"):
        sensor("1").execute_complete(context, {"status": "error", "task_ids": ["1"], "message": "away"})


def test_an_order_that_does_not_exist(client: KalturaClient, context: Any) -> None:
    with pytest.raises(AirflowFailException, match="999999: NOT_FOUND: the account has no such order; check the ID"):
        sensor("999999").execute(context)


def test_forms_of_task_ids() -> None:
    made = {"tasks": {"1_a": {"task_id": "7"}, "1_b": {"task_id": "8"}}}
    for value in ("7, 8,", [7, "8", "7"], made):
        assert normalize_task_ids(value) == ["7", "8"]
    for bad in (None, ["x"], [True], {"a": 1}):
        with pytest.raises(ValueError, match="task_ids"):
            normalize_task_ids(bad)


def test_templates() -> None:
    task = operator("{{ id }}", language="{{ lang }}", notes="{{ id }}")
    render(task, id="1_a", lang="English")
    assert (task.entry_ids, task.language, task.notes) == ("1_a", "English", "1_a")
