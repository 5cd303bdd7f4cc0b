"""Documents, counters, searches with a lag, and background jobs."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from kaltura_sandbox import registry
from kaltura_sandbox.query import ALL, contains, equal, has_element, one_of, starts_with
from kaltura_sandbox.sandbox import Sandbox
from kaltura_sandbox.store import Store

from .conftest import make_settings, wait_until


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "db.sqlite3")
    yield opened
    opened.close()


def test_simultaneous_changes_of_one_document_all_count(store: Store) -> None:
    things = store.collection("thing")
    things.insert({"id": "a", "partnerId": 1, "count": 0})

    def change(_: int) -> None:
        things.update("a", lambda document: document.update(count=document["count"] + 1))

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(change, range(400)))
    assert (things.get("a") or {})["count"] == 400


def test_counters_give_no_number_twice(store: Store) -> None:
    with ThreadPoolExecutor(16) as pool:
        numbers = list(pool.map(lambda _: store.next_number("n", first=100), range(300)))
    assert sorted(numbers) == list(range(100, 400))


def test_a_failed_transaction_leaves_nothing(store: Store) -> None:
    things, others = store.collection("thing"), store.collection("other")

    def fail_half_way() -> None:
        with store.transaction():
            things.insert({"id": "a", "partnerId": 1})
            others.insert({"id": "b", "partnerId": 1})
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        fail_half_way()
    assert things.get("a") is None
    assert others.count() == 0
    things.insert({"id": "a", "partnerId": 1})
    assert things.count() == 1


def test_a_collection_first_used_in_a_failed_transaction_can_be_used_afterwards(store: Store) -> None:
    def fail_at_first_use() -> None:
        with store.transaction():
            store.collection("thing", "name").insert({"id": "a", "partnerId": 1})
            raise RuntimeError("no")

    for _ in range(2):
        with pytest.raises(RuntimeError, match="no"):
            fail_at_first_use()
    store.collection("thing", "name").insert({"id": "a", "partnerId": 1})
    assert store.collection("thing", "name").count() == 1


def test_a_refused_change_leaves_the_document(store: Store) -> None:
    things = store.collection("thing")
    things.insert({"id": "a", "partnerId": 1, "x": 1})

    def refuse(document: dict[str, Any]) -> None:
        document["x"] = 2
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        things.update("a", refuse)
    assert things.get("a") == {"id": "a", "partnerId": 1, "x": 1}


def test_conditions(store: Store) -> None:
    things = store.collection("thing", "name")
    for key, name, tags in (("a", "Alpha", "red, blue"), ("b", "beta", "redder"), ("c", "gamma%", None)):
        things.insert({"id": key, "partnerId": 1, "name": name, **({"tags": tags} if tags else {}), "list": [key, "z"]})

    def ids(where: Any) -> str:
        return "".join(each["id"] for each in things.find(where))

    assert ids(ALL) == "abc"
    assert ids(equal("name", "beta")) == "b"
    assert ids(equal("tags", None)) == "c"
    assert ids(one_of("id", ["a", "c"])) == "ac"
    assert ids(one_of("id", [])) == ""
    assert ids(~one_of("id", ["a"])) == "bc"
    assert ids(~equal("tags", "redder")) == "ac"
    assert ids(contains("name", "LPH")) == "a"
    assert ids(contains("name", "%")) == "c"
    assert ids(starts_with("name", "BE")) == "b"
    assert ids(has_element("tags", ["RED"])) == "a"
    assert ids(has_element("tags", ["red", "redder"])) == "ab"
    assert ids(has_element("list", ["b"])) == "b"
    assert ids(has_element("list", ["z"]) & (equal("id", "a") | equal("id", "b"))) == "ab"


def test_ten_thousand_documents_stay_fast(store: Store) -> None:
    things = store.collection("thing", "referenceId")
    with store.transaction():
        for number in range(10_000):
            things.insert({
                "id": f"id{number}", "partnerId": 1, "referenceId": f"r{number}", "createdAt": number,
                "description": "x" * 500,
            })  # fmt: skip
    started = time.perf_counter()
    for number in range(0, 10_000, 100):
        assert (things.get(f"id{number}") or {})["createdAt"] == number
        assert len(things.find(equal("referenceId", f"r{number}"))) == 1
    assert time.perf_counter() - started < 1.0, "lookups must use indexes"
    page = things.find(equal("partnerId", 1), [("createdAt", True)], limit=30, offset=60)
    assert [each["createdAt"] for each in page] == list(range(9939, 9909, -1))


def test_a_lagging_search_sees_old_values_until_the_lag_is_over(tmp_path: Path) -> None:
    store = Store(tmp_path / "db.sqlite3", index_lag=0.4)
    things = store.collection("thing")

    def seen(name: str) -> bool:
        return things.count(equal("name", name), search=True) == 1

    def wait_for(name: str) -> float:
        started = time.monotonic()
        while not seen(name):
            assert time.monotonic() - started < 10
            threading.Event().wait(0.01)
        return time.monotonic() - started

    things.insert({"id": "a", "partnerId": 1, "name": "old"})
    assert not seen("old")
    assert things.get("a") is not None
    assert wait_for("old") > 0.2
    things.update("a", name="new")
    assert seen("old")
    assert not seen("new")
    assert things.find(equal("name", "old"), search=True)[0]["name"] == "new", "what is found is answered as it is now"
    assert things.count(equal("name", "new")) == 1, "only searches lag"
    wait_for("new")
    assert not seen("old")
    things.update("a", name="newest")
    store.close()

    again = Store(tmp_path / "db.sqlite3", index_lag=0.4)
    things = again.collection("thing")
    wait_for("newest")
    again.close()


def test_the_lag_changes_while_the_store_is_used(store: Store) -> None:
    things = store.collection("thing", "name")

    def seen(name: str) -> bool:
        return things.count(equal("name", name), search=True) == 1

    things.insert({"id": "a", "partnerId": 1, "name": "first"})
    assert seen("first")
    store.set_index_lag(3600)
    assert seen("first"), "what was stored before is known"
    things.update("a", name="second")
    things.insert({"id": "b", "partnerId": 1, "name": "new"})
    assert not seen("second")
    assert not seen("new")
    store.set_index_lag(0.05)
    wait_until(lambda: seen("second") and seen("new"))
    store.set_index_lag(0)
    things.update("a", name="third")
    assert seen("third")
    store.set_index_lag(3600)
    assert seen("third"), "changes made without a lag are known too"


def test_a_shorter_lag_never_brings_back_an_older_version(store: Store) -> None:
    things = store.collection("thing")
    store.set_index_lag(0.6)
    things.insert({"id": "a", "partnerId": 1, "name": "old"})
    store.set_index_lag(0.01)
    things.update("a", name="new")
    wait_until(lambda: things.count(equal("name", "new"), search=True) == 1)
    with store.transaction() as connection:
        assert connection.execute("SELECT count(*) FROM unindexed").fetchone() == (0,), "nothing older is to come"


@pytest.fixture
def recorded() -> Iterator[list[dict[str, Any]]]:
    """A job that records its payloads, the first try of which fails when asked to."""
    seen: list[dict[str, Any]] = []

    def handler(sandbox: Sandbox, payload: dict[str, Any]) -> None:
        seen.append(payload)

    registry.job("test.record")(handler)
    yield seen
    del registry.JOBS["test.record"]


def test_jobs_run_in_order_of_their_time(tmp_path: Path, recorded: list[dict[str, Any]]) -> None:
    sandbox = Sandbox(make_settings(tmp_path))
    sandbox.start()
    sandbox.jobs.schedule("test.record", {"n": 2}, delay=0.3)
    sandbox.jobs.schedule("test.record", {"n": 1})
    wait_until(lambda: len(recorded) == 2)
    sandbox.stop()
    assert recorded == [{"n": 1}, {"n": 2}]


def test_jobs_wait_for_the_next_start_and_run_once(tmp_path: Path, recorded: list[dict[str, Any]]) -> None:
    first = Sandbox(make_settings(tmp_path))
    first.jobs.schedule("test.record", {"n": 1})
    first.stop()
    assert recorded == []
    second = Sandbox(make_settings(tmp_path))
    second.start()
    wait_until(lambda: recorded)
    wait_until(lambda: second.store.connection.execute("SELECT COUNT(*) FROM jobs").fetchone()[0] == 0)
    second.stop()
    third = Sandbox(make_settings(tmp_path))
    third.start()
    third.stop()
    assert recorded == [{"n": 1}]


def test_a_job_of_a_failed_transaction_never_runs(tmp_path: Path, recorded: list[dict[str, Any]]) -> None:
    sandbox = Sandbox(make_settings(tmp_path))
    sandbox.start()

    def fail_after_scheduling() -> None:
        with sandbox.store.transaction():
            sandbox.jobs.schedule("test.record", {"n": "lost"})
            raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        fail_after_scheduling()
    sandbox.jobs.schedule("test.record", {"n": "kept"})
    wait_until(lambda: recorded)
    sandbox.stop()
    assert recorded == [{"n": "kept"}]
