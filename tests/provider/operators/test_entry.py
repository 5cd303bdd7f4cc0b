"""Operators on single entries and lists of them, against a running sandbox."""

from __future__ import annotations

import json
from typing import Any

import pytest
from airflow.sdk import DAG
from tests.provider.airflow_fixtures import TaskLog, render
from tests.provider.entries import new_entry, ready_entry

from kaltura_provider.api import KalturaClient, KalturaError
from kaltura_provider.operators.entry import (
    KalturaDeleteEntryOperator,
    KalturaGetEntryOperator,
    KalturaListEntriesOperator,
    KalturaUpdateEntryOperator,
)


def test_get(client: KalturaClient, context: Any) -> None:
    entry_id = new_entry(client, name="A talk")
    entry = KalturaGetEntryOperator(task_id="get", entry_id=f" {entry_id} ").execute(context)
    assert (entry["id"], entry["name"], entry["objectType"]) == (entry_id, "A talk", "KalturaMediaEntry")
    json.dumps(entry)


@pytest.mark.parametrize("bad", ["", " ", "None", None, 5])
def test_entry_id_that_is_none(connection: None, context: Any, bad: Any) -> None:
    with pytest.raises(ValueError, match="entry_id must be an entry id such as"):
        KalturaGetEntryOperator(task_id="get", entry_id=bad).execute(context)


def test_list(client: KalturaClient, context: Any) -> None:
    entry_ids = [ready_entry(client, tags="listed, all") for _ in range(3)]
    new_entry(client, tags="listed")
    task = KalturaListEntriesOperator(task_id="list", filter={"tagsLike": "listed"})
    entries = task.execute(context)
    assert {entry["id"] for entry in entries} == set(entry_ids), "READY ones only, unless asked for others"
    json.dumps(entries)


def test_list_in_any_status_with_chosen_fields(client: KalturaClient, context: Any) -> None:
    entry_id = new_entry(client, tags="chosen")
    for fields in (["id", "status", "nothing"], "id, status,nothing"):
        task = KalturaListEntriesOperator(
            task_id="list", filter={"tagsLike": "chosen", "statusIn": "2,7"}, fields=fields
        )
        assert task.execute(context) == [{"id": entry_id, "status": 7}]


def test_list_says_when_there_are_more(client: KalturaClient, context: Any, task_log: TaskLog) -> None:
    for _ in range(3):
        ready_entry(client, tags="limited")
    two = KalturaListEntriesOperator(task_id="list", filter={"tagsLike": "limited"}, limit=2).execute(context)
    assert len(two) == 2
    assert "More than 2 entries match" in task_log.warnings
    task_log.entries.clear()
    three = KalturaListEntriesOperator(task_id="list", filter={"tagsLike": "limited"}, limit=3).execute(context)
    every = KalturaListEntriesOperator(task_id="list", filter={"tagsLike": "limited"}, limit=None).execute(context)
    assert len(three) == len(every) == 3
    assert task_log.warnings == ""


def test_list_of_nothing(connection: None, context: Any) -> None:
    assert KalturaListEntriesOperator(task_id="list", filter={"tagsLike": "no-such-tag"}).execute(context) == []


def test_list_refuses_a_filter_that_is_text(connection: None, context: Any) -> None:
    task = KalturaListEntriesOperator(task_id="list", filter="{'tagsLike': 'news'}")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="render_template_as_native_obj=True"):
        task.execute(context)


def test_list_refuses_a_limit_of_nothing() -> None:
    with pytest.raises(ValueError, match="1 or more, or None"):
        KalturaListEntriesOperator(task_id="list", limit=0)


def test_update_changes_only_what_is_named(client: KalturaClient, context: Any) -> None:
    entry_id = new_entry(client, name="Before", description="Stays", tags="old")
    task = KalturaUpdateEntryOperator(task_id="update", entry_id=entry_id, fields={"name": "After", "tags": "a1, b2"})
    result = task.execute(context)
    assert result == {"entries": 1, "updated": 1, "changed": {entry_id: ["name", "tags"]}, "ignored": {}}
    entry = client.call("media", "get", {"entryId": entry_id})
    assert (entry["name"], entry["description"], entry["tags"]) == ("After", "Stays", "a1, b2")
    assert task.execute(context) == {"entries": 1, "updated": 0, "changed": {}, "ignored": {}}
    assert entry_id in context["ti"].xcoms["_link_KalturaEntryLink"]


def test_update_takes_local_times_and_clears_with_none(client: KalturaClient, context: Any) -> None:
    entry_id = new_entry(client, description="Goes", referenceId="stays-here")
    fields = {"description": None, "embargo": "2026-12-01 09:00"}
    task = KalturaUpdateEntryOperator(
        task_id="update", entry_id=entry_id, fields=fields, time_zone="Europe/Berlin", mode="merge"
    )
    task.execute(context)
    entry = client.call("media", "get", {"entryId": entry_id})
    assert (entry["description"], entry["referenceId"], entry["startDate"]) == ("", "stays-here", 1796112000)


def test_update_of_many(client: KalturaClient, context: Any) -> None:
    first, second, third = (new_entry(client, tags="old") for _ in range(3))
    # What mapped upload tasks return, and fields for all.
    uploaded = [{"entry_id": entry, "created": True, "checksum": "x"} for entry in (first, second)]
    task = KalturaUpdateEntryOperator(task_id="update", entries=iter(uploaded), fields={"tags": "new"}, mode="merge")  # type: ignore[arg-type]
    assert task.execute(context)["changed"] == {first: ["tags"], second: ["tags"]}
    assert client.call("media", "get", {"entryId": second})["tags"] == "old, new"
    # Rows of a table.
    rows = [{"entry_id": first, "name": "one"}, {"entry_id": second, "fields": {"name": "two"}, "row": 2}]
    KalturaUpdateEntryOperator(task_id="update", entries=rows).execute(context)
    # By id, as a template renders it, over fields for all.
    text = json.dumps({third: {"name": "three"}, second: {}})
    KalturaUpdateEntryOperator(task_id="update", entries=text, fields={"name": "same"}).execute(context)
    names = [client.call("media", "get", {"entryId": entry})["name"] for entry in (first, second, third)]
    assert names == ["one", "same", "three"]


def test_update_without_entries_does_nothing(connection: None, context: Any) -> None:
    result = KalturaUpdateEntryOperator(task_id="update", entries=[], fields={"name": "x"}).execute(context)
    assert (result["entries"], result["updated"]) == (0, 0)


def test_update_points_out_what_kaltura_ignores(client: KalturaClient, context: Any, task_log: TaskLog) -> None:
    document = {"objectType": "KalturaDocumentEntry", "name": "d", "documentType": 11}
    entry_id = client.call("baseEntry", "add", {"entry": document})["id"]
    task = KalturaUpdateEntryOperator(task_id="update", entry_id=entry_id, fields={"creditUrl": "https://e.com"})
    assert task.execute(context)["ignored"] == {entry_id: ["creditUrl"]}
    assert "keeps another value than was sent of creditUrl" in task_log.warnings


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"entry_id": "1_a"}, "fields must be a mapping with at least one field"),
        ({"entry_id": "1_a", "fields": {}}, "fields must be a mapping with at least one field"),
        ({"entry_id": "1_a", "fields": "name=x"}, "render_template_as_native_obj=True"),
        ({"fields": {"name": "x"}}, "Set either entry_id"),
        ({"entry_id": "1_a", "entries": ["1_b"], "fields": {"name": "x"}}, "Set either entry_id"),
        ({"entry_id": "None", "fields": {"name": "x"}}, "check that the task ran"),
        ({"entries": "[{'entry_id'", "fields": {"name": "x"}}, "render_template_as_native_obj=True"),
        ({"entries": 5, "fields": {"name": "x"}}, "entries must be a mapping or a list"),
        ({"entries": ["1_a", None], "fields": {"name": "x"}}, "entries, item 2 must be an id"),
        ({"entries": [{"name": "x"}]}, "entries, item 1: entry_id must be an id"),
        ({"entries": [{"entry_id": "1_a", "fields": 5}]}, "entries, item 1: fields must be a mapping"),
        (
            {"entries": [{"entry_id": "1_a", "name": "x"}, {"entry_id": "1_a", "name": "y"}]},
            "names '1_a' twice, with other fields",
        ),
        ({"entry_id": "1_a", "fields": {"name": "x"}, "mode": "add"}, "mode must be 'merge' or 'replace'"),
        ({"entry_id": "1_a", "fields": {"name": "x"}, "time_zone": "Berlin"}, "did you mean Europe/Berlin"),
        ({"entry_id": "1_a", "fields": {"status": 2}}, "it cannot be changed"),
    ],
)
def test_update_with_wrong_arguments(connection: None, context: Any, arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        KalturaUpdateEntryOperator(task_id="update", **arguments).execute(context)
    assert said in str(caught.value)


def test_update_fails_after_all_others_are_done(client: KalturaClient, context: Any) -> None:
    entry_id = new_entry(client)
    task = KalturaUpdateEntryOperator(task_id="update", entries=["0_nosuch", entry_id], fields={"name": "new"})
    with pytest.raises(KalturaError, match="ENTRY_ID_NOT_FOUND"):
        task.execute(context)
    assert client.call("media", "get", {"entryId": entry_id})["name"] == "new"


def test_delete_can_be_repeated(client: KalturaClient, context: Any) -> None:
    entry_id = new_entry(client)
    task = KalturaDeleteEntryOperator(task_id="delete", entry_id=entry_id)
    assert task.execute(context) == {"entry_id": entry_id, "deleted": True}
    assert task.execute(context) == {"entry_id": entry_id, "deleted": False}
    with pytest.raises(KalturaError, match="ENTRY_ID_NOT_FOUND"):
        KalturaDeleteEntryOperator(task_id="delete", entry_id=entry_id, ignore_missing=False).execute(context)


def test_session_restricts_a_task(client: KalturaClient, context: Any) -> None:
    entry_id = new_entry(client, userId="ann")
    session = {"user_id": "bob", "session_type": "USER"}
    task = KalturaDeleteEntryOperator(task_id="delete", entry_id=entry_id, session=session)
    with pytest.raises(KalturaError, match="INVALID_KS"):
        task.execute(context)
    assert client.call("baseEntry", "get", {"entryId": entry_id})["id"] == entry_id


def test_templates() -> None:
    task = KalturaUpdateEntryOperator(
        task_id="update", entry_id="{{ id }}", fields={"name": "{{ title }}"}, kaltura_conn_id="{{ conn }}"
    )
    render(task, id="1_a", title="T", conn="c")
    assert (task.entry_id, task.fields, task.kaltura_conn_id) == ("1_a", {"name": "T"}, "c")


def test_mapped() -> None:
    with DAG("mapped", schedule=None):
        found = KalturaListEntriesOperator(task_id="list", fields=["id"])
        ids = found.output.map(lambda entry: entry["id"])
        KalturaDeleteEntryOperator.partial(task_id="delete").expand(entry_id=ids)
        KalturaUpdateEntryOperator.partial(task_id="update", fields={"tags": "x1"}).expand(entry_id=["1_a", "1_b"])
