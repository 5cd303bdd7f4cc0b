"""The sensor, waiting on a worker and being deferred, against a running sandbox."""

from __future__ import annotations

import json
import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import (
    AirflowFailException,
    AirflowSensorTimeout,
    AirflowSkipException,
    TaskDeferred,
)
from airflow.sdk import DAG
from tests.provider.airflow_fixtures import render
from tests.provider.entries import add_content, failed_entry, new_entry, ready_entry, unapproved_entry

try:
    from airflow.sdk.exceptions import AirflowRescheduleException
except ImportError:  # Airflow before 3.2
    from airflow.exceptions import AirflowRescheduleException

from kaltura_provider.api import KalturaClient
from kaltura_provider.hooks.errors import KalturaWaitError
from kaltura_provider.sensors.entry import KalturaEntryReadySensor
from kaltura_provider.triggers.entry import KalturaEntryReadyTrigger


def sensor(entry_ids: Any, **more: Any) -> KalturaEntryReadySensor:
    return KalturaEntryReadySensor(
        task_id="wait", entry_ids=entry_ids, **{"poke_interval": 0.05, "timeout": 30, "deferrable": False, **more}
    )


def event(status: str, **more: Any) -> dict[str, Any]:
    """What the trigger sends."""
    return {
        "status": status,
        "entry_ids": ["1_a"],
        "entries": {},
        "failed": {},
        "waiting": {},
        "message": None,
        "retryable": None,
        "echo": None,
        **more,
    }


@pytest.mark.parametrize("deferrable", [False, True])
def test_ready_entry_ends_at_once(client: KalturaClient, context: Any, deferrable: bool) -> None:
    entry_id = ready_entry(client)
    result = sensor(entry_id, deferrable=deferrable).execute(context)
    assert result[entry_id]["status"] == 2
    assert result[entry_id]["status_name"] == "READY"
    json.dumps(result)


@pytest.mark.parametrize("mode", ["poke"])
def test_waits_on_the_worker(client: KalturaClient, context: Any, mode: str) -> None:
    entry_id = new_entry(client)
    later = threading.Timer(0.3, add_content, (client, entry_id))
    later.start()
    started = time.monotonic()
    assert set(sensor(entry_id, mode=mode).execute(context)) == {entry_id}
    assert time.monotonic() - started >= 0.3
    later.join()


def test_frees_the_worker_in_reschedule_mode(client: KalturaClient, context: Any) -> None:
    context["ti"].get_first_reschedule_date = lambda context: None
    with pytest.raises(AirflowRescheduleException):
        sensor(new_entry(client), mode="reschedule").execute(context)


@pytest.mark.parametrize("deferrable", [False, True])
def test_failed_entry_fails_at_once_and_for_good(client: KalturaClient, context: Any, deferrable: bool) -> None:
    waiting, failed = new_entry(client), failed_entry(client)
    with pytest.raises(AirflowFailException) as caught:
        sensor([waiting, failed], deferrable=deferrable).execute(context)
    message = str(caught.value)
    assert f"1 Kaltura entry will not become ready: {failed}: ERROR_CONVERTING" in message
    assert "failed: " in message, "names the flavors"
    assert waiting not in message


def test_failed_entry_may_be_accepted(client: KalturaClient, context: Any) -> None:
    ready, failed = ready_entry(client), failed_entry(client)
    result = sensor([ready, failed], fail_on_error=False).execute(context)
    assert result[ready]["status_name"] == "READY"
    assert result[failed]["status_name"] == "FAILED"
    assert "ERROR_CONVERTING" in result[failed]["reason"]


def test_unknown_entry(connection: None, context: Any) -> None:
    with pytest.raises(AirflowFailException, match="0_nowhere: NOT_FOUND"):
        sensor("0_nowhere").execute(context)


@pytest.mark.parametrize("deferrable", [False, True])
def test_soft_fail_skips(client: KalturaClient, context: Any, deferrable: bool) -> None:
    with pytest.raises(AirflowSkipException):
        sensor(failed_entry(client), soft_fail=True, deferrable=deferrable).execute(context)


def test_times_out_on_the_worker(client: KalturaClient, context: Any) -> None:
    with pytest.raises(AirflowSensorTimeout):
        sensor(new_entry(client), timeout=0.2).execute(context)


def test_defers_with_an_absolute_deadline(client: KalturaClient, context: Any) -> None:
    entry_id = new_entry(client)
    before = time.time()
    with pytest.raises(TaskDeferred) as caught:
        sensor([entry_id], deferrable=True, timeout=timedelta(hours=1), session={"user_id": "ann"}).execute(context)
    trigger = caught.value.trigger
    assert isinstance(trigger, KalturaEntryReadyTrigger)
    assert trigger.entry_ids == [entry_id]
    assert trigger.session == {"user_id": "ann"}
    assert trigger.end_time is not None
    assert before + 3600 <= trigger.end_time <= time.time() + 3600
    assert caught.value.method_name == "execute_complete"
    # Airflow's own timeout comes second, or the message about the entries would be lost.
    assert caught.value.timeout is not None
    assert caught.value.timeout > timedelta(hours=1)
    assert not caught.value.kwargs, "nothing depends on arguments of defer()"


def test_link_is_there_while_one_entry_is_waited_for(client: KalturaClient, context: Any) -> None:
    entry_id = new_entry(client)
    with pytest.raises(TaskDeferred):
        sensor(entry_id, deferrable=True).execute(context)
    assert context["ti"].xcoms["_link_KalturaEntryLink"].endswith(f"/entry/{entry_id}/metadata")


def test_event_of_ready_entries(context: Any) -> None:
    state = {"status": 2, "status_name": "READY", "ms_duration": 10}
    result = sensor("1_a").execute_complete(context, event("ready", entries={"1_a": state}, failed={"1_b": "why"}))
    assert result == {"1_a": state, "1_b": {"status_name": "FAILED", "reason": "why"}}


def test_event_of_failed_entries(context: Any) -> None:
    with pytest.raises(AirflowFailException, match="1_a: ERROR_CONVERTING"):
        sensor("1_a").execute_complete(context, event("failed", failed={"1_a": "ERROR_CONVERTING"}))


def test_event_of_a_deadline(context: Any) -> None:
    with pytest.raises(AirflowSensorTimeout, match="1_a: PRECONVERT"):
        sensor("1_a").execute_complete(context, event("timeout", waiting={"1_a": "PRECONVERT"}))


def test_messages_about_many_entries_stay_readable(context: Any) -> None:
    failed = {f"1_{number}": "ERROR_CONVERTING" for number in range(1000)}
    with pytest.raises(AirflowFailException, match=r"1000 Kaltura entries .* and 990 more") as caught:
        sensor("1_a").execute_complete(context, event("failed", failed=failed))
    assert len(str(caught.value)) < 1000


def test_event_of_a_fault_that_may_pass(context: Any) -> None:
    with pytest.raises(KalturaWaitError, match="1_a stopped: CONNECTION_LOST"):
        sensor("1_a").execute_complete(context, event("error", message="CONNECTION_LOST", retryable=True))


def test_event_of_a_fault_that_stays(context: Any) -> None:
    with pytest.raises(AirflowFailException, match="stopped: INVALID_KS"):
        sensor("1_a").execute_complete(context, event("error", message="INVALID_KS", retryable=False))


@pytest.mark.parametrize("bad", [None, "ready", {}, {"status": "done"}])
def test_event_that_makes_no_sense(context: Any, bad: Any) -> None:
    with pytest.raises(KalturaWaitError, match="worker and triggerer run the same version"):
        sensor("1_a").execute_complete(context, bad)


@pytest.mark.parametrize(
    "form",
    [
        lambda a, b: f"{a}, {b},",
        lambda a, b: [a, b, a],
        lambda a, b: (item for item in (a, b)),
        lambda a, b: json.dumps([a, b]),
        lambda a, b: [{"entry_id": a, "bytes_sent": 1}, {"entry_id": b}],
    ],
    ids=["text", "list", "lazy sequence", "json", "results of uploads"],
)
def test_forms_of_entry_ids(client: KalturaClient, context: Any, form: Any) -> None:
    first, second = ready_entry(client), ready_entry(client)
    assert list(sensor(form(first, second)).execute(context)) == [first, second]


def test_no_entries_at_all_are_ready(connection: None, context: Any) -> None:
    assert sensor([]).execute(context) == {}


@pytest.mark.parametrize("bad", ["", " ", None, 7, ["1_a", None], [""], "['1_a']", [{"id": "1_a"}]])
def test_wrong_entry_ids_are_named(connection: None, context: Any, bad: Any) -> None:
    with pytest.raises(ValueError, match="entry_ids"):
        sensor(bad).execute(context)


def test_more_entries_than_one_call_takes(client: KalturaClient, context: Any) -> None:
    entry_ids = [new_entry(client) for _ in range(151)]
    for entry_id in (entry_ids[0], entry_ids[-1]):
        add_content(client, entry_id)
    result = sensor([entry_ids[0], entry_ids[-1]]).execute(context)
    assert set(result) == {entry_ids[0], entry_ids[-1]}
    with pytest.raises(TaskDeferred) as caught:
        sensor(entry_ids, deferrable=True).execute(context)
    assert caught.value.trigger.entry_ids == entry_ids


def test_mapped() -> None:
    with DAG("mapped", schedule=None):
        mapped = KalturaEntryReadySensor.partial(task_id="wait").expand(entry_ids=["1_a", "1_b"])
    assert mapped.task_id == "wait"


def test_templates() -> None:
    task = sensor("{{ id }}", kaltura_conn_id="{{ conn }}", session={"user_id": "{{ user }}"})
    render(task, id="1_a", conn="other", user="ann")
    assert (task.entry_ids, task.kaltura_conn_id, task.session) == ("1_a", "other", {"user_id": "ann"})


@pytest.mark.parametrize("deferrable", [False, True])
def test_the_wait_can_end_where_only_approval_is_missing(
    approving_client: KalturaClient, context: Any, deferrable: bool
) -> None:
    entry_id = unapproved_entry(approving_client)
    done = sensor(entry_id, wait_for_approval=False, deferrable=deferrable).execute(context)
    assert done[entry_id]["needs_approval"] is True
    waiting = sensor(entry_id, deferrable=deferrable, timeout=0.3)
    if not deferrable:
        with pytest.raises(AirflowSensorTimeout):
            waiting.execute(context)
        return
    with pytest.raises(TaskDeferred) as deferred:
        waiting.execute(context)
    assert deferred.value.trigger.wait_for_approval is True
