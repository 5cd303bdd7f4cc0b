"""What somebody changed on Kaltura is named in words, and put right again where that was asked for."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from demo.media import audio, document
from tests.account import account, client, new_client, proxy
from tests.pipeline.publishing.conftest import Library, library
from tests.sandbox_state import state_of

from kaltura_pipeline.options import RunOptions
from kaltura_pipeline.plan import KNOWN_COMPARE
from kaltura_pipeline.planning import plan_ingest
from kaltura_pipeline.reconciling.compare import compare_batch, repair_batch
from kaltura_pipeline.reconciling.record import record_reconcile
from kaltura_pipeline.workspace import Workspace

if TYPE_CHECKING:
    from tests.account import Account

    from kaltura_sandbox.faults.proxy import FaultProxy
    from kaltura_sandbox.server import SandboxServer

__all__ = ["account", "client", "library", "new_client", "proxy"]

VTT = "WEBVTT\n\n00:00.000 --> 00:01.000\nHello\n"


@dataclass
class Report:
    """What a run said: results and messages by key, and its summary."""

    results: dict[str, str] = field(default_factory=dict)
    messages: dict[str, str] = field(default_factory=dict)
    summary: Any = None


def reconcile(library: Library, *, repair: bool = False) -> Report:
    """Run all steps of the DAG."""
    library.runs += 1
    run_id, settings, kaltura = f"c{library.runs}", library.settings, library.kaltura
    options = RunOptions(bucket=library.bucket, known_files=KNOWN_COMPARE)
    uri, plan = plan_ingest(settings, options, run_id=run_id, kaltura=lambda: kaltura)
    for batch in plan["batches"]:
        compare_batch(settings, batch, bucket=library.bucket, run_id=run_id, kaltura=kaltura)
        if repair:
            repair_batch(settings, batch, bucket=library.bucket, run_id=run_id, owner="w", kaltura=kaltura)
    report = Report(summary=record_reconcile(settings, bucket=library.bucket, run_id=run_id, plan_uri=uri))
    workspace = Workspace.open(settings, library.bucket)
    name = workspace.documents.name_of(report.summary["page"]).replace("index.html", "results.ndjson")
    stream = workspace.documents.open(name)
    assert stream is not None
    for line in stream.iter_lines():
        result = json.loads(line)
        report.results[result["key"]] = result["result"]
        report.messages[result["key"]] = result["message"]
    return report


@pytest.fixture
def talk(library: Library, account: Account) -> str:
    """A talk with everything there is; return its entry."""
    profile = account.word
    account.metadata_profile(profile)
    account.category(profile, "Optics")
    library.put("talk.mp3", audio(1))
    library.put("talk.en.vtt", VTT)
    library.put("talk.png", picture())
    library.put("talk.chapters.txt", "0:00 Light")
    library.put("talk.attachments/notes.txt", "all of it")
    library.put(
        "talk.yaml",
        f"name: Light\ntags: [optics]\ncategories: [{profile}>Optics]\nmetadata: {{{profile}: {{Teacher: Ada}}}}\n",
    )
    library.ingest()
    return library.entry_of("talk.mp3")


def picture() -> bytes:
    import io

    from PIL import Image

    target = io.BytesIO()
    Image.new("RGB", (32, 24), (200, 20, 20)).save(target, "PNG")
    return target.getvalue()


def test_what_is_as_it_shall_be_takes_few_requests_and_no_write(
    library: Library, talk: str, proxy: FaultProxy, sandbox: SandboxServer
) -> None:
    for number in range(40):
        library.put(f"handout{number}.pdf", document() + b"%d" % number)
    library.ingest()
    before = state_of(sandbox.settings.data)
    proxy.reset()
    report = reconcile(library, repair=True)
    assert set(report.results.values()) == {"skip"}
    assert report.summary["drifted"] == 0
    assert state_of(sandbox.settings.data) == before
    # Three batches: a list of entries, a look and a list of failed flavors each, and the names that the talk mentions.
    calls = Counter(proxy.calls)
    assert (calls["baseEntry.list"], calls["multirequest"]) == (3, 3)
    assert calls.total() <= 12


def test_every_kind_of_drift_is_named_and_mended(library: Library, talk: str, account: Account) -> None:
    kaltura = account.kaltura
    kaltura.call("baseEntry", "update", {"entryId": talk, "baseEntry": {"name": "Dark", "tags": "other"}})
    (category,) = account.categories_of(talk)
    kaltura.call("categoryEntry", "delete", {"entryId": talk, "categoryId": category})
    (metadata,) = kaltura.call("metadata_metadata", "list", {"filter": {"objectIdEqual": talk}})["objects"]
    xml = "<metadata><Teacher>Bob</Teacher><Topic>theirs</Topic></metadata>"
    kaltura.call("metadata_metadata", "update", {"id": metadata["id"], "xmlData": xml})
    (caption,) = account.captions_of(talk)
    kaltura.call("caption_captionAsset", "delete", {"captionAssetId": caption["id"]})
    of_talk = {"entryIdEqual": talk}
    (point,) = kaltura.iterate("cuepoint_cuepoint", "list", of_talk)
    kaltura.call("cuepoint_cuepoint", "delete", {"id": point["id"]})
    (attachment,) = kaltura.iterate("attachment_attachmentAsset", "list", of_talk)
    kaltura.call("attachment_attachmentAsset", "delete", {"attachmentAssetId": attachment["id"]})

    report = reconcile(library)
    assert report.results == {"talk.mp3": "drift"}
    words = report.messages["talk.mp3"]
    for said in (
        "fields: name is 'Dark', not 'Light'", "tags", "categories", "Teacher", "captions: English WebVTT",
        "chapters: 0:00 Light is missing", "attachments: notes.txt is missing",
    ):  # fmt: skip
        assert said in words, said
    assert report.summary["drifted"] == 1
    assert "talk.mp3" in report.summary["first"][0]
    # Nothing was changed.
    assert kaltura.call("baseEntry", "get", {"entryId": talk})["name"] == "Dark"

    report = reconcile(library, repair=True)
    assert report.results == {"talk.mp3": "mended"}
    assert "name is 'Dark'" in report.messages["talk.mp3"]
    assert report.summary["drifted"] == 0
    entry = kaltura.call("baseEntry", "get", {"entryId": talk})
    assert (entry["name"], entry["tags"]) == ("Light", "optics")
    assert account.categories_of(talk) == [category]
    # What others added stays.
    assert list(account.metadata_of(talk).values()) == [
        "<metadata><Teacher>Ada</Teacher><Topic>theirs</Topic></metadata>"
    ]
    assert [each["text"].decode() for each in account.captions_of(talk)] == [VTT]
    assert [each["title"] for each in kaltura.iterate("cuepoint_cuepoint", "list", of_talk)] == ["Light"]
    (attachment,) = kaltura.iterate("attachment_attachmentAsset", "list", of_talk)
    assert (attachment["filename"], int(attachment["size"])) == ("notes.txt", len("all of it"))
    assert reconcile(library, repair=True).results == {"talk.mp3": "skip"}


def test_an_entry_that_is_gone_is_told_with_the_way_out(library: Library, talk: str) -> None:
    from kaltura_pipeline.ledger import main

    library.kaltura.call("baseEntry", "delete", {"entryId": talk})
    report = reconcile(library, repair=True)
    assert report.results == {"talk.mp3": "gone"}
    page = library.s3.get_object(
        Bucket=library.bucket, Key=report.summary["page"].split("/", 3)[3]
    )["Body"].read().decode()  # fmt: skip
    assert "python -m kaltura_pipeline.ledger forget" in page
    assert main(["--bucket", library.bucket, "forget", "talk.mp3"]) == 0
    library.ingest()
    assert library.entry_of("talk.mp3") != talk
    assert reconcile(library).results == {"talk.mp3": "skip"}


def test_files_that_are_gone_new_or_changed(library: Library, talk: str) -> None:
    library.put("lost.pdf", document())
    library.ingest()
    library.s3.delete_object(Bucket=library.bucket, Key="lost.pdf")
    library.put("new.pdf", document() + b"new")
    library.put("talk.mp3", audio(1) + b"changed")
    report = reconcile(library, repair=True)
    assert report.results == {"lost.pdf": "drift", "new.pdf": "new", "talk.mp3": "changed"}
    assert "put the file back" in report.messages["lost.pdf"]
    assert report.summary["drifted"] == 1


def test_a_title_in_other_hands_is_left_to_them(library: Library, talk: str) -> None:
    library.kaltura.call("baseEntry", "update", {"entryId": talk, "baseEntry": {"name": "Dark"}})
    Workspace.open(library.settings, library.bucket).ledger.claim_known(library.bucket, "talk.mp3", "somebody else")
    report = reconcile(library, repair=True)
    assert report.results == {"talk.mp3": "busy"}
    assert library.kaltura.call("baseEntry", "get", {"entryId": talk})["name"] == "Dark"


def test_a_wrong_sidecar_is_refused_and_nothing_is_taken_from_kaltura(library: Library, talk: str) -> None:
    library.put("talk.yaml", "name: Light\ncategories: [No>Such]")
    report = reconcile(library, repair=True)
    assert report.results == {"talk.mp3": "refuse"}
    assert "No>Such" in report.messages["talk.mp3"]


def test_flavors_that_failed_are_named_and_no_repair_promises_to_mend_them(
    library: Library, talk: str, sandbox: SandboxServer
) -> None:
    from kaltura_sandbox.services.flavor_asset import flavors, flavors_of

    store = sandbox.sandbox.store
    rendition = next(each for each in flavors_of(store, talk) if not each["isOriginal"])
    flavors(store).update(rendition["id"], status=-1)
    report = reconcile(library, repair=True)
    assert report.results == {"talk.mp3": "drift"}
    assert f"flavors: {rendition['id']}" in report.messages["talk.mp3"]
