"""Small files that go with an entry, such as captions and images: from S3, or from any path Airflow understands."""

from __future__ import annotations

import hashlib
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from kaltura_provider.hooks.errors import UploadSourceError

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow.providers.amazon.aws.hooks.s3 import S3Hook
    from airflow.sdk import ObjectStoragePath

    from kaltura_provider.api import UploadSource


@dataclass(frozen=True)
class AssetFile:
    """A file, looked up.

    :param name: where it is, for messages; ends with its file name.
    :param etag: changes with its content.
    :param read: returns its bytes.
    """

    name: str
    etag: str
    read: Callable[[], bytes] = field(repr=False, compare=False)

    @classmethod
    def of_bytes(cls, name: str, data: bytes) -> AssetFile:
        """Return a file that is in memory.

        :param name: what it is called in messages.
        :param data: its bytes.
        """
        return cls(name, hashlib.sha256(data).hexdigest(), lambda: data)


class AssetFiles:
    """Finds files in S3 and elsewhere.

    :param s3_bucket: the bucket of places that are keys only; without one these are paths.
    :param aws_conn_id: ID of the AWS connection.
    :param conn_id: ID of the connection to the object store of other paths; may also be written in the path.
    :param limit: bytes a file may have at most.
    """

    def __init__(self, *, s3_bucket: str | None, aws_conn_id: str | None, conn_id: str | None, limit: int) -> None:
        self.s3_bucket = s3_bucket
        self.aws_conn_id = aws_conn_id
        self.conn_id = conn_id
        self.limit = limit

    @cached_property
    def s3_hook(self) -> S3Hook:
        """The hook of the AWS connection, made when it is first needed."""
        from airflow.providers.amazon.aws.hooks.s3 import S3Hook

        hook = S3Hook(aws_conn_id=self.aws_conn_id)
        # The client as well, before several threads share it.
        hook.get_conn()
        return hook

    def find(self, place: str | ObjectStoragePath) -> AssetFile:
        """Look a file up (S3: ``HeadObject``); a file elsewhere is read, as not all stores tell versions apart.

        :param place: ``s3://bucket/key``, a key, or a path.
        :raises UploadSourceError: there is no such file, no access to it, it is empty or too large. The message names
            the fix.
        :raises ConnectionError: S3 did not answer.
        """
        if isinstance(place, str):
            if not place.strip():
                raise UploadSourceError("the name of a file is empty; give an S3 URI, a key with s3_bucket, or a path")
            if location := self._in_s3(place.strip()):
                return self._object(*location)
        return self._path(place)

    def _in_s3(self, place: str) -> tuple[str, str] | None:
        if place.startswith("s3://") and "@" not in place.partition("://")[2].partition("/")[0]:
            bucket, _, key = place.removeprefix("s3://").partition("/")
            return bucket, key
        return (self.s3_bucket, place) if self.s3_bucket and "://" not in place else None

    def _object(self, bucket: str, key: str) -> AssetFile:
        from kaltura_provider.transfers.s3_source import S3Source

        source = S3Source.find(self.s3_hook, bucket, key)
        self._check(source.url, source.size)
        return AssetFile(source.url, source.etag.strip('"'), lambda: _whole(source))

    def _path(self, place: str | ObjectStoragePath) -> AssetFile:
        from airflow.sdk import ObjectStoragePath

        from kaltura_provider.transfers.path_source import PathSource

        path = ObjectStoragePath(place, conn_id=self.conn_id) if isinstance(place, str) else place
        source = PathSource.find(path)
        self._check(str(path), source.size)
        return AssetFile.of_bytes(str(path), _whole(source))

    def _check(self, name: str, size: int) -> None:
        if size > self.limit:
            raise UploadSourceError(
                f"{name} has {size} bytes, more than {self.limit}. Check that it is the right file."
            )


def _whole(source: UploadSource) -> bytes:
    with closing(source.open(0, source.size)) as stream:
        pieces = []
        while piece := stream.read(1 << 20):
            pieces.append(piece)
    return b"".join(pieces)
