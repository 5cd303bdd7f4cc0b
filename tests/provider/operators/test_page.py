"""Pages and their index, against a running sandbox and a real S3 server."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.provider.airflow_fixtures import BUCKET, TaskLog, render
from tests.provider.api.embed.html import Html
from tests.provider.entries import new_entry, ready_entry, sound_entry, uploaded

from kaltura_provider.api import KalturaClient
from kaltura_provider.operators.page import MAX_RETURNED, KalturaPageOperator

PUBLIC = "https://videos.example.com/talks"


def publish(context: Any, entry_ids: Any, **arguments: Any) -> dict[str, Any]:
    arguments = {"ui_conf_id": 7, "s3_bucket": BUCKET, "s3_prefix": "talks", **arguments}
    return KalturaPageOperator(task_id="page", entry_ids=entry_ids, **arguments).execute(context)


def objects(s3: Any) -> dict[str, Any]:
    """What lies in the bucket: by key, when it was written and with what."""
    return {
        each["Key"].removeprefix("talks/"): (each["LastModified"], each["ETag"])
        for each in s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])
    }


def read(s3: Any, name: str) -> Html:
    return Html(s3.get_object(Bucket=BUCKET, Key=f"talks/{name}")["Body"].read().decode())


def add_caption(client: KalturaClient, entry_id: str, label: str, **fields: Any) -> None:
    asset = {"language": "German", "label": label, "format": "1", **fields}
    made = client.call("caption_captionAsset", "add", {"entryId": entry_id, "captionAsset": asset})
    resource = {"objectType": "KalturaStringResource", "content": "1\n00:00:00,000 --> 00:00:00,900\nHallo\n"}
    client.call("caption_captionAsset", "setContent", {"id": made["id"], "contentResource": resource})


def test_pages_and_index_in_s3(client: KalturaClient, context: Any, s3: Any) -> None:
    first, second = sound_entry(client), sound_entry(client)
    client.call("baseEntry", "update", {"entryId": first, "baseEntry": {"name": "Größe", "description": "a\nb"}})
    add_caption(client, first, "Deutsch")
    add_caption(client, first, "Hidden", displayOnPlayer=False)
    result = publish(
        context, [first, second], public_url=f"{PUBLIC}/", title="All talks", language="de", site_name="Talks",
        chapters={first: [[0, "Anfang"], [90, "Fragen"]]}, extra_args={"Metadata": {"owner": "us"}},
    )  # fmt: skip
    assert result == {
        "entry_ids": [first, second], "pages": {first: f"{PUBLIC}/{first}.html", second: f"{PUBLIC}/{second}.html"},
        "index": f"{PUBLIC}/index.html", "s3_uri": f"s3://{BUCKET}/talks/", "written": 5, "unchanged": 0,
    }  # fmt: skip
    page = read(s3, f"{first}.html")
    assert (page.text("h1"), page.text("p.description")) == ("Größe", "a\nb")
    assert "Deutsch" in page.texts("bdi")
    assert "Hidden" not in page.texts("bdi")
    assert [each["data-seconds"] for each in page.all(".chapters button")] == ["0", "90"]
    assert page.meta("og:url") == result["pages"][first]
    assert [link["href"] for link in read(s3, "index.html").all("li a")] == [f"{first}.html", f"{second}.html"]
    head = s3.head_object(Bucket=BUCKET, Key=f"talks/{first}.html")
    assert (head["ContentType"], head["CacheControl"]) == ("text/html; charset=utf-8", "public, max-age=300")
    assert head["Metadata"]["owner"] == "us"
    described = s3.get_object(Bucket=BUCKET, Key=f"talks/{first}.oembed.json")
    assert described["ContentType"] == "application/json+oembed"
    assert json.loads(described["Body"].read())["title"] == "Größe"


def test_what_has_not_changed_is_not_written_again(client: KalturaClient, context: Any, s3: Any) -> None:
    entry_ids = [ready_entry(client, name=f"Talk {number}") for number in range(3)]
    assert publish(context, entry_ids)["written"] == 4
    before = objects(s3)
    again = publish(context, entry_ids)
    assert (again["written"], again["unchanged"], again["index"]) == (0, 4, f"s3://{BUCKET}/talks/index.html")
    assert objects(s3) == before
    client.call("baseEntry", "update", {"entryId": entry_ids[0], "baseEntry": {"name": "Other"}})
    assert publish(context, entry_ids)["written"] == 2, "its page, and the index that names it"
    assert read(s3, f"{entry_ids[0]}.html").text("h1") == "Other"
    assert publish(context, entry_ids, cache_control="no-cache")["written"] == 4, "headers count too"
    s3.put_object(Bucket=BUCKET, Key=f"talks/{entry_ids[1]}.html", Body=b"overwritten by somebody")
    assert publish(context, entry_ids, cache_control="no-cache")["written"] == 1


def test_a_task_that_died_is_completed(client: KalturaClient, context: Any, s3: Any) -> None:
    entry_ids = [ready_entry(client) for _ in range(2)]
    publish(context, entry_ids)
    for name in ("index.html", f"{entry_ids[1]}.html"):
        s3.delete_object(Bucket=BUCKET, Key=f"talks/{name}")
    assert publish(context, entry_ids)["written"] == 2
    assert set(objects(s3)) == {"index.html", *(f"{entry_id}.html" for entry_id in entry_ids)}


def test_the_order_of_the_index(client: KalturaClient, context: Any, s3: Any) -> None:
    entry_ids = [ready_entry(client, name=name) for name in ("Talk 10", "über", "Talk 2")]
    publish(context, entry_ids, sort="title")
    assert read(s3, "index.html").texts("h2") == ["Talk 2", "Talk 10", "über"]
    publish(context, entry_ids)
    assert read(s3, "index.html").texts("h2") == ["Talk 10", "über", "Talk 2"]


def test_pages_with_sessions_of_viewers(client: KalturaClient, context: Any, s3: Any, task_log: TaskLog) -> None:
    entry_id = sound_entry(client)
    result = publish(context, entry_id, viewer_session={"lifetime": "600", "user_id": "anna"}, public_url=PUBLIC)
    data = read(s3, f"{entry_id}.html").data()
    ks = data["setup"]["provider"]["ks"]
    assert ks
    assert ks != client.ks()
    told = json.dumps(result) + json.dumps(context["ti"].xcoms) + repr(task_log.entries)
    assert ks not in told
    assert ks[:40] not in told
    head = s3.head_object(Bucket=BUCKET, Key=f"talks/{entry_id}.html")
    assert head["CacheControl"] == "private, no-store"
    assert set(objects(s3)) == {f"{entry_id}.html", "index.html"}, "nothing describes it to others"
    assert ks not in read(s3, "index.html").source
    again = publish(context, entry_id, viewer_session={}, public_url=PUBLIC)
    assert again["written"] == 1, "sessions end, so the page is new each time"


def test_pages_with_sessions_are_never_returned(client: KalturaClient, context: Any) -> None:
    with pytest.raises(ValueError, match="only written to S3"):
        publish(context, ready_entry(client), s3_bucket=None, viewer_session={})
    with pytest.raises(ValueError, match="viewer_session has privileges"):
        publish(context, sound_entry(client), viewer_session={"privileges": "edit:*"})


def test_pages_that_are_returned(client: KalturaClient, context: Any) -> None:
    entry_ids = [ready_entry(client, name=f"Talk {number}") for number in (1, 2)]
    result = publish(context, entry_ids, s3_bucket=None)
    assert list(result["pages"]) == result["entry_ids"] == entry_ids
    assert Html(result["pages"][entry_ids[0]]).text("h1") == "Talk 1"
    assert Html(result["index"]).texts("h2") == ["Talk 1", "Talk 2"]
    assert client.ks() not in json.dumps(result)


def test_too_many_pages_to_return(client: KalturaClient, context: Any) -> None:
    entry_ids = [new_entry(client) for _ in range(MAX_RETURNED + 1)]
    with pytest.raises(ValueError, match="set s3_bucket"):
        publish(context, entry_ids, s3_bucket=None)


def test_a_document_is_offered_for_download(client: KalturaClient, context: Any) -> None:
    entry = {"objectType": "KalturaDocumentEntry", "documentType": 13, "name": "paper"}
    entry_id = str(client.call("baseEntry", "add", {"entry": entry, "type": 10})["id"])
    resource = uploaded(client, b"%PDF-1.4\n%%EOF\n", "paper.pdf")
    client.call("baseEntry", "addContent", {"entryId": entry_id, "resource": resource})
    page = Html(publish(context, entry_id, s3_bucket=None)["pages"][entry_id])
    assert f"entry_id/{entry_id}" in page.one("main a")["href"]
    assert page.all("[data-kaltura]") == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"sort": "size"}, "sort 'size' is unknown"),
        ({"chapters": {"0_other": [[0, "x"]]}}, "chapters names entries that get no page: 0_other"),
        ({"embed_type": "auto"}, "is none of a page"),
        ({"public_url": "videos"}, "no http"),
        ({"s3_bucket": "missing"}, "S3 bucket 'missing' does not exist"),
    ],
)
def test_wrong_arguments_are_named(
    client: KalturaClient, context: Any, s3: Any, arguments: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        publish(context, ready_entry(client), **arguments)


def test_templates() -> None:
    task = KalturaPageOperator(
        task_id="page",
        entry_ids="{{ id }}",
        ui_conf_id="{{ ui }}",
        s3_prefix="{{ id }}",
        viewer_session={"user_id": "{{ id }}"},
    )
    render(task, id="1_a", ui="7")
    assert (task.entry_ids, task.ui_conf_id, task.s3_prefix) == ("1_a", "7", "1_a")
    assert task.viewer_session == {"user_id": "1_a"}
