"""Writing small results to S3."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from botocore.exceptions import ClientError


def write_object(
    aws_conn_id: str | None,
    bucket: str,
    key: str,
    body: bytes,
    *,
    content_type: str,
    extra_args: Mapping[str, Any] | None = None,
) -> str:
    """Write one object, in place of one that has the key already (``PutObject``).

    :param aws_conn_id: ID of the AWS connection.
    :param bucket: the bucket.
    :param key: the key.
    :param body: the content; it must fit in memory.
    :param content_type: its media type, such as ``text/csv; charset=utf-8``.
    :param extra_args: further arguments of ``PutObject``, such as ``{"ServerSideEncryption": "aws:kms"}``.
    :return: ``s3://bucket/key``.
    :raises ValueError: no such bucket, or no access to it; the message names the fix.
    """
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook
    from botocore.exceptions import ClientError

    if not bucket or not key:
        raise ValueError(f"s3_bucket and s3_key are both needed to write to S3; they are {bucket!r} and {key!r}.")
    try:
        client: Any = S3Hook(aws_conn_id=aws_conn_id).get_conn()
        client.put_object(Bucket=bucket, Key=key, Body=body, ContentType=content_type, **(extra_args or {}))
    except ClientError as error:
        raise_explained(error, bucket, key)
        raise
    return f"s3://{bucket}/{key}"


def raise_explained(error: ClientError, bucket: str, key: str) -> None:
    """Raise what names the fix of an error of S3; return if none is known.

    :param error: what writing gave.
    :param bucket: the bucket.
    :param key: the key.
    :raises ValueError: no such bucket, or no access to it.
    """
    code = str(error.response.get("Error", {}).get("Code", ""))
    if code == "NoSuchBucket":
        raise ValueError(f"S3 bucket {bucket!r} does not exist. Create it, or check the spelling.") from error
    if code in ("AccessDenied", "403"):
        raise ValueError(
            f"Writing s3://{bucket}/{key} was denied. Allow the AWS connection's identity s3:PutObject on the key, "
            "and kms:GenerateDataKey if the bucket encrypts with a KMS key."
        ) from error
