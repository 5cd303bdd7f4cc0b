"""From files into Kaltura, against a running sandbox."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import fsspec  # type: ignore[import-untyped]
import pytest
from airflow.sdk import ObjectStoragePath
from airflow.sdk.io import attach
from tests.provider.airflow_fixtures import read_range, render

from kaltura_provider.api import KalturaClient, SourceChangedError
from kaltura_provider.hooks.errors import UploadSourceError
from kaltura_provider.transfers.file_to_kaltura import FileToKalturaOperator
from kaltura_provider.transfers.path_source import PathSource

CONTENT = bytes(range(256)) * 100


def transfer(path: object, **more: Any) -> FileToKalturaOperator:
    return FileToKalturaOperator(task_id="upload", path=str(path), **more)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.mp4"
    path.write_bytes(CONTENT)
    return path


def source(path: object) -> PathSource:
    return PathSource.find(ObjectStoragePath(str(path)))


def test_local_file(client: KalturaClient, context: Any, video: Path) -> None:
    result = transfer(video).execute(context)
    assert (result["created"], result["bytes_sent"]) == (True, video.stat().st_size)
    assert result["source"] == f"file://{video}"
    assert result["reference_id"].startswith("file:")
    entry = client.call("media", "get", {"entryId": result["entry_id"]})
    assert (entry["name"], entry["mediaType"]) == ("talk", 1)
    again = transfer(f"file://{video}").execute(context)
    assert (again["entry_id"], again["created"], again["bytes_sent"]) == (result["entry_id"], False, 0)


@pytest.mark.parametrize(("start", "length"), [(0, len(CONTENT)), (100, 1000), (len(CONTENT) - 1, 1), (5, 0)])
def test_ranges_are_exact(file: Path, start: int, length: int) -> None:
    assert read_range(source(file), start, length) == CONTENT[start : start + length]


def test_file_changed_during_the_upload(file: Path) -> None:
    found = source(file)
    file.write_bytes(CONTENT[::-1])
    os.utime(file, (1, 1))
    with pytest.raises(SourceChangedError, match="was changed while it was being uploaded"):
        found.open(0, 10)
    file.unlink()
    with pytest.raises(SourceChangedError, match="was deleted"):
        found.open(0, 10)


def test_what_cannot_be_uploaded(tmp_path: Path) -> None:
    with pytest.raises(UploadSourceError, match=r"does not exist\. Check the path"):
        source(tmp_path / "none.mp4")
    with pytest.raises(UploadSourceError, match="is a folder"):
        source(tmp_path)
    (tmp_path / "empty.mp4").touch()
    with pytest.raises(UploadSourceError, match="is empty"):
        source(tmp_path / "empty.mp4")


def test_empty_path(connection: None, context: Any) -> None:
    with pytest.raises(ValueError, match="path is empty"):
        transfer(" ").execute(context)


def test_object_store(client: KalturaClient, context: Any, video: Path) -> None:
    store = fsspec.filesystem("memory")
    attach("memory", fs=store)
    store.pipe("/media/talk.mp4", video.read_bytes())
    result = transfer("memory://media/talk.mp4").execute(context)
    assert result["bytes_sent"] == video.stat().st_size
    assert result["source"] == "memory:///media/talk.mp4"
    assert result["reference_id"].startswith("memory:")


def test_store_without_its_provider() -> None:
    with pytest.raises(UploadSourceError, match=r"scheme gs.*Install the Airflow provider of that store"):
        source("gs://bucket/a.mp4")


def test_templates() -> None:
    task = transfer("/data/{{ ds }}.mp4", entry={"name": "{{ ds }}"})
    render(task, ds="2026-01-31")
    assert (task.path, task.entry) == ("/data/2026-01-31.mp4", {"name": "2026-01-31"})
