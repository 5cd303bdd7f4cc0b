"""Pieces of HTML for the pages of a site, against a running sandbox."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.provider.airflow_fixtures import PARTNER, TaskLog, render
from tests.provider.entries import new_entry, ready_entry, sound_entry

from kaltura_provider.api import KalturaClient
from kaltura_provider.operators.embed import KalturaEmbedOperator


def embed(context: Any, entry_ids: Any, **arguments: Any) -> dict[str, Any]:
    return KalturaEmbedOperator(task_id="embed", entry_ids=entry_ids, **{"ui_conf_id": 7, **arguments}).execute(context)


def test_one_entry(client: KalturaClient, context: Any) -> None:
    entry_id = ready_entry(client, name="Bread & <butter>")
    result = embed(context, entry_id)
    assert result["entry_ids"] == [entry_id]
    html = result["embeds"][entry_id]
    assert f"/p/{PARTNER}/embedPlaykitJs/uiconf_id/7?iframeembed=true&amp;entry_id={entry_id}" in html
    assert 'title="Bread &amp; &lt;butter&gt;"' in html
    json.dumps(result)


def test_several_entries_as_upload_tasks_return_them(client: KalturaClient, context: Any) -> None:
    entry_ids = [sound_entry(client), ready_entry(client)]
    uploads = [{"entry_id": entry_id} for entry_id in entry_ids]
    player = {"ui_conf_id": 7, "created": False}
    result = embed(context, uploads, ui_conf_id=player, embed_type="thumbnail", start="90", language="de")
    assert list(result["embeds"]) == entry_ids
    first, second = result["embeds"].values()
    assert "aspect-ratio: 3 / 1" in first, "sound needs less room"
    assert "aspect-ratio: 16 / 9" in second
    assert "&#34;start&#34;: 90" in first
    assert "Abspielen:" in first


def test_no_session_in_result_or_link(client: KalturaClient, context: Any) -> None:
    entry_id = ready_entry(client)
    text = json.dumps(embed(context, entry_id, embed_type="dynamic")) + json.dumps(context["ti"].xcoms)
    assert client.ks() not in text
    assert "djJ8" not in text
    link = context["ti"].xcoms["_link_KalturaPlayerLink"]
    assert link.endswith(f"/p/{PARTNER}/embedPlaykitJs/uiconf_id/7?iframeembed=true&entry_id={entry_id}")


def test_entry_that_is_not_ready_is_pointed_out(client: KalturaClient, context: Any, task_log: TaskLog) -> None:
    entry_id = new_entry(client)
    assert entry_id in embed(context, entry_id)["embeds"][entry_id]
    assert f"Not ready to play yet: {entry_id}" in task_log.warnings


@pytest.mark.parametrize(
    ("entry_ids", "arguments", "words"),
    [
        ("0_nowhere1", {}, "No such entries: 0_nowhere1"),
        ([], {}, "entry_ids is empty"),
        ("0_a", {"ui_conf_id": "player"}, "ui_conf_id must be the number of a player"),
        ("0_a", {"ui_conf_id": {"id": 1}}, "ui_conf_id must be the number of a player"),
    ],
)
def test_wrong_arguments_are_named(
    connection: None, context: Any, entry_ids: Any, arguments: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        embed(context, entry_ids, **arguments)


def test_a_session_in_the_configuration_is_refused(client: KalturaClient, context: Any) -> None:
    with pytest.raises(ValueError, match="config holds a session"):
        embed(context, ready_entry(client), config={"provider": {"ks": "djJ8x"}})


def test_templates() -> None:
    task = KalturaEmbedOperator(task_id="embed", entry_ids="{{ id }}", ui_conf_id="{{ ui }}", start="{{ at }}")
    render(task, id="1_a", ui="7", at=5)
    assert (task.entry_ids, task.ui_conf_id, task.start) == ("1_a", "7", "5")
