"""Batches: references, failures inside them, and what is refused before it is sent."""

from __future__ import annotations

from typing import Any

import pytest
from tests.provider.api.scripted import HANG_UP, ScriptedServer, client_of, http, result

from kaltura_provider.api import DependencyFailed, KalturaError

NOT_FOUND = {
    "code": "ENTRY_ID_NOT_FOUND",
    "message": 'Entry id "" not found',
    "objectType": "KalturaAPIException",
    "args": [],
}
FORBIDDEN = {"code": "SERVICE_FORBIDDEN", "message": "forbidden", "objectType": "KalturaAPIException", "args": []}
BUSY = {"code": "INTERNAL_SERVERL_ERROR", "message": "x", "objectType": "KalturaAPIException", "args": []}


def test_a_batch_on_the_wire() -> None:
    with (
        ScriptedServer(result([{"id": "0_a", "name": "n", "items": [{"id": 1}]}, None, "x"])) as server,
        client_of(server) as client,
    ):
        batch = client.multirequest()
        added = batch.add("media", "add", {"entry": {"mediaType": 1, "name": None}})
        batch.add("metadata_metadata", "add", {"objectId": added.ref("id"), "note": f"of {added.ref('name')}!"})
        batch.add("media", "get", {"entryId": added.ref("items", 0, "id")})
        assert len(batch) == 3
        assert batch.send() == [{"id": "0_a", "name": "n", "items": [{"id": 1}]}, None, "x"]
        (request,) = server.requests
    assert request.target == "/api_v3/service/multirequest?format=1"
    body = request.json
    assert body.pop("clientTag")
    assert body == {
        "format": 1,
        "ks": "test-session",
        "1": {"service": "media", "action": "add", "entry": {"mediaType": 1}},
        "2": {
            "service": "metadata_metadata",
            "action": "add",
            "objectId": "{1:result:id}",
            "note": "of {1:result:name}!",
        },
        "3": {"service": "media", "action": "get", "entryId": "{1:result:items:0:id}"},
    }


def test_what_kaltura_can_not_read_is_refused() -> None:
    with ScriptedServer(result([])) as server, client_of(server) as client:
        batch = client.multirequest()
        with pytest.raises(ValueError, match="empty"):
            batch.send()
        first = batch.add("media", "count")
        second = batch.add("media", "count")
        with pytest.raises(ValueError, match="two references"):
            batch.add("media", "get", {"entryId": f"{first.ref()}{second.ref()}"})
        later = client.multirequest()
        later.add("media", "count")
        with pytest.raises(ValueError, match="only earlier requests"):
            later.add("media", "get", {"entryId": second.ref("id")})
        with pytest.raises(ValueError, match="only earlier requests"):
            later.add("media", "get", {"entryId": batch.add("media", "count").ref("id")})
        with pytest.raises(ValueError, match="cannot be part of a reference"):
            first.ref("a:b}")
        with pytest.raises(ValueError, match=r"caption_captionAsset\.serve answers with a file"):
            later.add("caption_captionAsset", "serve", {"captionAssetId": "1_a"})
        with pytest.raises(ValueError, match="parameter named 'action'"):
            later.add("media", "get", {"entryId": "0_x", "action": "delete"})
        assert len(later) == 1
        assert server.requests == []


@pytest.mark.parametrize("text", ["{1:result:id}", "{1:result}", "{1:result:}"])
def test_a_text_that_looks_like_a_reference_is_not_one(text: str) -> None:
    params = {"entry": {"name": text}}
    with ScriptedServer(result([1, 2])) as server, client_of(server) as client:
        batch = client.multirequest()
        batch.add("media", "count")
        with pytest.raises(ValueError, match="looks like a reference"):
            batch.add("media", "update", params)
        allowing = client.multirequest(text_references=True)
        allowing.add("media", "count")
        allowing.add("media", "update", {"x": "{1:result}"})
        allowing.send()
        assert server.requests[0].json["2"]["x"] == "{1:result}"


def chain(client: Any) -> Any:
    batch = client.multirequest()
    first = batch.add("media", "add", {"entry": {}})
    second = batch.add("media", "addContent", {"entryId": first.ref("id")})
    batch.add("media", "get", {"entryId": second.ref("id")})
    batch.add("media", "count")
    return batch


def test_dependent_calls_name_the_first_failure() -> None:
    with ScriptedServer(result([FORBIDDEN, NOT_FOUND, NOT_FOUND, 7])) as server, client_of(server) as client:
        results = chain(client).send(raise_on_error=False)
        assert isinstance(results[0], KalturaError)
        assert results[0].code == "SERVICE_FORBIDDEN"
        assert "CONTENT_INGEST_UPLOAD" in results[0].hint
        for dependent in results[1:3]:
            assert isinstance(dependent, DependencyFailed)
            assert "media.add (request 1 of 4) failed: SERVICE_FORBIDDEN" in str(dependent)
            assert "ENTRY_ID_NOT_FOUND" not in str(dependent)
        assert results[3] == 7
        with pytest.raises(KalturaError, match="SERVICE_FORBIDDEN") as caught:
            chain(client).send()
        assert not isinstance(caught.value, DependencyFailed)


def test_a_reference_to_nothing_is_reported_even_if_the_call_worked() -> None:
    with (
        ScriptedServer(result([{"objects": [], "totalCount": 0}, {"id": "0_other"}])) as server,
        client_of(server) as client,
    ):
        batch = client.multirequest()
        found = batch.add("media", "list", {})
        batch.add("media", "update", {"entryId": found.ref("objects", 0, "id"), "entry": {"name": "x"}})
        results = batch.send(raise_on_error=False)
        assert isinstance(results[1], DependencyFailed)
        assert "has no objects:0:id" in str(results[1])
        assert results[1].outcome_unknown


@pytest.mark.parametrize("answer", [result([1]), result([1, 2, 3]), result({"a": 1}), result(None)])
def test_the_number_of_results_is_checked(answer: bytes) -> None:
    with ScriptedServer(answer) as server, client_of(server, max_attempts=1) as client:
        batch = client.multirequest()
        batch.add("media", "count")
        batch.add("media", "count")
        with pytest.raises(KalturaError, match=r"BAD_ANSWER.*for 2 requests"):
            batch.send()


def test_reading_batches_are_repeated() -> None:
    with ScriptedServer(HANG_UP, result([1, BUSY]), result([1, 2])) as server, client_of(server) as client:
        batch = client.multirequest()
        batch.add("media", "count")
        batch.add("media", "list")
        assert batch.send() == [1, 2]
        assert len(server.requests) == 3


def test_writing_batches_are_not_repeated() -> None:
    with ScriptedServer(result([1, BUSY])) as server, client_of(server) as client:
        batch = client.multirequest()
        batch.add("media", "count")
        batch.add("media", "add")
        results = batch.send(raise_on_error=False)
        assert results[0] == 1
        assert results[1].code == "INTERNAL_SERVERL_ERROR"
        assert len(server.requests) == 1
    with ScriptedServer(HANG_UP) as server, client_of(server) as client:
        batch = client.multirequest()
        batch.add("media", "add")
        with pytest.raises(KalturaError, match="CONNECTION_LOST"):
            batch.send()
        assert len(server.requests) == 1


def test_a_reading_batch_that_keeps_failing_still_gives_its_results() -> None:
    with ScriptedServer(result([1, BUSY])) as server, client_of(server) as client:
        batch = client.multirequest()
        batch.add("media", "count")
        batch.add("media", "list")
        results = batch.send(raise_on_error=False)
        assert results[0] == 1
        assert results[1].code == "INTERNAL_SERVERL_ERROR"
        assert len(server.requests) == 3


INVALID_KS = {
    "code": "INVALID_KS",
    "message": 'Invalid KS "EXPIRED", Error "-1,INVALID_STR"',
    "objectType": "KalturaAPIException",
    "args": {"KSID": "EXPIRED", "ERR_CODE": "-1", "ERR_DESC": "INVALID_STR"},
}


def test_a_batch_that_was_refused_as_a_whole_is_repeated_under_a_new_session() -> None:
    replies = (result([INVALID_KS, NOT_FOUND, INVALID_KS, INVALID_KS]), result([{"id": "0_a"}, {"id": "0_a"}, {}, 7]))
    with ScriptedServer(*replies) as server, client_of(server) as client:
        assert chain(client).send()[3] == 7
        assert len(server.requests) == 2


def test_a_batch_of_which_a_call_was_carried_out_is_not_repeated() -> None:
    with ScriptedServer(result([INVALID_KS, {"id": "0_b"}])) as server, client_of(server) as client:
        batch = client.multirequest()
        found = batch.add("media", "get", {"entryId": "0_a"})
        batch.add("media", "add", {"ks": "another session", "entry": {"name": found.ref("name")}})
        results = batch.send(raise_on_error=False)
        assert [item.code for item in results] == ["INVALID_KS", "DEPENDENCY_FAILED"]
        assert len(server.requests) == 1, "an entry must not be added twice"


def test_the_batch_as_a_whole_fails() -> None:
    with ScriptedServer(http("", "500 Internal Server Error")) as server, client_of(server) as client:
        with pytest.raises(KalturaError, match="multirequest failed: HTTP_500"):
            chain(client).send()
        assert len(server.requests) == 1
