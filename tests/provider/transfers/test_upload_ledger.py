"""A transfer from S3 and its record in the ledger."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.provider.airflow_fixtures import BUCKET
from tests.provider.transfers.objects import content_of, padded, put, record_of, transfer

from kaltura_provider.api import KalturaClient, KalturaError, UploadStoppedError, find_by_reference_id
from kaltura_provider.hooks.errors import UploadSourceError
from kaltura_provider.hooks.s3_documents import S3Documents
from kaltura_provider.transfers.ledger import Ledger, LedgerBusyError
from kaltura_provider.transfers.s3_source import S3Source
from kaltura_provider.transfers.upload import reference_id_of


def test_the_record_can_be_read_by_a_person(
    s3: Any, client: KalturaClient, context: Any, video: Path, key: str
) -> None:
    put(s3, video.read_bytes(), key)
    result = transfer(key).execute(context)
    record = record_of(s3, key)
    assert (record["bucket"], record["key"], record["state"], record["attempts"]) == (BUCKET, key, "uploaded", 1)
    assert (record["entry_id"], record["checksum"]) == (result["entry_id"], result["checksum"])
    assert (record["owner"], record["error"], record["lease_until"]) == ("a_dag/a_run/a_task[-1]", "", 0)
    assert record["bytes_done"] == record["bytes_total"] == video.stat().st_size
    assert client.ks() not in json.dumps(record)


def test_two_tasks_on_one_object(s3: Any, client: KalturaClient, context: Any, video: Path, key: str) -> None:
    put(s3, video.read_bytes(), key)
    ledger = Ledger(S3Documents(s3, BUCKET, "_kaltura/"))
    held = ledger.claim(BUCKET, key, "another_dag/its_run/its_task[3]")
    with pytest.raises(LedgerBusyError, match=r"another_dag/its_run/its_task\[3\] is working on it"):
        transfer(key).execute(context)
    assert find_by_reference_id(client, reference_id_of(f"s3://{BUCKET}/{key}")) == []
    held.release("claimed")
    assert transfer(key).execute(context)["created"]


def test_a_failure_is_noted_and_gives_the_claim_back(
    s3: Any, client: KalturaClient, context: Any, video: Path, key: str
) -> None:
    put(s3, video.read_bytes(), key)
    with pytest.raises(KalturaError, match="CONVERSION_PROFILE_ID_NOT_FOUND"):
        transfer(key, entry={"conversionProfileId": 999_999}).execute(context)
    record = record_of(s3, key)
    assert record["lease_until"] == 0
    assert "CONVERSION_PROFILE_ID_NOT_FOUND" in record["error"]


def test_a_ledger_for_a_bucket_that_is_read_only(
    s3: Any, client: KalturaClient, context: Any, video: Path, key: str
) -> None:
    put(s3, video.read_bytes(), key)
    s3.create_bucket(Bucket="state-of-uploads")
    result = transfer(key, ledger="s3://state-of-uploads/media/").execute(context)
    assert record_of(s3, key, "state-of-uploads", "media/")["entry_id"] == result["entry_id"]
    assert [item["Key"] for item in s3.list_objects_v2(Bucket=BUCKET)["Contents"]] == [key]


def test_a_ledger_that_can_not_be_written(s3: Any, client: KalturaClient, context: Any, video: Path, key: str) -> None:
    put(s3, video.read_bytes(), key)
    with pytest.raises(UploadSourceError, match=r"s3://nowhere/ledger/.*NoSuchBucket.*ledger='s3://another-bucket"):
        transfer(key, ledger="s3://nowhere").execute(context)
    assert find_by_reference_id(client, reference_id_of(f"s3://{BUCKET}/{key}")) == []


def test_a_stopped_task_goes_on_where_it_was_stopped(
    s3: Any, client: KalturaClient, context: Any, video: Path, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = padded(video.read_bytes(), 30_000_000)
    put(s3, body, key)
    task = transfer(key, parallel=1, part_size=5_000_000)
    real_open = S3Source.open

    def stopping_open(source: S3Source, start: int, length: int) -> Any:
        if start > 10_000_000:
            # What Airflow calls when somebody marks the task failed, or its worker shuts down.
            task.on_kill()
        return real_open(source, start, length)

    with monkeypatch.context() as patch:
        patch.setattr(S3Source, "open", stopping_open)
        with pytest.raises(UploadStoppedError, match=r"stopped at .* run the task again, and it goes on from there"):
            task.execute(context)
    record = record_of(s3, key)
    assert (record["state"], record["lease_until"]) == ("claimed", 0), "any worker may go on at once"
    context["ti"].run_id = "another_run"
    result = transfer(key).execute(context)
    assert result["resumed_from"] > 10_000_000
    assert content_of(client, result["entry_id"]) == body
