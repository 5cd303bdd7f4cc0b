"""Whole small files, in memory: sidecars of entries, from S3 or any path that Airflow's object storage understands."""

from __future__ import annotations

import hashlib
from contextlib import closing
from functools import cached_property
from typing import TYPE_CHECKING

from kaltura_provider.hooks.errors import UploadSourceError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow.providers.amazon.aws.hooks.s3 import S3Hook

    from kaltura_provider.api import UploadSource

_BLOCK = 1024 * 1024


class SmallFiles:
    """Reads files by where they are.

    :param aws_conn_id: ID of the AWS connection, for ``s3://`` places.
    :param max_bytes: size of the largest file that is read.
    """

    def __init__(self, aws_conn_id: str | None, max_bytes: int) -> None:
        self._aws_conn_id = aws_conn_id
        self._max_bytes = max_bytes
        self._found: dict[str, UploadSource] = {}

    def read(self, place: str) -> bytes:
        """Return the bytes of a file.

        :param place: ``s3://bucket/key``, a local path on the worker, ``gs://connection@bucket/file`` and so on.
        :raises UploadSourceError: it cannot be used; the message names the fix.
        :raises OSError: its store is out of reach; this may pass.
        """
        from kaltura_provider.api import SourceChangedError

        source = self._find(place)
        try:
            return b"".join(_blocks(source))
        except SourceChangedError as error:
            raise UploadSourceError(f"{place} was changed while it was read: {error} Run the task again.") from error

    def version(self, place: str) -> str:
        """Return a text that changes with the content of a file.

        :param place: as for :meth:`read`, which then returns this version or fails.
        :raises UploadSourceError: it cannot be used; the message names the fix.
        :raises OSError: its store is out of reach; this may pass.
        """
        source = self._find(place)
        if "://" in place.strip().removeprefix("file://"):
            return source.fingerprint
        # A copy of a local file has other dates, and another worker perhaps another copy.
        digest = hashlib.sha256()
        for block in _blocks(source):
            digest.update(block)
        return digest.hexdigest()

    def _find(self, place: str) -> UploadSource:
        if place not in self._found:
            self._found[place] = self._checked(place)
        return self._found[place]

    def _checked(self, place: str) -> UploadSource:
        source = self._look_up(place.strip())
        if source.size > self._max_bytes:
            raise UploadSourceError(
                f"{place} has {source.size} bytes, and at most {self._max_bytes} can be read here. Check that it is "
                "the right file; a large one is an entry of its own."
            )
        return source

    def _look_up(self, place: str) -> UploadSource:
        if not place:
            raise UploadSourceError("A file has no place. Set it to a path, such as s3://bucket/talk.txt.")
        if place.startswith("s3://"):
            from kaltura_provider.transfers.s3_source import S3Source

            bucket, _, key = place.removeprefix("s3://").partition("/")
            if not bucket or not key:
                raise UploadSourceError(f"{place} names no file. Write it like s3://bucket/folder/talk.txt.")
            return S3Source.find(self._s3, bucket, key)
        from airflow.sdk import ObjectStoragePath

        from kaltura_provider.transfers.path_source import PathSource

        return PathSource.find(ObjectStoragePath(place))

    @cached_property
    def _s3(self) -> S3Hook:
        from airflow.providers.amazon.aws.hooks.s3 import S3Hook

        return S3Hook(aws_conn_id=self._aws_conn_id)


def _blocks(source: UploadSource) -> Iterator[bytes]:
    with closing(source.open(0, source.size)) as stream:
        while block := stream.read(_BLOCK):
            yield block
