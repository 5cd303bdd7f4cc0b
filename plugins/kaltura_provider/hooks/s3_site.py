"""Writing the files of a site to S3: in place, those alone that are new or have changed, several at once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kaltura_provider.hooks.s3_write import raise_explained

if TYPE_CHECKING:
    from kaltura_provider.api import SiteFile

#: Files that are looked at or written at once.
PARALLEL = 8
# Name of the object's metadata that holds the digest of what was written. The ETag is none with KMS.
_DIGEST = "content-sha256"
_MISSING = {"404", "NoSuchKey", "NotFound"}


@dataclass
class Written:
    """What became of the files.

    :param written: names of those that are new or were written again.
    :param unchanged: how many were there already.
    """

    written: list[str] = field(default_factory=list)
    unchanged: int = 0


class S3Site:
    """A place in S3 for the files of a site.

    :param aws_conn_id: ID of the AWS connection.
    :param bucket: the bucket.
    :param prefix: what all keys begin with: a folder with its slash, or empty.
    :param cache_control: how long browsers and caches may keep the files, such as ``max-age=300``.
    :param extra_args: further arguments of ``PutObject``, such as ``{"ServerSideEncryption": "aws:kms"}``.
    """

    def __init__(
        self,
        aws_conn_id: str | None,
        bucket: str,
        prefix: str,
        *,
        cache_control: str,
        extra_args: Mapping[str, Any] | None = None,
    ) -> None:
        from airflow.providers.amazon.aws.hooks.s3 import S3Hook

        if not bucket:
            raise ValueError("s3_bucket is empty; name the bucket the pages go to.")
        self._client: Any = S3Hook(aws_conn_id=aws_conn_id).get_conn()
        self._bucket = bucket
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self._cache_control = cache_control
        self._extra_args = dict(extra_args or {})

    def uri(self, name: str = "") -> str:
        """Return the address of a file within S3.

        :param name: of the file; the place itself when empty.
        """
        return f"s3://{self._bucket}/{self._prefix}{name}"

    def write(self, files: Iterable[SiteFile]) -> Written:
        """Write files. One that is there with the same content and headers is left alone (``HeadObject``).

        They are taken one by one, so that thousands need no more memory than a few. A process that dies leaves whole
        files; writing again completes them.

        :param files: the files.
        :return: what became of them.
        :raises ValueError: no such bucket, or no access to it; the message names the fix.
        """
        done = Written()
        source = iter(files)
        with ThreadPoolExecutor(PARALLEL, thread_name_prefix="site") as pool:
            running: list[Future[tuple[str, bool]]] = []
            for file in source:
                running.append(pool.submit(self._write_one, file))
                if len(running) >= 2 * PARALLEL:
                    _count(done, [running.pop(0)])
            _count(done, running)
        return done

    def _write_one(self, file: SiteFile) -> tuple[str, bool]:
        from botocore.exceptions import ClientError

        from kaltura_provider.api.embed.site import PRIVATE_CACHE

        cache_control = PRIVATE_CACHE if file.is_private else self._cache_control
        digest = hashlib.sha256(file.body).hexdigest()
        try:
            # Sessions end: what holds one is new every time.
            if not file.is_private and self._has(file, digest, cache_control):
                return file.name, False
            self._client.put_object(
                **{
                    **self._extra_args,
                    "Bucket": self._bucket,
                    "Key": self._prefix + file.name,
                    "Body": file.body,
                    "ContentType": file.content_type,
                    "CacheControl": cache_control,
                    "Metadata": {**self._extra_args.get("Metadata", {}), _DIGEST: digest},
                }
            )
        except ClientError as error:
            raise_explained(error, self._bucket, self._prefix + file.name)
            raise
        return file.name, True

    def _has(self, file: SiteFile, digest: str, cache_control: str) -> bool:
        from botocore.exceptions import ClientError

        try:
            found = self._client.head_object(Bucket=self._bucket, Key=self._prefix + file.name)
        except ClientError as error:
            # S3 denies looking for what is not there to those who may not list the bucket.
            if str(error.response.get("Error", {}).get("Code")) in _MISSING | {"403", "AccessDenied"}:
                return False
            raise
        return (found["Metadata"].get(_DIGEST), found.get("ContentType"), found.get("CacheControl")) == (
            digest,
            file.content_type,
            cache_control,
        )


def _count(done: Written, futures: Iterable[Future[tuple[str, bool]]]) -> None:
    for future in futures:
        name, is_new = future.result()
        if is_new:
            done.written.append(name)
        else:
            done.unchanged += 1
