"""Faults of S3 as boto3 sees them."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError, ResponseStreamingError

from kaltura_sandbox.faults import Fault, FaultProxy, Rule, at_request

from .conftest import BUCKET, faulty, s3_client

CONTENT = bytes(range(256)) * 4000


@pytest.fixture
def key(direct: Any) -> str:
    direct.put_object(Bucket=BUCKET, Key="a.mp4", Body=CONTENT)
    return "a.mp4"


def refusal(call: Any, **request: Any) -> tuple[int, str, str]:
    """Status, code and message of a refused call."""
    with pytest.raises(ClientError) as caught:
        call(Bucket=BUCKET, **request)
    error = caught.value.response
    return error["ResponseMetadata"]["HTTPStatusCode"], error["Error"]["Code"], error["Error"]["Message"]


def test_without_faults_everything_passes(s3: Any, s3_proxy: FaultProxy) -> None:
    put = s3.put_object(Bucket=BUCKET, Key="ü b//c", Body=CONTENT)
    got = s3.get_object(Bucket=BUCKET, Key="ü b//c", Range="bytes=10-19", IfMatch=put["ETag"])
    assert got["Body"].read() == CONTENT[10:20]
    assert s3.head_object(Bucket=BUCKET, Key="ü b//c")["ContentLength"] == len(CONTENT)
    assert [item["Key"] for item in s3.list_objects_v2(Bucket=BUCKET)["Contents"]] == ["ü b//c"]
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key="big")["UploadId"]
    part = s3.upload_part(Bucket=BUCKET, Key="big", UploadId=upload, PartNumber=1, Body=CONTENT)
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    s3.complete_multipart_upload(Bucket=BUCKET, Key="big", UploadId=upload, MultipartUpload=parts)
    s3.copy_object(Bucket=BUCKET, Key="copy", CopySource={"Bucket": BUCKET, "Key": "big"})
    s3.delete_object(Bucket=BUCKET, Key="copy")
    s3.head_bucket(Bucket=BUCKET)
    s3.list_buckets()
    assert s3_proxy.calls == [
        "PutObject", "GetObject", "HeadObject", "ListObjectsV2", "CreateMultipartUpload", "UploadPart",
        "CompleteMultipartUpload", "CopyObject", "DeleteObject", "HeadBucket", "ListBuckets",
    ]  # fmt: skip


@pytest.mark.parametrize("at", [0.0, 0.5, 0.99])
def test_a_connection_reset_in_the_body_of_a_get(s3: Any, s3_proxy: FaultProxy, key: str, at: float) -> None:
    faulty(s3_proxy, "cut_answer", at=at)
    body = s3.get_object(Bucket=BUCKET, Key=key)["Body"]
    with pytest.raises(ResponseStreamingError):
        body.read()
    assert s3_proxy.counts.bytes_answered["GetObject"] == int(len(CONTENT) * at)


@pytest.mark.parametrize("kind", ["drop_request", "drop_answer"])
def test_a_lost_write(s3: Any, s3_proxy: FaultProxy, direct: Any, kind: str) -> None:
    faulty(s3_proxy, kind, action="PutObject")
    with pytest.raises(ConnectionClosedError):
        s3.put_object(Bucket=BUCKET, Key="new", Body=CONTENT)
    found = [item["Key"] for item in direct.list_objects_v2(Bucket=BUCKET).get("Contents", [])]
    assert found == (["new"] if kind == "drop_answer" else [])


KMS = "is not authorized to perform: kms:Decrypt on resource: arn:aws:kms:"
REFUSALS = [
    ("slow_down", 503, "SlowDown", "Please reduce your request rate."),
    ("internal_error", 500, "InternalError", "We encountered an internal error. Please try again."),
    ("access_denied", 403, "AccessDenied", "Access Denied"),
    ("kms_denied", 403, "AccessDenied", KMS),
    ("kms_disabled", 400, "KMS.DisabledException", "is disabled."),
    ("no_such_version", 404, "NoSuchVersion", "The specified version does not exist."),
    ("precondition_failed", 412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold"),
]


@pytest.mark.parametrize(("kind", "status", "code", "message"), REFUSALS, ids=lambda value: str(value)[:12])
def test_refusals(s3: Any, s3_proxy: FaultProxy, key: str, kind: str, status: int, code: str, message: str) -> None:
    faulty(s3_proxy, kind)
    request = {"Key": key, "VersionId": "v1", "IfMatch": '"etag"'}
    found = refusal(s3.get_object, **request)
    assert found[:2] == (status, code)
    assert message in found[2]
    assert refusal(s3.head_object, **request)[0] == status
    answer = requests.head(f"{s3_proxy.url}/{BUCKET}/{key}?versionId=v1", headers={"If-Match": '"etag"'}, timeout=10)
    assert (answer.status_code, answer.content) == (status, b"")


def test_kms_words_name_user_key_and_policy(s3: Any, s3_proxy: FaultProxy, key: str) -> None:
    faulty(s3_proxy, "kms_denied")
    message = refusal(s3.get_object, Key=key)[2]
    assert message.startswith("User: arn:aws:iam::")
    assert message.endswith("because no identity-based policy allows the kms:Decrypt action")


def test_a_listing_can_be_denied_too(s3: Any, s3_proxy: FaultProxy) -> None:
    faulty(s3_proxy, "access_denied", action="ListObjectsV2")
    assert refusal(s3.list_objects_v2)[:2] == (403, "AccessDenied")


def test_conditions_and_versions_fail_only_where_there_are_some(s3: Any, s3_proxy: FaultProxy, key: str) -> None:
    faulty(s3_proxy, "precondition_failed", nth=1)
    assert s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() == CONTENT
    assert refusal(s3.put_object, Key=key, Body=b"x", IfNoneMatch="*")[0] == 412
    faulty(s3_proxy, "no_such_version", nth=1)
    version = s3.head_object(Bucket=BUCKET, Key=key)["VersionId"]
    assert refusal(s3.get_object, Key=key, VersionId=version)[0] == 404


def test_late_and_stalled_answers_outlast_a_timeout(s3_proxy: FaultProxy, key: str) -> None:
    impatient = s3_client(s3_proxy.url, read_timeout=0.3)
    faulty(s3_proxy, "late", seconds=60)
    with pytest.raises(ReadTimeoutError):
        impatient.get_object(Bucket=BUCKET, Key=key)
    faulty(s3_proxy, "stall_answer", seconds=60)
    body = impatient.get_object(Bucket=BUCKET, Key=key)["Body"]
    with pytest.raises(ReadTimeoutError):
        body.read()


def test_an_object_is_replaced_between_two_reads(s3: Any, s3_proxy: FaultProxy, direct: Any, key: str) -> None:
    s3_proxy.judge = at_request("GetObject", 2, lambda: direct.put_object(Bucket=BUCKET, Key=key, Body=b"other"))
    etag = s3.head_object(Bucket=BUCKET, Key=key)["ETag"]
    assert s3.get_object(Bucket=BUCKET, Key=key, IfMatch=etag)["Body"].read() == CONTENT
    assert refusal(s3.get_object, Key=key, IfMatch=etag)[:2] == (412, "PreconditionFailed")
    assert s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() == b"other"


def test_rules_by_key(s3: Any, s3_proxy: FaultProxy, direct: Any, key: str) -> None:
    direct.put_object(Bucket=BUCKET, Key="ledger/1.json", Body=b"{}")
    s3_proxy.set_rules([Rule(Fault("slow_down"), action="GetObject", path=f"/{BUCKET}/ledger/*")])
    assert s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() == CONTENT
    assert refusal(s3.get_object, Key="ledger/1.json")[0] == 503


def test_boto3_repeats_a_slow_down_by_itself(s3_proxy: FaultProxy, key: str) -> None:
    faulty(s3_proxy, "slow_down", nth=1)
    patient = s3_client(s3_proxy.url, retries={"total_max_attempts": 3, "mode": "standard"})
    assert patient.get_object(Bucket=BUCKET, Key=key)["Body"].read() == CONTENT
    assert s3_proxy.calls == ["GetObject"] * 2
