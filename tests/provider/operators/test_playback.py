"""The check of playback as a task, against a running sandbox."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from tests.provider.airflow_fixtures import TaskLog, render
from tests.provider.entries import new_entry, ready_entry, sound_entry

from kaltura_provider.api import KalturaClient
from kaltura_provider.hooks.errors import KalturaPlaybackError
from kaltura_provider.operators.playback import KalturaPlaybackCheckOperator

DAY = 24 * 3600


def check(context: Any, entry_ids: Any, **arguments: Any) -> dict[str, Any]:
    return KalturaPlaybackCheckOperator(task_id="check", entry_ids=entry_ids, **arguments).execute(context)


def test_all_is_well(client: KalturaClient, context: Any, task_log: TaskLog) -> None:
    sound, image = sound_entry(client), ready_entry(client)
    premiere = ready_entry(client, startDate=int(time.time()) + DAY)
    uploads = [{"entry_id": sound, "created": True}, {"entry_id": image}, {"entry_id": premiere}]
    result = check(context, uploads, viewer="signed_in", viewer_user_id="ann")
    assert result == {"checked": 3, "ok": 3, "states": {"plays": 2, "scheduled": 1}, "problems": {}}
    json.dumps(result)
    log = "\n".join(str(entry["event"]) for entry in task_log.entries)
    assert f"{sound}     plays" in log
    assert "djJ8" not in log
    assert task_log.warnings == ""


def test_problems_fail_the_task_in_words(client: KalturaClient, context: Any) -> None:
    image, empty = ready_entry(client), new_entry(client)
    with pytest.raises(KalturaPlaybackError) as failure:
        check(context, f"{image},{empty}", expect={image: "refused"})
    text = str(failure.value)
    assert text.startswith("2 of 2 entries do not play as they should:")
    assert f"{image}: It can be played, although it should be refused." in text
    assert f"{empty}: It is not ready: its status is NO_CONTENT. Put KalturaEntryReadySensor before" in text


@pytest.mark.parametrize("on_problem", ["warn", "return"])
def test_problems_that_do_not_fail(client: KalturaClient, context: Any, task_log: TaskLog, on_problem: Any) -> None:
    entry_id = sound_entry(client)
    result = check(context, entry_id, durations={entry_id: 100}, captions=["German"], on_problem=on_problem)
    assert (result["checked"], result["ok"], result["states"]) == (1, 0, {"plays": 1})
    duration, caption = result["problems"][entry_id]
    assert "not 100.0 s as expected" in duration
    assert "Players should list the caption German, but Kaltura gives them none" in caption
    assert (f"{entry_id}: {duration}" in task_log.warnings) is (on_problem == "warn")


@pytest.mark.parametrize(
    ("entry_ids", "arguments", "words"),
    [
        ("0_a", {"on_problem": "ignore"}, "on_problem is 'ignore': use fail, warn, return"),
        ("0_a", {"expect": {"0_b": "plays"}}, "expect names 0_b, not among entry_ids"),
        ("0_a", {"durations": 5}, "durations must be a mapping"),
        ("0_a", {"captions": {"0_a": "German"}}, "give a list such as"),
        ("0_a", {"viewer": "admin"}, "use anonymous or signed_in"),
        ([None], {}, "which is no entry id"),
    ],
)
def test_wrong_arguments_are_named(
    connection: None, context: Any, entry_ids: Any, arguments: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        check(context, entry_ids, **arguments)


def test_templates() -> None:
    task = KalturaPlaybackCheckOperator(
        task_id="check", entry_ids="{{ id }}", expect="{{ e }}", captions=["{{ c }}"], viewer_user_id="{{ u }}"
    )
    render(task, id="1_a", e="plays", c="German", u="ann")
    assert (task.entry_ids, task.expect, task.captions, task.viewer_user_id) == ("1_a", "plays", ["German"], "ann")
