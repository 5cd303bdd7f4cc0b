"""What the tutorials say happens, happens: their files go through the pipeline to a local Kaltura."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
from demo.media import video
from tests.docs.blocks import write_files
from tests.pipeline.conftest import bucket, kaltura, s3, s3_url, sandbox
from tests.pipeline.media import clip, item_of
from tests.pipeline.test_ingest import Pipeline, reference_of
from tests.provider.entries import add_content, new_entry, wait_for_status

from kaltura_pipeline.workspace import Workspace
from kaltura_provider.api import KalturaClient
from kaltura_sandbox.server import SandboxServer

__all__ = ["bucket", "kaltura", "s3", "s3_url", "sandbox"]


class Folder(Pipeline):
    """The bucket of a tutorial, with all that the form leaves as it is."""

    def plan(self, changed_files: str = "replace", **options: Any) -> tuple[str, Any]:
        self.uri, self.planned = super().plan(changed_files, **{"duplicate_files": "refuse", **options})
        return self.uri, self.planned

    def put_page(self, page: str, folder: Path, prefix: str = "", **names: str) -> None:
        """Put the files of a page, some under another name."""
        write_files(page, folder)
        for path in folder.iterdir():
            self.put(**{prefix + names.get(path.name, path.name): path.read_bytes()})

    def action(self, key: str) -> str:
        self.item = item_of(self.s3, self.planned, key)
        return str(self.item["action"])


@pytest.fixture
def folder(s3: Any, bucket: str, sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch) -> Folder:
    monkeypatch.setattr(Workspace, "open", staticmethod(cache(Workspace.open)))
    return Folder(s3, bucket, sandbox)


def existing(kaltura: KalturaClient, reference_id: str, content: bytes) -> str:
    """An entry that was there before."""
    entry_id = new_entry(kaltura, media_type=1, referenceId=reference_id, name="of old")
    add_content(kaltura, entry_id, content, "old.mp4")
    wait_for_status(kaltura, entry_id, 2)
    return entry_id


def entry(kaltura: KalturaClient, entry_id: str) -> Any:
    return kaltura.call("baseEntry", "get", {"entryId": entry_id})


def test_the_first_ingest(folder: Folder, kaltura: KalturaClient, tmp_path: Path) -> None:
    folder.put_page("docs/tutorials/first-ingest.md", tmp_path, "mine/")
    folder.put(**{"mine/talk.mp4": clip(1)})
    assert folder.run(kaltura, prefix="mine/")["ready"] == 1
    assert folder.action("mine/talk.mp4") == "add"
    (record,) = folder.records()
    entry_id = record["entry_id"]
    assert entry(kaltura, entry_id)["name"] == "My first talk"
    captions = kaltura.call("caption_captionAsset", "list", {"filter": {"entryIdEqual": entry_id}})["objects"]
    assert [each["language"] for each in captions] == ["English"]

    folder.run(kaltura, prefix="mine/")
    assert folder.action("mine/talk.mp4") == "skip"
    assert folder.item["reason"] == f"unchanged since it became {entry_id}"

    text = (tmp_path / "talk.yaml").read_text()
    folder.put(**{"mine/talk.yaml": text.replace("My first talk", "My talk").encode()})
    folder.run(kaltura, prefix="mine/")
    assert folder.action("mine/talk.mp4") == "update"
    assert entry(kaltura, entry_id)["name"] == "My talk"

    folder.put(**{"mine/talk.mp4": clip(2)})
    folder.run(kaltura, prefix="mine/")
    assert folder.action("mine/talk.mp4") == "replace"
    (record,) = folder.records()
    assert record["entry_id"] == entry_id

    folder.put(**{"mine/talk.yaml": text.replace("tags:", "tag:").encode()})
    folder.run(kaltura, prefix="mine/")
    assert folder.action("mine/talk.mp4") == "refuse"
    assert folder.item["reason"].startswith("mine/talk.yaml, line 2, field 'tag'")
    held = folder.s3.list_objects_v2(Bucket=folder.bucket, Prefix="_kaltura/quarantine/")["Contents"]
    assert any(each["Key"].endswith("mine/talk.mp4.why.json") for each in held)


def test_moving_off_bulk_upload(folder: Folder, kaltura: KalturaClient, tmp_path: Path) -> None:
    page = "docs/tutorials/from-bulk-upload.md"
    # A letter more or less keeps the tests of a session apart: they share an account.
    same, other = existing(kaltura, "optics-01", clip(3)), existing(kaltura, "optics-02", clip(4) + b"\0\0\0\x08free")
    folder.put_page(page, tmp_path, **{"spring.csv": "spring.manifest.csv"})
    folder.put(**{"spring/01.mp4": clip(3), "spring/02.mp4": clip(5)})
    summary = folder.run(kaltura, create_categories=True)
    assert summary["failures"] == []
    became = {record["key"]: record["entry_id"] for record in folder.records()}
    assert became == {"spring/01.mp4": same, "spring/02.mp4": other}
    assert [entry(kaltura, each)["name"] for each in (same, other)] == ["Light", "Mirrors"]
    assert summary["results"]["bytes_sent"] == len(clip(5)), "what has the same size is not sent"

    folder.run(kaltura)
    assert [folder.action(key) for key in sorted(became)] == ["skip", "skip"]

    text = (tmp_path / "spring.csv").read_text().splitlines(keepends=True)
    folder.put(**{"spring.manifest.csv": "".join(text[:2]).encode()})
    folder.run(kaltura)
    assert [folder.action(key) for key in sorted(became)] == ["skip", "update"]
    assert entry(kaltura, other)["name"] == "02"


def test_what_is_on_kaltura_already(folder: Folder, kaltura: KalturaClient) -> None:
    entry_id = existing(kaltura, "of-another-size", clip(6) + b"\0\0\0\x08free")
    twice = [existing(kaltura, "there-twice", clip(7)) for _ in range(2)]
    folder.put(**{
        "a.mp4": clip(8), "a.yaml": b"reference_id: of-another-size",
        "b.mp4": clip(7), "b.yaml": b"reference_id: there-twice",
    })  # fmt: skip
    (failure,) = folder.run(kaltura, changed_files="skip")["failures"]
    assert f"the content changed since it became entry {entry_id}" in failure
    assert entry(kaltura, entry_id)["name"] == "of old"
    assert {each["key"]: each.get("entry_id") for each in folder.records()}["b.mp4"] in twice


def test_a_file_that_moves_may_stay_the_same_entry(folder: Folder, kaltura: KalturaClient) -> None:
    folder.put(**{"old.mp4": clip(9)})
    folder.run(kaltura)
    (record,) = folder.records()
    folder.s3.delete_object(Bucket=folder.bucket, Key="old.mp4")
    folder.put(**{"new.mp4": clip(9)})
    folder.run(kaltura)
    assert folder.action("new.mp4") == "refuse"
    assert "same content as old.mp4" in folder.item["reason"]

    folder.put(**{"new.yaml": f"reference_id: {reference_of(folder.bucket, 'old.mp4')}".encode()})
    folder.run(kaltura, duplicate_files="add")
    assert {each["key"]: each["entry_id"] for each in folder.records()} == {
        "old.mp4": record["entry_id"], "new.mp4": record["entry_id"],
    }  # fmt: skip


def test_a_lost_ledger_makes_nothing_twice(folder: Folder, kaltura: KalturaClient) -> None:
    folder.put(**{"talk.mp4": video(1)})
    folder.run(kaltura)
    (before,) = folder.records()
    for each in folder.s3.list_objects_v2(Bucket=folder.bucket, Prefix="_kaltura/")["Contents"]:
        folder.s3.delete_object(Bucket=folder.bucket, Key=each["Key"])
    assert folder.run(kaltura)["results"]["bytes_sent"] == 0
    (after,) = folder.records()
    assert after["entry_id"] == before["entry_id"]
