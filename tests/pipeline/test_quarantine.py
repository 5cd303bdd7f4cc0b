"""Quarantine: the bad object's copy and its reason lie there, the source stays, and what is fixed leaves it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.conftest import ROOT
from tests.pipeline.media import found
from tests.pipeline.results.records import problem

import kaltura_pipeline.s3_objects as s3_objects
from kaltura_pipeline.errors import ConfigurationError
from kaltura_pipeline.quarantine import Case, HeldObject, Quarantine, WhyDocument
from kaltura_pipeline.results.model import ResultProblem, TitleResult, title_result
from kaltura_pipeline.results.why import why
from kaltura_pipeline.settings import PipelineSettings
from kaltura_pipeline.workspace import Workspace

KEY = "lectures/a b.mp4"


@pytest.fixture
def workspace(bucket: str) -> Workspace:
    return Workspace.open(PipelineSettings(), bucket)


@pytest.fixture
def quarantine(workspace: Workspace) -> Quarantine:
    return Quarantine(workspace)


def bad(key: str = KEY, message: str = "the moov atom is missing") -> TitleResult:
    return title_result(key, "error", problems=[problem(message, code="MEDIA_REFUSED", fix="export it again")])


def keys(s3: Any, bucket: str) -> list[str]:
    return [item["Key"] for item in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]


def body(s3: Any, bucket: str, key: str) -> bytes:
    data: bytes = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    return data


def held(bucket: str, key: str) -> str:
    return f"_kaltura/quarantine/{bucket}/{key}"


def modified(s3: Any, bucket: str) -> dict[str, Any]:
    return {item["Key"]: item["LastModified"] for item in s3.list_objects_v2(Bucket=bucket)["Contents"]}


def test_a_bad_title_and_its_reason(s3: Any, bucket: str, quarantine: Quarantine) -> None:
    s3.put_object(Bucket=bucket, Key=KEY, Body=b"cut", ContentType="video/mp4", Metadata={"from": "camera 2"})
    s3.put_object(Bucket=bucket, Key="lectures/a b.yaml", Body=b"name: A")
    (done,) = quarantine.put([Case(bad(), ("lectures/a b.yaml",))], run_id="run-1")
    assert done == {"key": KEY, "why": f"s3://{bucket}/{held(bucket, KEY)}.why.json", "copied": 2, "error": ""}
    assert body(s3, bucket, KEY) == b"cut", "the source stays"
    copied = s3.get_object(Bucket=bucket, Key=held(bucket, KEY))
    assert (copied["Body"].read(), copied["ContentType"], copied["Metadata"]) == (
        (b"cut", "video/mp4", {"from": "camera 2"})
    )
    why = json.loads(body(s3, bucket, held(bucket, KEY) + ".why.json"))
    assert why["cause"].startswith("the moov atom is missing. ")
    assert (why["who"], why["step"], why["run_id"]) == ("you", "export it again", "run-1")
    assert why["etag"] == s3.head_object(Bucket=bucket, Key=KEY)["ETag"].strip('"')
    assert why["problems"][0]["code"] == "MEDIA_REFUSED"
    assert [held["key"] for held in why["objects"]] == [KEY, "lectures/a b.yaml"]
    assert why["time"].endswith("Z")


def test_the_same_object_is_copied_once(s3: Any, bucket: str, quarantine: Quarantine) -> None:
    s3.put_object(Bucket=bucket, Key=KEY, Body=b"cut")
    quarantine.put([Case(bad())], run_id="run-1")
    before = modified(s3, bucket)
    assert quarantine.put([Case(bad())], run_id="run-2")[0]["copied"] == 0
    assert modified(s3, bucket) == before, "not even the document is written again"
    document = quarantine.read(KEY)
    assert document is not None
    assert document["run_id"] == "run-1"

    quarantine.put([Case(bad(message="no audio"))], run_id="run-2")
    document = quarantine.read(KEY)
    assert document is not None
    assert document["cause"].startswith("no audio"), "another reason is noted"

    s3.put_object(Bucket=bucket, Key=KEY, Body=b"cut again")
    assert quarantine.put([Case(bad())], run_id="run-3")[0]["copied"] == 1
    assert body(s3, bucket, held(bucket, KEY)) == b"cut again"

    s3.delete_object(Bucket=bucket, Key=held(bucket, KEY))
    assert quarantine.put([Case(bad())], run_id="run-4")[0]["copied"] == 1, "a copy somebody removed is made again"


def test_what_is_fixed_leaves_it(s3: Any, bucket: str, quarantine: Quarantine) -> None:
    for name in ("a.mp4", "b.mp4"):
        s3.put_object(Bucket=bucket, Key=name, Body=b"cut")
    assert quarantine.release(["a.mp4"]) == []
    quarantine.put([Case(bad("a.mp4")), Case(bad("b.mp4"))], run_id="r")
    assert [document["key"] for document in quarantine.titles()] == ["a.mp4", "b.mp4"]
    assert quarantine.release(["a.mp4", "never-there.mp4"]) == ["a.mp4"]
    assert [document["key"] for document in quarantine.titles()] == ["b.mp4"]
    assert held(bucket, "a.mp4") not in keys(s3, bucket)
    assert "a.mp4" in keys(s3, bucket)


def test_moving_when_asked(s3: Any, bucket: str, quarantine: Quarantine) -> None:
    s3.put_object(Bucket=bucket, Key=KEY, Body=b"cut")
    for _ in range(2):
        assert quarantine.put([Case(bad())], run_id="r", move=True)[0]["error"] == ""
        assert keys(s3, bucket) == [held(bucket, KEY), held(bucket, KEY) + ".why.json"]
    document = quarantine.read(KEY)
    assert document is not None
    assert document["objects"][0]["moved"]
    assert document["objects"][0]["note"] == ""

    assert quarantine.release([KEY]) == [KEY]
    assert body(s3, bucket, held(bucket, KEY)) == b"cut", "a copy that is all there is stays"
    assert quarantine.read(KEY) is not None

    s3.put_object(Bucket=bucket, Key=KEY, Body=b"whole")
    quarantine.release([KEY])
    assert keys(s3, bucket) == [KEY], "the fixed one is there instead"


def test_what_dies_between_copy_and_removal_is_done_again(
    s3: Any, bucket: str, quarantine: Quarantine, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3.put_object(Bucket=bucket, Key=KEY, Body=b"cut")

    def die(*arguments: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("kaltura_pipeline.quarantine.remove", die)
        with pytest.raises(KeyboardInterrupt):
            quarantine.put([Case(bad())], run_id="r", move=True)
    assert KEY in keys(s3, bucket)
    assert quarantine.put([Case(bad())], run_id="r", move=True)[0]["copied"] == 0
    assert keys(s3, bucket) == [held(bucket, KEY), held(bucket, KEY) + ".why.json"]


def test_an_object_that_changes_meanwhile_is_not_removed(
    s3: Any, bucket: str, quarantine: Quarantine, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3.put_object(Bucket=bucket, Key=KEY, Body=b"cut")
    plain = s3_objects.remove

    def overtaken(client: Any, name: str, key: str, etag: str) -> None:
        s3.put_object(Bucket=bucket, Key=KEY, Body=b"whole")
        plain(client, name, key, etag)

    monkeypatch.setattr("kaltura_pipeline.quarantine.remove", overtaken)
    (done,) = quarantine.put([Case(bad())], run_id="r", move=True)
    assert "the new version stays" in done["error"]
    assert body(s3, bucket, KEY) == b"whole"


def test_a_title_without_its_object(s3: Any, bucket: str, quarantine: Quarantine) -> None:
    (done,) = quarantine.put([Case(bad("gone.mp4"))], run_id="r")
    assert (done["copied"], done["error"]) == (0, "")
    document = quarantine.read("gone.mp4")
    assert document is not None
    assert document["objects"][0]["note"] == "it is gone"
    assert document["who"] == "you"
    assert quarantine.release(["gone.mp4"]) == ["gone.mp4"]
    assert keys(s3, bucket) == []


def test_one_that_cannot_be_copied_does_not_stop_the_others(s3: Any, bucket: str, quarantine: Quarantine) -> None:
    s3.put_object(Bucket=bucket, Key="cold.mp4", Body=b"x", StorageClass="GLACIER")
    s3.put_object(Bucket=bucket, Key="bad.mp4", Body=b"x")
    done = quarantine.put([Case(bad("cold.mp4")), Case(bad("bad.mp4"))], run_id="r")
    assert [one["key"] for one in done] == ["cold.mp4", "bad.mp4"]
    assert done[1]["copied"] == 1
    cold = quarantine.read("cold.mp4")
    assert cold is not None
    assert (cold["objects"][0]["copy"], "archived" in cold["objects"][0]["note"]) == ("", True)


def test_a_state_bucket_that_is_gone_is_named(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key=KEY, Body=b"x")
    workspace = Workspace.open(PipelineSettings(state_bucket="there-is-no-such-bucket"), bucket)
    (done,) = Quarantine(workspace).put([Case(bad())], run_id="r")
    assert "NoSuchBucket" in done["error"]
    assert (
        "check that the AWS identity may read the object and its tags, and write below s3://there-is-no-such-bucket/_kaltura/"
        in done["error"]
    )


def test_a_large_object_is_copied_by_parts(
    s3: Any, bucket: str, quarantine: Quarantine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3_objects, "WHOLE_BYTES", 6 * 1024**2)
    monkeypatch.setattr(s3_objects, "PART_BYTES", 5 * 1024**2)
    data = bytes(range(256)) * (11 * 4096)
    s3.put_object(Bucket=bucket, Key=KEY, Body=data, ContentType="video/mp4", Metadata={"from": "camera 2"})
    assert quarantine.put([Case(bad())], run_id="r")[0]["copied"] == 1
    copied = s3.get_object(Bucket=bucket, Key=held(bucket, KEY))
    assert copied["ETag"].endswith('-3"'), "three parts"
    assert copied["Body"].read() == data
    assert (copied["ContentType"], copied["Metadata"]) == ("video/mp4", {"from": "camera 2"})
    assert quarantine.put([Case(bad())], run_id="r")[0]["copied"] == 0


def test_names_that_would_not_fit(s3: Any, bucket: str, quarantine: Quarantine) -> None:
    """A file named like a document, a name as long as S3 allows, and two long ones that begin alike."""
    names = ["a.mp4", "a.mp4.why.json", "ä" * 510 + ".mp4", "x" * 1000 + "1.mp4", "x" * 1000 + "2.mp4", "a//b/../c.mp4"]
    for name in names:
        s3.put_object(Bucket=bucket, Key=name, Body=name.encode())
    done = quarantine.put([Case(bad(name)) for name in names], run_id="r")
    assert [(one["copied"], one["error"]) for one in done] == [(1, "")] * len(names)
    found = {document["key"]: document for document in quarantine.titles()}
    assert found.keys() == set(names)
    copies = [document["objects"][0]["copy"] for document in found.values()]
    assert len(set(copies)) == len(names)
    for name, document in found.items():
        assert body(s3, bucket, document["objects"][0]["copy"]) == name.encode()
    assert set(quarantine.release(names)) == set(names)
    assert sorted(keys(s3, bucket)) == sorted(names)


def test_no_run_takes_a_copy_for_a_new_file(s3: Any, bucket: str, workspace: Workspace) -> None:
    s3.put_object(Bucket=bucket, Key=KEY, Body=b"x")
    Quarantine(workspace, "bad files").put([Case(bad())], run_id="r")
    assert f"_kaltura/bad files/{bucket}/{KEY}" in keys(s3, bucket)
    seen = found(s3, bucket)
    assert [title.media.key for title in seen.titles] == [KEY]
    assert seen.not_taken == []
    with pytest.raises(ConfigurationError, match="KALTURA_PIPELINE_STATE_PREFIX"):
        Quarantine(Workspace.open(PipelineSettings(state_prefix=""), bucket))
    with pytest.raises(ConfigurationError, match="has no name"):
        Quarantine(workspace, "/")


def test_the_documented_document_has_its_fields() -> None:
    text = (ROOT / "docs" / "quarantine.md").read_text().split("```json")[1].split("```")[0]
    document = json.loads(text)
    assert document.keys() == WhyDocument.__annotations__.keys()
    assert document["objects"][0].keys() == HeldObject.__annotations__.keys()
    assert document["problems"][0].keys() == ResultProblem.__annotations__.keys()
    reason = why(title_result(document["key"], document["result"], problems=document["problems"]))
    assert {name: document[name] for name in reason} == dict(reason)
