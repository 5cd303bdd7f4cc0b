"""Objects in an S3 archive (Glacier) are restored before they can be read: requested once, whatever it costs named."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, NoReturn

from kaltura_provider.hooks.errors import UploadSourceError
from kaltura_provider.hooks.s3_archive import Archive, RestoreState, restore_state
from kaltura_provider.transfers.s3_source import error_code, explain_head_failure

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

__all__ = ["DEFAULT_DAYS", "TIERS", "request_restore", "restore_state"]

log = logging.getLogger(__name__)

TIERS = ("Standard", "Bulk", "Expedited")
#: How long a restored copy stays. Long enough for a task that fails over a weekend to be cleared.
DEFAULT_DAYS = 7

# What S3 says about how long a restore takes.
_SHALLOW = {"Expedited": "1 to 5 minutes", "Standard": "3 to 5 hours", "Bulk": "5 to 12 hours"}
_DEEP = {"Standard": "up to 12 hours", "Bulk": "up to 48 hours"}

# Somebody else was faster: the restore runs, or is done.
_FASTER = ("RestoreAlreadyInProgress", "InvalidObjectState", "ObjectAlreadyInActiveTierError")


def request_restore(
    client: Any,
    bucket: str,
    key: str,
    version_id: str | None = None,
    *,
    days: int = DEFAULT_DAYS,
    tier: str = "Standard",
) -> Archive:
    """See to it that an object can be read, now or later (S3 ``HeadObject``, ``RestoreObject``).

    Can be called again at any time: a restore that runs is not requested twice, and an object that can be read is left
    alone. Wait with :class:`~kaltura_provider.triggers.s3_restore.S3ObjectRestoredTrigger` unless the result
    ``is_readable``.

    :param client: the boto3 S3 client.
    :param bucket: the bucket.
    :param key: the key.
    :param version_id: the version; the latest if None.
    :param days: how long the restored copy stays, 1 or more; S3 charges for its storage. Objects of
        ``INTELLIGENT_TIERING`` move back for good instead.
    :param tier: ``Standard``, ``Bulk`` (cheaper, slower) or ``Expedited`` (dearer, minutes; not from the deep archive).
    :return: where the object is after the request.
    :raises UploadSourceError: it does not exist, may not be restored, or cannot be in this tier; the message names the
        fix.
    :raises ConnectionError: S3 did not answer; this may pass.
    :raises ValueError: days or tier make no sense.
    """
    from botocore.exceptions import ClientError

    if tier not in TIERS:
        raise ValueError(f"restore_tier must be one of {', '.join(TIERS)}, not {tier!r}.")
    if days < 1:
        raise ValueError(f"restore_days must be 1 or more, not {days}.")
    url = f"s3://{bucket}/{key}"
    archive, size = _look(client, bucket, key, version_id)
    if archive.state is not RestoreState.ARCHIVED:
        return archive
    times = _DEEP if archive.place.startswith("DEEP") else _SHALLOW
    if tier not in times:
        raise UploadSourceError(
            f"{url} is in {archive.place}, from which S3 restores nothing {tier}. Set restore_tier to Standard "
            f"({times['Standard']}) or Bulk ({times['Bulk']})."
        )
    request: dict[str, Any] = {"GlacierJobParameters": {"Tier": tier}}
    if not archive.is_tiered:
        request["Days"] = days
    version = {"VersionId": version_id} if version_id else {}
    try:
        client.restore_object(Bucket=bucket, Key=key, RestoreRequest=request, **version)
    except ClientError as error:
        if error_code(error) not in (
            "RestoreAlreadyInProgress",
            "InvalidObjectState",
            "ObjectAlreadyInActiveTierError",
        ):
            _explain(error, url, archive.place, tier)
        # Somebody else was faster.
    else:
        kept = "moves back for good" if archive.is_tiered else f"a copy stays for {days} days, whose storage is charged"
        log.info(
            "Restore of %s (%d bytes) requested from %s, tier %s: takes %s, S3 charges for the retrieval, %s.",
            url,
            size,
            archive.place,
            tier,
            times[tier],
            kept,
        )
    return _look(client, bucket, key, version_id)[0]


def _look(client: Any, bucket: str, key: str, version_id: str | None) -> tuple[Archive, int]:
    from botocore.exceptions import BotoCoreError, ClientError

    version = {"VersionId": version_id} if version_id else {}
    try:
        head = client.head_object(Bucket=bucket, Key=key, **version)
    except ClientError as error:
        explain_head_failure(client, error, bucket, key, version_id)
    except BotoCoreError as error:
        raise ConnectionError(
            f"S3 did not answer when asked for s3://{bucket}/{key}: {error}. Clear the task."
        ) from error
    return restore_state(head), int(head.get("ContentLength") or 0)


def _explain(error: ClientError, url: str, place: str, tier: str) -> NoReturn:
    code = error_code(error)
    if code == "GlacierExpeditedRetrievalNotAvailable":
        raise UploadSourceError(
            f"S3 has no capacity for {tier} restores now, which {url} ({place}) asked for. Clear the task later, or "
            "set restore_tier to Standard; provisioned capacity can be bought."
        ) from error
    if code in ("AccessDenied", "403"):
        raise UploadSourceError(
            f"{url} is in {place} and may not be restored. Allow the AWS connection's identity s3:RestoreObject on the "
            "key, or have somebody else restore it, then clear the task."
        ) from error
    if int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)) >= 500 or code == "SlowDown":
        raise ConnectionError(f"S3 failed when asked to restore {url}: {error}. Clear the task.") from error
    raise UploadSourceError(
        f"{url} cannot be restored from {place}, tier {tier}: {error}. Restore it by hand, then clear the task."
    ) from error
