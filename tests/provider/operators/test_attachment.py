"""Attachments, from files, S3 and texts, against a running sandbox."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from tests.provider.airflow_fixtures import BUCKET, render
from tests.provider.entries import new_entry

from kaltura_provider.api import KalturaClient
from kaltura_provider.hooks.errors import UploadSourceError
from kaltura_provider.operators.attachment import KalturaAttachmentOperator

SERVICE = "attachment_attachmentAsset"


def attach(context: Any, **arguments: Any) -> dict[str, Any]:
    return KalturaAttachmentOperator(task_id="attach", **arguments).execute(context)


def contents(client: KalturaClient, entry_id: str) -> dict[str, bytes]:
    listed = client.call(SERVICE, "list", {"filter": {"entryIdEqual": entry_id}})["objects"]
    return {each["filename"]: client.call(SERVICE, "serve", {"attachmentAssetId": each["id"]}) for each in listed}


def test_from_everywhere_and_again(client: KalturaClient, context: Any, s3: Any, tmp_path: Path) -> None:
    entries = [new_entry(client), new_entry(client)]
    (tmp_path / "slides.pdf").write_bytes(b"%PDF slides")
    s3.put_object(Bucket=BUCKET, Key="t/notes.md", Body=b"# Notes")
    wanted = [
        (entries[0], [str(tmp_path / "slides.pdf"), {"file": f"s3://{BUCKET}/t/notes.md", "title": "Notes"}]),
        {"entry_id": entries[1], "files": {"content": "Hello", "filename": "hello.txt"}},
    ]
    assert attach(context, entries=wanted) == {
        entries[0]: {"added": 2, "updated": 0},
        entries[1]: {"added": 1, "updated": 0},
    }
    assert contents(client, entries[0]) == {"slides.pdf": b"%PDF slides", "notes.md": b"# Notes"}
    assert contents(client, entries[1]) == {"hello.txt": b"Hello"}
    again = attach(context, entries=wanted)
    assert list(again.values()) == [{"added": 0, "updated": 0}] * 2
    (tmp_path / "slides.pdf").write_bytes(b"%PDF other")
    one = attach(context, entry_id=entries[0], files=str(tmp_path / "slides.pdf"))
    assert one == {entries[0]: {"added": 0, "updated": 1}}
    assert contents(client, entries[0])["slides.pdf"] == b"%PDF other"


def test_a_file_that_is_not_there_is_found_before_anything_is_sent(
    client: KalturaClient, context: Any, tmp_path: Path
) -> None:
    good, bad = new_entry(client), new_entry(client)
    wanted = [(good, {"content": "x", "filename": "x.txt"}), (bad, [str(tmp_path / "none.pdf")])]
    with pytest.raises(UploadSourceError, match=r"none\.pdf does not exist"):
        attach(context, entries=wanted)
    assert contents(client, good) == contents(client, bad) == {}


def test_a_copy_of_a_local_file_is_not_sent_again(client: KalturaClient, context: Any, tmp_path: Path) -> None:
    entry, path = new_entry(client), tmp_path / "a.txt"
    path.write_text("same")
    attach(context, entry_id=entry, files=str(path))
    os.utime(path, (1, 1))
    assert attach(context, entry_id=entry, files=f"file://{path}") == {entry: {"added": 0, "updated": 0}}


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (None, "files must be a list of places"),
        ([5], "file 1: 5 is no file; write a place"),
        ([{"file": "a", "name": "b"}], "is no file; write a place, or a mapping with file, content"),
        ([{"file": "a", "content": "b"}], "file 1: set either file or content"),
        ([{"content": "b"}], "content needs a filename"),
    ],
)
def test_wrong_descriptions(context: Any, files: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        attach(context, entry_id="1_a", files=files)


@pytest.mark.parametrize(("place", "message"), [(" ", "has no place"), ("s3://bucket", "names no file")])
def test_places_that_are_none(client: KalturaClient, context: Any, place: str, message: str) -> None:
    with pytest.raises(UploadSourceError, match=message):
        attach(context, entry_id=new_entry(client), files=[{"file": place, "filename": "a.txt"}])


def test_templates() -> None:
    task = KalturaAttachmentOperator(task_id="a", entry_id="{{ id }}", files=[{"file": "s3://b/{{ id }}.pdf"}])
    render(task, id="1_a")
    assert (task.entry_id, task.files) == ("1_a", [{"file": "s3://b/1_a.pdf"}])
