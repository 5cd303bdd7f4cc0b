"""Whether entries are ready, asked with few calls and explained."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from tests.provider.api.conftest import ClientFactory
from tests.provider.api.scripted import Received, ScriptedServer, client_of, result
from tests.provider.conftest import FIXTURES

from kaltura_provider.api import (
    FileSource,
    KalturaClient,
    MediaKind,
    MemoryJournal,
    Readiness,
    ReadyState,
    check_ready,
    get_entries,
    put_content,
)
from kaltura_sandbox.faults import FaultProxy
from kaltura_sandbox.server import SandboxServer


def put(client: KalturaClient, path: Path, kind: MediaKind, reference_id: str) -> str:
    done = put_content(
        client, FileSource(path), entry={}, kind=kind, reference_id=reference_id, journal=MemoryJournal()
    )
    return done.entry.id


def wait_until_decided(client: KalturaClient, entry_id: str) -> tuple[list[ReadyState], ReadyState]:
    seen: list[ReadyState] = []
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        state = check_ready(client, [entry_id])[entry_id]
        if state.readiness is not Readiness.WAITING:
            return seen, state
        seen.append(state)
        time.sleep(0.02)
    raise AssertionError(f"entry {entry_id} stayed {seen[-1].status}")


def test_a_video_becomes_ready(client: KalturaClient, tmp_path: Path, uniq: str) -> None:
    (tmp_path / "v.mp4").write_bytes((FIXTURES / "tiny.mp4").read_bytes())
    waited, state = wait_until_decided(client, put(client, tmp_path / "v.mp4", MediaKind.VIDEO, uniq))
    assert {step.status for step in waited} <= {"PRECONVERT", "IMPORT", "PENDING"}
    assert waited[0].message == "Kaltura is converting the file"
    assert state.is_ready


def test_a_broken_video_fails_and_its_flavor_is_named(client: KalturaClient, tmp_path: Path, uniq: str) -> None:
    head = (FIXTURES / "tiny.mp4").read_bytes()[:64]
    (tmp_path / "broken.mp4").write_bytes(head + b"\x00" * 3000)
    entry_id = put(client, tmp_path / "broken.mp4", MediaKind.VIDEO, uniq)
    _, state = wait_until_decided(client, entry_id)
    assert (state.readiness, state.status) == (Readiness.FAILED, "ERROR_CONVERTING")
    assert "Check that it plays" in state.message
    flavors = client.call("flavorAsset", "list", {"filter": {"entryIdEqual": entry_id}})["objects"]
    failed = [flavor["id"] for flavor in flavors if flavor["status"] == -1]
    assert failed
    assert all(flavor in state.message for flavor in failed)


def test_an_entry_without_content_waits_and_a_missing_one_fails(client: KalturaClient, uniq: str) -> None:
    empty = client.call("media", "add", {"entry": {"mediaType": 1, "name": uniq}})["id"]
    gone = client.call("media", "add", {"entry": {"mediaType": 1, "name": uniq}})["id"]
    client.call("media", "delete", {"entryId": gone})
    states = check_ready(client, [gone, empty, "0_none", empty])
    assert list(states) == [gone, empty, "0_none"]
    assert states[empty].readiness is Readiness.WAITING
    assert states[empty].status == "NO_CONTENT"
    for missing in (gone, "0_none"):
        assert states[missing].is_failed
        assert states[missing].status == "NOT_FOUND"


def test_many_are_asked_for_with_one_call_per_150(sandbox: SandboxServer, new_client: ClientFactory, uniq: str) -> None:
    direct = new_client()
    batch = direct.multirequest()
    for number in range(151):
        batch.add("media", "add", {"entry": {"mediaType": 1, "name": f"{uniq} {number}"}})
    ids = [entry["id"] for entry in batch.send()]
    with FaultProxy(sandbox.url) as proxy:
        states = check_ready(new_client(url=proxy.url), ids)
        assert proxy.calls == ["baseEntry.list"] * 2
        whole = proxy.counts.bytes_answered["baseEntry.list"]
        brief = check_ready(new_client(url=proxy.url), ids, brief=True)
        assert proxy.counts.bytes_answered["baseEntry.list"] - whole < whole / 4
    assert [(each.entry_id, each.readiness, each.status) for each in brief.values()] == [
        (each.entry_id, each.readiness, each.status) for each in states.values()
    ]
    assert list(states) == ids
    assert {state.status for state in states.values()} == {"NO_CONTENT"}


def test_what_the_index_does_not_have_yet_is_read_all_the_same(new_sandbox: Any, new_client: ClientFactory) -> None:
    client = new_client(url=new_sandbox(index_lag=30.0).url)
    entry_id = client.call("media", "add", {"entry": {"mediaType": 1, "name": "new"}})["id"]
    assert check_ready(client, [entry_id])[entry_id].status == "NO_CONTENT"


def answered(**entry: Any) -> ReadyState:
    """The state of an entry as some server describes it."""

    def answer(received: Received) -> bytes:
        if "/flavorAsset/" in received.target:
            return result({"objects": [], "totalCount": 0})
        return result(
            {"objects": [{"id": "0_x", "name": "n", "objectType": "KalturaMediaEntry", **entry}], "totalCount": 1}
        )

    with ScriptedServer(answer) as server, client_of(server) as client:
        return check_ready(client, ["0_x"])["0_x"]


@pytest.mark.parametrize(
    ("entry", "readiness", "status"),
    [
        ({"status": 2, "replacementStatus": 0}, Readiness.READY, "READY"),
        ({"status": "2"}, Readiness.READY, "READY"),
        ({"status": 2, "replacementStatus": 1, "replacingEntryId": "0_y"}, Readiness.WAITING, "REPLACING"),
        ({"status": 2, "replacementStatus": "0", "replacingEntryId": "0_y"}, Readiness.WAITING, "REPLACING"),
        ({"status": 2, "replacementStatus": 2}, Readiness.NEEDS_APPROVAL, "REPLACEMENT_NOT_APPROVED"),
        ({"status": 2, "replacementStatus": 3}, Readiness.WAITING, "REPLACING"),
        ({"status": 2, "replacementStatus": 4}, Readiness.FAILED, "REPLACEMENT_FAILED"),
        ({"status": -2}, Readiness.FAILED, "ERROR_IMPORTING"),
        ({"status": -2, "replacementStatus": 1, "replacingEntryId": "0_y"}, Readiness.WAITING, "REPLACING"),
        ({"status": -1, "replacementStatus": 2}, Readiness.NEEDS_APPROVAL, "REPLACEMENT_NOT_APPROVED"),
        ({"status": 3, "replacementStatus": 1}, Readiness.FAILED, "DELETED"),
        ({"status": 6}, Readiness.FAILED, "BLOCKED"),
        ({"status": "virusScan.Infected"}, Readiness.FAILED, "virusScan.Infected"),
        ({"status": 3}, Readiness.FAILED, "DELETED"),
        ({"status": 0}, Readiness.WAITING, "IMPORT"),
        ({"status": 4}, Readiness.WAITING, "PENDING"),
    ],
)
def test_states(entry: dict[str, Any], readiness: Readiness, status: str) -> None:
    state = answered(**entry)
    assert (state.readiness, state.status) == (readiness, status)
    assert state.message


def test_an_entry_waiting_for_moderation_is_found(client: KalturaClient, tmp_path: Path, uniq: str) -> None:
    (tmp_path / "a.jpg").write_bytes((FIXTURES / "tiny.jpg").read_bytes())
    entry_id = put(client, tmp_path / "a.jpg", MediaKind.IMAGE, uniq)
    client.call("media", "reject", {"entryId": entry_id})
    assert get_entries(client, [entry_id])[entry_id].moderation_status == 3


def test_nothing_costs_nothing() -> None:
    with ScriptedServer(result(1)) as server, client_of(server) as client:
        assert check_ready(client, []) == {}
        assert get_entries(client, ["", ""]) == {}
        assert server.requests == []
