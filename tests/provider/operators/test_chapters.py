"""Chapters of entries, from lists and files, against a running sandbox."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowException
from tests.provider.airflow_fixtures import BUCKET, render
from tests.provider.entries import new_entry

from kaltura_provider.api import KalturaClient, KalturaError
from kaltura_provider.operators.chapters import KalturaChaptersOperator

NONE = {"added": 0, "updated": 0, "deleted": 0}


def chapters(context: Any, **arguments: Any) -> dict[str, Any]:
    return KalturaChaptersOperator(task_id="chapters", **arguments).execute(context)


def titles(client: KalturaClient, entry_id: str) -> list[tuple[int, str]]:
    filter = {"entryIdEqual": entry_id, "orderBy": "+startTime"}
    return [
        (each["startTime"], each["title"])
        for each in client.call("cuepoint_cuepoint", "list", {"filter": filter})["objects"]
    ]


def test_of_one_entry_and_again(client: KalturaClient, context: Any) -> None:
    entry = new_entry(client)
    wanted = [{"time": "0:00", "title": "Intro"}, {"time": 83_000, "title": "Light"}]
    assert chapters(context, entry_id=entry, chapters=wanted) == {entry: {"added": 2, "updated": 0, "deleted": 0}}
    assert titles(client, entry) == [(0, "Intro"), (83_000, "Light")]
    assert chapters(context, entry_id=entry, chapters=wanted) == {entry: NONE}
    assert chapters(context, entry_id=entry, chapters=[]) == {entry: {"added": 0, "updated": 0, "deleted": 2}}


def test_of_many_entries_from_files(client: KalturaClient, context: Any, s3: Any, tmp_path: Path) -> None:
    entries = [new_entry(client) for _ in range(3)]
    (tmp_path / "a.vtt").write_text("WEBVTT\n\n00:00.000 --> 00:02.000\nFrom a path\n")
    s3.put_object(Bucket=BUCKET, Key="b.txt", Body=b"0:01 From S3\n")
    wanted = [
        {"entry_id": entries[0], "file": str(tmp_path / "a.vtt")},
        {"entry_id": entries[1], "file": f"s3://{BUCKET}/b.txt"},
        (entries[2], "0:02 As text"),
    ]
    assert list(chapters(context, entries=wanted)) == entries
    assert [titles(client, entry) for entry in entries] == [
        [(0, "From a path")], [(1000, "From S3")], [(2000, "As text")],
    ]  # fmt: skip


def test_errors_do_not_stop_the_others(client: KalturaClient, context: Any) -> None:
    good = new_entry(client)
    with pytest.raises(KalturaError, match="ENTRY_ID_NOT_FOUND"):
        chapters(context, entries=[("0_nowhere1", "0:00 A"), (good, "0:00 A")])
    assert titles(client, good) == [(0, "A")]
    with pytest.raises(AirflowException, match=r"chapters of 2 entries failed, the others are done: 0_nowhere1: .*2: "):
        chapters(context, entries=[("0_nowhere1", "0:00 A"), ("0_nowhere2", "0:00 A"), (good, "0:00 B")])
    assert titles(client, good) == [(0, "B")]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"entry_id": "1_a"}, "set either chapters or file"),
        ({"entry_id": "1_a", "chapters": [], "file": "x"}, "set either chapters or file"),
        (
            {"entry_id": "1_a", "chapters": "Intro"},
            "of entry 1_a, line 1: 'Intro' does not begin with a time",
        ),
        ({}, "Set either entry_id, or entries"),
        ({"entry_id": "1_a", "entries": []}, "not both"),
        ({"entries": "1_a"}, "render_template_as_native_obj"),
        ({"entries": [("1_a", []), ("1_a", [])]}, "Entry 1_a is twice"),
        ({"entries": [{"entry_id": "1_a", "chapter": []}]}, "Item 1 of entries has 'chapter'; it takes entry_id and"),
        ({"entries": ["1_a"]}, "write a pair of entry_id and chapters"),
    ],
)
def test_what_is_wrong_is_found_before_a_call(context: Any, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        chapters(context, **arguments)


def test_templates() -> None:
    task = KalturaChaptersOperator(task_id="c", entry_id="{{ id }}", file="s3://b/{{ id }}.vtt")
    render(task, id="1_a")
    assert (task.entry_id, task.file) == ("1_a", "s3://b/1_a.vtt")
