"""What is said of titles, and what is found wrong with them before a byte is sent."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from tests.pipeline.media import clip, read_lines

from kaltura_pipeline.options import RunOptions
from kaltura_pipeline.planning import plan_ingest
from kaltura_pipeline.settings import PipelineSettings

if TYPE_CHECKING:
    from kaltura_provider.api import KalturaClient

Plan = Callable[..., dict[str, dict[str, Any]]]


@pytest.fixture
def put(s3: Any, bucket: str) -> Callable[..., None]:
    def put_objects(**objects: bytes) -> None:
        for key, data in objects.items():
            s3.put_object(Bucket=bucket, Key=key, Body=data)

    return put_objects


@pytest.fixture
def plan(s3: Any, bucket: str, kaltura: KalturaClient) -> Plan:
    """Plan a run; return its items by key, and what was not taken under the key ``left``."""

    def make(**options: Any) -> dict[str, dict[str, Any]]:
        settings = PipelineSettings(time_zone="Europe/Berlin")
        _, head = plan_ingest(settings, RunOptions(bucket=bucket, **options), run_id="r", kaltura=lambda: kaltura)
        items = {item["key"]: item for item in read_lines(s3, head["titles"])}
        items["left"] = {each["key"]: each["reason"] for each in read_lines(s3, head["not_taken"])}
        return items

    return make


def png() -> bytes:
    from PIL import Image

    file = io.BytesIO()
    Image.new("RGB", (640, 360), "navy").save(file, "PNG")
    return file.getvalue()


def test_a_sidecar_goes_before_a_manifest_and_that_before_the_defaults(put: Any, plan: Plan) -> None:
    put(
        **{
            "a.mp4": clip(1),
            "a.yaml": b"name: Sidecar",
            "manifest.csv": b"media,name,tags\na.mp4,Row,row\nb.mp4,Other,\n",
        }
    )
    put(**{"b.mp4": clip(2), "c.mp4": clip(3)})
    items = plan(defaults={"name": "Default", "tags": ["default"], "description": "all"})
    fields = {key: items[key]["wanted"]["fields"] for key in ("a.mp4", "b.mp4", "c.mp4")}
    assert fields == {
        "a.mp4": {"name": "Sidecar", "tags": "row", "description": "all"},
        "b.mp4": {"name": "Other", "tags": "default", "description": "all"},
        "c.mp4": {"name": "Default", "tags": "default", "description": "all"},
    }


def test_a_wrong_row_refuses_its_own_file_only(put: Any, plan: Plan) -> None:
    rows = b"media,name,start\na.mp4,A,2026-03-29 02:30\nb.mp4,B,2026-03-29 03:30\nmissing.mp4,M,\n"
    put(**{"a.mp4": clip(1), "b.mp4": clip(2), "manifest.csv": rows})
    items = plan()
    assert items["a.mp4"]["action"] == "refuse"
    assert "manifest.csv, row 2, column 'start'" in items["a.mp4"]["reason"]
    assert items["b.mp4"]["action"] == "add"
    assert items["b.mp4"]["wanted"]["fields"]["startDate"] == 1774747800
    (where, reason) = next(each for each in items["left"].items() if "missing" in each[1])
    assert where == "manifest.csv (row 4)"
    assert reason == "missing.mp4 is not in the bucket; upload it, or correct the manifest"


def test_an_unreadable_manifest_holds_back_what_it_may_be_about(put: Any, plan: Plan) -> None:
    put(**{"in/a.mp4": clip(1), "in/deep/b.mp4": clip(2), "out.mp4": clip(3), "in/manifest.yaml": b"titles: ["})
    items = plan()
    assert {key: items[key]["action"] for key in ("in/a.mp4", "in/deep/b.mp4", "out.mp4")} == {
        "in/a.mp4": "refuse", "in/deep/b.mp4": "refuse", "out.mp4": "add"
    }  # fmt: skip
    assert "in/manifest.yaml" in items["in/a.mp4"]["reason"]
    assert "in/manifest.yaml" in items["left"]


def test_a_manifest_named_in_the_form_takes_only_its_titles(put: Any, plan: Plan) -> None:
    put(**{"in/a.mp4": clip(1), "in/b.mp4": clip(2), "in/list of mine.csv": b"media,name\na.mp4,A\n"})
    items = plan(manifest="in/list of mine.csv")
    assert items["in/a.mp4"]["action"] == "add"
    assert items["left"] == {"in/b.mp4": "not named in in/list of mine.csv"}


# Kaltura's numbers: ADD, UPDATE, REPLACE, ADD_OR_UPDATE.
@pytest.mark.parametrize(("asked", "action"), [("1", "add"), ("2", "refuse"), ("4", "refuse"), ("6", "add")])
def test_a_row_says_what_may_be_done(put: Any, plan: Plan, bucket: str, asked: str, action: str) -> None:
    rows = f"*title,url,action,entryId\nA,s3://{bucket}/a.mp4,{asked},{'0_x' if action == 'refuse' else ''}\n"
    put(**{"a.mp4": clip(1), "manifest.csv": rows.encode()})
    item = plan()["a.mp4"]
    assert item["action"] == action, item["reason"]


def test_files_a_description_names_are_no_titles_of_their_own(put: Any, plan: Plan) -> None:
    put(**{"in/a.mp4": clip(1), "in/cover.png": png(), "in/a.yaml": b"thumbnail: cover.png"})
    items = plan()
    assert set(items) == {"in/a.mp4", "left"}
    assert items["in/a.mp4"]["thumbnail"]["key"] == "in/cover.png"
    put(**{"in/a.yaml": b"thumbnail: cove.png"})
    item = plan()["in/a.mp4"]
    assert item["action"] == "refuse"
    assert "there is no in/cove.png in the bucket" in item["reason"]


def test_what_kaltura_would_refuse_later_is_refused_now(put: Any, plan: Plan) -> None:
    put(**{"a.mp4": clip(1), "a.yaml": b"categories: [No>Such]\naccess_control: nobody\nowner: ada lovelace"})
    item = plan()["a.mp4"]
    fields = {problem["field"] for problem in item["problems"]}
    assert (item["action"], fields) == ("refuse", {"owner"})
    put(**{"a.yaml": b"categories: [No>Such]\naccess_control: nobody"})
    item = plan()["a.mp4"]
    assert {problem["field"] for problem in item["problems"]} == {"categories", "access_control"}
    put(**{"a.yaml": b"categories: [No>Such]"})
    item = plan(create_categories=True)["a.mp4"]
    assert (item["action"], item["wanted"]["new_categories"]) == ("add", ["No>Such"])


def test_media_captions_and_rules_are_checked(put: Any, plan: Plan) -> None:
    late = b"WEBVTT\n\n00:00.000 --> 00:00.500\nHi\n\n00:50.000 --> 00:55.000\nLate\n"
    put(**{"cut.mp4": clip(1)[:-2000], "late.mp4": clip(2), "late.en.vtt": late, "text.mp4": b"no film " * 99})
    put(**{"fine.mp4": clip(3), "fine.png": b"no picture"})
    items = plan(rules={"min_duration": 0.5})
    assert {key for key, item in items.items() if item.get("action") == "refuse"} == {
        "cut.mp4", "late.mp4", "text.mp4", "fine.mp4"
    }  # fmt: skip
    assert "late.en.vtt, line 6" in items["late.mp4"]["reason"]
    assert "fine.png" in items["fine.mp4"]["reason"]
    assert plan(rules={"max_duration": 0.5})["fine.mp4"]["problems"][0]["field"] == "max_duration"


def test_the_same_content_under_another_name(put: Any, plan: Plan) -> None:
    put(**{"a.mp4": clip(1), "b.mp4": clip(1)})
    items = plan()
    assert [items[key]["action"] for key in ("a.mp4", "b.mp4")] == ["add", "refuse"]
    assert "it has the same content as a.mp4" in items["b.mp4"]["reason"]
    items = plan(duplicate_files="add")
    assert [items[key]["action"] for key in ("a.mp4", "b.mp4")] == ["add", "add"]
