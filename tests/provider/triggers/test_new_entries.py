"""Following new entries of a local Kaltura: none is lost, whatever dies when, and none comes twice without need."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from tests.provider.airflow_fixtures import ADMIN_SECRET, PARTNER, ConnectionSetter
from tests.provider.entries import add_content, new_entry
from tests.provider.triggers.streams import Triggerer

from kaltura_provider.api import KalturaClient
from kaltura_provider.hooks import new_entries
from kaltura_provider.hooks.kaltura import KalturaHook
from kaltura_provider.hooks.new_entries import Watch, WatchState, first_state, look
from kaltura_provider.triggers.new_entries import STATE_KEY, KalturaNewEntriesTrigger
from kaltura_sandbox.server import SandboxServer


class Store:
    """An asset state store as Airflow's: JSON values, and it outlives the triggerer."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self.writes = 0

    async def aget(self, key: str, default: Any = None) -> Any:
        return json.loads(self.values[key]) if key in self.values else default

    async def aset(self, key: str, value: Any) -> None:
        assert value is not None
        self.values[key] = json.dumps(value)
        self.writes += 1

    async def written(self, times: int = 1) -> None:
        while self.writes < times:
            await asyncio.sleep(0.02)


@pytest.fixture
def server(new_sandbox: Callable[..., SandboxServer], set_connection: ConnectionSetter) -> SandboxServer:
    """An account of its own, as a watcher sees everything in it."""
    server = new_sandbox()
    set_connection(host=server.url, login=str(PARTNER), extra={"admin_secret": ADMIN_SECRET})
    return server


@pytest.fixture
def account(server: SandboxServer) -> Any:
    hook = KalturaHook()
    yield hook.get_conn()
    hook.close()


def trigger(store: Store | None = None, **more: Any) -> KalturaNewEntriesTrigger:
    made = KalturaNewEntriesTrigger(**{"poll_interval": 0.05, "status": "added", **more})
    made.asset_state_store = store  # type: ignore[assignment]
    return made


def ids(payloads: list[Any]) -> list[str]:
    return [entry_id for payload in payloads for entry_id in payload["entry_ids"]]


async def started(store: Store, **more: Any) -> Triggerer:
    """A watcher that has noted where it begins."""
    triggerer = Triggerer()
    triggerer.start(trigger(store, **more))
    return triggerer


async def test_new_entries_become_events_and_are_noted_when_these_are_stored(account: KalturaClient) -> None:
    new_entry(account)
    since = int(time.time()) + 1
    await asyncio.sleep(1.1)
    store = Store()
    triggerer = await started(store, since=since)
    made = [new_entry(account) for _ in range(3)]
    while set(ids([payload for _, payload in triggerer.sent])) != set(made):
        await asyncio.sleep(0.02)
    assert STATE_KEY not in store.values
    triggerer.store()
    await asyncio.wait_for(store.written(), 30)
    await triggerer.stop()

    again = await started(store, since=since)
    later = new_entry(account)
    assert ids(await again.events(1)) == [later]
    await again.stop()


async def test_a_triggerer_that_dies_before_the_event_is_stored_repeats_it(account: KalturaClient) -> None:
    store = Store()
    first = await started(store, since=int(time.time()) - 5)
    made = new_entry(account)
    assert ids(await first.events(1)) == [made]
    await first.stop()
    assert store.values == {}

    second = await started(store, since=int(time.time()) - 5)
    assert ids(await second.events(1)) == [made]
    second.store()
    await asyncio.wait_for(store.written(), 30)
    await second.stop()


async def test_an_event_that_airflow_can_not_store_is_not_skipped(account: KalturaClient) -> None:
    """Events after it must not let the watcher go on without it."""
    store = Store()
    triggerer = Triggerer(ack_timeout=0.2)
    triggerer.start(trigger(store, since=int(time.time()) - 5))
    made = new_entry(account)
    assert ids(await triggerer.events(1)) == [made]
    # The manager looks for late confirmations every few seconds at most.
    while not triggerer._tasks[0].done():
        await asyncio.sleep(0.05)
    await triggerer.stop()
    assert store.values == {}


async def test_ready_is_told_when_it_happens_however_long_after(account: KalturaClient) -> None:
    store = Store()
    triggerer = await started(store, status="ready", since=int(time.time()) - 5, overlap=0)
    slow = new_entry(account)
    # It is noted as not ready yet, which needs no event.
    await asyncio.wait_for(store.written(), 30)
    assert list(WatchState.from_json(json.loads(store.values[STATE_KEY])).pending) == [slow]  # type: ignore[union-attr]
    await triggerer.stop()

    again = await started(store, status="ready", overlap=0)
    quick = new_entry(account)
    add_content(account, quick)
    assert ids(await again.events(1)) == [quick]
    add_content(account, slow)
    assert ids(await again.events(2)) == [quick, slow]
    again.store()
    await asyncio.wait_for(store.written(2), 30)
    await again.stop()
    assert json.loads(store.values[STATE_KEY])["pending"] == ""


async def test_only_what_the_filter_matches(account: KalturaClient) -> None:
    triggerer = await started(Store(), since=int(time.time()) - 5, filter={"tagsMultiLikeOr": "lecture"})
    new_entry(account, tags="music")
    wanted = new_entry(account, tags="lecture, optics")
    assert ids(await triggerer.events(1)) == [wanted]
    await triggerer.stop()


async def test_a_session_that_has_ended_is_renewed(account: KalturaClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="kaltura_provider")
    # Each session ends after two calls.
    limited = {"privileges": "actionslimit:2,disableentitlement"}
    triggerer = await started(Store(), since=int(time.time()) - 5, session=limited)
    first = new_entry(account)
    assert ids(await triggerer.events(1)) == [first]
    while sum("no longer accepts the session" in text for text in caplog.messages) < 2:
        await asyncio.sleep(0.02)
    second = new_entry(account)
    assert ids(await triggerer.events(2)) == [first, second]
    await triggerer.stop()


async def test_assets_that_share_a_trigger_are_told_so(account: KalturaClient) -> None:
    triggerer = Triggerer()

    from airflow.sdk import Asset
    from airflow.sdk.execution_time.context import AssetStateStoreAccessors

    shared: Any = AssetStateStoreAccessors(inlets=[Asset("one", "x-kaltura://one"), Asset("two", "x-kaltura://two")])
    triggerer.start(trigger(shared))
    with pytest.raises(ValueError, match="Give one of them another poll_interval"):
        await triggerer.events(1)
    await triggerer.stop()


async def test_a_kaltura_that_is_away_is_waited_for(
    account: KalturaClient, server: SandboxServer, set_connection: ConnectionSetter, task_log: Any
) -> None:
    set_connection(host="http://127.0.0.1:9", login=str(PARTNER), extra={"admin_secret": ADMIN_SECRET})
    triggerer = await started(Store(), since=int(time.time()) - 5)
    made = new_entry(account)
    while not any("New Kaltura entries cannot be looked for" in str(entry["event"]) for entry in task_log.entries):
        await asyncio.sleep(0.05)
    assert triggerer.sent == []
    await triggerer.stop()
    set_connection(host=server.url, login=str(PARTNER), extra={"admin_secret": ADMIN_SECRET})
    back = await started(Store(), since=int(time.time()) - 60)
    assert made in ids(await back.events(1))
    await back.stop()


async def test_without_a_state_store_it_runs_in_memory(account: KalturaClient) -> None:
    """Airflow before 3.3."""
    running = trigger(since=int(time.time()) - 5).run()
    made = new_entry(account)
    event = await asyncio.wait_for(anext(running), 30)
    assert event.payload == {"entry_ids": [made]}


def test_a_watcher_begins_now_and_not_an_overlap_earlier(account: KalturaClient) -> None:
    old = new_entry(account)
    time.sleep(1.1)
    state = first_state(account, None)
    new = new_entry(account)
    [found] = look(account, state, Watch("added")).found
    assert found.entry_ids == [new]
    assert old not in found.state.recent


def test_entries_that_search_shows_late_are_not_missed(
    new_sandbox: Callable[..., SandboxServer], set_connection: ConnectionSetter
) -> None:
    server = new_sandbox(index_lag=1.5)
    set_connection(host=server.url, login=str(PARTNER), extra={"admin_secret": ADMIN_SECRET})
    hook = KalturaHook()
    client = hook.get_conn()
    made: set[str] = set()
    seen: list[str] = []
    state = first_state(client, None)
    deadline = time.monotonic() + 60
    while len(made) < 12 or set(seen) != made:
        if len(made) < 12:
            made.add(new_entry(client))
        for found in look(client, state, Watch("added")).found:
            seen += found.entry_ids
            state = WatchState.from_json(json.loads(json.dumps(found.state.to_json()))) or state
        time.sleep(0.2)
        assert time.monotonic() < deadline
    assert len(seen) == 12
    hook.close()


def test_many_at_once_come_in_batches_that_can_each_be_the_last_one(
    account: KalturaClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(new_entries, "MAX_BATCH", 10)
    monkeypatch.setattr(new_entries, "MAX_LOOK", 25)
    state = first_state(account, None)
    made = {new_entry(account) for _ in range(60)}
    seen: list[str] = []
    sizes = []
    more = True
    while more:
        result = look(account, state, Watch("added"))
        more = result.more
        for found in result.found:
            sizes.append(len(found.entry_ids))
            seen += found.entry_ids
            # As if the watcher died and began anew after each of them.
            [*_, last] = look(account, found.state, Watch("added")).found or [found]
            assert not set(last.entry_ids) & set(seen) or last is found
            state = found.state
    assert max(sizes) == 10
    assert sorted(seen) == sorted(made)


def test_many_that_become_ready_at_once(account: KalturaClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(new_entries, "MAX_BATCH", 3)
    state = first_state(account, None)
    made = [new_entry(account) for _ in range(8)]
    [noted] = look(account, state, Watch("ready")).found
    assert (noted.entry_ids, set(noted.state.pending)) == ([], set(made))
    for entry_id in made[:-1]:
        add_content(account, entry_id)
    deadline = time.monotonic() + 60
    seen: list[str] = []
    state = noted.state
    while len(seen) < 7 and time.monotonic() < deadline:
        for found in look(account, state, Watch("ready")).found:
            assert len(found.entry_ids) <= 3
            seen += found.entry_ids
            state = found.state
        time.sleep(0.05)
    assert sorted(seen) == sorted(made[:-1])
    assert list(state.pending) == made[-1:]


def test_what_never_becomes_ready_or_is_gone_is_forgotten(account: KalturaClient) -> None:
    state = first_state(account, None)
    stuck, gone = new_entry(account), new_entry(account)
    [found] = look(account, state, Watch("ready")).found
    assert set(found.state.pending) == {stuck, gone}
    account.call("baseEntry", "delete", {"entryId": gone})
    [found] = look(account, found.state, Watch("ready")).found
    assert set(found.state.pending) == {stuck}
    time.sleep(1.1)
    [found] = look(account, found.state, Watch("ready", give_up_after=0)).found
    assert (found.entry_ids, found.state.pending) == ([], {})


def test_nothing_new_changes_nothing(account: KalturaClient) -> None:
    state = first_state(account, None)
    new_entry(account)
    [found] = look(account, state, Watch("added")).found
    assert look(account, found.state, Watch("added")).found == []


def test_a_server_whose_clock_is_ahead_does_not_make_it_skip(account: KalturaClient) -> None:
    state = first_state(account, None)
    future = int(time.time()) + 3600
    entry = {"objectType": "KalturaMediaEntry", "mediaType": 2, "name": "ahead"}
    ahead = account.call("media", "add", {"entry": entry})["id"]

    class Ahead:
        """The account, where one entry seems to come from the future."""

        def __getattr__(self, name: str) -> Any:
            return getattr(account, name)

        def iterate(self, *args: Any, **more: Any) -> Any:
            for item in account.iterate(*args, **more):
                yield {**item, "createdAt": future} if item["id"] == ahead else item

    [found] = look(Ahead(), state, Watch("added")).found  # type: ignore[arg-type]
    assert found.entry_ids == [ahead]
    assert found.state.watermark <= time.time() + 1
    after = new_entry(account)
    [found] = look(Ahead(), found.state, Watch("added")).found  # type: ignore[arg-type]
    assert found.entry_ids == [after]


def test_the_stored_state_is_small_and_forgets_the_oldest_first() -> None:
    recent = {f"1_{number:08}": 1_790_000_000 + number for number in range(5000)}
    stored = json.loads(json.dumps(WatchState(1_790_005_000, 1_790_000_000, recent, {"1_slow": 5}).to_json()))
    assert len(json.dumps(stored)) < 64 * 1024
    read = WatchState.from_json(stored)
    assert read is not None
    assert list(read.recent)[-1] == "1_00004999"
    assert len(read.recent) == 2000
    assert read.pending == {"1_slow": 5}


@pytest.mark.parametrize("stored", [None, 7, {}, {"watermark": "x", "start": 1, "recent": "", "pending": ""}])
def test_a_state_that_is_none_begins_anew(stored: Any) -> None:
    assert WatchState.from_json(stored) is None


def test_serialized_form_rebuilds_it() -> None:
    original = trigger(filter={"tagsMultiLikeOr": "a"}, since=1_790_000_000, session={"user_id": "x"})
    path, kwargs = original.serialize()
    assert path == "kaltura_provider.triggers.new_entries.KalturaNewEntriesTrigger"
    assert KalturaNewEntriesTrigger(**json.loads(json.dumps(kwargs))).serialize() == (path, kwargs)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"status": "live"}, "use one of ready, added"),
        ({"filter": {"orderBy": "-name"}}, "must not hold orderBy"),
        ({"overlap": -1}, "overlap is -1"),
        ({"since": 3600}, "give Unix seconds"),
    ],
)
def test_wrong_arguments_are_found_when_the_dag_is_parsed(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        trigger(**wrong)
