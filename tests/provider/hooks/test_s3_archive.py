"""What HeadObject says about archives, and the event of the trigger that waits for a restore."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, AirflowSensorTimeout

from kaltura_provider.hooks.errors import KalturaWaitError
from kaltura_provider.hooks.s3_archive import RestoreState, read_restore_event, restore_state

DONE = 'ongoing-request="false", expiry-date="Fri, 21 Dec 2029 00:00:00 GMT"'
RUNS = 'ongoing-request="true"'


@pytest.mark.parametrize(
    ("head", "state", "place"),
    [
        ({}, RestoreState.READABLE, "STANDARD"),
        ({"StorageClass": "STANDARD_IA"}, RestoreState.READABLE, "STANDARD_IA"),
        ({"StorageClass": "GLACIER_IR"}, RestoreState.READABLE, "GLACIER_IR"),
        ({"StorageClass": "INTELLIGENT_TIERING"}, RestoreState.READABLE, "INTELLIGENT_TIERING"),
        ({"StorageClass": "GLACIER"}, RestoreState.ARCHIVED, "GLACIER"),
        ({"StorageClass": "DEEP_ARCHIVE"}, RestoreState.ARCHIVED, "DEEP_ARCHIVE"),
        ({"StorageClass": "GLACIER", "Restore": RUNS}, RestoreState.RESTORING, "GLACIER"),
        ({"StorageClass": "DEEP_ARCHIVE", "Restore": DONE}, RestoreState.RESTORED, "DEEP_ARCHIVE"),
        (
            {"StorageClass": "INTELLIGENT_TIERING", "ArchiveStatus": "ARCHIVE_ACCESS"},
            RestoreState.ARCHIVED,
            "ARCHIVE_ACCESS",
        ),
        (
            {"StorageClass": "INTELLIGENT_TIERING", "ArchiveStatus": "DEEP_ARCHIVE_ACCESS", "Restore": RUNS},
            RestoreState.RESTORING,
            "DEEP_ARCHIVE_ACCESS",
        ),
    ],
)
def test_states(head: dict[str, Any], state: RestoreState, place: str) -> None:
    archive = restore_state(head)
    assert (archive.state, archive.place) == (state, place)
    assert archive.is_readable == (state in (RestoreState.READABLE, RestoreState.RESTORED))
    assert archive.is_tiered == ("ArchiveStatus" in head)
    assert archive.expires == (datetime(2029, 12, 21, tzinfo=timezone.utc) if head.get("Restore") == DONE else None)


def test_an_expiry_nobody_can_read_is_none() -> None:
    restore = 'ongoing-request="false", expiry-date="soon"'
    assert restore_state({"StorageClass": "GLACIER", "Restore": restore}).expires is None


def event(status: str, **more: Any) -> dict[str, Any]:
    return {"status": status, "bucket": "b", "key": "k", "message": "why", "retryable": None, **more}


def test_a_wait_that_ended_well() -> None:
    assert read_restore_event(event("restored", echo={"a": 1}))["echo"] == {"a": 1}


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        (event("failed"), AirflowFailException),
        (event("timeout"), AirflowSensorTimeout),
        (event("error", retryable=True), KalturaWaitError),
        (event("error", retryable=False), AirflowFailException),
        (event("ready"), KalturaWaitError),
        (None, KalturaWaitError),
    ],
)
def test_a_wait_that_did_not(sent: Any, error: type[Exception]) -> None:
    with pytest.raises(error) as caught:
        read_restore_event(sent)
    if sent and sent["status"] != "ready":
        assert str(caught.value) == "s3://b/k: why"
