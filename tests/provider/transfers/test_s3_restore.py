"""Requesting the restore of archived objects, against a real S3 server on a socket."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import boto3
import pytest
from botocore.config import Config
from tests.provider.airflow_fixtures import BUCKET
from tests.provider.api.scripted import Received, ScriptedServer, http

from kaltura_provider.hooks.errors import UploadSourceError
from kaltura_provider.hooks.s3_archive import RestoreState
from kaltura_provider.transfers.s3_restore import request_restore

KEY = "old/talk.mp4"


@pytest.fixture
def restoring(restore_ends_after: Callable[[int], None]) -> None:
    """A restore takes two looks."""
    restore_ends_after(1)


def put(s3: Any, storage_class: str = "GLACIER", body: bytes = b"12345") -> None:
    s3.put_object(Bucket=BUCKET, Key=KEY, Body=body, StorageClass=storage_class)


@pytest.mark.parametrize("storage_class", ["GLACIER", "DEEP_ARCHIVE"])
def test_from_the_request_to_the_readable_object(
    s3: Any, restoring: None, caplog: pytest.LogCaptureFixture, storage_class: str
) -> None:
    put(s3, storage_class)
    with caplog.at_level(logging.INFO, logger="kaltura_provider"):
        assert request_restore(s3, BUCKET, KEY, days=3, tier="Bulk").state is RestoreState.RESTORING
    assert f"(5 bytes) requested from {storage_class}, tier Bulk" in caplog.text
    assert "S3 charges for the retrieval" in caplog.text
    assert "for 3 days" in caplog.text
    archives = [request_restore(s3, BUCKET, KEY, days=30) for _ in range(3)]
    assert archives[-1].state is RestoreState.RESTORED
    # Had it been requested again, the copy would stay longer.
    assert archives[-1].expires is not None
    assert archives[-1].expires - datetime.now(timezone.utc) < timedelta(days=4)


def test_what_can_be_read_is_left_alone(s3: Any) -> None:
    put(s3, "STANDARD_IA")
    archive = request_restore(s3, BUCKET, KEY)
    assert (archive.state, archive.place) == (RestoreState.READABLE, "STANDARD_IA")


def test_a_version(s3: Any, restoring: None) -> None:
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    put(s3)
    version = s3.head_object(Bucket=BUCKET, Key=KEY)["VersionId"]
    put(s3, "STANDARD")
    assert request_restore(s3, BUCKET, KEY).state is RestoreState.READABLE
    assert request_restore(s3, BUCKET, KEY, version).place == "GLACIER"


def test_what_does_not_exist(s3: Any) -> None:
    with pytest.raises(UploadSourceError, match="does not exist"):
        request_restore(s3, BUCKET, "none.mp4")


def test_the_deep_archive_has_no_fast_way(s3: Any) -> None:
    put(s3, "DEEP_ARCHIVE")
    with pytest.raises(UploadSourceError, match=r"Standard \(up to 12 hours\) or Bulk \(up to 48 hours\)"):
        request_restore(s3, BUCKET, KEY, tier="Expedited")
    assert "Restore" not in s3.head_object(Bucket=BUCKET, Key=KEY)


@pytest.mark.parametrize("options", [{"tier": "Fast"}, {"tier": "standard"}, {"days": 0}])
def test_arguments_that_make_no_sense(s3: Any, options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="restore_"):
        request_restore(s3, BUCKET, KEY, **options)


class ScriptedS3:
    """An S3 whose object is in an archive, and which answers the request for its restore as told."""

    def __init__(self, code: str = "", status: str = "403 Forbidden", **head: str) -> None:
        self.code, self.status, self.head = code, status, {"x-amz-storage-class": "GLACIER", **head}
        self.bodies: list[str] = []

    def __call__(self, received: Received) -> bytes:
        if received.method == "HEAD":
            head = self.head if len(self.bodies) == 0 else {**self.head, "x-amz-restore": 'ongoing-request="true"'}
            return http(headers=head)
        self.bodies.append(received.body.decode())
        if not self.code:
            return http(status="202 Accepted")
        return http(f"<Error><Code>{self.code}</Code><Message>no</Message></Error>", self.status)


def client_of(url: str) -> Any:
    config = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
    session = boto3.Session("a", "b", region_name="us-east-1")
    return session.client("s3", endpoint_url=url, config=config)


@pytest.mark.parametrize("code", ["RestoreAlreadyInProgress", "InvalidObjectState", "ObjectAlreadyInActiveTierError"])
def test_somebody_else_was_faster(code: str) -> None:
    script = ScriptedS3(code, "409 Conflict")
    with ScriptedServer(script) as server:
        assert request_restore(client_of(server.url), BUCKET, KEY).state is RestoreState.RESTORING


@pytest.mark.parametrize(
    ("code", "status", "error", "words"),
    [
        ("AccessDenied", "403 Forbidden", UploadSourceError, "s3:RestoreObject"),
        ("GlacierExpeditedRetrievalNotAvailable", "503 Unavailable", UploadSourceError, "restore_tier to Standard"),
        ("InternalError", "500 Internal Error", ConnectionError, "Clear the task"),
        ("InvalidArgument", "400 Bad Request", UploadSourceError, "Restore it by hand"),
    ],
)
def test_refusals_name_the_next_step(code: str, status: str, error: type[Exception], words: str) -> None:
    with ScriptedServer(ScriptedS3(code, status)) as server, pytest.raises(error, match=words):
        request_restore(client_of(server.url), BUCKET, KEY, tier="Expedited")


def test_tiers_move_objects_back_for_good(caplog: pytest.LogCaptureFixture) -> None:
    script = ScriptedS3(**{"x-amz-storage-class": "INTELLIGENT_TIERING", "x-amz-archive-status": "DEEP_ARCHIVE_ACCESS"})
    with ScriptedServer(script) as server, caplog.at_level(logging.INFO):
        assert request_restore(client_of(server.url), BUCKET, KEY).state is RestoreState.RESTORING
    (body,) = script.bodies
    assert "<Tier>Standard</Tier>" in body
    assert "Days" not in body
    assert "moves back for good" in caplog.text
