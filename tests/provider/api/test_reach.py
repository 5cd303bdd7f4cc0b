"""Orders are made once, whatever becomes of requests and answers."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.provider.api.conftest import ClientFactory
from tests.provider.api.dying import Killed, dying
from tests.provider.conftest import sandbox_settings
from tests.provider.entries import SOUND, new_entry, sound_entry, uploaded
from tests.provider.reach import TASKS, item_for, profile_with_credit, report, tasks_of, wait_for_task

from kaltura_provider.api import KalturaClient
from kaltura_provider.api.reach import Ordered, TaskStatus, look_at_tasks, place_orders, quote_orders
from kaltura_provider.api.reach_catalog import (
    CatalogItem,
    ReachProfile,
    ReachWish,
    choose_item,
    list_catalog,
    list_profiles,
)
from kaltura_sandbox.faults.fault import Fault
from kaltura_sandbox.faults.proxy import FaultProxy
from kaltura_sandbox.faults.rules import Rule
from kaltura_sandbox.server import SandboxServer


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    """Converts at once, as every test needs an entry that is READY."""
    settings = sandbox_settings(tmp_path_factory.mktemp("sandbox"), conversion_seconds=0.01)
    with SandboxServer(settings) as server:
        yield server


@pytest.fixture
def proxy(sandbox: SandboxServer) -> Iterator[FaultProxy]:
    with FaultProxy(sandbox.url) as running:
        yield running


@pytest.fixture
def through(new_client: ClientFactory, proxy: FaultProxy) -> Callable[[], KalturaClient]:
    """Makes clients that talk through the proxy."""
    return lambda: new_client(url=proxy.url, max_attempts=2, backoff_initial=0.02)


@pytest.fixture
def item(client: KalturaClient) -> CatalogItem:
    return choose_item(list_catalog(client), ReachWish("English"))


@pytest.fixture
def profile(client: KalturaClient) -> ReachProfile:
    return next(each for each in list_profiles(client) if each.name == "Default")


@pytest.fixture
def entry(client: KalturaClient) -> str:
    return sound_entry(client)


def again(client: KalturaClient) -> CatalogItem:
    """An item that Kaltura lets one order again once it was carried out."""
    found = item_for(client, "Dutch", allowResubmission=True)
    return choose_item(list_catalog(client), ReachWish(catalog_item_id=found))


def done(results: list[Ordered]) -> list[str]:
    assert [each.error for each in results] == [None] * len(results)
    return [each.task.id for each in results if each.task is not None]


def test_once_while_under_way_and_once_done(
    client: KalturaClient, entry: str, item: CatalogItem, profile: ReachProfile
) -> None:
    (first,) = place_orders(client, [entry, entry], item, profile, notes="names")
    assert (first.is_new, first.task is not None and first.task.price) == (True, 0.05)
    assert [each["notes"] for each in tasks_of(client, entry)] == ["names"]
    (second,) = place_orders(client, [entry], item, profile)
    assert (second.is_new, done([second])) == (False, done([first]))
    wait_for_task(client, done([first])[0])
    (third,) = place_orders(client, [entry], item, profile)
    assert (third.is_new, done([third])) == (False, done([first]))
    task = look_at_tasks(client, done([first]))[done([first])[0]]
    caption = client.call("caption_captionAsset", "get", {"captionAssetId": task.output_id})
    assert (caption["entryId"], caption["language"]) == (entry, "English")


def test_new_content_and_failed_orders_are_ordered_anew(
    client: KalturaClient, entry: str, item: CatalogItem, profile: ReachProfile
) -> None:
    (first,) = done(place_orders(client, [entry], item, profile))
    wait_for_task(client, first)
    client.call("media", "updateContent", {"entryId": entry, "resource": uploaded(client, SOUND * 2, "b.mp3")})
    end = time.monotonic() + 20
    while client.call("baseEntry", "get", {"entryId": entry})["replacementStatus"]:
        assert time.monotonic() < end
        time.sleep(0.02)
    (second,) = place_orders(client, [entry], item, profile)
    assert second.is_new
    (second_id,) = done([second])
    report(client, second_id, 6, "bad sound")
    assert (
        look_at_tasks(client, [second_id])[second_id].describe().startswith("ERROR (bad sound): the vendor could not")
    )
    (third,) = place_orders(client, [entry], item, profile)
    assert third.is_new


def test_many_entries_take_few_requests(
    through: Callable[[], KalturaClient], proxy: FaultProxy, client: KalturaClient, item: CatalogItem,
    profile: ReachProfile,
) -> None:  # fmt: skip
    entries = [sound_entry(client) for _ in range(3)]
    kaltura = through()
    kaltura.ks()
    proxy.reset()
    tasks = done(place_orders(kaltura, entries, item, profile))
    assert Counter(proxy.calls) == {"multirequest": 2}
    proxy.reset()
    assert list(look_at_tasks(kaltura, tasks)) == tasks
    assert Counter(proxy.calls) == {f"{TASKS}.list": 1}


@pytest.mark.parametrize("fault", ["drop_request", "drop_answer"])
@pytest.mark.parametrize("number", [1, 2])
def test_a_lost_request_or_answer_orders_once(
    through: Callable[[], KalturaClient], proxy: FaultProxy, client: KalturaClient, entry: str, item: CatalogItem,
    profile: ReachProfile, fault: str, number: int,
) -> None:  # fmt: skip
    kaltura = through()
    kaltura.ks()
    proxy.set_rules([Rule(Fault(fault), action="multirequest", nth=number)])
    done(place_orders(kaltura, [entry], item, profile))
    assert len(proxy.events) == 1
    assert len(tasks_of(client, entry)) == 1


@pytest.mark.parametrize("number", range(1, 5))
def test_a_worker_that_dies_orders_once(
    client: KalturaClient, new_client: ClientFactory, entry: str, item: CatalogItem, profile: ReachProfile, number: int
) -> None:
    with pytest.raises(Killed):
        place_orders(dying(new_client(), number), [entry], item, profile)
    done(place_orders(client, [entry], item, profile))
    assert len(tasks_of(client, entry)) == 1


def test_two_at_once_order_once(
    client: KalturaClient, new_client: ClientFactory, entry: str, item: CatalogItem, profile: ReachProfile
) -> None:
    with ThreadPoolExecutor(4) as pool:
        results = list(
            pool.map(lambda kaltura: place_orders(kaltura, [entry], item, profile), [new_client() for _ in range(4)])
        )
    assert len({done(each)[0] for each in results}) == 1
    assert sum(each[0].is_new for each in results) == 1
    assert len(tasks_of(client, entry)) == 1


def test_what_may_be_ordered_again_is_not_ordered_blindly(
    through: Callable[[], KalturaClient], proxy: FaultProxy, client: KalturaClient, entry: str, profile: ReachProfile
) -> None:
    repeatable = again(client)
    kaltura = through()
    kaltura.ks()
    # The request never arrived, and nobody can tell: ordering again could cost twice.
    proxy.set_rules([Rule(Fault("drop_request"), action="multirequest", nth=2)])
    (result,) = place_orders(kaltura, [entry], repeatable, profile, patience=0.1)
    assert result.error is not None
    assert (result.error.code, result.error.retryable) == ("ORDER_OUTCOME_UNKNOWN", False)
    assert "Services Dashboard" in str(result.error)
    assert tasks_of(client, entry) == []
    # It arrived, and only the answer was lost.
    proxy.set_rules([Rule(Fault("drop_answer"), action="multirequest", nth=2)])
    done(place_orders(kaltura, [entry], repeatable, profile))
    assert len(tasks_of(client, entry)) == 1


def test_a_search_that_lags_hides_no_order(
    new_sandbox: Callable[..., SandboxServer], new_client: ClientFactory
) -> None:
    client = new_client(url=new_sandbox(index_lag=0.5, conversion_seconds=0.05, reach_seconds=30).url)
    entry = sound_entry(client)
    item = choose_item(list_catalog(client), ReachWish("English"))
    profile = next(each for each in list_profiles(client) if each.name == "Default")
    (first,) = done(place_orders(client, [entry], item, profile))
    assert look_at_tasks(client, [first])[first].status == TaskStatus.PENDING
    assert done(place_orders(client, [entry], item, profile, patience=10)) == [first]
    (hidden,) = place_orders(client, [sound_entry(client)], item, profile)
    (result,) = place_orders(client, [hidden.entry_id], item, profile, patience=0)
    assert result.error is not None
    assert (result.error.code, result.error.retryable) == ("ORDER_NOT_LISTED", True)


def test_entries_that_cannot_be_ordered_for_stop_no_other(
    client: KalturaClient, entry: str, item: CatalogItem, profile: ReachProfile
) -> None:
    empty = new_entry(client)
    results = place_orders(client, ["0_nowhere1", empty, entry], item, profile)
    assert [each.error.code if each.error else None for each in results] == [
        "ENTRY_ID_NOT_FOUND",
        "ENTRY_NOT_READY",
        None,
    ]
    poor = profile_with_credit(client, "Poor", 0)
    (refused,) = place_orders(client, [sound_entry(client)], item, ReachProfile(poor, "Poor", 0, 0))
    assert refused.error is not None
    assert refused.error.code == "EXCEEDED_MAX_CREDIT_ALLOWED"
    assert "dry run" in str(refused.error)


def test_a_quote_orders_nothing(client: KalturaClient, entry: str, item: CatalogItem, profile: ReachProfile) -> None:
    other = sound_entry(client)
    found = quote_orders(client, [entry, other, "0_nowhere1"], item, profile)
    assert (found.prices, found.total, found.unknown) == ({entry: 0.05, other: 0.05}, 0.1, ["0_nowhere1"])
    assert found.is_enough
    assert not quote_orders(client, [entry], item, ReachProfile(1, "Poor", 0, 0)).is_enough
    assert tasks_of(client, entry) == []
    (ordered,) = done(place_orders(client, [entry], item, profile))
    second = quote_orders(client, [entry, other], item, profile)
    assert (second.total, second.existing[entry].id) == (0.05, ordered)


def test_orders_that_do_not_exist_are_missing(client: KalturaClient) -> None:
    assert look_at_tasks(client, ["999999"]) == {}
