"""An S3 object as a source, against a real S3 server on a socket."""

from __future__ import annotations

import json
from typing import Any

import pytest
from airflow.providers.amazon.aws.hooks.s3 import S3Hook
from tests.provider.airflow_fixtures import BUCKET, read_range

from kaltura_provider.api import SourceChangedError
from kaltura_provider.api.checksums import ALGORITHMS, Crc
from kaltura_provider.hooks.errors import UploadSourceError
from kaltura_provider.transfers.s3_source import S3Source

CONTENT = bytes(range(256)) * 1000


@pytest.fixture
def hook(s3: Any) -> S3Hook:
    return S3Hook()


def put(s3: Any, key: str = "talks/one.mp4", body: bytes = CONTENT, **more: Any) -> str:
    s3.put_object(Bucket=BUCKET, Key=key, Body=body, **more)
    return key


def test_describes_the_object(s3: Any, hook: S3Hook) -> None:
    source = S3Source.find(hook, BUCKET, put(s3))
    assert (source.name, source.size, source.url) == ("one.mp4", len(CONTENT), f"s3://{BUCKET}/talks/one.mp4")


@pytest.mark.parametrize(("start", "length"), [(0, len(CONTENT)), (0, 1), (255, 100_000), (len(CONTENT) - 5, 5)])
def test_ranges_are_exact(s3: Any, hook: S3Hook, start: int, length: int) -> None:
    source = S3Source.find(hook, BUCKET, put(s3))
    assert read_range(source, start, length) == CONTENT[start : start + length]


def test_reading_in_pieces(s3: Any, hook: S3Hook) -> None:
    source = S3Source.find(hook, BUCKET, put(s3))
    assert read_range(source, 10, 5000, block=777) == CONTENT[10:5010]


def test_knows_the_checksum_s3_has(s3: Any, hook: S3Hook) -> None:
    for algorithm in ALGORITHMS:
        crc = Crc(algorithm)
        expected = crc.checksum(crc.update(CONTENT, 0))
        given: dict[str, Any] = {"ChecksumAlgorithm": algorithm, f"Checksum{algorithm}": expected.value}
        put(s3, **given)
        assert S3Source.find(hook, BUCKET, "talks/one.mp4").checksum == expected
    put(s3, ChecksumAlgorithm="SHA256")
    assert S3Source.find(hook, BUCKET, "talks/one.mp4").checksum is None, "a kind that would halve the speed"


def test_a_checksum_of_checksums_is_not_taken_for_one_of_the_object(s3: Any, hook: S3Hook) -> None:
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key="big.mp4", ChecksumAlgorithm="CRC32C")["UploadId"]
    parts = []
    for number, body in enumerate((b"a" * 5 * 1024 * 1024, b"b"), 1):
        part = s3.upload_part(
            Bucket=BUCKET, Key="big.mp4", UploadId=upload, PartNumber=number, Body=body, ChecksumAlgorithm="CRC32C"
        )
        parts.append({"ETag": part["ETag"], "PartNumber": number, "ChecksumCRC32C": part["ChecksumCRC32C"]})
    s3.complete_multipart_upload(Bucket=BUCKET, Key="big.mp4", UploadId=upload, MultipartUpload={"Parts": parts})
    assert S3Source.find(hook, BUCKET, "big.mp4").checksum is None


def test_empty_range(s3: Any, hook: S3Hook) -> None:
    source = S3Source.find(hook, BUCKET, put(s3))
    assert read_range(source, len(CONTENT), 0) == b""


def test_fingerprint_changes_with_the_content(s3: Any, hook: S3Hook) -> None:
    before = S3Source.find(hook, BUCKET, put(s3)).fingerprint
    assert S3Source.find(hook, BUCKET, put(s3)).fingerprint == before
    assert S3Source.find(hook, BUCKET, put(s3, body=CONTENT[::-1])).fingerprint != before


def test_replaced_object_stops_the_upload(s3: Any, hook: S3Hook) -> None:
    source = S3Source.find(hook, BUCKET, put(s3))
    put(s3, body=CONTENT[::-1])
    with pytest.raises(SourceChangedError, match=r"s3://uploads/talks/one\.mp4 was replaced while"):
        source.open(0, 10)


def test_deleted_object_stops_the_upload(s3: Any, hook: S3Hook) -> None:
    source = S3Source.find(hook, BUCKET, put(s3))
    s3.delete_object(Bucket=BUCKET, Key="talks/one.mp4")
    with pytest.raises(SourceChangedError, match=r"was deleted .* Put it back"):
        source.open(0, 10)


def test_versioned_bucket_reads_the_version_it_found(s3: Any, hook: S3Hook) -> None:
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    source = S3Source.find(hook, BUCKET, put(s3))
    put(s3, body=b"newer")
    assert read_range(source, 0, 100) == CONTENT[:100]
    older = S3Source.find(hook, BUCKET, "talks/one.mp4", source.version_id)
    assert older.fingerprint == source.fingerprint
    assert S3Source.find(hook, BUCKET, "talks/one.mp4").size == len(b"newer")


def refusal(hook: S3Hook, bucket: str = BUCKET, key: str = "talks/one.mp4", version: str | None = None) -> str:
    with pytest.raises(UploadSourceError) as caught:
        S3Source.find(hook, bucket, key, version)
    return str(caught.value)


def test_missing_bucket(hook: S3Hook) -> None:
    assert "bucket 'nowhere' does not exist. Check the spelling" in refusal(hook, bucket="nowhere")


def test_missing_key(hook: S3Hook) -> None:
    message = refusal(hook, key="talks/none.mp4")
    assert "s3://uploads/talks/none.mp4 does not exist" in message
    assert "S3KeySensor" in message


def test_missing_version(s3: Any, hook: S3Hook) -> None:
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    put(s3)
    assert "has no version" in refusal(hook, version="0" * 32)


def test_empty_object(s3: Any, hook: S3Hook) -> None:
    assert "is empty" in refusal(hook, key=put(s3, "empty.mp4", b""))
    assert "is a folder; name a file" in refusal(hook, key=put(s3, "talks/", b""))


def test_archived_object(s3: Any, hook: S3Hook) -> None:
    key = put(s3, StorageClass="GLACIER")
    assert "is archived (GLACIER). Restore it first" in refusal(hook, key=key)
    s3.restore_object(Bucket=BUCKET, Key=key, RestoreRequest={"Days": 1})
    assert S3Source.find(hook, BUCKET, key).size == len(CONTENT)


def test_denied_access(s3: Any, s3_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import requests

    put(s3)
    extra = {"endpoint_url": s3_url, "region_name": "us-east-1"}
    value = {"conn_type": "aws", "login": "AKIAUNKNOWN", "password": "x" * 40, "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_AWS_OTHER", json.dumps(value))
    # From the next request on, moto checks identities as S3 does.
    requests.post(f"{s3_url}/moto-api/reset-auth", data="0", timeout=10)
    try:
        message = refusal(S3Hook("aws_other"))
    finally:
        requests.post(f"{s3_url}/moto-api/reset-auth", data="1000000", timeout=10)
    assert "Access to s3://uploads/talks/one.mp4 was denied" in message
    assert "s3:GetObject" in message
    assert "s3:ListBucket" in message


def test_unreachable_s3_may_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    extra = {
        "endpoint_url": "http://127.0.0.1:9",
        "region_name": "us-east-1",
        "config_kwargs": {"retries": {"max_attempts": 1}, "connect_timeout": 1},
    }
    value = {"conn_type": "aws", "login": "test", "password": "test-secret-key", "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_AWS_AWAY", json.dumps(value))
    with pytest.raises(ConnectionError, match=r"S3 did not answer .*'aws_away'"):
        S3Source.find(S3Hook("aws_away"), BUCKET, "a.mp4")
