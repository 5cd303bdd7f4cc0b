"""What becomes of source objects once their titles are live, when that is asked for."""

from __future__ import annotations

from typing import Any

import pytest
from demo.media import document
from tests.pipeline.publishing.conftest import Library

import kaltura_pipeline.after_success as after_success_module
from kaltura_pipeline.after_success import AfterSuccess, Done, LiveTitle, after_success
from kaltura_pipeline.errors import ConfigurationError
from kaltura_pipeline.settings import PipelineSettings
from kaltura_pipeline.workspace import Workspace
from kaltura_provider.api import KalturaClient


@pytest.fixture
def workspace(bucket: str) -> Workspace:
    return Workspace.open(PipelineSettings(), bucket)


@pytest.fixture
def title(s3: Any, bucket: str) -> LiveTitle:
    """A title of two objects, the first of which has a tag already."""
    first = s3.put_object(Bucket=bucket, Key="in/a b.mp4", Body=b"video", Tagging="project=optics")
    second = s3.put_object(Bucket=bucket, Key="in/a b.vtt", Body=b"WEBVTT")
    return LiveTitle("1_abcd", {"in/a b.mp4": first["ETag"], "in/a b.vtt": second["ETag"].strip('"')})


def tags(s3: Any, bucket: str, key: str) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in s3.get_object_tagging(Bucket=bucket, Key=key)["TagSet"]}


def keys(s3: Any, bucket: str) -> list[str]:
    return [item["Key"] for item in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]


def test_nothing_happens_unasked(s3: Any, bucket: str, workspace: Workspace, title: LiveTitle) -> None:
    assert after_success(workspace, [title], AfterSuccess("nothing")) == []
    assert tags(s3, bucket, "in/a b.mp4") == {"project": "optics"}
    assert keys(s3, bucket) == ["in/a b.mp4", "in/a b.vtt"]


def test_tags_are_added(s3: Any, bucket: str, workspace: Workspace, title: LiveTitle) -> None:
    done = after_success(workspace, [title], AfterSuccess("tag"))
    assert [(one["key"], one["changed"], one["problem"]) for one in done] == (
        [("in/a b.mp4", True, ""), ("in/a b.vtt", True, "")]
    )
    found = tags(s3, bucket, "in/a b.mp4")
    assert found.pop("kaltura-ingested").endswith("Z")
    assert found == {"project": "optics", "kaltura-entry-id": "1_abcd"}
    assert tags(s3, bucket, "in/a b.vtt")["kaltura-entry-id"] == "1_abcd"
    again = after_success(workspace, [title], AfterSuccess.TAG)
    assert [one["changed"] for one in again] == [False, False]


def test_an_object_that_is_another_one_by_now_is_left_alone(
    s3: Any, bucket: str, workspace: Workspace, title: LiveTitle
) -> None:
    s3.put_object(Bucket=bucket, Key="in/a b.mp4", Body=b"a new version")
    s3.delete_object(Bucket=bucket, Key="in/a b.vtt")
    for action in (AfterSuccess.TAG, AfterSuccess.MOVE):
        done = after_success(workspace, [title], action, prefix="done", source_prefix="in/")
        assert ["since it was ingested" in one["problem"] for one in done] == [True, True]
        assert not any(one["changed"] for one in done)
    assert keys(s3, bucket) == ["in/a b.mp4"]
    assert tags(s3, bucket, "in/a b.mp4") == {}


def test_too_many_tags_are_a_problem_of_that_object_only(
    s3: Any, bucket: str, workspace: Workspace, title: LiveTitle
) -> None:
    many = {"TagSet": [{"Key": f"k{number}", "Value": "v"} for number in range(9)]}
    s3.put_object_tagging(Bucket=bucket, Key="in/a b.mp4", Tagging=many)
    first, second = after_success(workspace, [title], AfterSuccess.TAG)
    assert first["problem"] == "it would have 11 tags, and S3 allows 10; remove some"
    assert second["changed"]
    assert len(tags(s3, bucket, "in/a b.mp4")) == 9


def move(workspace: Workspace, *titles: LiveTitle, prefix: str = "done/") -> list[Done]:
    return after_success(workspace, titles, AfterSuccess.MOVE, prefix=prefix, source_prefix="in/")


def test_moving(s3: Any, bucket: str, workspace: Workspace, title: LiveTitle) -> None:
    done = move(workspace, title, prefix="done")
    assert [(one["source"], one["key"], one["problem"]) for one in done] == [
        ("in/a b.mp4", "done/in/a b.mp4", ""),
        ("in/a b.vtt", "done/in/a b.vtt", ""),
    ]
    assert keys(s3, bucket) == ["done/in/a b.mp4", "done/in/a b.vtt"]
    assert s3.get_object(Bucket=bucket, Key="done/in/a b.mp4")["Body"].read() == b"video"
    assert tags(s3, bucket, "done/in/a b.mp4") == {"project": "optics"}
    again = move(workspace, title)
    assert [(one["key"], one["changed"], one["problem"]) for one in again] == [
        ("done/in/a b.mp4", False, ""),
        ("done/in/a b.vtt", False, ""),
    ]


def test_what_was_moved_before_is_not_overwritten(s3: Any, bucket: str, workspace: Workspace, title: LiveTitle) -> None:
    move(workspace, title)
    etag = s3.put_object(Bucket=bucket, Key="in/a b.mp4", Body=b"second term")["ETag"].strip('"')
    second = LiveTitle("1_abcd", {"in/a b.mp4": etag})
    (done,) = move(workspace, second)
    assert done["key"] == f"done/in/a b.{etag[:8]}.mp4"
    assert s3.get_object(Bucket=bucket, Key="done/in/a b.mp4")["Body"].read() == b"video"
    assert s3.get_object(Bucket=bucket, Key=done["key"])["Body"].read() == b"second term"
    assert move(workspace, second)[0]["key"] == done["key"]


def test_an_original_stays_when_its_copy_is_not_whole(
    s3: Any, bucket: str, workspace: Workspace, title: LiveTitle, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half(client: Any, source: tuple[str, str], target: tuple[str, str], seen: Any) -> None:
        s3.put_object(Bucket=target[0], Key=target[1], Body=b"vi")

    monkeypatch.setattr("kaltura_pipeline.s3_objects.copy", half)
    done = move(workspace, title)
    assert all("the original stays" in one["problem"] for one in done)
    assert "in/a b.mp4" in keys(s3, bucket)


@pytest.mark.parametrize(
    ("prefix", "source", "words"),
    [
        ("", "in/", "no prefix is named"),
        ("in/done", "in/", "would take them for new ones"),
        ("done", "", "the bucket that is read as a whole"),
    ],
)
def test_never_to_where_the_next_run_looks(
    s3: Any, bucket: str, workspace: Workspace, title: LiveTitle, prefix: str, source: str, words: str
) -> None:
    with pytest.raises(ConfigurationError, match=words):
        after_success(workspace, [title], AfterSuccess.MOVE, prefix=prefix, source_prefix=source)
    assert keys(s3, bucket) == ["in/a b.mp4", "in/a b.vtt"]
    below = after_success(workspace, [title], AfterSuccess.MOVE, prefix="_kaltura/done", source_prefix="")
    assert all(one["changed"] for one in below)


def test_names_of_versions() -> None:
    name = after_success_module._version_of
    assert name("in/a.mp4", "0123456789") == "in/a.01234567.mp4"
    assert name("a.b/c", "0123456789") == "a.b/c.01234567"
    assert name(".hidden", "0123456789") == ".hidden.01234567"


def test_a_run_tags_the_titles_of_each_of_its_batches(s3: Any, bucket: str, kaltura: KalturaClient) -> None:
    settings = PipelineSettings(after_success="tag", batch_size=1)
    for name in ("a.pdf", "b.pdf"):
        s3.put_object(Bucket=bucket, Key=name, Body=document())
    library = Library(s3, bucket, kaltura, "", settings)
    library.ingest()
    for name in ("a.pdf", "b.pdf"):
        assert tags(s3, bucket, name)["kaltura-entry-id"] == library.entry_of(name)
