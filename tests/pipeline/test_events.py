"""Where a run looks that objects have started."""

from __future__ import annotations

import random
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.pipeline.media import found

from kaltura_pipeline.events import (
    changed_objects,
    ingest_schedule,
    prefixes_to_plan,
    source_objects,
    title_prefixes,
)
from kaltura_pipeline.selection import Selection
from kaltura_pipeline.settings import PipelineSettings

QUEUE = "https://sqs.us-east-1.amazonaws.com/1/uploads"


def event(*keys: str, bucket: str = "videos", **more: Any) -> SimpleNamespace:
    """An asset event as a task sees it."""
    objects = [{"bucket": bucket, "key": key, **more} for key in keys]
    return SimpleNamespace(extra={"from_trigger": True, "payload": {"objects": objects}})


def test_late_repeated_and_disordered_messages_are_one() -> None:
    events = [event("b.mp4", "a.mp4"), event("a.mp4"), event("x.mp4", bucket="others"), event("a.mp4", sequencer="1")]
    assert changed_objects(events) == {"videos": ["a.mp4", "b.mp4"], "others": ["x.mp4"]}
    for _ in range(5):
        random.shuffle(events)
        assert changed_objects({"asset": events}) == {"videos": ["a.mp4", "b.mp4"], "others": ["x.mp4"]}


def test_events_of_others_are_passed_over() -> None:
    others: list[Any] = [
        SimpleNamespace(extra={}),
        SimpleNamespace(extra={"payload": "text"}),
        SimpleNamespace(extra={"payload": {"objects": [7, {"key": "no bucket"}]}}),
        SimpleNamespace(extra=None),
    ]
    assert changed_objects(others) == {}
    assert changed_objects([*others, event("a.mp4")]) == {"videos": ["a.mp4"]}


def test_a_run_by_the_clock_or_a_person_looks_everywhere() -> None:
    assert prefixes_to_plan({}, "videos") is None
    assert prefixes_to_plan(None, "videos") is None


def test_events_about_nothing_here_are_not_the_same_as_none() -> None:
    assert prefixes_to_plan([event("a.mp4", bucket="others")], "videos") == []
    assert prefixes_to_plan([event("other/a.mp4")], "videos", "lectures/") == []


def test_the_runs_prefix_bounds_where_it_looks() -> None:
    events = [event("lectures/talk.en.vtt", "lectures/batch.csv", "music/a.mp3")]
    assert prefixes_to_plan(events, "videos", "lectures/") == ["lectures/"]
    assert prefixes_to_plan([event("lectures/talk_720.mp4")], "videos", "lectures/talk_7") == ["lectures/talk_7"]


@pytest.mark.parametrize(
    ("key", "prefix"),
    [
        ("lectures/talk.mp4", "lectures/talk"),
        ("lectures/talk.yaml", "lectures/talk"),
        ("lectures/talk.en.vtt", "lectures/talk"),
        ("lectures/talk.pt-BR.srt", "lectures/talk"),
        ("lectures/talk.zh-Hans-CN.srt", "lectures/talk"),
        ("lectures/talk.mp4.yaml", "lectures/talk"),
        ("lectures/talk.mp4.en.vtt", "lectures/talk"),
        ("lectures/talk_1080.mp4", "lectures/talk"),
        ("lectures/talk_1080p.mp4", "lectures/talk"),
        ("lectures/talk.jpg", "lectures/talk"),
        ("lectures/talk.chapters.vtt", "lectures/talk"),
        ("lectures/talk.mp4.chapters.json", "lectures/talk"),
        ("lectures/talk.attachments/data.csv", "lectures/talk"),
        ("lectures/talk.mp4.attachments/more/a.en.vtt", "lectures/talk"),
        ("lectures/talk.done", "lectures/talk"),
        ("talk.mp4", "talk"),
        ("a.b/talk", "a.b/talk"),
        ("2026.11.25 talk.mp4", "2026.11.25 talk"),
        ("lectures/batch.csv", "lectures/"),
        ("lectures/manifest.yaml", "lectures/"),
        ("lectures/.done", "lectures/"),
        ("manifest.json", ""),
    ],
)
def test_a_file_leads_to_all_files_of_its_title(key: str, prefix: str) -> None:
    assert title_prefixes([key]) == [prefix]


def test_others_may_say_what_is_about_a_folder() -> None:
    assert title_prefixes(["a/x.plan", "b/y.csv"], whole_folder=lambda key: key.endswith(".plan")) == ["a/", "b/y"]


def test_prefixes_do_not_overlap() -> None:
    assert title_prefixes(["a/talk2.mp4", "a/talk.mp4", "b/x.mp4", "b/data.csv"]) == ["a/talk", "b/"]


def test_many_titles_in_a_folder_are_one_listing() -> None:
    keys = [f"big/{number:04}.mp4" for number in range(5000)] + [f"small/{number}.mp4" for number in range(3)]
    assert title_prefixes(keys, max_prefixes=10) == ["big/", "small/0", "small/1", "small/2"]


def test_many_folders_become_their_parents() -> None:
    keys = [f"year/{number:04}/talk.mp4" for number in range(500)]
    assert title_prefixes(keys, max_prefixes=10) == ["year/"]
    assert title_prefixes([f"{number}/talk.mp4" for number in range(500)], max_prefixes=10) == [""]


names = st.text(st.sampled_from("ab.-_/1 é"), min_size=1, max_size=12)


@given(st.lists(names, max_size=30), st.integers(1, 5))
def test_every_key_is_below_one_of_few_prefixes(keys: list[str], most: int) -> None:
    prefixes = title_prefixes(keys, max_prefixes=most)
    assert len(prefixes) <= most
    assert all(sum(key.startswith(prefix) for prefix in prefixes) == 1 for key in keys)


def test_discovery_finds_the_whole_title_from_any_of_its_files(s3: Any, bucket: str) -> None:
    files = ["in/talk.mp4", "in/talk.yaml", "in/talk.en.vtt", "in/talk.pt-BR.srt", "in/other.mp4", "in/other.yaml"]
    for key in files:
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    for key in files[:4]:
        [prefix] = prefixes_to_plan([event(key, bucket=bucket)], bucket, "in/") or []
        [title] = found(s3, bucket, selection=Selection(prefixes=(prefix,))).titles
        assert title.media.key == "in/talk.mp4"
        assert [sidecar.role for sidecar in title.sidecars] == ["caption", "caption", "metadata"]


def test_schedules() -> None:
    from airflow.sdk import Asset, AssetOrTimeSchedule, CronTriggerTimetable

    by_clock = PipelineSettings(bucket="videos", ingest_schedule="0 5 * * *")
    on_demand = PipelineSettings(bucket="videos", ingest_schedule="")
    assert isinstance(ingest_schedule(by_clock), CronTriggerTimetable)
    assert ingest_schedule(on_demand) is None
    assert isinstance(ingest_schedule(on_demand, QUEUE), Asset)
    assert isinstance(ingest_schedule(by_clock, QUEUE), AssetOrTimeSchedule)


def test_the_pipelines_own_files_start_no_run() -> None:
    settings = PipelineSettings(bucket="videos", prefix="in/", state_prefix="in/_state", aws_conn_id="aws_media")
    [watcher] = source_objects(settings, QUEUE, region_name="eu-west-1").watchers
    _, arguments = watcher.trigger.serialize()
    assert arguments["ignore_prefixes"] == ["in/_state/"]
    assert (arguments["bucket"], arguments["prefix"]) == ("videos", "in/")
    assert (arguments["aws_conn_id"], arguments["region_name"]) == ("aws_media", "eu-west-1")
