"""Let Airflow wait for entries, and look at what that costs."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from demo.airflow_api import DONE, AirflowApi

from benchmarks.ingest.runs import say
from benchmarks.waiting.figures import INTERVAL, Lags, WaitingFigures, polls_of
from benchmarks.waiting.stand import Traffic, WaitingStack

_DAG = "kaltura_waiting"
_HOURS = 3 * 3600
_LISTS = "baseEntry.list"


@dataclass(frozen=True)
class _Watched:
    polls: Sequence[int]
    seconds: float
    traffic: Traffic
    cpu: float
    slots: int


def warm_up(stack: WaitingStack, api: AirflowApi) -> None:
    """Let one task wait for one entry, so that what every triggerer loads once is loaded.

    :param stack: the servers.
    :param api: Airflow.
    """
    idle = stack.triggerer().memory
    entry_ids = stack.new_entries(1)
    run_id = api.trigger(_DAG, {"groups": [entry_ids]})
    _until(lambda: stack.states(run_id).get("deferred", 0) == 1 and stack.triggers() >= 1, stack, run_id)
    stack.let_be_ready(entry_ids)
    _until(lambda: _state(api, run_id) in DONE, stack, run_id)
    say(f"the triggerer has {idle / 1e6:.0f} MB idle, {stack.triggerer().memory / 1e6:.0f} MB after its first trigger")


def wait_for(stack: WaitingStack, api: AirflowApi, entries: int, tasks: int, polls: int) -> WaitingFigures:
    """Upload entries, let tasks wait for them, watch that for a while, and let the entries be ready.

    :param stack: the servers.
    :param api: Airflow.
    :param entries: how many entries.
    :param tasks: how many tasks share them.
    :param polls: how many polls to watch.
    """
    entry_ids = stack.new_entries(entries)
    say(f"{entries} entries are in conversion")
    before = stack.triggerer().memory
    stack.reset()
    with stack.blocked() as blocked_ever:
        started = time.monotonic()
        run_id = api.trigger(_DAG, {"groups": [entry_ids[first::tasks] for first in range(tasks)]})
        _until(lambda: stack.states(run_id).get("deferred", 0) == tasks and stack.triggers() >= tasks, stack, run_id)
        began, began_calls = time.monotonic() - started, sum(stack.traffic().calls.values())
        say(f"{tasks} tasks wait")
        time.sleep(INTERVAL)  # until the last one is looked at with the others
        with stack.blocked() as blocked:
            watched = _watch(stack, polls)
        waiting = stack.triggerer().memory
        ready = stack.let_be_ready(entry_ids)
        say("all entries are ready")
        _until(lambda: _state(api, run_id) in DONE, stack, run_id)
    state = _state(api, run_id)
    if state != "success":
        say(api.failure(_DAG, run_id))
    moments = stack.moments(run_id)
    count = max(1, round(watched.seconds / INTERVAL))
    return WaitingFigures(
        entries=entries,
        tasks=tasks,
        state=state,
        began=began,
        began_calls=began_calls,
        polls=watched.polls,
        calls_a_minute=sum(watched.traffic.calls.values()) / watched.seconds * 60,
        received=watched.traffic.received / count,
        answered=watched.traffic.answered / count,
        before=before,
        waiting=waiting,
        cpu=watched.cpu,
        slots=watched.slots,
        blocked=blocked,
        blocked_ever=blocked_ever,
        lags=Lags([stored - ready for stored, _ in moments], [ended - ready for _, ended in moments]),
    )


def _watch(stack: WaitingStack, polls: int) -> _Watched:
    """Look at everything for as many polls: from the middle between two to the middle between two."""
    stack.reset()
    _until_quiet(stack)
    stack.reset()
    started, used, slots = time.monotonic(), stack.triggerer().cpu, 0
    samples: list[tuple[float, int]] = []
    while not samples or samples[-1][0] < polls * INTERVAL:
        samples.append((time.monotonic() - started, stack.traffic().calls.get(_LISTS, 0)))
        slots = max(slots, stack.slots())
        time.sleep(0.25)
    seconds = time.monotonic() - started
    cpu = (stack.triggerer().cpu - used) / seconds
    return _Watched(polls_of(samples), seconds, stack.traffic(), cpu, slots)


def _until_quiet(stack: WaitingStack) -> None:
    """Wait for the middle between two polls; of polls without a pause there is none."""
    end = time.monotonic() + 3 * INTERVAL
    seen, since = -1, time.monotonic()
    while time.monotonic() < end and time.monotonic() - since < INTERVAL / 3:
        calls = sum(stack.traffic().calls.values())
        if calls != seen:
            seen, since = calls, time.monotonic()
        time.sleep(0.25)


def _state(api: AirflowApi, run_id: str) -> str:
    state: str = api.get(f"dags/{_DAG}/dagRuns/{run_id}")["state"]
    return state


def _until(condition: Callable[[], bool], stack: WaitingStack, run_id: str) -> None:
    """Wait with few requests: Airflow answers them with the CPUs that are measured."""
    deadline, told = time.monotonic() + _HOURS, time.monotonic()
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{run_id} did not get further in {_HOURS} s: {stack.states(run_id)}")
        if time.monotonic() - told > 30:
            told = time.monotonic()
            say(f"tasks: {stack.states(run_id)}, {stack.triggers()} triggers")
        time.sleep(1)
