"""S3's notifications about new objects, in each of the forms in which they reach a queue."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import unquote_plus

#: How deep notifications are wrapped at most: S3 in SNS in SQS, or S3 in EventBridge in SNS in SQS.
MAX_WRAPPERS = 3


class NotificationError(ValueError):
    """A message is no notification of S3; says what it is instead."""


@dataclass(frozen=True)
class CreatedObject:
    """An object that S3 says was created or overwritten.

    :param bucket: bucket name.
    :param key: key, decoded.
    :param size: bytes; None if the notification does not say.
    :param etag: ETag without quotes; empty if it does not say.
    :param version_id: version in a bucket with versions; else empty.
    :param sequencer: hexadecimal; tells which of two notifications about one key is the later one.
    :param time: when it happened, ISO 8601 in UTC.
    """

    bucket: str
    key: str
    size: int | None = None
    etag: str = ""
    version_id: str = ""
    sequencer: str = ""
    time: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> CreatedObject:
        """Build it from what :meth:`to_dict` returned; unknown keys are ignored.

        :raises NotificationError: bucket or key is missing.
        """
        known = {name: values[name] for name in cls.__dataclass_fields__ if values.get(name) is not None}
        if not (known.get("bucket") and known.get("key")):
            raise NotificationError("an object without bucket or key")
        return cls(**known)

    @property
    def order(self) -> tuple[str, str]:
        """Sorts notifications about one key by age, whatever the order they arrived in."""
        # S3 says: fill the shorter one with zeros on the right, then compare as texts.
        return self.sequencer.lower().rstrip("0"), self.time


def read_notification(body: str) -> list[CreatedObject]:
    """Read the body of a message.

    Understood are S3's own notifications (keys arrive percent-encoded, with ``+`` for a space), the same wrapped by
    SNS, and EventBridge's form (keys as they are). Notifications about other things than new objects, among them the
    ``s3:TestEvent`` that S3 sends when notifications are set up, give no objects.

    :param body: the body of an SQS message.
    :return: the objects that were created.
    :raises NotificationError: the body is none of these.
    """
    return list(_read(body, MAX_WRAPPERS))


def latest(objects: Iterable[CreatedObject]) -> list[CreatedObject]:
    """Keep the newest notification about each object, in whatever order and how often they arrived.

    :param objects: notifications of any age.
    :return: one for each bucket and key, sorted by these.
    """
    found: dict[tuple[str, str], CreatedObject] = {}
    for item in objects:
        place = (item.bucket, item.key)
        if place not in found or item.order >= found[place].order:
            found[place] = item
    return [found[place] for place in sorted(found)]


def _read(body: str, wrappers: int) -> Iterator[CreatedObject]:
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        raise NotificationError(f"no JSON: {_start(body)}") from None
    if not isinstance(message, dict):
        raise NotificationError(f"JSON, but no object: {_start(body)}")
    if message.get("Type") == "Notification" and isinstance(message.get("Message"), str):
        if wrappers <= 0:
            raise NotificationError("wrapped too often")
        yield from _read(message["Message"], wrappers - 1)
    elif message.get("Event") == "s3:TestEvent":
        return
    elif isinstance(message.get("Records"), list):
        for record in message["Records"]:
            yield from _record(record)
    elif message.get("source") == "aws.s3" and isinstance(message.get("detail"), dict):
        if message.get("detail-type") == "Object Created":
            yield _object(message["detail"], str(message.get("time") or ""), encoded=False)
    else:
        keys = ", ".join(sorted(str(key) for key in message)[:8]) or "none"
        raise NotificationError(f"no notification of S3; its keys are: {keys[:200]}")


def _record(record: Any) -> Iterator[CreatedObject]:
    source = record.get("eventSource") if isinstance(record, dict) else None
    if source != "aws:s3":
        raise NotificationError(f"a record of {str(source)[:50]!r}, not of 'aws:s3'")
    # In the configuration the names begin with "s3:", in notifications without.
    if str(record.get("eventName", "")).removeprefix("s3:").startswith("ObjectCreated:"):
        yield _object(record.get("s3"), str(record.get("eventTime") or ""), encoded=True)


def _object(details: Any, time: str, *, encoded: bool) -> CreatedObject:
    try:
        bucket, item = details["bucket"]["name"], details["object"]
        key = item["key"]
        if not (isinstance(bucket, str) and isinstance(key, str) and bucket and key):
            raise TypeError
        size = item.get("size")
        return CreatedObject(
            bucket=bucket,
            key=unquote_plus(key, errors="strict") if encoded else key,
            size=int(size) if size is not None else None,
            etag=str(item.get("eTag") or item.get("etag") or "").strip('"'),
            version_id=str(item.get("versionId") or item.get("version-id") or ""),
            sequencer=str(item.get("sequencer") or ""),
            time=time,
        )
    except (KeyError, TypeError, AttributeError, ValueError):
        raise NotificationError("a notification of S3 without a readable bucket and key") from None


def _start(body: str) -> str:
    return repr(body[:60] + ("..." if len(body) > 60 else ""))
