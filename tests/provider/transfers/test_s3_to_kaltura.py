"""From S3 into Kaltura: a real S3 server on one side, a running sandbox on the other."""

from __future__ import annotations

import base64
import itertools
import json
import os
import signal
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, AirflowSensorTimeout, TaskDeferred
from airflow.sdk import DAG
from tests.provider.airflow_fixtures import ADMIN_SECRET, BUCKET, FakeStateStore, render
from tests.provider.entries import BROKEN_VIDEO, PNG, new_entry
from tests.provider.transfers.objects import content_of, open_tokens, padded, put, transfer

from kaltura_provider.api import (
    KalturaClient,
    KalturaError,
    SourceChangedError,
    find_by_reference_id,
)
from kaltura_provider.hooks.errors import UploadSourceError
from kaltura_provider.transfers.s3_source import S3Source
from kaltura_provider.transfers.s3_to_kaltura import S3ToKalturaOperator
from kaltura_provider.transfers.upload import reference_id_of
from kaltura_provider.triggers.entry import KalturaEntryReadyTrigger


def test_object_becomes_an_entry(s3: Any, client: KalturaClient, context: Any, video: Path, key: str) -> None:
    body = video.read_bytes()
    put(s3, body, key)
    result = transfer(key, entry={"tags": "a1, b2", "description": "About it"}).execute(context)
    json.dumps(result)
    assert result == {
        "entry_id": result["entry_id"],
        "reference_id": reference_id_of(f"s3://{BUCKET}/{key}"),
        "source": f"s3://{BUCKET}/{key}",
        "size": len(body),
        "mode": "push",
        "created": True,
        "uploaded": True,
        "bytes_sent": len(body),
        "resumed_from": 0,
        "parts_sent_again": 0,
        "checksum": f"CRC32:{base64.b64encode(zlib.crc32(body).to_bytes(4, 'big')).decode()}",
        "checksum_verified": True,
        "status": result["status"],
        "status_name": result["status_name"],
        "ms_duration": result["ms_duration"],
    }
    entry = client.call("media", "get", {"entryId": result["entry_id"]})
    assert (entry["name"], entry["tags"], entry["description"]) == ("talk", "a1, b2", "About it")
    assert (entry["mediaType"], entry["referenceId"]) == (1, result["reference_id"])
    assert content_of(client, result["entry_id"]) == body


def test_running_again_changes_nothing(s3: Any, client: KalturaClient, context: Any, video: Path, key: str) -> None:
    put(s3, video.read_bytes(), key)
    first = transfer(key).execute(context)
    second = transfer(key).execute(context)
    assert second["entry_id"] == first["entry_id"]
    assert (second["created"], second["uploaded"], second["bytes_sent"]) == (False, False, 0)
    assert len(find_by_reference_id(client, first["reference_id"])) == 1


def test_whole_url_instead_of_bucket_and_key(
    s3: Any, client: KalturaClient, context: Any, video: Path, key: str
) -> None:
    put(s3, video.read_bytes(), key)
    by_parts = transfer(key).execute(context)
    by_url = transfer(f"s3://{BUCKET}/{key}", s3_bucket=None).execute(context)
    assert by_url["entry_id"] == by_parts["entry_id"]


def test_own_reference_id_adopts_an_entry_without_content(
    s3: Any, client: KalturaClient, context: Any, video: Path, key: str
) -> None:
    put(s3, video.read_bytes(), key)
    entry_id = new_entry(client, media_type=1, referenceId=f"mine-{key}")
    result = transfer(key, reference_id=f"mine-{key}").execute(context)
    assert (result["entry_id"], result["created"], result["uploaded"]) == (entry_id, False, True)


@pytest.mark.parametrize(
    ("name", "body", "kind", "expected"),
    [
        ("a.png", PNG, None, ("KalturaMediaEntry", 2)),
        ("notes.pdf", b"%PDF-1.4\n%%EOF\n", None, ("KalturaDocumentEntry", None)),
        ("picture", PNG, None, ("KalturaMediaEntry", 2)),
        ("picture.dat", PNG, "IMAGE", ("KalturaMediaEntry", 2)),
    ],
    ids=["extension", "document", "content", "asked"],
)
def test_kinds_of_media(
    s3: Any, client: KalturaClient, context: Any, name: str, body: bytes, kind: str | None, expected: Any
) -> None:
    put(s3, body, f"kinds/{name}")
    result = transfer(f"kinds/{name}", media_kind=kind).execute(context)
    entry = client.call("baseEntry", "get", {"entryId": result["entry_id"]})
    assert (entry["objectType"], entry.get("mediaType")) == expected


def test_waits_on_the_worker(s3: Any, client: KalturaClient, context: Any, video: Path, key: str) -> None:
    put(s3, video.read_bytes(), key)
    result = transfer(key, wait_until_ready=True).execute(context)
    assert (result["status"], result["status_name"]) == (2, "READY")
    assert result["ms_duration"] > 0


def test_ready_at_once_is_not_deferred(s3: Any, client: KalturaClient, context: Any) -> None:
    put(s3, PNG, "deferred/a.png")
    result = transfer("deferred/a.png", wait_until_ready=True, deferrable=True).execute(context)
    assert result["status_name"] == "READY"


def test_deferred_and_resumed(s3: Any, client: KalturaClient, context: Any, video: Path, key: str) -> None:
    put(s3, video.read_bytes(), key)
    task = transfer(key, wait_until_ready=True, deferrable=True)
    with pytest.raises(TaskDeferred) as caught:
        task.execute(context)
    trigger = caught.value.trigger
    assert isinstance(trigger, KalturaEntryReadyTrigger)
    assert caught.value.method_name == "execute_complete"
    assert not caught.value.kwargs
    assert ADMIN_SECRET not in json.dumps(trigger.serialize())
    # What was known before the wait comes back in the event, as nothing else survives it.
    state = {"status": 2, "status_name": "READY", "ms_duration": 1000}
    (entry_id,) = trigger.entry_ids
    event = {"status": "ready", "entry_ids": [entry_id], "entries": {entry_id: state}, "echo": trigger.echo}
    result = transfer(key).execute_complete(context, json.loads(json.dumps(event)))
    assert result["entry_id"] == entry_id
    assert (result["created"], result["bytes_sent"]) == (True, video.stat().st_size)
    assert result["status_name"] == "READY"


def test_wait_ends_in_time(s3: Any, client: KalturaClient, context: Any, video: Path, key: str) -> None:
    put(s3, video.read_bytes(), key)
    with pytest.raises(AirflowSensorTimeout, match="not ready in time"):
        transfer(key, wait_until_ready=True, wait_timeout=0).execute(context)


def test_conversion_that_fails(s3: Any, client: KalturaClient, context: Any, key: str) -> None:
    put(s3, BROKEN_VIDEO, key)
    with pytest.raises(AirflowFailException, match="ERROR_CONVERTING"):
        transfer(key, wait_until_ready=True).execute(context)
    # Another run finds the broken entry. That is no success either.
    with pytest.raises(AirflowFailException, match="replace or delete it"):
        transfer(key).execute(context)


def test_link_is_there_while_bytes_are_sent(
    s3: Any, client: KalturaClient, context: Any, video: Path, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(s3, video.read_bytes(), key)
    links_at_first_byte: list[dict[str, Any]] = []
    real_open = S3Source.open

    def noting_open(source: S3Source, start: int, length: int) -> Any:
        links_at_first_byte.append(dict(context["ti"].xcoms))
        return real_open(source, start, length)

    monkeypatch.setattr(S3Source, "open", noting_open)
    result = transfer(key).execute(context)
    # The first look is at what the file is; then its bytes are sent.
    assert links_at_first_byte[1]["_link_KalturaEntryLink"].endswith(f"/entry/{result['entry_id']}/metadata")


# -- content that changes ----------------------------------------------------------------------------------------------


def test_new_content_under_an_old_key_is_not_passed_over(
    s3: Any, client: KalturaClient, context: Any, video: Path, key: str
) -> None:
    body = video.read_bytes()
    put(s3, body, key)
    first = transfer(key, wait_until_ready=True).execute(context)
    put(s3, padded(body, len(body) + 1000), key)
    with pytest.raises(UploadSourceError, match=r"was made from .*if_changed='replace'") as caught:
        transfer(key, if_changed="fail").execute(context)
    assert first["entry_id"] in str(caught.value)
    kept = transfer(key, if_changed="keep").execute(context)
    assert (kept["entry_id"], kept["uploaded"]) == (first["entry_id"], False)


def test_object_replaced_during_the_upload(
    s3: Any,
    client: KalturaClient,
    context: Any,
    video: Path,
    key: str,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    body, replaced = (padded(video.read_bytes(), 12_000_000, seed) for seed in (1, 2))
    put(s3, body, key)
    real_open = S3Source.open

    def replacing_open(source: S3Source, start: int, length: int) -> Any:
        if start:
            put(s3, replaced, key)
        return real_open(source, start, length)

    with monkeypatch.context() as patch:
        patch.setattr(S3Source, "open", replacing_open)
        result = transfer(key, part_size=5_000_000).execute(context)
    # The new content is sent from its beginning, into the same entry, and the task says so.
    assert f"s3://{BUCKET}/{key} was replaced while it was being uploaded. The upload starts over" in caplog.text
    assert (result["created"], result["uploaded"], result["resumed_from"]) == (False, True, 0)
    assert len(find_by_reference_id(client, result["reference_id"])) == 1
    assert content_of(client, result["entry_id"]) == replaced
    assert open_tokens(client, key) == []


def test_object_that_is_replaced_again_and_again(
    s3: Any, client: KalturaClient, context: Any, video: Path, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(s3, video.read_bytes(), key)
    versions = itertools.count(2)
    real_open = S3Source.open

    def replacing_open(source: S3Source, start: int, length: int) -> Any:
        put(s3, padded(video.read_bytes(), 12_000, next(versions)), key)
        return real_open(source, start, length)

    monkeypatch.setattr(S3Source, "open", replacing_open)
    with pytest.raises(SourceChangedError, match="happened 3 times: wait until its writer is done, then clear"):
        transfer(key).execute(context)


# -- tries that were interrupted ---------------------------------------------------------------------------------------


KILLED = """
import json, os, pathlib, signal, sys

from kaltura_provider.transfers.s3_source import S3Source
from kaltura_provider.transfers.s3_to_kaltura import S3ToKalturaOperator

bucket, key, path, where = sys.argv[1:]


class Store:
    def get(self, key, default=None):
        return json.loads(pathlib.Path(path).read_text()).get(key, default)

    def set(self, key, value, *, retention=None):
        values = json.loads(pathlib.Path(path).read_text())
        pathlib.Path(path + ".new").write_text(json.dumps({**values, key: value}))
        os.replace(path + ".new", path)


class Task:
    dag_id, run_id, task_id, map_index = "a_dag", "a_run", "a_task", -1

    def xcom_push(self, key, value):
        pass


real_open = S3Source.open


def open_and_die(source, start, length):
    # Four parts are on their way at once: the last one is opened only when one of them is done.
    if start > 20_000_000:
        os.kill(os.getpid(), signal.SIGKILL)
    return real_open(source, start, length)


S3Source.open = open_and_die
context = {"ti": Task(), **({"task_state_store": Store()} if where == "state store" else {})}
ledger = "_kaltura/" if where == "ledger" else None
S3ToKalturaOperator(task_id="upload", s3_bucket=bucket, s3_key=key, ledger=ledger).execute(context)
"""


@pytest.mark.parametrize("where", ["ledger", "state store", "nowhere"])
def test_killed_worker_loses_nothing_and_doubles_nothing(
    s3: Any, client: KalturaClient, context: Any, video: Path, key: str, tmp_path: Path, where: str
) -> None:
    body = padded(video.read_bytes(), 30_000_000)
    put(s3, body, key)
    notes = tmp_path / "store.json"
    notes.write_text("{}")
    script = tmp_path / "task.py"
    script.write_text(KILLED)
    arguments = [BUCKET, key, str(notes), where]
    died = subprocess.run([sys.executable, str(script), *arguments], env=os.environ, check=False, timeout=120)
    assert died.returncode == -signal.SIGKILL
    store = FakeStateStore()
    for name, value in json.loads(notes.read_text()).items():
        store.set(name, value)
    if where == "state store":
        context["task_state_store"] = store
    result = transfer(key, ledger="_kaltura/" if where == "ledger" else None).execute(context)
    assert result["created"] is False, "the entry of the first try is used"
    if where != "nowhere":
        assert result["resumed_from"] > 0
        assert result["bytes_sent"] == len(body) - result["resumed_from"]
        assert open_tokens(client, key) == []
    assert len(find_by_reference_id(client, result["reference_id"])) == 1
    assert content_of(client, result["entry_id"]) == body
    assert result["checksum_verified"]


def test_notes_of_another_object_are_not_used(
    s3: Any, client: KalturaClient, context: Any, video: Path, key: str, state_store: FakeStateStore
) -> None:
    context["task_state_store"] = state_store
    put(s3, video.read_bytes(), key)
    put(s3, padded(video.read_bytes(), 50_000), f"{key}-other.mp4")
    first = transfer(key, ledger=None).execute(context)
    other = transfer(f"{key}-other.mp4", ledger=None).execute(context)
    assert other["entry_id"] != first["entry_id"]
    assert other["size"] == 50_000


def test_progress_can_be_looked_at(
    s3: Any,
    client: KalturaClient,
    context: Any,
    video: Path,
    key: str,
    state_store: FakeStateStore,
) -> None:
    put(s3, padded(video.read_bytes(), 12_000_000), key)
    context["task_state_store"] = state_store
    result = transfer(key, ledger=None).execute(context)
    shown = state_store.get("kaltura_upload_progress")
    assert (shown["bytes_sent"], shown["bytes_total"], shown["parts_sent_again"]) == (12_000_000, 12_000_000, 0)
    assert shown["megabytes_per_second"] > 0
    assert state_store.get("kaltura_upload")["notes"]["entry_id"] == result["entry_id"]
    assert ADMIN_SECRET not in json.dumps(state_store.values)
    assert client.ks() not in json.dumps(state_store.values)


# -- what cannot work --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"s3_key": "none.mp4"}, UploadSourceError, "s3://uploads/none.mp4 does not exist"),
        ({"s3_key": "a.mp4", "s3_bucket": "nowhere"}, UploadSourceError, "bucket 'nowhere' does not exist"),
        ({"s3_key": "a.mp4", "s3_bucket": None}, ValueError, "s3_bucket is missing"),
        ({"s3_key": ""}, ValueError, "s3_key is empty"),
        ({"s3_key": "s3://other/a.mp4"}, ValueError, "names bucket 'other', but s3_bucket is 'uploads'"),
        ({"s3_key": "there.mp4", "media_kind": "film"}, ValueError, "media_kind must be one of video, audio"),
        ({"s3_key": "there.mp4", "reference_id": "x"}, ValueError, "too short"),
        ({"s3_key": "there.mp4", "entry": "name=x"}, ValueError, "entry must be a mapping"),
        (
            {"s3_key": "there.mp4", "reference_id": "one", "entry": {"referenceId": "two"}},
            ValueError,
            "reference_id is 'one', but entry\\['referenceId'\\] is 'two'",
        ),
        ({"s3_key": "there.unknown"}, ValueError, "set media_kind"),
    ],
)
def test_wrong_arguments_are_named(
    s3: Any, connection: None, context: Any, arguments: dict[str, Any], error: type[Exception], words: str
) -> None:
    put(s3, b"something", "there.mp4")
    put(s3, b"something", "there.unknown")
    with pytest.raises(error, match=words):
        transfer(arguments.pop("s3_key"), **arguments).execute(context)


def test_entry_of_another_kind_is_left_alone(
    s3: Any, client: KalturaClient, context: Any, video: Path, key: str
) -> None:
    put(s3, video.read_bytes(), key)
    new_entry(client, media_type=5, referenceId=f"audio-{key}")
    with pytest.raises(KalturaError, match="REFERENCE_ID_IN_USE"):
        transfer(key, reference_id=f"audio-{key}").execute(context)


def test_unknown_way_to_treat_changes_is_refused_in_the_dag_file() -> None:
    with pytest.raises(ValueError, match="if_changed must be"):
        transfer("a.mp4", if_changed="overwrite")


def test_templates_and_mapping() -> None:
    task = transfer("{{ key }}", entry={"name": "{{ title }}"}, reference_id="{{ ref }}", s3_version_id="{{ ver }}")
    render(task, key="k.mp4", title="T", ref="r1", ver="v1")
    assert (task.s3_key, task.entry, task.reference_id, task.s3_version_id) == ("k.mp4", {"name": "T"}, "r1", "v1")
    with DAG("mapped", schedule=None):
        S3ToKalturaOperator.partial(task_id="upload", s3_bucket=BUCKET).expand(s3_key=["a.mp4", "b.mp4"])
        S3ToKalturaOperator.partial(task_id="upload_each", s3_bucket=BUCKET).expand_kwargs(
            [{"s3_key": "a.mp4", "entry": {"name": "A"}}, {"s3_key": "b.mp4", "entry": {"name": "B"}}]
        )
