"""Copying, moving and looking at source objects inside S3, without a byte passing through the worker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

#: S3 copies an object in one request up to this size; larger ones part by part.
WHOLE_BYTES = 5 * 1024**3
#: Bytes of one part; with the 10,000 parts S3 allows, enough for the largest object there is.
PART_BYTES = 512 * 1024**2

MISSING = frozenset({"404", "NoSuchKey", "NotFound"})
CHANGED = frozenset({"412", "PreconditionFailed", "409", "ConditionalRequestConflict"})


class ObjectChangedError(Exception):
    """The object is no longer the one that was looked at."""


@dataclass(frozen=True)
class Seen:
    """An object as it was looked at: its size in bytes, its ETag, and what a copy must repeat by itself."""

    size: int
    etag: str
    headers: Mapping[str, Any]


def look(client: Any, bucket: str, key: str) -> Seen | None:
    """Look at an object; None when there is none. S3: HeadObject.

    :param client: a boto3 S3 client.
    """
    from botocore.exceptions import ClientError

    try:
        head = client.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] in MISSING:
            return None
        raise
    names = ("ContentType", "ContentEncoding", "ContentLanguage", "ContentDisposition", "CacheControl", "Metadata")
    return Seen(head["ContentLength"], head["ETag"].strip('"'), {name: head[name] for name in names if head.get(name)})


def copy(client: Any, source: tuple[str, str], target: tuple[str, str], seen: Seen) -> None:
    """Copy an object on the server, whatever its size, with its headers. S3: CopyObject, or UploadPartCopy.

    Tags are copied too, up to 5 GiB.

    :param client: a boto3 S3 client.
    :param source: bucket and key.
    :param target: bucket and key.
    :param seen: the source as it was looked at.
    :raises ObjectChangedError: the source is another one by now.
    """
    from botocore.exceptions import ClientError

    where = {"Bucket": source[0], "Key": source[1]}
    condition = {"CopySourceIfMatch": f'"{seen.etag}"'}
    try:
        if seen.size <= WHOLE_BYTES:
            client.copy_object(Bucket=target[0], Key=target[1], CopySource=where, **condition)
            return
        from boto3.s3.transfer import TransferConfig

        config = TransferConfig(multipart_threshold=WHOLE_BYTES + 1, multipart_chunksize=PART_BYTES)
        # A copy by parts is a new object: what it shall keep must be said.
        client.copy(where, target[0], target[1], ExtraArgs={**seen.headers, **condition}, Config=config)
    except ClientError as error:
        if error.response["Error"]["Code"] in CHANGED:
            raise ObjectChangedError(f"s3://{source[0]}/{source[1]} changed while it was copied; run again") from error
        raise


def remove(client: Any, bucket: str, key: str, etag: str) -> None:
    """Remove an object if it is still the one that was copied. S3: DeleteObject, If-Match.

    Where versions are kept, the version stays, and a delete marker hides it.

    :param client: a boto3 S3 client.
    :param etag: the ETag it must have.
    :raises ObjectChangedError: it is another one by now; it stays.
    """
    from botocore.exceptions import ClientError

    # Looked at as well: a store that does not know the condition ignores it.
    seen = look(client, bucket, key)
    if seen is None:
        return
    changed = f"s3://{bucket}/{key} changed after it was copied; the new version stays"
    if seen.etag != etag:
        raise ObjectChangedError(changed)
    try:
        client.delete_object(Bucket=bucket, Key=key, IfMatch=f'"{etag}"')
    except ClientError as error:
        if error.response["Error"]["Code"] in CHANGED:
            raise ObjectChangedError(changed) from error
        if error.response["Error"]["Code"] not in MISSING:
            raise


def move(client: Any, source: tuple[str, str], target: tuple[str, str], seen: Seen) -> None:
    """Copy an object, make sure that the copy is whole, and only then remove the original.

    :param client: a boto3 S3 client.
    :param source: bucket and key.
    :param target: bucket and key.
    :param seen: the source as it was looked at.
    :raises ObjectChangedError: the source is another one by now; nothing was removed.
    """
    copy(client, source, target, seen)
    copied = look(client, *target)
    if copied is None or copied.size != seen.size:
        raise ObjectChangedError(f"the copy s3://{target[0]}/{target[1]} is not whole; the original stays; run again")
    remove(client, *source, seen.etag)
