"""S3 objects in an archive: whether they can be read, and the event of the trigger that waits for that."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from enum import Enum
from typing import Any

from airflow.providers.common.compat.sdk import AirflowFailException, AirflowSensorTimeout

from kaltura_provider.hooks.errors import KalturaWaitError

RESTORED = "restored"
FAILED = "failed"
TIMEOUT = "timeout"
ERROR = "error"
_EVENTS = (RESTORED, FAILED, TIMEOUT, ERROR)

ARCHIVE_CLASSES = ("GLACIER", "DEEP_ARCHIVE")
_EXPIRY = re.compile(r'expiry-date="([^"]+)"')


class RestoreState(Enum):
    """Whether an object can be read."""

    #: It is in no archive.
    READABLE = "readable"
    #: It must be restored first.
    ARCHIVED = "archived"
    #: A restore was requested and takes its hours.
    RESTORING = "restoring"
    #: A copy can be read until it expires.
    RESTORED = "restored"


@dataclass(frozen=True)
class Archive:
    """Where an object is, as ``HeadObject`` tells.

    :param state: whether it can be read.
    :param place: the storage class, or the access tier of ``INTELLIGENT_TIERING``, such as ``DEEP_ARCHIVE``.
    :param expires: when the restored copy is removed; None if there is none.
    """

    state: RestoreState
    place: str
    expires: datetime | None = None

    @property
    def is_readable(self) -> bool:
        """Whether its bytes can be read now."""
        return self.state in (RestoreState.READABLE, RestoreState.RESTORED)

    @property
    def is_tiered(self) -> bool:
        """Whether a restore moves it back for good (``INTELLIGENT_TIERING``) instead of making a copy for some days."""
        return self.place.endswith("ARCHIVE_ACCESS")


def restore_state(head: Mapping[str, Any]) -> Archive:
    """Read from the answer to ``HeadObject`` whether an object can be read.

    :param head: the answer of boto3's ``head_object``.
    """
    storage_class = str(head.get("StorageClass") or "STANDARD")
    place = str(head.get("ArchiveStatus") or storage_class)
    restore = str(head.get("Restore") or "")
    if place not in ARCHIVE_CLASSES and not head.get("ArchiveStatus"):
        return Archive(RestoreState.READABLE, place)
    if 'ongoing-request="true"' in restore:
        return Archive(RestoreState.RESTORING, place)
    if 'ongoing-request="false"' in restore:
        return Archive(RestoreState.RESTORED, place, _expiry(restore))
    return Archive(RestoreState.ARCHIVED, place)


def _expiry(restore: str) -> datetime | None:
    found = _EXPIRY.search(restore)
    if found is None:
        return None
    try:
        return datetime.strptime(found.group(1), "%a, %d %b %Y %H:%M:%S %Z").replace(tzinfo=timezone.utc)
    except ValueError:
        return None


def read_restore_event(event: Any) -> dict[str, Any]:
    """Check the event of :class:`~kaltura_provider.triggers.s3_restore.S3ObjectRestoredTrigger`; raise what it reports.

    :param event: what the trigger sent.
    :return: the event of a wait that ended well: ``bucket``, ``key``, ``version_id``, ``expires`` and ``echo``.
    :raises airflow.sdk.exceptions.AirflowFailException: the object is gone, no restore runs, or S3 refused for good.
    :raises airflow.sdk.exceptions.AirflowSensorTimeout: the deadline passed.
    :raises KalturaWaitError: S3 could not be asked several times in a row, or the event makes no sense.
    """
    if not isinstance(event, dict) or event.get("status") not in _EVENTS:
        raise KalturaWaitError(
            f"The trigger sent no usable event: {event!r}. Make sure that worker and triggerer run the same version "
            "of airflow-provider-kaltura, then clear the task."
        )
    if event["status"] == RESTORED:
        return event
    message = f"s3://{event.get('bucket')}/{event.get('key')}: {event.get('message')}"
    if event["status"] == TIMEOUT:
        raise AirflowSensorTimeout(message)
    if event["status"] == ERROR and event.get("retryable", True):
        raise KalturaWaitError(message)
    raise AirflowFailException(message)
