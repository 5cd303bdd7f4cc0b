"""Many triggers in one triggerer, against a running sandbox: they look together, and each learns what is its own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Any

import pytest
from tests.provider.airflow_fixtures import ADMIN_SECRET, PARTNER, USER_SECRET, ConnectionSetter, TaskLog
from tests.provider.entries import add_content, new_entry, ready_entry

from kaltura_provider.api import KalturaClient, KalturaError
from kaltura_provider.hooks.readiness import Look
from kaltura_provider.triggers.entry import KalturaEntryReadyTrigger
from kaltura_sandbox.faults.fault import Fault
from kaltura_sandbox.faults.proxy import FaultProxy
from kaltura_sandbox.faults.request import Request
from kaltura_sandbox.server import SandboxServer


class Lists:
    """The lists that were asked for: who asked, and for which entries."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, list[str]]] = []

    def __call__(self, request: Request) -> None:
        if request.action == "baseEntry.list":
            self.seen.append((request.session, str(request.params["filter"]["idIn"]).split(",")))

    @property
    def sizes(self) -> list[int]:
        return [len(ids) for _, ids in self.seen]


@pytest.fixture
def lists() -> Lists:
    return Lists()


@pytest.fixture
def proxy(sandbox: SandboxServer, lists: Lists, set_connection: ConnectionSetter) -> Iterator[FaultProxy]:
    """A proxy that notes each list; ``kaltura_default`` points to it."""
    with FaultProxy(sandbox.url, judge=lists) as running:
        set_connection(host=running.url, login=str(PARTNER), extra={"admin_secret": ADMIN_SECRET})
        yield running


@pytest.fixture
def direct(sandbox: SandboxServer) -> Iterator[KalturaClient]:
    """A client whose calls the proxy does not see."""
    from kaltura_provider.api import AdminSecretCredentials, ClientConfig

    with KalturaClient(ClientConfig(sandbox.url, PARTNER), AdminSecretCredentials(ADMIN_SECRET)) as client:
        yield client


Start = Callable[..., "asyncio.Task[dict[str, Any]]"]


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Run triggers as a triggerer does, each in a task of its own; the task's result is what the event says."""
    tasks: list[asyncio.Task[dict[str, Any]]] = []

    async def run(trigger: KalturaEntryReadyTrigger) -> dict[str, Any]:
        try:
            [event] = [event async for event in trigger.run()]
        finally:
            await trigger.cleanup()
        payload: dict[str, Any] = event.payload
        return payload

    def begin(
        ids: Sequence[str], kind: type[KalturaEntryReadyTrigger] = KalturaEntryReadyTrigger, **more: Any
    ) -> asyncio.Task[dict[str, Any]]:
        given = {"kaltura_conn_id": "kaltura_default", "poll_interval": 0.3, **more}
        tasks.append(asyncio.create_task(run(kind(entry_ids=ids, **given))))
        return tasks[-1]

    yield begin
    await stopped(tasks)


async def stopped(tasks: Sequence[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def until(condition: Callable[[], object], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        await asyncio.sleep(0.02)


def new_entries(client: KalturaClient, count: int) -> list[str]:
    batch = client.multirequest()
    for _ in range(count):
        batch.add("media", "add", {"entry": {"objectType": "KalturaMediaEntry", "mediaType": 2, "name": "test"}})
    return [str(entry["id"]) for entry in batch.send()]


async def test_tasks_that_wait_for_an_entry_each_are_looked_at_with_few_calls(
    proxy: FaultProxy, lists: Lists, direct: KalturaClient, start: Start
) -> None:
    entry_ids = new_entries(direct, 160)
    waiting = {entry_id: start([entry_id]) for entry_id in entry_ids}
    # Three looks at all of them, one after the other.
    await until(lambda: lists.sizes[-6:] == [150, 10] * 3)
    for first, second in zip(lists.seen[-6::2], lists.seen[-5::2], strict=True):
        assert set(first[1]) | set(second[1]) == set(entry_ids)
    before = len(lists.seen)
    assert before <= 16  # While they came there were a few more.
    assert len({session for session, _ in lists.seen}) == 1

    # Each is told of its own entry, and the others wait on.
    add_content(direct, entry_ids[7])
    event = await asyncio.wait_for(waiting.pop(entry_ids[7]), 30)
    assert (event["status"], list(event["entries"]), event["waiting"]) == ("ready", [entry_ids[7]], {})
    assert not any(task.done() for task in waiting.values())

    # Who is stopped takes its entries out.
    left = [entry_ids[3], entry_ids[158]]
    await stopped([task for entry_id, task in waiting.items() if entry_id not in left])
    await until(lambda: lists.sizes[-2:] == [2, 2])
    assert set(lists.seen[-1][1]) == set(left)

    # With the last one everything ends.
    await stopped([waiting[entry_id] for entry_id in left])
    await until(lambda: len(asyncio.all_tasks()) == 1)
    count = len(lists.seen)
    await asyncio.sleep(0.5)  # More than an interval.
    assert len(lists.seen) == count


async def test_an_entry_that_several_wait_for_is_asked_for_once(
    proxy: FaultProxy, lists: Lists, direct: KalturaClient, start: Start
) -> None:
    shared, other = new_entry(direct), new_entry(direct)
    waiting = [start([shared]), start([shared, other]), start([other])]
    await until(lambda: lists.sizes[-2:] == [2, 2])
    await asyncio.to_thread(add_content, direct, shared)
    first = await asyncio.wait_for(waiting[0], 30)
    assert list(first["entries"]) == [shared]
    await asyncio.to_thread(add_content, direct, other)
    second, third = await asyncio.wait_for(asyncio.gather(*waiting[1:]), 30)
    assert (set(second["entries"]), set(third["entries"])) == ({shared, other}, {other})


async def test_who_comes_later_is_looked_at_soon(
    proxy: FaultProxy, lists: Lists, direct: KalturaClient, start: Start
) -> None:
    start([new_entry(direct)], poll_interval=5)
    await until(lambda: lists.sizes)
    began = time.monotonic()
    event = await asyncio.wait_for(start([ready_entry(direct)], poll_interval=5), 30)
    assert event["status"] == "ready"
    assert time.monotonic() - began < 4  # A tenth of the interval, not the rest of it.
    assert lists.sizes == [1, 1]


async def test_the_log_says_only_what_is_new(
    proxy: FaultProxy, lists: Lists, direct: KalturaClient, start: Start, task_log: TaskLog
) -> None:
    def said() -> list[str]:
        return [entry["event"] for entry in task_log.entries if "not ready" in str(entry["event"])]

    entry_ids = new_entries(direct, 2)
    waiting = start(entry_ids, poll_interval=0.1)
    await until(lambda: len(lists.seen) >= 4)
    assert said() == ["2 of 2 Kaltura entries are not ready yet."]
    await asyncio.to_thread(add_content, direct, entry_ids[0])
    await until(lambda: len(said()) == 2)
    assert said()[1] == "1 of 2 Kaltura entries are not ready yet."
    assert not waiting.done()


async def test_a_deadline_holds_for_its_own_task(
    proxy: FaultProxy, lists: Lists, direct: KalturaClient, start: Start
) -> None:
    patient, hasty = new_entries(direct, 2)
    waiting = start([patient], poll_interval=60)
    event = await asyncio.wait_for(start([hasty], poll_interval=60, end_time=time.time() + 0.5), 30)
    assert event["status"] == "timeout"
    assert list(event["waiting"]) == [hasty]
    assert not waiting.done()


async def test_different_sessions_and_credentials_never_share(
    proxy: FaultProxy, lists: Lists, direct: KalturaClient, start: Start, set_connection: ConnectionSetter
) -> None:
    entry_ids = new_entries(direct, 5)
    start([entry_ids[0]])
    start([entry_ids[1]], session={"user_id": "ann"})
    # The same account and secret by another name are the same.
    set_connection("kaltura_alias", host=proxy.url, login=str(PARTNER), extra={"admin_secret": ADMIN_SECRET})
    start([entry_ids[2]], kaltura_conn_id="kaltura_alias")
    start([entry_ids[3]], wait_for_approval=False)
    expected = [{entry_ids[0], entry_ids[2]}, {entry_ids[1]}, {entry_ids[3]}]
    await until(lambda: all(each in [set(ids) for _, ids in lists.seen] for each in expected))
    sessions = {frozenset(ids): session for session, ids in lists.seen}
    assert len({sessions[frozenset(ids)] for ids in expected}) == 3

    # A secret that was changed meanwhile holds for whoever comes then, and for nobody else.
    set_connection(host=proxy.url, login=str(PARTNER), extra={"admin_secret": "another-secret"})
    event = await asyncio.wait_for(start([entry_ids[4]]), 30)
    assert (event["status"], event["retryable"]) == ("error", False)
    assert "INVALID_KS" in event["message"]
    seen = len(lists.seen)
    await until(lambda: expected[0] in [set(ids) for _, ids in lists.seen[seen:]])


async def test_a_refusal_is_told_to_all(
    proxy: FaultProxy, lists: Lists, start: Start, set_connection: ConnectionSetter
) -> None:
    set_connection(host=proxy.url, login=str(PARTNER), extra={"admin_secret": USER_SECRET})
    events = await asyncio.wait_for(asyncio.gather(*(start([f"1_{number}"]) for number in range(3))), 30)
    for number, event in enumerate(events):
        assert (event["status"], event["retryable"]) == ("error", False)
        assert event["entry_ids"] == [f"1_{number}"]
        assert "INVALID_KS" in event["message"]
        assert "in a row" not in event["message"]


async def test_what_one_asks_for_does_not_fail_the_others(
    sandbox: SandboxServer, direct: KalturaClient, start: Start, set_connection: ConnectionSetter
) -> None:
    looked_at: set[str] = set()

    def refuse(request: Request) -> Fault | None:
        if request.action != "baseEntry.list":
            return None
        ids = str(request.params["filter"]["idIn"]).split(",")
        if "1_spoilt" in ids:
            return Fault("api_error", code="PROPERTY_VALIDATION_ERROR", message="The id is too odd")
        looked_at.update(ids)
        return None

    with FaultProxy(sandbox.url, judge=refuse) as refusing:
        set_connection(host=refusing.url, login=str(PARTNER), extra={"admin_secret": ADMIN_SECRET})
        entry_ids = new_entries(direct, 14)
        waiting = [start([each], poll_interval=60) for each in entry_ids]
        event = await asyncio.wait_for(start(["1_spoilt"], poll_interval=60), 30)
        assert (event["status"], event["retryable"]) == ("error", False)
        assert "The id is too odd" in event["message"]
        await until(lambda: looked_at == set(entry_ids))
        assert not any(task.done() for task in waiting)


class Flaky(KalturaEntryReadyTrigger):
    """Looks that fail for a passing reason as often as asked for, whoever looks."""

    failures = 0
    looks = 0

    def look_at(self, client: KalturaClient, ids: list[str]) -> Look:
        Flaky.looks += 1
        if Flaky.looks <= Flaky.failures:
            raise KalturaError("CONNECTION_LOST", "the network went away")
        return super().look_at(client, ids)


@pytest.fixture
def failures(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    monkeypatch.setattr(Flaky, "looks", 0)
    return lambda count: monkeypatch.setattr(Flaky, "failures", count)


async def test_passing_faults_are_waited_out_by_all_together(
    proxy: FaultProxy, direct: KalturaClient, start: Start, failures: Callable[[int], None]
) -> None:
    failures(2)
    entry_ids = [ready_entry(direct) for _ in range(3)]
    events = await asyncio.wait_for(asyncio.gather(*(start([each], Flaky) for each in entry_ids)), 30)
    assert [event["status"] for event in events] == ["ready"] * 3
    assert Flaky.looks == 3


async def test_each_counts_the_faults_in_a_row_by_itself(
    proxy: FaultProxy, direct: KalturaClient, start: Start, failures: Callable[[int], None]
) -> None:
    failures(4)
    impatient, patient = [ready_entry(direct) for _ in range(2)]
    waiting = start([patient], Flaky, max_poll_failures=9)
    event = await asyncio.wait_for(start([impatient], Flaky, max_poll_failures=2), 30)
    assert (event["status"], event["retryable"]) == ("error", True)
    assert "2 in a row" in event["message"]
    assert (await asyncio.wait_for(waiting, 30))["status"] == "ready"
    assert Flaky.looks == 5


async def test_stopping_during_a_look_does_not_wait_for_it(
    sandbox: SandboxServer, direct: KalturaClient, start: Start, set_connection: ConnectionSetter
) -> None:
    import threading

    arrived, go_on = threading.Event(), threading.Event()

    def hold(request: Request) -> None:
        if request.action == "baseEntry.list":
            arrived.set()
            go_on.wait(30)

    with FaultProxy(sandbox.url, judge=hold) as holding:
        set_connection(host=holding.url, login=str(PARTNER), extra={"admin_secret": ADMIN_SECRET})
        waiting = start([new_entry(direct)])
        await until(arrived.is_set)
        await asyncio.wait_for(stopped([waiting]), 10)
        assert waiting.cancelled()
        # Meanwhile somebody else comes, who looks anew.
        event = start([ready_entry(direct)])
        go_on.set()
        assert (await asyncio.wait_for(event, 30))["status"] == "ready"
        await until(lambda: len(asyncio.all_tasks()) == 1)
