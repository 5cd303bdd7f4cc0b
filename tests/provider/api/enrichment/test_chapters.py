"""Chapters of many entries, in few requests, and each once whatever happens on the way."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.account import Account
from tests.provider.api.dying import Killed, dying
from tests.provider.entries import sound_entry

from kaltura_provider.api import KalturaClient, KalturaError
from kaltura_provider.api.chapters import Chapter, put_chapters, read_chapters
from kaltura_provider.api.enrichment.drift import look_at
from kaltura_provider.api.enrichment.enrich import Enrichment, enrich
from kaltura_sandbox.faults.fault import Fault
from kaltura_sandbox.faults.proxy import FaultProxy
from kaltura_sandbox.faults.rules import Rule
from kaltura_sandbox.server import SandboxServer

SERVICE = "cuepoint_cuepoint"
TEXT = "0:00 Intro\n1:23 Light\n2:00 The end"


def chapters_of(account: Account, entry: str) -> list[tuple[int, str, str]]:
    """What viewers see."""
    found = account.kaltura.call(SERVICE, "list", {"filter": {"entryIdEqual": entry, "orderBy": "+startTime"}})
    return [(each["startTime"], each["title"], each.get("description", "")) for each in found["objects"]]


def expected(text: str = TEXT) -> list[tuple[int, str, str]]:
    return [(each.start, each.title, each.description) for each in read_chapters(text)]


def put(client: KalturaClient, entry: str, chapters: Any) -> dict[str, int]:
    (result,) = put_chapters(client, [(entry, chapters)])
    if result.error is not None:
        raise result.error
    counts: dict[str, int] = result.changes["chapters"]
    return counts


def test_made_changed_and_removed(client: KalturaClient, account: Account) -> None:
    entry = account.entry()
    assert put(client, entry, TEXT) == {"added": 3, "updated": 0, "deleted": 0}
    assert chapters_of(account, entry) == expected()
    assert put(client, entry, TEXT) == {"added": 0, "updated": 0, "deleted": 0}
    changed = [Chapter(0, "Intro", "welcome"), Chapter(83_000, "Waves"), Chapter(100_000, "New")]
    assert put(client, entry, changed) == {"added": 1, "updated": 2, "deleted": 1}
    assert chapters_of(account, entry) == [(0, "Intro", "welcome"), (83_000, "Waves", ""), (100_000, "New", "")]
    assert put(client, entry, [Chapter(0, "Intro")]) == {"added": 0, "updated": 1, "deleted": 2}
    assert chapters_of(account, entry) == [(0, "Intro", "")], "a description that is gone is emptied"
    assert put(client, entry, []) == {"added": 0, "updated": 0, "deleted": 1}
    assert chapters_of(account, entry) == []


def test_those_of_others_stay_as_they_are(client: KalturaClient, account: Account) -> None:
    entry = account.entry()
    theirs = {"objectType": "KalturaThumbCuePoint", "entryId": entry, "subType": 2, "startTime": 0, "title": "KMC"}
    account.kaltura.call(SERVICE, "add", {"cuePoint": theirs})
    put(client, entry, TEXT)
    put(client, entry, [])
    assert chapters_of(account, entry) == [(0, "KMC", "")]


def test_what_a_person_moved_is_put_back(client: KalturaClient, account: Account) -> None:
    entry = account.entry()
    put(client, entry, TEXT)
    point = account.kaltura.call(SERVICE, "list", {"filter": {"entryIdEqual": entry}})["objects"][0]
    account.kaltura.call(SERVICE, "updateCuePointsTimes", {"id": point["id"], "startTime": 5})
    assert put(client, entry, TEXT)["updated"] == 1
    assert chapters_of(account, entry) == expected()


def test_many_entries_take_one_request_to_look_and_one_to_write(
    client: KalturaClient, proxy: FaultProxy, account: Account
) -> None:
    entries = [account.entry() for _ in range(20)]
    proxy.reset()
    results = list(put_chapters(client, [(entry, TEXT) for entry in entries]))
    assert [(result.entry_id, result.error) for result in results] == [(entry, None) for entry in entries]
    assert Counter(proxy.calls) == {"multirequest": 2}
    assert chapters_of(account, entries[-1]) == expected()
    proxy.reset()
    assert all(result.error is None for result in put_chapters(client, [(entry, TEXT) for entry in entries]))
    assert Counter(proxy.calls) == {"multirequest": 1}


def test_what_is_noted_needs_no_look(client: KalturaClient, proxy: FaultProxy, account: Account) -> None:
    wish = Enrichment(account.entry(), chapters=read_chapters(TEXT))
    (first,) = enrich(client, [wish])
    proxy.reset()
    (again,) = enrich(client, [Enrichment(wish.entry_id, chapters=wish.chapters, noted=first.notes)])
    assert (again.error, proxy.calls) == (None, [])
    (left,) = enrich(client, [Enrichment(wish.entry_id)])
    assert (left.changes, chapters_of(account, wish.entry_id)) == ({}, expected())


def test_one_beyond_the_end_is_named(client: KalturaClient, account: Account) -> None:
    entry = sound_entry(account.kaltura)
    with pytest.raises(
        ValueError, match=r"chapter 'The end' at 2:00 begins after the end of entry .* at 0:0"
    ) as caught:
        put(client, entry, "0:00 Intro\n2:00 The end")
    assert entry in str(caught.value)
    (good, bad) = put_chapters(client, [(account.entry(), TEXT), ("0_nowhere1", TEXT)])
    assert good.error is None
    assert isinstance(bad.error, KalturaError)
    assert bad.error.code == "ENTRY_ID_NOT_FOUND"


@pytest.mark.parametrize("fault", ["drop_request", "drop_answer", "internal_error"])
@pytest.mark.parametrize("number", [1, 2])
def test_a_lost_request_or_answer_leaves_each_once(
    client: KalturaClient, proxy: FaultProxy, account: Account, fault: str, number: int
) -> None:
    entry = account.entry()
    proxy.set_rules([Rule(Fault(fault), action="multirequest", nth=number)])
    assert put(client, entry, TEXT)["added"] == 3
    assert len(proxy.events) == 1
    assert chapters_of(account, entry) == expected()


@pytest.mark.parametrize("number", range(1, 5))
def test_a_worker_that_dies_leaves_the_rest_to_the_next(
    new_client: Callable[[], KalturaClient], account: Account, number: int
) -> None:
    entry = account.entry()
    put(new_client(), entry, "0:00 Old\n5:00 Gone")
    with pytest.raises(Killed):
        put(dying(new_client(), number), entry, TEXT)
    put(new_client(), entry, TEXT)
    assert chapters_of(account, entry) == expected()


def test_two_at_once_make_each_once(
    new_client: Callable[[], KalturaClient], proxy: FaultProxy, account: Account
) -> None:
    entry = account.entry()
    both = threading.Barrier(2, timeout=20)
    waited = threading.local()

    def judge(request: Any) -> None:
        # Both have looked before either of them writes.
        if f"{SERVICE}.add" in request.items and not getattr(waited, "done", False):
            waited.done = True
            both.wait()

    proxy.judge = judge
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda client: put(client, entry, TEXT), [new_client(), new_client()]))
    assert chapters_of(account, entry) == expected()


def test_what_the_search_index_let_through_is_mended(
    client: KalturaClient, account: Account, sandbox: SandboxServer
) -> None:
    entry = account.entry()
    put(client, entry, TEXT)
    twin = account.kaltura.call(SERVICE, "list", {"filter": {"entryIdEqual": entry}})["objects"][0]
    other = {"objectType": "KalturaThumbCuePoint", "entryId": entry, "subType": 2, "title": "Intro"}
    made = account.kaltura.call(SERVICE, "add", {"cuePoint": {**other, "systemName": "for a moment"}})
    sandbox.sandbox.store.collection("cuePoint").update(made["id"], systemName=twin["systemName"])
    assert len(chapters_of(account, entry)) == 4
    assert put(client, entry, TEXT)["deleted"] == 1
    assert chapters_of(account, entry) == expected()


def test_what_differs_is_told_and_mended_although_it_is_noted(client: KalturaClient, account: Account) -> None:
    entry = account.entry()
    wish = Enrichment(entry, chapters=read_chapters(TEXT))
    assert [str(each) for each in look_at(client, [wish])[0][1]] == [
        "chapters: 0:00 Intro is missing, not '0:00 Intro'",
        "chapters: 1:23 Light is missing, not '1:23 Light'",
        "chapters: 2:00 The end is missing, not '2:00 The end'",
    ]
    (first,) = enrich(client, [wish])
    points = account.kaltura.call(SERVICE, "list", {"filter": {"entryIdEqual": entry, "orderBy": "+startTime"}})
    change = {"objectType": "KalturaThumbCuePoint", "title": "Darkness"}
    account.kaltura.call(SERVICE, "update", {"id": points["objects"][1]["id"], "cuePoint": change})
    noted = Enrichment(entry, chapters=read_chapters("0:00 Intro\n1:23 Light"), noted=first.notes, verify=True)
    assert [str(each) for each in look_at(client, [noted])[0][1]] == [
        "chapters: 2:00 The end is '2:00 The end', not missing",
        "chapters: title of 1:23 Light is 'Darkness', not 'Light'",
    ]
    (mended,) = enrich(client, [noted])
    assert mended.changes["chapters"] == {"added": 0, "updated": 1, "deleted": 1}
    assert look_at(client, [noted]) == [(entry, [])]
