"""Operators for custom metadata and their profiles, against a running sandbox."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from airflow.sdk import DAG
from tests.provider.airflow_fixtures import render
from tests.provider.entries import new_entry

from kaltura_provider.api import KalturaClient, KalturaError
from kaltura_provider.operators.metadata import KalturaMetadataOperator, KalturaMetadataProfileOperator

FIELDS: list[dict[str, Any]] = [
    {"name": "Course"},
    {"name": "Held", "type": "date"},
    {"name": "Lecturer", "repeated": True},
]


@pytest.fixture
def word() -> str:
    return f"w{uuid.uuid4().hex[:10]}"


def document(client: KalturaClient, object_id: str, object_type: int = 1) -> str:
    filter = {"objectIdEqual": object_id, "metadataObjectTypeEqual": object_type}
    (found,) = client.call("metadata_metadata", "list", {"filter": filter})["objects"]
    return str(found["xml"])


def test_profile_and_metadata_can_be_repeated(client: KalturaClient, context: Any, word: str) -> None:
    declare = KalturaMetadataProfileOperator(task_id="profile", system_name=word, fields=FIELDS, name="Lectures")
    made = declare.execute(context)
    assert made == {
        "profile_id": made["profile_id"], "created": True, "updated": False, "added": [], "changed": [],
        "dropped": [], "extra": [],
    }  # fmt: skip
    assert declare.execute(context) == {**made, "created": False}
    more = KalturaMetadataProfileOperator(task_id="profile", system_name=word, fields=["New"], drop="Course")
    assert more.execute(context) == {
        **made, "created": False, "updated": True, "added": ["New"], "dropped": ["Course"],
        "extra": ["Held", "Lecturer"],
    }  # fmt: skip

    first, second = new_entry(client), new_entry(client)
    rows = [{"entry_id": first, "Held": "2026-12-01"}, {"object_id": second, "values": {"Lecturer": ["A", "B"]}}]
    put = KalturaMetadataOperator(task_id="put", profile=word, objects=rows, time_zone="Europe/Berlin")
    result = put.execute(context)
    assert result == {
        "profile_id": made["profile_id"], "objects": 2, "updated": 2,
        "changed": {first: ["Held"], second: ["Lecturer"]},
    }  # fmt: skip
    json.dumps(result)
    assert document(client, first) == "<metadata><Held>1796079600</Held></metadata>"
    assert document(client, second) == "<metadata><Lecturer>A</Lecturer><Lecturer>B</Lecturer></metadata>"
    assert put.execute(context)["updated"] == 0


def test_metadata_of_one_with_values_for_all(client: KalturaClient, context: Any, word: str) -> None:
    KalturaMetadataProfileOperator(task_id="p", system_name=word, fields=FIELDS, object_type="user").execute(context)
    task = KalturaMetadataOperator(
        task_id="put", profile=word, object_id=word, values={"course": "PHY"}, object_type="user", mode="replace"
    )
    task.execute(context)
    assert document(client, word, 3) == "<metadata><Course>PHY</Course></metadata>"


def test_metadata_fails_after_all_others_are_done(client: KalturaClient, context: Any, word: str) -> None:
    KalturaMetadataProfileOperator(task_id="p", system_name=word, fields=FIELDS).execute(context)
    entry = new_entry(client)
    task = KalturaMetadataOperator(task_id="put", profile=word, objects=["0_nosuch", entry], values={"Course": "PHY"})
    with pytest.raises(KalturaError, match="METADATA_OBJECT_ID_NOT_FOUND"):
        task.execute(context)
    assert document(client, entry) == "<metadata><Course>PHY</Course></metadata>"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"object_id": "1_a", "values": {"Course": 1}, "profile": "no-such"}, "the account has no metadata profile"),
        (
            {"object_id": "1_a", "values": {"Course": 1}, "object_type": "flavor"},
            "must be one of entry, category, user",
        ),
        ({"object_id": "1_a", "values": {"Course": 1}, "mode": "add"}, "mode must be 'merge' or 'replace'"),
        ({"values": {"Course": 1}}, "Set either object_id, for one object, or objects"),
        ({"objects": [{"values": {}}]}, "objects, item 1: object_id must be an id"),
    ],
)
def test_metadata_with_wrong_arguments(connection: None, context: Any, arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        KalturaMetadataOperator(task_id="put", **{"profile": "x", **arguments}).execute(context)
    assert said in str(caught.value)


def test_fields_of_a_profile_as_text(connection: None, context: Any) -> None:
    with pytest.raises(ValueError, match="render_template_as_native_obj=True"):
        KalturaMetadataProfileOperator(task_id="p", system_name="x", fields="[...]").execute(context)


def test_templates_and_mapping() -> None:
    task = KalturaMetadataOperator(task_id="put", profile="{{ p }}", object_id="{{ id }}", values={"A": "{{ title }}"})
    render(task, p="Lectures", id="1_a", title="T")
    assert (task.profile, task.object_id, task.values) == ("Lectures", "1_a", {"A": "T"})
    with DAG("mapped", schedule=None):
        KalturaMetadataOperator.partial(task_id="put", profile="x", values={"A": "y"}).expand(object_id=["1_a"])
