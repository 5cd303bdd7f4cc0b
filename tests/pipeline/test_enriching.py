"""Titles that are on Kaltura get what is said of them later: many with few requests, each on its own."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from demo.media import document, video
from tests.account import client, new_client, proxy
from tests.provider.entries import wait_for_status

from kaltura_pipeline.ingest import TransferIncompleteError, ingest_batch
from kaltura_pipeline.options import RunOptions
from kaltura_pipeline.outcome import record_outcome
from kaltura_pipeline.plan import KNOWN_COMPARE
from kaltura_pipeline.planning import plan_ingest
from kaltura_pipeline.run_outcomes import read_outcomes, read_plan
from kaltura_pipeline.settings import PipelineSettings
from kaltura_pipeline.workspace import Workspace
from kaltura_provider.transfers.ledger import READY
from kaltura_sandbox.faults.fault import Fault
from kaltura_sandbox.faults.rules import Rule

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kaltura_provider.api import KalturaClient
    from kaltura_sandbox.faults.proxy import FaultProxy

__all__ = ["client", "new_client", "proxy"]

SETTINGS = PipelineSettings(batch_size=100)
VTT = "WEBVTT\n\n00:00.000 --> 00:01.000\nHello\n"


class Library:
    """Titles in a bucket, and what the pipeline makes of them."""

    def __init__(self, s3: Any, bucket: str, kaltura: KalturaClient) -> None:
        self.s3, self.bucket, self.kaltura = s3, bucket, kaltura
        self.runs = 0

    def put(self, key: str, data: bytes | str) -> None:
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=data)

    def plan(
        self, known_files: str = "update", entry_ids: list[str] | None = None, defaults: Mapping[str, Any] | None = None
    ) -> tuple[str, dict[str, str]]:
        """Plan; return its address, and the action for each title."""
        self.runs += 1
        options = RunOptions(
            bucket=self.bucket, known_files=known_files, check_media=False, duplicate_files="add",
            defaults=defaults or {},
        )  # fmt: skip
        uri, plan = plan_ingest(
            SETTINGS, options, run_id=f"r{self.runs}", kaltura=lambda: self.kaltura, entry_ids=entry_ids
        )
        workspace = Workspace.open(SETTINGS, self.bucket)
        stream = workspace.documents.open(workspace.documents.name_of(plan["titles"]))
        assert stream is not None
        items = [json.loads(line) for line in stream.iter_lines() if line]
        return uri, {item["key"]: item["action"] for item in items}

    def carry_out(self, uri: str) -> dict[str, Any]:
        """Carry a plan out in one task; return the outcome of each title."""
        workspace = Workspace.open(SETTINGS, self.bucket)
        plan, version = read_plan(workspace, uri)
        found: dict[str, Any] = {}
        for batch in plan["batches"]:
            try:
                ingest_batch(
                    SETTINGS, batch, bucket=self.bucket, run_id=f"r{self.runs}", owner="w", kaltura=self.kaltura
                )
            finally:
                found |= read_outcomes(workspace, f"r{self.runs}", batch, version)
        return found

    def ingest(self, defaults: Mapping[str, Any] | None = None) -> None:
        uri, _ = self.plan(defaults=defaults)
        for outcome in self.carry_out(uri).values():
            wait_for_status(self.kaltura, outcome["entry_id"], 2)
        record_outcome(SETTINGS, bucket=self.bucket, run_id=f"r{self.runs}", plan_uri=uri, kaltura=self.kaltura)

    def record(self, key: str) -> dict[str, Any]:
        record = Workspace.open(SETTINGS, self.bucket).ledger.read(self.bucket, key)
        assert record is not None
        return record


@pytest.fixture
def library(s3: Any, bucket: str, client: KalturaClient) -> Library:
    return Library(s3, bucket, client)


def names_of(library: Library, *keys: str) -> list[str]:
    ids = [library.record(key)["entry_id"] for key in keys]
    return [library.kaltura.call("baseEntry", "get", {"entryId": each})["name"] for each in ids]


def test_sidecars_that_come_later_travel_together(library: Library, proxy: FaultProxy) -> None:
    keys = [f"talk{number:02}.pdf" for number in range(30)]
    for number, key in enumerate(keys):
        library.put(key, document() + b"%d" % number)
    library.ingest()
    for key in keys:
        library.put(key.replace(".pdf", ".yaml"), f"name: Renamed {key}\ntags: [later]")
    uri, actions = library.plan()
    assert set(actions.values()) == {"update"}
    proxy.reset()
    outcomes = library.carry_out(uri)
    assert {outcome["result"] for outcome in outcomes.values()} == {"update"}
    # Twenty titles at a time: one request to look, one to write.
    assert Counter(proxy.calls) == {"multirequest": 4}
    assert names_of(library, keys[0], keys[29]) == [f"Renamed {keys[0]}", f"Renamed {keys[29]}"]
    assert library.record(keys[7])["state"] == READY
    assert library.record(keys[7])["lease_until"] == 0
    assert set(library.plan()[1].values()) == {"skip"}


def test_one_that_fails_or_is_busy_stops_no_other(library: Library) -> None:
    for name in ("good", "bad", "busy"):
        library.put(f"{name}.mp4", video(1) + name.encode())
    library.ingest()
    for name in ("good", "bad", "busy"):
        library.put(f"{name}.en.vtt", VTT)
    uri, _ = library.plan()
    library.put("bad.en.vtt", b"WEBVTT\n\n00:00.000 --> 00:01.000\n{1:result:id}\n")
    workspace = Workspace.open(SETTINGS, library.bucket)
    workspace.ledger.claim_known(library.bucket, "busy.mp4", "somebody else")
    outcomes = library.carry_out(uri)
    assert {key: outcome["result"] for key, outcome in outcomes.items()} == {
        "good.mp4": "update",
        "bad.mp4": "error",
        "busy.mp4": "busy",
    }
    assert "bad.en.vtt: the text '{1:result:id}'" in outcomes["bad.mp4"]["message"]
    assert "somebody else is working on it" in outcomes["busy.mp4"]["message"]
    entry = library.record("good.mp4")["entry_id"]
    listed = library.kaltura.call("caption_captionAsset", "list", {"filter": {"entryIdEqual": entry}})
    assert [caption["language"] for caption in listed["objects"]] == ["English"]


def test_a_fault_that_passes_is_for_the_next_try(
    library: Library, proxy: FaultProxy, new_client: Callable[[], KalturaClient]
) -> None:
    library.put("talk.pdf", document())
    library.ingest()
    library.put("talk.yaml", "name: Later")
    uri, _ = library.plan()
    proxy.set_rules([Rule(Fault("drop_request"), action="multirequest")])
    with pytest.raises(TransferIncompleteError, match="a retry goes on from here"):
        library.carry_out(uri)
    proxy.set_rules([])
    assert library.carry_out(uri)["talk.pdf"]["result"] == "update"
    assert names_of(library, "talk.pdf") == ["Later"]


def test_only_titles_of_some_entries_are_planned(library: Library) -> None:
    for name in ("one", "two"):
        library.put(f"{name}.pdf", document() + name.encode())
    library.ingest()
    entry = library.record("two.pdf")["entry_id"]
    assert library.plan(entry_ids=[entry, "0_unknown"])[1] == {"two.pdf": "skip"}
    assert library.plan(KNOWN_COMPARE, [entry])[1] == {"two.pdf": "update"}
    assert library.plan(KNOWN_COMPARE)[1] == {"one.pdf": "update", "two.pdf": "update"}


def test_what_a_run_said_of_all_titles_stays_said(library: Library, kaltura: KalturaClient) -> None:
    from kaltura_provider.api.categories import ensure_category

    ensure_category(kaltura, "Defaults>Kept")
    library.put("talk.pdf", document())
    library.ingest(defaults={"categories": ["Defaults>Kept"], "tags": ["term"]})
    assert library.plan()[1] == {"talk.pdf": "skip"}
    library.put("talk.yaml", "name: Mine")
    library.ingest()
    entry = kaltura.call("baseEntry", "get", {"entryId": library.record("talk.pdf")["entry_id"]})
    assert (entry["name"], entry["tags"], entry["categories"]) == ("Mine", "term", "Defaults>Kept")
    # Others may be said by a run that names them.
    library.ingest(defaults={"tags": ["other"]})
    entry = kaltura.call("baseEntry", "get", {"entryId": entry["id"]})
    assert (entry["tags"], entry.get("categories", "")) == ("other", "")
