"""Calling any action, against a running sandbox."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.provider.airflow_fixtures import ConnectionSetter, TaskLog, render
from tests.provider.api.scripted import ScriptedServer
from tests.provider.api.scripted import result as scripted_result
from tests.provider.entries import new_entry

from kaltura_provider.api import KalturaClient, KalturaError
from kaltura_provider.operators.call import KalturaCallOperator


def call(context: Any, **arguments: Any) -> Any:
    return KalturaCallOperator(task_id="call", **arguments).execute(context)


def test_single_call(client: KalturaClient, context: Any) -> None:
    entry_id = new_entry(client, name="Called")
    entry = call(context, service="media", action="get", parameters={"entryId": entry_id, "version": None})
    assert entry["name"] == "Called"
    json.dumps(entry)


def test_call_without_parameters_or_result(client: KalturaClient, context: Any) -> None:
    assert call(context, service="system", action="ping") is True
    assert call(context, service="media", action="delete", parameters={"entryId": new_entry(client)}) is None


def test_several_calls_with_references(connection: None, context: Any) -> None:
    entry = {"objectType": "KalturaMediaEntry", "mediaType": 1, "name": "First"}
    added, read, deleted = call(
        context,
        requests=[
            {"service": "media", "action": "add", "parameters": {"entry": entry}},
            {"service": "media", "action": "get", "parameters": {"entryId": "{1:result:id}"}},
            {"service": "media", "action": "delete", "parameters": {"entryId": "{1:result:id}"}},
        ],
    )
    assert added["id"] == read["id"]
    assert deleted is None


def test_failed_request_names_itself(connection: None, context: Any) -> None:
    with pytest.raises(KalturaError, match=r"media\.get \(request 2 of 2\) failed: ENTRY_ID_NOT_FOUND"):
        call(
            context,
            requests=[
                {"service": "system", "action": "ping"},
                {"service": "media", "action": "get", "parameters": {"entryId": "0_nowhere"}},
            ],
        )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "service and action are needed"),
        ({"service": "media"}, "service and action are needed"),
        ({"service": "session", "action": "start"}, "KalturaStartSessionOperator"),
        ({"service": "appToken", "action": "startSession"}, "KalturaStartSessionOperator"),
        ({"requests": [{"service": "SESSION", "action": "Start"}]}, "KalturaStartSessionOperator"),
        ({"service": "caption_captionAsset", "action": "serve"}, "returns a file"),
        ({"service": "media", "action": "get", "requests": []}, "not both"),
        ({"requests": []}, "requests must be a list"),
        ({"requests": "media.get"}, "requests must be a list"),
        ({"requests": ["media.get"]}, "requests must be a list of mappings"),
        ({"requests": [{"service": "media", "action": "get", "params": {}}]}, "Request 1 has 'params'"),
        ({"service": "media", "action": "get", "parameters": "entryId=1"}, "parameters must be a mapping"),
    ],
)
def test_wrong_arguments_are_named(connection: None, context: Any, arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call(context, **arguments)


def test_secrets_in_answers_are_masked(client: KalturaClient, context: Any, task_log: TaskLog) -> None:
    fields = {"objectType": "KalturaAppToken", "sessionUserId": "ann", "description": "kept"}
    token = call(context, service="appToken", action="add", parameters={"appToken": fields})
    try:
        assert token["token"] == "***"
        assert token["description"] == "kept"
        assert "masked" in task_log.warnings
        (listed,) = [
            item for item in call(context, service="appToken", action="list")["objects"] if item["id"] == token["id"]
        ]
        assert listed["token"] == "***"
    finally:
        client.call("appToken", "delete", {"id": token["id"]})


@pytest.mark.parametrize("name", ["storagePassword", "s3Password", "sshKeyPassphrase", "privateKey", "signSecret"])
def test_secrets_of_other_systems_are_masked(context: Any, set_connection: ConnectionSetter, name: str) -> None:
    answer = {"objects": [{"id": 1, "name": "Archive", name: "hunter2 hunter2"}], "totalCount": 1}
    with ScriptedServer(scripted_result(answer)) as server:
        set_connection(host=server.url, login="102", extra={"admin_secret": "a-test-secret"})
        (found,) = call(context, service="storageProfile", action="list")["objects"]
    assert found == {"id": 1, "name": "Archive", name: "***"}


def test_templates() -> None:
    task = KalturaCallOperator(
        task_id="call", service="media", action="get", parameters={"entryId": "{{ id }}", "x": "{1:result:id}"}
    )
    render(task, id="1_a")
    assert task.parameters == {"entryId": "1_a", "x": "{1:result:id}"}
