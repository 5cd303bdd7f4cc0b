"""Pages with a player, against a running sandbox and a real S3 server."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.provider.airflow_fixtures import BUCKET, PARTNER, TaskLog, render
from tests.provider.entries import new_entry, ready_entry

from kaltura_provider.api import KalturaClient
from kaltura_provider.operators.embed import KalturaEmbedPageOperator


def page(context: Any, entry_ids: Any, **arguments: Any) -> dict[str, Any]:
    arguments = {"ui_conf_id": 7, **arguments}
    return KalturaEmbedPageOperator(task_id="page", entry_ids=entry_ids, **arguments).execute(context)


def test_page_of_one_entry(client: KalturaClient, context: Any) -> None:
    entry_id = ready_entry(client, name="Bread & <butter>", description="About\nbread")
    result = page(context, entry_id)
    html = result["html"]
    assert result["entry_ids"] == [entry_id]
    assert html.startswith("<!doctype html>")
    assert f"/p/{PARTNER}/embedPlaykitJs/uiconf_id/7?iframeembed=true&amp;entry_id={entry_id}" in html
    assert "<h1>Bread &amp; &lt;butter&gt;</h1>" in html
    assert "<butter>" not in html
    json.dumps(result)


def test_page_of_several_entries(client: KalturaClient, context: Any) -> None:
    entry_ids = [ready_entry(client, name=f"Talk {number}") for number in (1, 2)]
    uploads = [{"entry_id": entry_id} for entry_id in entry_ids]
    html = page(context, uploads, title="All talks", ui_conf_id={"ui_conf_id": 7, "created": False})["html"]
    assert "<h1>All talks</h1>" in html
    assert html.index("Talk 1") < html.index("Talk 2")
    assert all(entry_id in html for entry_id in entry_ids)


def test_snippet(client: KalturaClient, context: Any) -> None:
    html = page(context, ready_entry(client), embed_type="snippet")["html"]
    assert "<iframe" in html
    assert "<html" not in html


def test_snippet_takes_no_configuration(client: KalturaClient, context: Any) -> None:
    with pytest.raises(ValueError, match="An iframe takes no configuration"):
        page(context, ready_entry(client), embed_type="snippet", config={"playback": {"muted": True}})


def test_script_with_configuration(client: KalturaClient, context: Any) -> None:
    html = page(context, ready_entry(client), embed_type="dynamic", config={"playback": {"muted": True}})["html"]
    assert '"muted": true' in html


def test_written_to_s3(client: KalturaClient, context: Any, s3: Any) -> None:
    entry_id = ready_entry(client, name="Größe")
    result = page(context, entry_id, s3_bucket=BUCKET, s3_key="pages/one.html")
    assert result["s3_uri"] == f"s3://{BUCKET}/pages/one.html"
    assert "html" not in result
    found = s3.get_object(Bucket=BUCKET, Key="pages/one.html")
    assert found["ContentType"] == "text/html; charset=utf-8"
    body = found["Body"].read()
    assert len(body) == result["bytes"]
    assert "Größe" in body.decode()


def test_no_session_in_page_result_or_link(client: KalturaClient, context: Any) -> None:
    text = json.dumps(page(context, ready_entry(client))) + json.dumps(context["ti"].xcoms)
    assert client.ks() not in text
    assert "ks=" not in text
    assert "djJ8" not in text


def test_link_opens_the_player(client: KalturaClient, context: Any) -> None:
    entry_id = ready_entry(client)
    page(context, entry_id)
    link = context["ti"].xcoms["_link_KalturaPlayerLink"]
    assert link.endswith(f"/p/{PARTNER}/embedPlaykitJs/uiconf_id/7?iframeembed=true&entry_id={entry_id}")


def test_entry_that_is_not_ready_is_pointed_out(client: KalturaClient, context: Any, task_log: TaskLog) -> None:
    entry_id = new_entry(client)
    assert entry_id in page(context, entry_id)["html"]
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
        page(context, entry_ids, **arguments)


def test_bucket_without_key(client: KalturaClient, context: Any, s3: Any) -> None:
    with pytest.raises(ValueError, match="s3_bucket and s3_key are both needed"):
        page(context, ready_entry(client), s3_bucket=BUCKET)


def test_templates() -> None:
    task = KalturaEmbedPageOperator(task_id="page", entry_ids="{{ id }}", ui_conf_id="{{ ui }}", s3_key="{{ id }}.html")
    render(task, id="1_a", ui="7")
    assert (task.entry_ids, task.ui_conf_id, task.s3_key) == ("1_a", "7", "1_a.html")
