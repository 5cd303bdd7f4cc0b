"""Waiting until a day of analytics is settled: sensor and trigger, against a running sandbox."""

from __future__ import annotations

import asyncio
import datetime
import json
import threading
import time
from datetime import timedelta
from importlib import import_module
from itertools import count
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, AirflowSensorTimeout, TaskDeferred
from tests.provider.airflow_fixtures import ADMIN_SECRET, PARTNER, ConnectionSetter, render
from tests.provider.entries import ready_entry
from tests.provider.transfers.reports import play

from kaltura_provider.api import KalturaClient, KalturaError, Settling
from kaltura_provider.api.analytics.days import local_day
from kaltura_provider.hooks.errors import KalturaWaitError
from kaltura_provider.hooks.waiting import REPORTS, read_event
from kaltura_provider.sensors.report import KalturaReportSettledSensor
from kaltura_provider.triggers.report import KalturaReportSettledTrigger

DAY = "2026-05-05"
END = local_day(DAY, "UTC").end
HOUR = 3600.0
#: Days that no other test plays on.
DAYS = (str(datetime.date(2025, 6, 1) + timedelta(days=number)) for number in count())


def sensor(day: str = DAY, **more: Any) -> KalturaReportSettledSensor:
    given = {"deferrable": False, "reads_apart": 0.1, "timeout": 20, **more}
    return KalturaReportSettledSensor(task_id="settled", day=day, **given)


def trigger(day: str, **more: Any) -> KalturaReportSettledTrigger:
    return KalturaReportSettledTrigger(kaltura_conn_id="kaltura_default", day=day, **{"reads_apart": 0.1, **more})


async def run(waiting: KalturaReportSettledTrigger) -> dict[str, Any]:
    """The one event, as it arrives at the task: through JSON."""
    events = [event async for event in waiting.run()]
    await waiting.cleanup()
    assert len(events) == 1
    payload: dict[str, Any] = json.loads(json.dumps(events[0].payload))
    return payload


def test_reads_count_only_when_equal_and_apart(client: KalturaClient) -> None:
    day = next(DAYS)
    entry_id = ready_entry(client)
    settling = Settling(day, equal_reads=3, reads_apart=HOUR)
    now = settling.period.end + 60.0
    assert settling.look(client, settling.period.end - HOUR) == (None, "the day ends in 1.0 hours")
    assert settling.look(client, now) == (None, "1 of 3 reads in a row are equal")
    # Too early for another one.
    assert settling.look(client, now + HOUR / 2)[1].startswith("1 of 3")
    assert settling.look(client, now + HOUR)[1].startswith("2 of 3")
    play(client, entry_id, f"{day}T12:00")
    assert settling.look(client, now + 2 * HOUR)[1].startswith("1 of 3")
    assert settling.look(client, now + 3 * HOUR)[1].startswith("2 of 3")
    assert settling.look(client, now + 4 * HOUR) == ("equal_reads", "3 reads in a row are equal")
    state = settling.state("equal_reads")
    assert (state["report"], state["day"], state["reads"], state["total"]["count_plays"]) == ("TOP_CONTENT", day, 3, 1)


def test_age_counts_from_the_end_of_the_local_day(client: KalturaClient) -> None:
    settling = Settling(DAY, "America/New_York", min_age=HOUR, equal_reads=None)
    assert settling.look(client, END + 4 * HOUR - 60)[1] == "the day ends in 1 minutes"
    assert settling.look(client, END + 4.5 * HOUR) == (None, "it is old enough in 30 minutes")
    assert settling.look(client, END + 5 * HOUR) == ("age", "the day ended 1.0 hours ago")
    assert settling.state("age")["total"] is None


@pytest.mark.parametrize("deferrable", [False, True])
def test_an_old_day_ends_at_once(connection: None, context: Any, deferrable: bool) -> None:
    result = sensor(min_age=timedelta(hours=12), deferrable=deferrable).execute(context)
    assert result == {"report": "TOP_CONTENT", "day": DAY, "settled_by": "age", "reads": 0, "total": None}


def test_waits_on_the_worker(client: KalturaClient, context: Any) -> None:
    day = next(DAYS)
    entry_id = ready_entry(client)
    play(client, entry_id, f"{day}T12:00")
    result = sensor(day, equal_reads=3).execute(context)
    assert (result["settled_by"], result["reads"], result["total"]["count_plays"]) == ("equal_reads", 3, 1)
    json.dumps(result)


def test_goes_on_waiting_while_plays_arrive(client: KalturaClient, context: Any) -> None:
    day = next(DAYS)
    entry_id = ready_entry(client)
    task = sensor(day, reads_apart=0.01)
    for plays in range(3):
        play(client, entry_id, f"{day}T12:0{plays}")
        time.sleep(0.01)  # so that the next read is due
        assert not task.poke(context).is_done
    time.sleep(0.01)
    done = task.poke(context)
    assert done.is_done
    value: Any = done.xcom_value
    assert value["total"]["count_plays"] == 3


@pytest.mark.parametrize("deferrable", [False, True])
def test_a_day_that_is_not_over(connection: None, context: Any, deferrable: bool) -> None:
    today = str(datetime.datetime.now(datetime.timezone.utc).date())
    expected = TaskDeferred if deferrable else AirflowSensorTimeout
    with pytest.raises(expected):
        sensor(today, deferrable=deferrable, timeout=0.2).execute(context)


def test_defers_with_an_absolute_deadline(connection: None, context: Any) -> None:
    before = time.time()
    more: dict[str, Any] = {
        "min_age": timedelta(days=9999),
        "reads_apart": timedelta(hours=1),
        "timeout": timedelta(days=1),
    }
    with pytest.raises(TaskDeferred) as caught:
        sensor(deferrable=True, session={"user_id": "ann"}, filter={"playbackTypeIn": ["vod"]}, **more).execute(context)
    path, arguments = caught.value.trigger.serialize()
    assert ADMIN_SECRET not in json.dumps(arguments)
    assert before + 86_400 <= arguments["end_time"] <= time.time() + 86_400
    assert (arguments["reads_apart"], arguments["session"]) == (HOUR, {"user_id": "ann"})
    module, _, name = path.rpartition(".")
    rebuilt = getattr(import_module(module), name)(**json.loads(json.dumps(arguments)))
    assert rebuilt.serialize() == (path, arguments)


async def test_trigger_waits_for_equal_reads(client: KalturaClient, context: Any) -> None:
    day = next(DAYS)
    entry_id = ready_entry(client)
    stop = threading.Event()

    def keep_playing() -> None:
        for number in count():
            if stop.is_set():
                return
            play(client, entry_id, f"{day}T12:00:{number % 60:02}")

    playing = asyncio.create_task(asyncio.to_thread(keep_playing))
    waiting = asyncio.create_task(run(trigger(day, equal_reads=3)))
    # Long enough for several reads; none of them equals the one before.
    done, _ = await asyncio.wait([waiting], timeout=0.8)
    assert not done
    stop.set()
    await playing
    event = await asyncio.wait_for(waiting, 20)
    assert (event["status"], event["reports"]) == ("ready", [f"TOP_CONTENT of {day}"])
    result = sensor(day).execute_complete(context, event)
    assert (result["settled_by"], result["reads"], result["day"]) == ("equal_reads", 3, day)


async def test_trigger_deadline(connection: None, context: Any) -> None:
    event = await run(trigger(next(DAYS), equal_reads=99, end_time=time.time() + 0.3))
    assert event["status"] == "timeout"
    with pytest.raises(AirflowSensorTimeout, match=r"not settled in time: .* of 99 reads .*a longer timeout"):
        read_event(event, REPORTS)


async def test_trigger_counts_failures(
    set_connection: ConnectionSetter, context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("random.uniform", lambda low, high: low)  # no waiting between the client's own tries
    set_connection(host="http://127.0.0.1:9", login=str(PARTNER), extra={"admin_secret": ADMIN_SECRET})
    event = await run(trigger(DAY, max_poll_failures=2))
    assert "(look 2 in a row that failed)" in event["message"]
    assert (event["status"], event["retryable"]) == ("error", True)
    with pytest.raises(KalturaWaitError, match=f"settled figures of TOP_CONTENT of {DAY} stopped"):
        sensor().execute_complete(context, event)


async def test_trigger_gives_up_at_once_without_the_right(connection: None, context: Any) -> None:
    event = await run(trigger(DAY, session={"user_id": "ann", "session_type": "USER"}))
    assert (event["status"], event["retryable"]) == ("error", False)
    with pytest.raises(AirflowFailException, match="ANALYTICS_BASE"):
        sensor().execute_complete(context, event)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"equal_reads": None}, "give min_age, equal_reads, or both"),
        ({"equal_reads": 1}, "2 or more"),
        ({"min_age": -1}, "0 or more"),
        ({"reads_apart": 0}, "more than 0"),
        ({"mode": "reschedule"}, "Use deferrable=True"),
    ],
)
def test_options_are_checked_in_the_dag_file(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        sensor(**arguments)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"report_type": "TOP_CONTNT"}, "TOP_CONTNT.*TOP_CONTENT"),
        ({"day": "31.01.2026"}, "use the form 2026-01-31"),
        ({"time_zone": "Berlin"}, "IANA name such as Europe/Berlin"),
    ],
)
@pytest.mark.parametrize("deferrable", [False, True])
def test_wrong_arguments_are_named(
    connection: None, context: Any, arguments: dict[str, Any], words: str, deferrable: bool
) -> None:
    with pytest.raises(ValueError, match=words):
        sensor(**{"deferrable": deferrable, **arguments}).execute(context)


def test_session_without_the_right_is_refused(connection: None, context: Any) -> None:
    with pytest.raises(KalturaError, match="ANALYTICS_BASE"):
        sensor(session={"user_id": "ann", "session_type": "USER"}, deferrable=True).execute(context)


def test_templates() -> None:
    task = sensor("{{ ds }}", time_zone="{{ zone }}")
    render(task, ds="2026-01-31", zone="Europe/Berlin")
    assert (task.day, task.time_zone) == ("2026-01-31", "Europe/Berlin")
