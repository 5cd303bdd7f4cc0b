"""Transfers that take several steps: new content, pulls, archives, several files of one title."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from airflow.providers.common.compat.sdk import AirflowFailException, TaskDeferred
from tests.provider.airflow_fixtures import ADMIN_SECRET, BUCKET, PARTNER, ConnectionSetter, FakeTaskInstance
from tests.provider.transfers.objects import (
    content_of,
    open_tokens,
    padded,
    put,
    record_of,
    transfer,
)

from kaltura_provider.api import KalturaClient, KalturaError, find_by_reference_id, get_entry, list_renditions
from kaltura_provider.hooks.errors import UploadSourceError
from kaltura_provider.transfers.s3_to_kaltura import S3ToKalturaOperator
from kaltura_provider.triggers.entry import KalturaEntryReadyTrigger
from kaltura_provider.triggers.s3_restore import S3ObjectRestoredTrigger
from kaltura_sandbox.server import SandboxServer


async def let_trigger_run(deferred: TaskDeferred) -> dict[str, Any]:
    """What a triggerer does: rebuild the trigger from what was stored, and wait for its event."""
    path, arguments = deferred.trigger.serialize()
    assert "AKIA" not in json.dumps(arguments)
    assert "Signature" not in json.dumps(arguments)
    _, _, name = path.rpartition(".")
    kinds = {"KalturaEntryReadyTrigger": KalturaEntryReadyTrigger, "S3ObjectRestoredTrigger": S3ObjectRestoredTrigger}
    trigger: Any = kinds[name](**json.loads(json.dumps(arguments)))
    async for event in trigger.run():
        await trigger.cleanup()
        payload: dict[str, Any] = event.payload
        return payload
    raise AssertionError("no event")


async def run(task: S3ToKalturaOperator, context: Any) -> tuple[dict[str, Any], list[str]]:
    """Run a task through all its deferrals, each in a fresh object as Airflow does; return its result and the stops."""
    stops: list[str] = []
    try:
        return task.execute(context), stops
    except TaskDeferred as error:
        deferred = error
    while True:
        stops.append(type(deferred.trigger).__name__)
        event = await let_trigger_run(deferred)
        try:
            return getattr(task, deferred.method_name)(context, event=json.loads(json.dumps(event))), stops
        except TaskDeferred as error:
            deferred = error


# -- new content


@pytest.mark.parametrize("deferrable", [True, False])
async def test_new_content_is_exchanged(
    s3: Any, client: KalturaClient, context: Any, video: Path, key: str, *, deferrable: bool
) -> None:
    old, new = video.read_bytes(), padded(video.read_bytes(), 40_000, seed=2)
    put(s3, old, key)
    first, _ = await run(transfer(key, wait_until_ready=True), context)
    put(s3, new, key)
    second, stops = await run(transfer(key, deferrable=deferrable), context)
    assert (second["entry_id"], second["created"], second["uploaded"]) == (first["entry_id"], False, True)
    assert second["checksum_verified"]
    assert stops == (["KalturaEntryReadyTrigger"] if deferrable else [])
    assert content_of(client, first["entry_id"]) == new
    record = record_of(s3, key)
    assert record["lease_until"] == 0
    assert record["content"].startswith(s3.head_object(Bucket=BUCKET, Key=key)["ETag"])
    # Once more: nothing is exchanged again.
    third, _ = await run(transfer(key), context)
    assert (third["uploaded"], third["bytes_sent"]) == (False, 0)
    assert open_tokens(client, key) == []


async def test_two_changes_one_after_another(
    s3: Any, client: KalturaClient, context: Any, video: Path, key: str
) -> None:
    for size in (20_000, 30_000, 40_000):
        put(s3, padded(video.read_bytes(), size), key)
        result, _ = await run(transfer(key, wait_until_ready=True), context)
        assert len(content_of(client, result["entry_id"])) == size
    assert len(find_by_reference_id(client, result["reference_id"])) == 1


@pytest.fixture
def approving(new_sandbox: Callable[..., SandboxServer], set_connection: ConnectionSetter) -> Iterator[KalturaClient]:
    """A Kaltura whose account asks for approval of new content."""
    from kaltura_provider.hooks.kaltura import KalturaHook

    server = new_sandbox(replacement_approval=True)
    set_connection(host=server.url, login=str(PARTNER), extra={"admin_secret": ADMIN_SECRET})
    hook = KalturaHook()
    yield hook.get_conn()
    hook.close()


async def test_new_content_can_be_approved(
    s3: Any, approving: KalturaClient, context: Any, video: Path, key: str
) -> None:
    put(s3, video.read_bytes(), key)
    await run(transfer(key, wait_until_ready=True), context)
    put(s3, padded(video.read_bytes(), 40_000), key)
    result, _ = await run(transfer(key, approve_replacement=True), context)
    assert result["needs_approval"] is False
    assert len(content_of(approving, result["entry_id"])) == 40_000


async def test_new_content_can_be_left_to_a_person(
    s3: Any, approving: KalturaClient, context: Any, video: Path, key: str
) -> None:
    old = video.read_bytes()
    put(s3, old, key)
    await run(transfer(key, wait_until_ready=True), context)
    put(s3, padded(old, 40_000), key)
    result, _ = await run(transfer(key), context)
    assert result["needs_approval"] is True
    assert content_of(approving, result["entry_id"]) == old
    # Asked again, it waits for the same person, and sends nothing.
    again, _ = await run(transfer(key), context)
    assert (again["needs_approval"], again["bytes_sent"]) == (True, 0)
    approving.call("media", "approveReplace", {"entryId": result["entry_id"]})
    done, _ = await run(transfer(key), context)
    assert len(content_of(approving, result["entry_id"])) == 40_000
    assert done["bytes_sent"] == 0
    assert record_of(s3, key)["content"].startswith(s3.head_object(Bucket=BUCKET, Key=key)["ETag"])


async def test_new_content_that_is_broken(s3: Any, client: KalturaClient, context: Any, video: Path, key: str) -> None:
    old = video.read_bytes()
    put(s3, old, key)
    first, _ = await run(transfer(key, wait_until_ready=True), context)
    put(s3, b"\x00\x00\x00\x18ftypmp42" + b"no film " * 5000, key)
    with pytest.raises(AirflowFailException, match="was not exchanged: its new content could not be converted"):
        await run(transfer(key), context)
    assert content_of(client, first["entry_id"]) == old
    put(s3, padded(old, 50_000), key)
    await run(transfer(key), context)
    assert len(content_of(client, first["entry_id"])) == 50_000


async def test_an_exchange_of_somebody_else_is_left_alone(
    s3: Any, approving: KalturaClient, context: Any, video: Path, key: str
) -> None:
    put(s3, video.read_bytes(), key)
    first, _ = await run(transfer(key, wait_until_ready=True), context)
    token = approving.call("uploadToken", "add", {"uploadToken": {"fileName": "theirs.mp4"}})["id"]
    from kaltura_provider.api import FilePart

    files = {"fileData": FilePart.of_bytes("theirs.mp4", padded(video.read_bytes(), 60_000))}
    approving.call("uploadToken", "upload", {"uploadTokenId": token, "finalChunk": True}, files=files)
    resource = {"objectType": "KalturaUploadedFileTokenResource", "token": token}
    approving.call("media", "updateContent", {"entryId": first["entry_id"], "resource": resource})
    put(s3, padded(video.read_bytes(), 40_000), key)
    with pytest.raises(KalturaError, match="is being exchanged by somebody else"):
        await run(transfer(key), context)
    assert get_entry(approving, first["entry_id"]).replacing_entry_id


async def test_content_of_another_kind_is_refused(
    s3: Any, client: KalturaClient, context: Any, video: Path, key: str
) -> None:
    put(s3, video.read_bytes(), key)
    await run(transfer(key, wait_until_ready=True), context)
    put(s3, b"\x89PNG\r\n\x1a\n" + bytes(range(200)) * 20, key)
    with pytest.raises(UploadSourceError, match=r"is now of the kind image, but entry .* is of the kind video"):
        await run(transfer(key), context)


# -- Kaltura fetches the file


async def test_kaltura_fetches_the_object(s3: Any, client: KalturaClient, context: Any, video: Path, key: str) -> None:
    put(s3, video.read_bytes(), key)
    result, stops = await run(transfer(key, mode="pull", pull_reachable=True, deferrable=True), context)
    assert (result["mode"], result["bytes_sent"], result["created"], result["uploaded"]) == ("pull", 0, True, True)
    assert stops == ["KalturaEntryReadyTrigger"]
    assert content_of(client, result["entry_id"]) == video.read_bytes()
    assert open_tokens(client, key) == []
    record = record_of(s3, key)
    assert record["state"] == "uploaded"
    assert "X-Amz" not in json.dumps(record)
    again, _ = await run(transfer(key, mode="pull", pull_reachable=True), context)
    assert (again["entry_id"], again["created"], again["uploaded"]) == (result["entry_id"], False, False)


async def test_small_objects_are_pushed_on_auto(
    s3: Any, client: KalturaClient, context: Any, video: Path, key: str, caplog: pytest.LogCaptureFixture
) -> None:
    put(s3, video.read_bytes(), key)
    result, _ = await run(transfer(key, mode="auto", pull_reachable=True), context)
    assert (result["mode"], result["bytes_sent"]) == ("push", video.stat().st_size)


async def test_a_pull_that_fails_becomes_a_push_into_the_same_entry(
    s3: Any,
    new_sandbox: Callable[..., SandboxServer],
    set_connection: ConnectionSetter,
    context: Any,
    video: Path,
    key: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from kaltura_provider.hooks.kaltura import KalturaHook

    server = new_sandbox(import_retry_seconds=0.1, import_attempts=2)
    set_connection(host=server.url, login=str(PARTNER), extra={"admin_secret": ADMIN_SECRET})
    put(s3, video.read_bytes(), key)
    # Seen from the worker all is well; Kaltura gets another address, where nothing is.
    monkeypatch.setattr("kaltura_provider.transfers.s3_pull.try_address", lambda url, source: "")
    monkeypatch.setattr(
        "kaltura_provider.transfers.s3_pull.presign", lambda client, source, lifetime: "http://127.0.0.1:9/a.mp4"
    )
    result, stops = await run(transfer(key, mode="pull", pull_reachable=True, deferrable=True), context)
    assert (result["mode"], result["bytes_sent"]) == ("push", video.stat().st_size)
    assert stops[0] == "KalturaEntryReadyTrigger"
    hook = KalturaHook()
    client = hook.get_conn()
    assert len(find_by_reference_id(client, result["reference_id"])) == 1
    assert content_of(client, result["entry_id"]) == video.read_bytes()
    hook.close()


async def test_an_object_replaced_while_it_is_fetched(
    s3: Any, client: KalturaClient, context: Any, video: Path, key: str
) -> None:
    put(s3, video.read_bytes(), key)
    task = transfer(key, mode="pull", pull_reachable=True, deferrable=True)
    with pytest.raises(TaskDeferred) as caught:
        task.execute(context)
    event = await let_trigger_run(caught.value)
    new = padded(video.read_bytes(), 70_000)
    put(s3, new, key)
    try:
        result = task.execute_complete(context, event=event)
    except TaskDeferred as error:
        result = task.execute_complete(context, event=await let_trigger_run(error))
    assert result["mode"] == "push"
    assert content_of(client, result["entry_id"]) == new


# -- archives


async def test_an_archived_object_is_restored_first(
    s3: Any, s3_url: str, client: KalturaClient, context: Any, video: Path, key: str
) -> None:
    s3.put_object(Bucket=BUCKET, Key=key, Body=video.read_bytes(), StorageClass="DEEP_ARCHIVE")
    transition = {"model_name": "s3::keyrestore", "transition": {"progression": "manual", "times": 2}}
    requests.post(f"{s3_url}/moto-api/state-manager/set-transition", json=transition, timeout=10)
    try:
        task = transfer(key, deferrable=True)
        with pytest.raises(TaskDeferred) as caught:
            task.execute(context)
        assert isinstance(caught.value.trigger, S3ObjectRestoredTrigger)
        assert caught.value.method_name == "execute_restored"
    finally:
        requests.post(f"{s3_url}/moto-api/state-manager/unset-transition", json=transition, timeout=10)
    event = await let_trigger_run(caught.value)
    result = task.execute_restored(context, event=event)
    assert content_of(client, result["entry_id"]) == video.read_bytes()


def test_a_restore_can_be_forbidden(s3: Any, client: KalturaClient, context: Any, video: Path, key: str) -> None:
    s3.put_object(Bucket=BUCKET, Key=key, Body=video.read_bytes(), StorageClass="GLACIER")
    with pytest.raises(UploadSourceError, match=r"is archived \(GLACIER\)\. Restore it first"):
        transfer(key, restore_tier=None).execute(context)
    assert "Restore" not in s3.head_object(Bucket=BUCKET, Key=key)


# -- several files of one title


async def test_renditions_go_into_the_same_entry(
    s3: Any, client: KalturaClient, context: Any, video: Path, key: str
) -> None:
    params = list_renditions(client)[-1]
    small = key.replace(".mp4", "_small.mp4")
    put(s3, video.read_bytes(), key)
    put(s3, padded(video.read_bytes(), 30_000), small)
    task = transfer(key, renditions={params.name: small}, wait_until_ready=True)
    result, _ = await run(task, context)
    assert result["renditions"] == {str(params.id): 30_000}
    assert result["bytes_sent"] == video.stat().st_size + 30_000
    again, _ = await run(transfer(key, renditions={params.name: small}, wait_until_ready=True), context)
    assert (again["entry_id"], again["bytes_sent"]) == (result["entry_id"], 0)
    with pytest.raises(KalturaError, match="FLAVOR_PARAMS_ID_NOT_FOUND"):
        await run(transfer(f"{key}2.mp4", renditions={"no such": small}), other_task(s3, f"{key}2.mp4", video))


def other_task(s3: Any, key: str, video: Path) -> Any:
    put(s3, video.read_bytes(), key)
    return {"ti": FakeTaskInstance(task_id="other")}
