"""The rate of calls as the server sees it, and what refusals do to it."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.provider.api.scripted import (
    NoSession,
    Received,
    Reply,
    ScriptedServer,
    api_error,
    client_of,
    quick,
    result,
)

from kaltura_provider.api import ClientConfig, KalturaClient, KalturaError
from kaltura_provider.api.pacing import Pace, pace_of
from kaltura_sandbox.server import SandboxServer

BLOCKED = api_error("ACTION_BLOCKED", "Action add in service media is blocked")


class Times:
    """Answers every call, and notes when it came."""

    def __init__(self) -> None:
        self.seen: list[float] = []
        self._lock = threading.Lock()

    def __call__(self, _: Received) -> Reply:
        with self._lock:
            self.seen.append(time.monotonic())
        return result(True)


@pytest.mark.parametrize("threads", [1, 8])
def test_no_more_calls_arrive_than_the_rate_allows(threads: int) -> None:
    times = Times()
    with ScriptedServer(times) as server, client_of(server, calls_per_second=40.0) as client:
        started = time.monotonic()
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda _: client.call("media", "get", {"entryId": "0_x"}), range(41)))
    assert len(times.seen) == 41
    # A slow machine may delay any of them, but none can come before its moment.
    for number, moment in enumerate(sorted(times.seen)):
        assert moment - started >= number / 40, number


def test_the_rate_is_used() -> None:
    """A limit must not cost more than it says."""
    pace = Pace(200.0)
    started = time.monotonic()
    for _ in range(101):
        pace.take(["system.ping"])
    assert 0.5 <= time.monotonic() - started < 5


def test_time_without_calls_is_not_saved_up() -> None:
    pace = Pace(20.0)
    pace.take(["a.b"])
    time.sleep(0.3)
    started = time.monotonic()
    for _ in range(5):
        pace.take(["a.b"])
    assert time.monotonic() - started >= 4 / 20


def test_each_call_in_a_multirequest_counts() -> None:
    def answer(received: Received) -> Reply:
        return result([True] * sum(key.isdigit() for key in received.json))

    with ScriptedServer(answer) as server, client_of(server, calls_per_second=50.0) as client:
        started = time.monotonic()
        for _ in range(3):
            batch = client.multirequest()
            for _ in range(10):
                batch.add("system", "ping")
            assert batch.send() == [True] * 10
        assert time.monotonic() - started >= 20 / 50
        assert len(server.requests) == 3


def test_the_real_client_against_the_sandbox_stays_below(sandbox: SandboxServer) -> None:
    config = ClientConfig(sandbox.url, 102, calls_per_second=25.0)
    with KalturaClient(config, NoSession()) as client, ThreadPoolExecutor(6) as pool:
        started = time.monotonic()
        assert all(pool.map(lambda _: client.ping(), range(26)))
        assert time.monotonic() - started >= 25 / 25


def test_clients_of_one_account_share_the_rate() -> None:
    times = Times()
    with (
        ScriptedServer(times) as server,
        client_of(server, calls_per_second=40.0) as one,
        client_of(server, calls_per_second=40.0) as other,
        ThreadPoolExecutor(2) as pool,
    ):
        started = time.monotonic()
        for future in [pool.submit(lambda c=c: [c.call("media", "get") for _ in range(10)]) for c in (one, other)]:  # type: ignore[misc]
            future.result()
        assert time.monotonic() - started >= 19 / 40
    assert pace_of(quick("http://a", calls_per_second=1.0)) is not pace_of(quick("http://b", calls_per_second=1.0))


def test_a_refused_action_is_left_alone_by_all_threads_and_others_go_on() -> None:
    pause = 1.5
    added, others, refused_at = Times(), Times(), list[float]()

    def answer(received: Received) -> Reply:
        if "/media/action/add" not in received.target:
            return others(received)
        if not refused_at:
            refused_at.append(time.monotonic())
            return BLOCKED
        return added(received)

    with ScriptedServer(answer) as server, client_of(server, rate_limit_wait=pause) as client:
        first = threading.Thread(target=client.call, args=("media", "add"))
        first.start()
        while not refused_at:
            time.sleep(0.005)
        # The refusal must have come back to the client before other threads can know of it.
        while not client._caller.pace._paused:
            time.sleep(0.005)
        client.call("media", "get")
        assert others.seen[0] < refused_at[0] + pause
        client.call("media", "add")
        first.join()
    assert len(added.seen) == 2
    assert min(added.seen) >= refused_at[0] + pause


def test_a_refusal_inside_a_multirequest_counts_as_well() -> None:
    refusal = {"code": "ACTION_BLOCKED", "message": "", "objectType": "KalturaAPIException", "args": []}
    with (
        ScriptedServer(result([True, refusal]), result(True)) as server,
        client_of(server, rate_limit_wait=3) as client,
    ):
        batch = client.multirequest()
        batch.add("system", "ping")
        batch.add("media", "add")
        started = time.monotonic()
        assert isinstance(batch.send(raise_on_error=False)[1], KalturaError)
        client.call("system", "ping")
        assert time.monotonic() - started < 3
        client.call("media", "add")
        assert time.monotonic() - started >= 3


def test_the_rate_falls_with_each_refusal_and_comes_back() -> None:
    pace = Pace(80.0)
    pace.refused("media.add", 0.2)
    assert pace.rate() == 40
    # Calls that were on their way together are one refusal.
    pace.refused("media.add", 0.2)
    assert pace.rate() == 40
    pace.refused("media.get", 0.2)
    assert pace.rate() == 20
    for _ in range(20):
        pace.refused(f"media.action{_}", 0.2)
    assert pace.rate() == 80 / 16
    deadline = time.monotonic() + 10
    seen = set()
    while pace.rate() != 80 and time.monotonic() < deadline:
        seen.add(pace.rate())
        time.sleep(0.02)
    assert pace.rate() == 80
    assert seen == {5, 10, 20, 40}


def test_a_limit_must_be_a_rate() -> None:
    for wrong in (0, -1, float("inf"), float("nan")):
        with pytest.raises(ValueError, match="calls_per_second must be a number above 0"):
            quick("http://a", calls_per_second=wrong)
