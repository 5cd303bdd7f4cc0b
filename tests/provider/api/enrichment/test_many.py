"""Many entries travel together, and none of them suffers from another."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

from tests.provider.api.enrichment.conftest import Title

from kaltura_provider.api import KalturaClient, KalturaError
from kaltura_provider.api.enrichment.enrich import Enrichment, enrich
from kaltura_provider.api.enrichment.metadata import MetadataWish
from kaltura_sandbox.faults.fault import Fault
from kaltura_sandbox.faults.proxy import FaultProxy
from kaltura_sandbox.faults.rules import Rule


def wishes(title: Title, count: int) -> list[Enrichment]:
    """The wish of the title, for so many new entries."""
    return [replace(title.wish(note=None), entry_id=title.account.entry(name=f"old {n}")) for n in range(count)]


def check(title: Title, wanted: Enrichment) -> None:
    title.entry = wanted.entry_id
    title.check()


def test_many_entries_take_few_requests_and_none_afterwards(
    client: KalturaClient, proxy: FaultProxy, title: Title
) -> None:
    wanted = wishes(title, 45)
    proxy.reset()
    results = list(enrich(client, wanted))
    assert [result.error for result in results] == [None] * 45
    assert [result.entry_id for result in results] == [wish.entry_id for wish in wanted]
    calls = Counter(proxy.calls)
    # One request a picture, and few for all the rest.
    assert calls["uploadToken.upload"] == 45
    assert calls["multirequest"] <= 45 * 0.3
    for wish in wanted[::11]:
        check(title, wish)
    proxy.reset()
    again = [replace(wish, noted=result.notes) for wish, result in zip(wanted, results, strict=True)]
    assert [result.notes for result in enrich(client, again)] == [result.notes for result in results]
    assert proxy.calls == []


def test_one_that_fails_stops_no_other(client: KalturaClient, title: Title) -> None:
    class ClaimLost(Exception):
        pass

    def lost(notes: Any) -> None:
        raise ClaimLost

    good, gone, taken, unreadable, bad_category = wishes(title, 5)
    title.account.kaltura.call("media", "delete", {"entryId": gone.entry_id})
    taken = replace(taken, note=lost)
    unreadable = replace(unreadable, read=lambda key: b"no picture" if key == "t.png" else title.read(key))
    bad_category = replace(bad_category, category_ids=[999999999])
    wanted = [gone, taken, good, unreadable, bad_category]
    results = {result.entry_id: result for result in enrich(client, wanted)}

    check(title, good)
    assert results[good.entry_id].error is None
    assert isinstance(results[gone.entry_id].error, KalturaError)
    assert isinstance(results[taken.entry_id].error, ClaimLost)
    assert title.account.captions_of(taken.entry_id) == []
    assert "t.png: no image" in str(results[unreadable.entry_id].error)
    # What could be done is done and noted.
    assert len(title.account.captions_of(unreadable.entry_id)) == 2
    assert results[unreadable.entry_id].notes["captions"]
    assert "CATEGORY_NOT_FOUND" in str(results[bad_category.entry_id].error)
    assert len(title.account.thumbnails_of(bad_category.entry_id)) == 1


def test_a_lost_answer_in_the_middle_leaves_everything_once(
    client: KalturaClient, proxy: FaultProxy, title: Title
) -> None:
    wanted = wishes(title, 12)
    proxy.set_rules([Rule(Fault("drop_answer"), action="multirequest", nth=3)])
    results = list(enrich(client, wanted))
    assert len(proxy.events) == 1
    assert [result.error for result in results] == [None] * 12
    for wish in wanted:
        check(title, wish)


def test_only_properties_that_differ_are_sent(client: KalturaClient, proxy: FaultProxy, title: Title) -> None:
    entry = title.account.entry(name="Light", tags="bb, Aa", description="old", referenceId="r1")
    sent: list[dict[str, Any]] = []

    def judge(request: Any) -> None:
        sent.extend(item for item in request.params.values() if isinstance(item, dict) and "baseEntry" in item)

    proxy.judge = judge
    fields = {"name": "Light", "tags": "aA,c,bb", "description": "new", "referenceId": "r1"}
    (result,) = enrich(client, [Enrichment(entry, fields)])
    assert result.error is None
    assert [item["baseEntry"] for item in sent] == [{"objectType": "KalturaBaseEntry", "description": "new"}]
    sent.clear()
    (again,) = enrich(client, [Enrichment(entry, fields)])
    assert (again.notes, sent) == (result.notes, [])


def test_a_text_that_kaltura_would_replace_is_the_error_of_its_entry(client: KalturaClient, title: Title) -> None:
    (result,) = enrich(client, [Enrichment(title.account.entry(), {"name": "{1:result:id}"})])
    assert "looks like a reference" in str(result.error)


def test_a_file_that_cannot_be_read_stops_no_other_entry(client: KalturaClient, title: Title) -> None:
    def gone(key: str) -> bytes:
        raise OSError(f"{key} is out of reach")

    good, out_of_reach, garbled = wishes(title, 3)
    out_of_reach = replace(out_of_reach, read=gone)
    garbled = replace(garbled, metadata={str(title.profile): MetadataWish("<metadata")})
    results = list(enrich(client, [out_of_reach, garbled, good]))
    check(title, good)
    assert [str(result.error) for result in results if result.error] == [
        "t.en.vtt is out of reach",
        str(results[1].error),
    ]
    assert "is not XML" in str(results[1].error)
    assert title.account.categories_of(out_of_reach.entry_id) == title.categories[:2]
    assert len(title.account.captions_of(garbled.entry_id)) == 2
