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
    for _ in range(2):
        updated = task.execute(context)
        assert (updated["name"], updated["description"], updated["tags"]) == ("After", "Stays", "a1, b2")
    assert client.call("media", "get", {"entryId": entry_id})["name"] == "After"


def test_update_clears_with_none(client: KalturaClient, context: Any) -> None:
    entry_id = new_entry(client, description="Goes", referenceId="stays-here")
    KalturaUpdateEntryOperator(task_id="update", entry_id=entry_id, fields={"description": None}).execute(context)
    entry = client.call("media", "get", {"entryId": entry_id})
    assert not entry.get("description")
    assert entry["referenceId"] == "stays-here"


def test_update_points_out_what_kaltura_ignores(client: KalturaClient, context: Any, task_log: TaskLog) -> None:
    entry_id = new_entry(client)
    task = KalturaUpdateEntryOperator(task_id="update", entry_id=entry_id, fields={"name": "x1", "descripton": "y"})
    task.execute(context)
    assert "without descripton" in task_log.warnings
    assert "Check the spelling" in task_log.warnings


@pytest.mark.parametrize("bad", [{}, None, "name=x"])
def test_update_without_fields(connection: None, context: Any, bad: Any) -> None:
    with pytest.raises(ValueError, match="fields must be a mapping"):
        KalturaUpdateEntryOperator(task_id="update", entry_id="1_a", fields=bad).execute(context)


def test_update_of_a_field_kaltura_sets_itself(client: KalturaClient, context: Any) -> None:
    task = KalturaUpdateEntryOperator(task_id="update", entry_id=new_entry(client), fields={"status": 2})
    with pytest.raises(KalturaError, match="PROPERTY_VALIDATION_NOT_UPDATABLE"):
        task.execute(context)


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
