"""Attachments: each file name once, with the content of its file, whatever happens on the way."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.account import Account
from tests.provider.api.dying import Killed, dying

from kaltura_provider.api import KalturaClient
from kaltura_provider.api.attachments import put_attachments
from kaltura_provider.api.enrichment.attachments import MAX_BYTES, WantedAttachment, format_of
from kaltura_provider.api.enrichment.drift import look_at
from kaltura_provider.api.enrichment.enrich import Enrichment, enrich
from kaltura_sandbox.faults.fault import Fault
from kaltura_sandbox.faults.proxy import FaultProxy
from kaltura_sandbox.faults.rules import Rule

SERVICE = "attachment_attachmentAsset"
FILES = {"slides.pdf": b"%PDF-1.4 slides", "notes.txt": "Grüße".encode()}


def attachments_of(account: Account, entry: str) -> dict[str, bytes]:
    """Contents by file name; each name must be there once."""
    listed = account.kaltura.call(SERVICE, "list", {"filter": {"entryIdEqual": entry}})["objects"]
    names = [each["filename"] for each in listed]
    assert len(set(names)) == len(names), names
    return {
        each["filename"]: account.kaltura.call(SERVICE, "serve", {"attachmentAssetId": each["id"]}) for each in listed
    }


def put(client: KalturaClient, entry: str, files: Any = None, **options: Any) -> dict[str, int]:
    (result,) = put_attachments(client, [(entry, FILES if files is None else files)], **options)
    if result.error is not None:
        raise result.error
    counts: dict[str, int] = result.changes["attachments"]
    return counts


def test_added_replaced_and_left_alone(client: KalturaClient, proxy: FaultProxy, account: Account) -> None:
    entry = account.entry()
    assert put(client, entry) == {"added": 2, "updated": 0}
    assert attachments_of(account, entry) == FILES
    proxy.reset()
    assert put(client, entry) == {"added": 0, "updated": 0}
    assert proxy.calls == ["multirequest"], "what is there is not sent again"
    changed = {**FILES, "notes.txt": b"other"}
    assert put(client, entry, changed) == {"added": 0, "updated": 1}
    assert attachments_of(account, entry) == changed
    # A file that is not named any more stays.
    assert put(client, entry, {"slides.pdf": FILES["slides.pdf"]}) == {"added": 0, "updated": 0}
    assert attachments_of(account, entry) == changed


def test_titles_and_formats(client: KalturaClient, account: Account) -> None:
    entry = account.entry()
    wanted = [
        WantedAttachment("a/slides.pdf", "1", title="Slides"),
        WantedAttachment("b/x.bin", "1", filename="map.json"),
    ]
    assert put(client, entry, wanted, read=lambda key: key.encode())["added"] == 2
    found = account.kaltura.call(SERVICE, "list", {"filter": {"entryIdEqual": entry}})["objects"]
    assert [(each["filename"], each.get("title"), each["format"]) for each in found] == [
        ("slides.pdf", "Slides", "3"), ("map.json", None, "4"),
    ]  # fmt: skip
    renamed = [WantedAttachment("a/slides.pdf", "1", title="The slides")]
    assert put(client, entry, renamed, read=lambda key: key.encode()) == {"added": 0, "updated": 1}
    assert account.kaltura.call(SERVICE, "get", {"attachmentAssetId": found[0]["id"]})["title"] == "The slides"


@pytest.mark.parametrize(
    ("name", "kind"),
    [("a.txt", "1"), ("a.SRT", "1"), ("a.mp3", "2"), ("a.png", "2"), ("a.pdf", "3"), ("a.docx", "3"), ("a.json", "4"),
     ("a.md", "5"), ("a", "3")],
)  # fmt: skip
def test_formats_by_file_ending(name: str, kind: str) -> None:
    assert format_of(name) == kind


def test_one_that_a_person_made_or_changed_is_used_again(client: KalturaClient, account: Account) -> None:
    entry = account.entry()
    asset = {"objectType": "KalturaAttachmentAsset", "filename": "notes.txt", "tags": "mine", "title": "Notes"}
    theirs = account.kaltura.call(SERVICE, "add", {"entryId": entry, "attachmentAsset": asset})["id"]
    assert put(client, entry) == {"added": 1, "updated": 1}
    assert attachments_of(account, entry) == FILES
    kept = account.kaltura.call(SERVICE, "get", {"attachmentAssetId": theirs})
    assert (kept["title"], kept["tags"].split(",")[0]) == ("Notes", "mine")
    # Other content of the same length, behind our back.
    content = {"objectType": "KalturaStringResource", "content": "Grüss3"}
    account.kaltura.call(SERVICE, "setContent", {"id": theirs, "contentResource": content})
    assert put(client, entry)["updated"] == 1
    assert attachments_of(account, entry) == FILES


def test_many_entries_travel_together(client: KalturaClient, proxy: FaultProxy, account: Account) -> None:
    entries = [account.entry() for _ in range(10)]
    proxy.reset()
    results = list(put_attachments(client, [(entry, FILES) for entry in entries]))
    assert [result.error for result in results] == [None] * 10
    calls = Counter(proxy.calls)
    assert (calls["uploadToken.upload"], calls["multirequest"]) == (20, 3)
    assert attachments_of(account, entries[-1]) == FILES


def test_files_that_are_noted_are_not_even_read(client: KalturaClient, proxy: FaultProxy, account: Account) -> None:
    wish = [WantedAttachment("a.txt", "1"), WantedAttachment("b.txt", "1")]
    (first,) = enrich(client, [Enrichment(account.entry(), attachments=wish, read=lambda key: key.encode())])
    proxy.reset()
    (again,) = enrich(client, [Enrichment(first.entry_id, attachments=wish, noted=first.notes)])
    assert (again.error, proxy.calls) == (None, [])
    wish[1] = WantedAttachment("b.txt", "2")
    (third,) = enrich(
        client, [Enrichment(first.entry_id, attachments=wish, noted=first.notes, read=lambda key: b"new")]
    )
    assert (third.error, third.changes["attachments"]["updated"]) == (None, 1)
    assert attachments_of(account, first.entry_id) == {"a.txt": b"a.txt", "b.txt": b"new"}


@pytest.mark.parametrize("fault", ["drop_request", "drop_answer", "internal_error"])
@pytest.mark.parametrize(("action", "number"), [("multirequest", 2), ("uploadToken.upload", 1), ("multirequest", 3)])
def test_a_lost_request_or_answer_leaves_each_once(
    client: KalturaClient, proxy: FaultProxy, account: Account, fault: str, action: str, number: int
) -> None:
    entry = account.entry()
    proxy.set_rules([Rule(Fault(fault), action=action, nth=number)])
    assert put(client, entry)["added"] == 2
    assert len(proxy.events) == 1
    assert attachments_of(account, entry) == FILES


@pytest.mark.parametrize("number", range(1, 11))
def test_a_worker_that_dies_leaves_the_rest_to_the_next(
    new_client: Callable[[], KalturaClient], account: Account, number: int
) -> None:
    entry = account.entry()
    put(new_client(), entry, {"notes.txt": b"before"})
    with pytest.raises(Killed):
        put(dying(new_client(), number), entry)
    put(new_client(), entry)
    assert attachments_of(account, entry) == FILES


@pytest.mark.parametrize("other", [b"one", b"two"])
def test_two_at_once_leave_each_once(
    new_client: Callable[[], KalturaClient], proxy: FaultProxy, account: Account, other: bytes
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
    contents = [{"a.txt": b"one"}, {"a.txt": other}]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda files: put(new_client(), entry, files), contents))
    # Either content may have won, but never one under the mark of the other: the next one sees what is there.
    assert attachments_of(account, entry)["a.txt"] in (b"one", other)
    put(new_client(), entry, {"a.txt": b"one"})
    assert attachments_of(account, entry) == {"a.txt": b"one"}


def test_what_cannot_be_attached(client: KalturaClient, account: Account) -> None:
    entry = account.entry()
    with pytest.raises(ValueError, match=r"a\.txt: the file is empty"):
        put(client, entry, {"a.txt": b""})
    with pytest.raises(ValueError, match=r"big\.zip: 200000001 bytes, and an attachment can have 200000000"):
        put(client, entry, {"big.zip": bytes(MAX_BYTES + 1)})
    same = [WantedAttachment("a/x.txt", "1"), WantedAttachment("b/x.txt", "1")]
    with pytest.raises(ValueError, match=r"a/x\.txt and b/x\.txt would both be the attachment x\.txt"):
        put(client, entry, same, read=lambda key: b"x")
    with pytest.raises(ValueError, match=r"nothing to read files with"):
        put(client, entry, [WantedAttachment("a.txt", "1")])
    assert attachments_of(account, entry) == {}


def test_what_differs_is_told_and_mended_although_it_is_noted(client: KalturaClient, account: Account) -> None:
    entry = account.entry()
    wish = [WantedAttachment("a.txt", "1", title="A"), WantedAttachment("b.txt", "1"), WantedAttachment("c.txt", "1")]

    def wanted(**options: Any) -> Enrichment:
        return Enrichment(entry, attachments=wish, read=lambda key: key.encode(), **options)

    (first,) = enrich(client, [wanted()])
    found = {
        each["filename"]: each["id"]
        for each in account.kaltura.call(SERVICE, "list", {"filter": {"entryIdEqual": entry}})["objects"]
    }
    change = {"objectType": "KalturaAttachmentAsset", "title": "B"}
    account.kaltura.call(SERVICE, "update", {"id": found["a.txt"], "attachmentAsset": change})
    content = {"objectType": "KalturaStringResource", "content": "other"}
    account.kaltura.call(SERVICE, "setContent", {"id": found["b.txt"], "contentResource": content})
    account.kaltura.call(SERVICE, "delete", {"attachmentAssetId": found["c.txt"]})
    noted = wanted(noted=first.notes, verify=True)
    assert [str(each) for each in look_at(client, [noted])[0][1]] == [
        "attachments: title of a.txt is 'B', not 'A'",
        "attachments: b.txt is '5 other bytes', not 'b.txt'",
        "attachments: c.txt is missing, not 'c.txt'",
    ]
    (mended,) = enrich(client, [noted])
    assert (mended.error, mended.changes["attachments"]) == (None, {"added": 1, "updated": 2})
    assert attachments_of(account, entry) == {name: name.encode() for name in found}
    assert look_at(client, [noted]) == [(entry, [])]
