"""An entry gets what it shall have: in few requests, repeatedly, whatever breaks and whoever else is there."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.provider.api.dying import Killed, dying
from tests.provider.api.enrichment.conftest import SRT, VTT, Title, picture

from kaltura_provider.api import KalturaClient, KalturaError
from kaltura_provider.api.enrichment.captions import WantedCaption
from kaltura_provider.api.enrichment.thumbnail import WantedThumbnail
from kaltura_sandbox.faults.fault import Fault
from kaltura_sandbox.faults.proxy import FaultProxy
from kaltura_sandbox.faults.rules import Rule


def test_a_whole_title_takes_four_requests_and_none_afterwards(
    client: KalturaClient, proxy: FaultProxy, title: Title
) -> None:
    proxy.reset()
    title.apply(client)
    assert proxy.calls == ["multirequest", "multirequest", "uploadToken.upload", "multirequest"]
    title.check()
    assert sorted(title.read_keys) == ["t.en.vtt", "t.es.srt", "t.png"]
    proxy.reset()
    before = title.kept
    assert title.apply(client) == before
    assert proxy.calls == []


def test_an_entry_just_made_takes_one_request_less(client: KalturaClient, proxy: FaultProxy, title: Title) -> None:
    title.entry = title.account.entry(**title.fields)
    proxy.reset()
    title.apply(client, fresh=True)
    assert proxy.calls == ["multirequest", "uploadToken.upload", "multirequest"]
    title.check()
    proxy.reset()
    title.apply(client)
    assert proxy.calls == []


def test_without_notes_nothing_is_made_twice(client: KalturaClient, title: Title) -> None:
    title.apply(client)
    before = [each["id"] for each in title.account.thumbnails_of(title.entry)]
    title.kept = {}
    title.apply(client)
    title.check()
    assert [each["id"] for each in title.account.thumbnails_of(title.entry)] == before


def test_only_the_part_that_changed_is_sent(client: KalturaClient, proxy: FaultProxy, title: Title) -> None:
    title.apply(client)
    title.read_keys.clear()
    title.files["t.es.srt"] = SRT.replace("Hola", "Buenas").encode()
    title.captions[1] = WantedCaption("t.es.srt", "2", "Spanish", label="Español")
    seen: list[list[str]] = []
    proxy.judge = lambda request: seen.append([request.action, *request.items])
    title.apply(client)
    assert [[name.lower() for name in names] for names in seen] == [
        ["multirequest", "caption_captionasset.list"],
        ["multirequest", "caption_captionasset.setcontent", "caption_captionasset.update"],
    ]
    assert title.read_keys == ["t.es.srt"]
    texts = [each["text"].decode() for each in title.account.captions_of(title.entry)]
    assert sorted(texts) == sorted([VTT, SRT.replace("Hola", "Buenas")])


# Each request of an apply, lost on the way there or back.
@pytest.mark.parametrize("fault", ["drop_request", "drop_answer", "internal_error"])
@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_a_lost_request_or_answer_leaves_everything_once(
    client: KalturaClient, proxy: FaultProxy, title: Title, fault: str, number: int
) -> None:
    action = {1: "multirequest", 2: "multirequest", 3: "uploadToken.upload", 4: "multirequest"}[number]
    nth = {1: 1, 2: 2, 3: 1, 4: 3}[number]
    proxy.set_rules([Rule(Fault(fault), action=action, nth=nth)])
    title.apply(client)
    assert len(proxy.events) == 1
    title.check()
    # What was put into a category before the answer was lost is known to be ours.
    title.mean([])
    title.apply(client)
    assert title.account.categories_of(title.entry) == []


def test_the_answer_of_an_entry_just_made_may_be_lost_too(
    client: KalturaClient, proxy: FaultProxy, title: Title
) -> None:
    title.entry = title.account.entry(**title.fields)
    proxy.set_rules([Rule(Fault("drop_answer"), action="thumbAsset.add", nth=1)])
    title.apply(client, fresh=True)
    assert len(proxy.events) == 1
    title.check()


def test_what_stays_locked_for_a_while_is_tried_again(client: KalturaClient, proxy: FaultProxy, title: Title) -> None:
    proxy.set_rules([Rule(Fault("internal_error"), action="metadata_metadata.add", times=2)])
    title.apply(client)
    assert len(proxy.events) == 2
    title.check()


def test_a_kaltura_that_is_down_is_not_asked_again_and_again(
    client: KalturaClient, proxy: FaultProxy, title: Title
) -> None:
    proxy.set_rules([Rule(Fault("drop_request"), action="multirequest")])
    with pytest.raises(KalturaError) as caught:
        title.apply(client)
    assert caught.value.retryable
    # As often as the client is told to.
    assert proxy.calls == ["multirequest"] * client.config.max_attempts
    assert title.kept == {}
    proxy.set_rules([])
    title.apply(client)
    title.check()


def test_nothing_is_written_once_somebody_else_has_the_claim(
    client: KalturaClient, proxy: FaultProxy, title: Title
) -> None:
    class ClaimLost(Exception):
        pass

    def note(notes: Any) -> None:
        raise ClaimLost

    proxy.reset()
    with pytest.raises(ClaimLost):
        title.apply(client, note=note)
    assert proxy.calls == ["multirequest"]
    assert title.account.categories_of(title.entry) == []


def test_what_a_dead_worker_set_is_removed_when_it_is_wanted_no_more(
    new_client: Callable[[], KalturaClient], title: Title
) -> None:
    with pytest.raises(Killed):
        title.apply(dying(new_client(), 4))
    assert title.account.categories_of(title.entry) == title.categories[:2]
    assert title.account.metadata_of(title.entry) != {}
    title.mean([])
    title.apply(new_client())
    assert title.account.categories_of(title.entry) == []
    assert title.account.metadata_of(title.entry) == {}


@pytest.mark.parametrize("number", range(1, 10))
def test_a_worker_that_dies_at_any_request_leaves_everything_to_the_next(
    new_client: Callable[[], KalturaClient], title: Title, number: int
) -> None:
    # A title that exists with other things, so that there is something to remove and to replace as well.
    title.apply(new_client())
    wanted = (title.category_ids, title.metadata, title.captions, title.thumbnail)
    title.mean([title.categories[2]], "<metadata><Topic>x</Topic></metadata>")
    title.apply(new_client())
    title.category_ids, title.metadata, title.captions, title.thumbnail = wanted
    title.files["t.png"] = picture(90)
    title.thumbnail = WantedThumbnail("t.png", "2")
    title.captions[0] = WantedCaption("t.en.vtt", "2", "English", default=True)
    try:
        title.apply(dying(new_client(), number))
        died = False
    except Killed:
        died = True
    assert died == (number <= 8)
    title.apply(new_client())
    title.check()
    title.mean([])
    title.apply(new_client())
    assert title.account.categories_of(title.entry) == []
    assert title.account.metadata_of(title.entry) == {}


def test_two_at_once_leave_everything_once(
    new_client: Callable[[], KalturaClient], proxy: FaultProxy, title: Title
) -> None:
    """Both look before either writes, which is the worst that can happen."""
    both = threading.Barrier(2, timeout=20)
    waited = threading.local()

    def judge(request: Any) -> None:
        # The second request of each client is its first that writes.
        if "thumbAsset.add" in request.items and not getattr(waited, "done", False):
            waited.done = True
            both.wait()

    proxy.judge = judge
    clients = [new_client(), new_client()]
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(title.apply, clients))
    proxy.judge = None
    title.check()
    # Each put the entry into the categories that the other did not; a ledger is noted by one of them.
    ours = [result.pop("categories")["ours"] for result in results]
    assert sorted({*ours[0], *ours[1]}) == title.categories[:2]
    assert results[0] == results[1]
    title.kept = {**results[0], "categories": {"wanted": title.categories[:2], "ours": ours[0]}}
    proxy.reset()
    title.apply(clients[0])
    assert proxy.calls == []
