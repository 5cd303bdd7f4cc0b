"""Entries are brought up to date together, held back where they must be, and each problem says what to do."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from demo.media import document, video
from tests.pipeline.publishing.conftest import Library
from tests.sandbox_state import state_of

from kaltura_pipeline.ingest import TransferIncompleteError
from kaltura_sandbox.faults.fault import Fault
from kaltura_sandbox.faults.rules import Rule

if TYPE_CHECKING:
    from kaltura_sandbox.faults.proxy import FaultProxy
    from kaltura_sandbox.server import SandboxServer

VTT = "WEBVTT\n\n00:00.000 --> 00:01.000\nHello\n"


def test_publishing_twice_changes_nothing_on_kaltura(
    library: Library, proxy: FaultProxy, sandbox: SandboxServer
) -> None:
    for number in range(3):
        library.put(f"talk{number}.mp4", video(1) + b"%d" % number)
    library.ingest()
    for number in range(3):
        library.put(f"talk{number}.en.vtt", VTT)
        library.put(f"talk{number}.yaml", f"name: Talk {number}\ntags: [optics]")
    entries = tuple(library.entry_of(f"talk{number}.mp4") for number in range(3))
    run = library.publish(entry_ids=entries, update=True)
    assert {outcome["state"] for outcome in run.outcomes.values()} == {"plays"}
    assert all(outcome["updated"] for outcome in run.outcomes.values())
    assert run.summary["counts"] == {"published": 3}
    assert "Talk 2" in library.pages()["index.html"]
    assert "English" in library.pages()[f"{entries[0]}.html"]
    before, pages = state_of(sandbox.settings.data), library.pages()
    proxy.reset()
    run = library.publish(entry_ids=entries, update=True, check=False)
    assert state_of(sandbox.settings.data) == before
    assert library.pages() == pages
    assert not any(outcome["updated"] for outcome in run.outcomes.values())
    assert Counter(proxy.calls) == {"baseEntry.list": 1}
    assert run.published["written"] == 0


def test_what_is_said_wrongly_holds_back_its_own_entry_only(library: Library) -> None:
    for name in ("good", "bad"):
        library.put(f"{name}.pdf", document() + name.encode())
    library.ingest()
    library.put("good.yaml", "name: Good")
    library.put("bad.yaml", "name: Bad\ncategories: [No>Such]")
    good, bad = library.entry_of("good.pdf"), library.entry_of("bad.pdf")
    run = library.publish(entry_ids=(good, bad), update=True)
    assert run.outcomes[good]["result"] == "published"
    assert run.outcomes[bad]["result"] == "failed"
    assert "No>Such" in run.outcomes[bad]["problems"][0]["message"]
    assert f"{bad}.html" not in library.pages()
    assert run.summary["failed"] == 1
    assert bad in run.summary["failures"][0]
    page = library.s3.get_object(
        Bucket=library.bucket, Key=run.summary["pages"][0].split("/", 3)[3]
    )["Body"].read().decode()  # fmt: skip
    assert "No&gt;Such" in page


def test_an_entry_waits_for_its_moderator(library: Library, sandbox: SandboxServer) -> None:
    from kaltura_pipeline.publishing.collecting import PublishOptions, collect_entries
    from kaltura_pipeline.publishing.moderation import PENDING, waiting
    from kaltura_sandbox.services.entries import entries

    pending, rejected = library.add_entry("Waiting"), library.add_entry("Rejected")
    # As the entries of an account that moderates everything begin.
    entries(sandbox.sandbox.store).update(pending, moderationStatus=PENDING)
    library.kaltura.call("baseEntry", "reject", {"entryId": rejected})
    run = library.publish(entry_ids=(pending, rejected), check=False)
    assert {entry: outcome["result"] for entry, outcome in run.outcomes.items()} == {pending: "held", rejected: "held"}
    assert "approve it in the KMC" in run.outcomes[pending]["message"]
    assert "a moderator rejected it" in run.outcomes[rejected]["message"]
    options = PublishOptions(entry_ids=(pending, rejected), bucket=library.bucket)
    found = collect_entries(library.settings, options, run_id="wait", kaltura=lambda: library.kaltura)
    assert waiting(library.settings, found["sites"], library.kaltura) == 1
    run = library.publish(entry_ids=(pending, rejected), check=False, approve=True)
    assert run.outcomes[pending]["result"] == "published"
    # What somebody rejected is not approved by the way.
    assert run.outcomes[rejected]["result"] == "held"
    assert waiting(library.settings, found["sites"], library.kaltura) == 0


def test_embargo_and_access_control_are_no_failures(library: Library) -> None:
    for name in ("later", "staff", "open"):
        library.put(f"{name}.mp4", video(1) + name.encode())
    rule = {"message": "Staff only", "actions": [{"objectType": "KalturaAccessControlBlockAction"}]}
    profile = library.kaltura.call(
        "accessControlProfile", "add", {"accessControlProfile": {"name": f"Staff {library.bucket}", "rules": [rule]}}
    )
    library.ingest()
    later, staff, free = (library.entry_of(f"{name}.mp4") for name in ("later", "staff", "open"))
    change = {"objectType": "KalturaMediaEntry", "startDate": int(time.time()) + 3600}
    library.kaltura.call("media", "update", {"entryId": later, "mediaEntry": change})
    change = {"objectType": "KalturaMediaEntry", "accessControlId": profile["id"]}
    library.kaltura.call("media", "update", {"entryId": staff, "mediaEntry": change})
    run = library.publish(entry_ids=(later, staff, free))
    assert {entry: run.outcomes[entry]["state"] for entry in (later, staff, free)} == {
        later: "scheduled",
        staff: "restricted",
        free: "plays",
    }
    assert run.summary["counts"] == {"published": 3}
    assert set(library.pages()) >= {f"{entry}.html" for entry in (later, staff, free)}


def test_what_does_not_play_gets_no_page(library: Library) -> None:
    empty = library.add_entry("Empty")
    run = library.publish(entry_ids=(empty,))
    assert run.outcomes[empty]["result"] == "failed"
    assert run.outcomes[empty]["problems"]
    assert f"{empty}.html" not in library.pages()


def test_a_batch_that_died_is_named_and_its_entries_get_no_page(library: Library, proxy: FaultProxy) -> None:
    from kaltura_pipeline.publishing import checking
    from kaltura_pipeline.publishing.collecting import PublishOptions, collect_entries

    entry = library.add_entry("Talk")
    options = PublishOptions(entry_ids=(entry,), bucket=library.bucket)
    found = collect_entries(library.settings, options, run_id="dead", kaltura=lambda: library.kaltura)
    (batch,) = found["batches"]
    counts = checking.check_batch(
        library.settings, batch, run_id="dead", kaltura=library.kaltura, cdn_url=library.url
    )  # fmt: skip
    assert counts == {"unchecked": 1}
    from kaltura_pipeline.publishing.record import record_publish

    summary = record_publish(library.settings, found["sites"], run_id="dead")
    assert summary["failed"] == 1
    assert "the log of 'publish' says why" in summary["failures"][0]


def test_a_fault_that_passes_is_for_the_next_try(library: Library, proxy: FaultProxy) -> None:
    library.put("talk.pdf", document())
    library.ingest()
    library.put("talk.yaml", "name: Later")
    entry = library.entry_of("talk.pdf")
    proxy.set_rules([Rule(Fault("drop_request"), action="multirequest")])
    with pytest.raises(TransferIncompleteError, match="a retry goes on from here"):
        library.publish(entry_ids=(entry,), update=True)
    proxy.set_rules([])
    assert library.publish(entry_ids=(entry,), update=True).outcomes[entry]["updated"]


def test_sources_in_several_buckets_are_brought_up_to_date(library: Library) -> None:
    state, other = f"{library.bucket}-state", f"{library.bucket}-other"
    for name in (state, other):
        library.s3.create_bucket(Bucket=name)
    library.settings = replace(library.settings, state_bucket=state)
    library.put("talk.pdf", document())
    library.s3.put_object(Bucket=other, Key="talk.pdf", Body=document() + b"other")
    library.ingest()
    library.ingest(other)
    library.put("talk.yaml", "name: One")
    library.s3.put_object(Bucket=other, Key="talk.yaml", Body=b"name: Two")
    entries = [each.entry_of("talk.pdf") for each in (library, replace(library, bucket=other))]
    library.publish(entry_ids=tuple(entries), update=True)
    names = [library.kaltura.call("baseEntry", "get", {"entryId": each})["name"] for each in entries]
    assert names == ["One", "Two"]


def test_entries_are_chosen_by_category_and_search(library: Library) -> None:
    word = library.bucket.replace("-", "")
    category = library.kaltura.call("category", "add", {"category": {"name": word}})["id"]
    inside, found = library.add_entry("Inside"), library.add_entry(f"Found {word}")
    library.add_entry("Neither")
    assigned = {"categoryEntry": {"entryId": inside, "categoryId": category}}
    library.kaltura.call("categoryEntry", "add", assigned)
    assert set(library.publish(category=word, check=False).outcomes) == {inside}
    assert set(library.publish(search=word, check=False).outcomes) == {found}
    # Ids that are named are taken besides.
    assert set(library.publish(entry_ids=(found,), category=word, check=False).outcomes) == {found, inside}
