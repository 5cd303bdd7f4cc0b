"""An S3 object as a source of uploads: read in ranges, always of one and the same version."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

from kaltura_provider.api.errors import SourceUnavailableError
from kaltura_provider.hooks.errors import SourceArchivedError, UploadSourceError
from kaltura_provider.hooks.s3_archive import Archive, restore_state

if TYPE_CHECKING:
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook
    from botocore.exceptions import ClientError

    from kaltura_provider.api import ByteStream, Checksum

# How often one range is asked for again after its connection broke, and how long to wait before (seconds).
_REOPEN_PAUSES = (1.0, 3.0, 9.0)
# What S3 answers with a status below 500 that may pass.
_PASSING = ("SlowDown", "RequestTimeout", "RequestTimeTooSkewed", "ThrottlingException", "Throttling")


@dataclass(frozen=True)
class S3Source:
    """One version of one S3 object.

    Every range is requested with the object's ETag (and its version ID, if the bucket keeps versions), so an object
    that is replaced during the upload stops the upload instead of mixing old and new bytes.

    :param client: the boto3 S3 client.
    :param bucket: the bucket.
    :param key: the key.
    :param size: bytes.
    :param etag: the ETag with its quotes, as S3 gave it.
    :param version_id: the version, or None in a bucket that keeps none.
    :param archive: where the object is, with the end of a restored copy.
    :param checksum: the checksum S3 has of the whole object, if it has one of a kind that is cheap to compare.
    """

    client: Any = field(repr=False, compare=False)
    bucket: str
    key: str
    size: int
    etag: str
    version_id: str | None = None
    checksum: Checksum | None = None
    archive: Archive | None = field(default=None, repr=False, compare=False)

    @classmethod
    def find(cls, hook: S3Hook, bucket: str, key: str, version_id: str | None = None) -> S3Source:
        """Look an object up (``HeadObject``) and pin the version found.

        :param hook: the hook of the AWS connection.
        :param bucket: the bucket.
        :param key: the key.
        :param version_id: a version to use instead of the latest.
        :return: the source.
        :raises UploadSourceError: no such bucket, key or version; no access; the object is empty or archived. The
            message names the fix.
        :raises ConnectionError: S3 did not answer; this may pass.
        """
        from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
        from botocore.exceptions import ConnectionError as BotoConnectionError

        request = {"Bucket": bucket, "Key": key, "ChecksumMode": "ENABLED"}
        if version_id:
            request["VersionId"] = version_id
        try:
            client: Any = hook.get_conn()
            head = client.head_object(**request)
        except ClientError as error:
            explain_head_failure(client, error, bucket, key, version_id)
        except (HTTPClientError, BotoConnectionError) as error:
            raise ConnectionError(
                f"S3 did not answer when asked for s3://{bucket}/{key}: {error}. Check the AWS connection "
                f"{hook.aws_conn_id!r} (region_name, endpoint_url) and the network, then clear the task."
            ) from error
        except BotoCoreError as error:
            raise UploadSourceError(
                f"s3://{bucket}/{key} cannot be read: {error}. Check the AWS connection {hook.aws_conn_id!r}: its "
                "credentials, region_name and endpoint_url."
            ) from error
        archive = restore_state(head)
        if not archive.is_readable:
            raise SourceArchivedError(
                f"s3://{bucket}/{key} is archived ({archive.place}). Restore it first (S3 RestoreObject), then clear "
                "this task."
            )
        if head["ContentLength"] == 0:
            fix = "It is a folder; name a file." if key.endswith("/") else "Write it again."
            raise UploadSourceError(f"s3://{bucket}/{key} is empty, and Kaltura accepts no empty files. {fix}")
        # Buckets whose versioning is suspended answer with the word "null", which is no version to ask for.
        found_version = version_id or head.get("VersionId")
        return cls(
            client=client,
            bucket=bucket,
            key=key,
            size=int(head["ContentLength"]),
            etag=head["ETag"],
            version_id=None if found_version == "null" else found_version,
            checksum=_checksum_of(head),
            archive=archive,
        )

    @property
    def name(self) -> str:
        """The file name: what follows the key's last slash."""
        return self.key.rsplit("/", 1)[-1]

    @property
    def fingerprint(self) -> str:
        """Changes whenever the content does."""
        return f"{self.etag}@{self.version_id or ''}"

    @property
    def url(self) -> str:
        """``s3://bucket/key``."""
        return f"s3://{self.bucket}/{self.key}"

    def open(self, start: int, length: int) -> ByteStream:
        """Open a range (``GetObject``). A connection that breaks on the way is opened again where it broke.

        :param start: first byte.
        :param length: number of bytes; must end within the object.
        :return: a stream of exactly these bytes.
        :raises kaltura_provider.api.SourceChangedError: the object was replaced or deleted since it was looked up;
            also while reading.
        :raises kaltura_provider.api.SourceUnavailableError: S3 is in trouble or out of reach; also while reading.
        :raises UploadSourceError: access was taken away since.
        """
        return _S3Range(self._request, self.url, start, length)

    def _request(self, start: int, end: int) -> Any:
        from botocore.exceptions import BotoCoreError, ClientError

        request = {
            "Bucket": self.bucket,
            "Key": self.key,
            "Range": f"bytes={start}-{end - 1}",
            "IfMatch": self.etag,
        }
        if self.version_id:
            request["VersionId"] = self.version_id
        try:
            return self.client.get_object(**request)["Body"]
        except ClientError as error:
            _explain_get_failure(error, self.url)
        except BotoCoreError as error:
            raise SourceUnavailableError(
                f"S3 does not answer for {self.url}: {error}. If it stays, check the network between the worker and S3."
            ) from error


class _S3Range:
    """A range of an object as a stream that survives broken connections."""

    def __init__(self, request: Callable[[int, int], Any], url: str, start: int, length: int) -> None:
        self._request = request
        self._url = url
        self._position = start
        self._end = start + length
        self._body: Any = None
        if length:
            # Opened at once: a caller learns that the object changed before it tells Kaltura about a part.
            self._reopen()

    def read(self, size: int = -1, /) -> bytes:
        from botocore.exceptions import BotoCoreError
        from urllib3.exceptions import HTTPError

        left = self._end - self._position
        wanted = left if size < 0 else min(size, left)
        if not wanted:
            return b""
        for pause in (*_REOPEN_PAUSES, None):
            try:
                if self._body is None:
                    self._reopen()
                data: bytes = self._body.read(wanted)
                if not data:
                    raise ConnectionError("the connection ended early")
                break
            except (BotoCoreError, HTTPError, OSError) as error:
                self.close()
                if pause is None:
                    raise SourceUnavailableError(
                        f"{self._url} cannot be read beyond byte {self._position}: {error}. If it stays, check the "
                        "network between the worker and S3."
                    ) from error
                time.sleep(pause)
        self._position += len(data)
        return data

    def close(self) -> None:
        if self._body is not None:
            self._body.close()
            self._body = None

    def _reopen(self) -> None:
        self._body = self._request(self._position, self._end)


def error_code(error: ClientError) -> str:
    """Return S3's own code for an error, such as ``NoSuchKey``."""
    return str(error.response.get("Error", {}).get("Code", ""))


def _status(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _checksum_of(head: Mapping[str, Any]) -> Checksum | None:
    """The checksum S3 has of the whole object; those of objects uploaded in parts may be of the parts' checksums."""
    from kaltura_provider.api.checksums import ALGORITHMS, Checksum

    whole = head.get("ChecksumType") == "FULL_OBJECT" or (not head.get("ChecksumType") and "-" not in head["ETag"])
    for algorithm in ALGORITHMS if whole else ():
        if value := head.get(f"Checksum{algorithm}"):
            return Checksum(algorithm, str(value))
    return None


def explain_head_failure(client: Any, error: ClientError, bucket: str, key: str, version_id: str | None) -> NoReturn:
    """Raise what a failure of ``HeadObject`` means.

    It answers without a body, so 404 may mean bucket, key or version; S3 is asked once more to tell them apart.

    :param client: the boto3 S3 client.
    :param error: the failure.
    :param bucket: the bucket.
    :param key: the key.
    :param version_id: the version that was asked for.
    :raises UploadSourceError: the message names the fix.
    :raises ConnectionError: S3 is in trouble; this may pass.
    """
    from botocore.exceptions import ClientError

    code = error_code(error)
    if code in ("404", "NoSuchKey", "NoSuchBucket", "NoSuchVersion"):
        try:
            client.head_bucket(Bucket=bucket)
        except ClientError as bucket_error:
            if error_code(bucket_error) in ("404", "NoSuchBucket"):
                raise UploadSourceError(
                    f"S3 bucket {bucket!r} does not exist. Check the spelling and, for an S3 that is not Amazon's, "
                    "endpoint_url in the AWS connection."
                ) from error
        if version_id:
            raise UploadSourceError(
                f"s3://{bucket}/{key} has no version {version_id!r}. Leave the version out to use the latest."
            ) from error
        raise UploadSourceError(
            f"s3://{bucket}/{key} does not exist. Check the key (it is case-sensitive and has no leading slash), or "
            "wait for the file with S3KeySensor first."
        ) from error
    if code in ("403", "AccessDenied"):
        raise UploadSourceError(
            f"Access to s3://{bucket}/{key} was denied. Allow the AWS connection's identity s3:GetObject on the key "
            "and s3:ListBucket on the bucket (without the latter S3 also denies access to keys that do not exist), "
            "and kms:Decrypt if the object is encrypted with a KMS key."
        ) from error
    if code in ("301", "PermanentRedirect"):
        raise UploadSourceError(
            f"S3 bucket {bucket!r} is in another region. Set region_name in the AWS connection to the bucket's region."
        ) from error
    if _status(error) >= 500:
        raise ConnectionError(f"S3 failed when asked for s3://{bucket}/{key}: {error}. Clear the task.") from error
    raise UploadSourceError(
        f"s3://{bucket}/{key} cannot be read: {error}. Check the AWS connection: expired credentials, a wrong region "
        "or a wrong endpoint_url give this."
    ) from error


def _explain_get_failure(error: ClientError, url: str) -> NoReturn:
    from kaltura_provider.api import SourceChangedError

    code = error_code(error)
    if code in ("PreconditionFailed", "412"):
        raise SourceChangedError(f"{url} was replaced while it was being uploaded.") from error
    if code in ("NoSuchKey", "NoSuchVersion", "404"):
        raise SourceChangedError(
            f"{url} was deleted while it was being uploaded. Put it back and clear the task."
        ) from error
    if code.startswith("KMS.") or (code == "AccessDenied" and "kms:" in str(error)):
        reason = str(error).rstrip(".")
        raise UploadSourceError(
            f"{url} is encrypted with a KMS key that cannot be used: {reason}. Allow the AWS connection's identity "
            "kms:Decrypt on that key, in its own policy and in the key's, or enable the key; then clear the task."
        ) from error
    if code in ("AccessDenied", "403"):
        raise UploadSourceError(
            f"Access to {url} was denied. Allow the AWS connection's identity s3:GetObject on the key, "
            "s3:GetObjectVersion if the bucket keeps versions, and kms:Decrypt if a KMS key encrypts it."
        ) from error
    if code in _PASSING or _status(error) >= 500:
        raise SourceUnavailableError(
            f"S3 is in trouble at {url}: {error}. If it stays, lower the number of transfers at once."
        ) from error
    raise UploadSourceError(
        f"{url} cannot be read: {error}. Check the AWS connection: expired credentials give this."
    ) from error
