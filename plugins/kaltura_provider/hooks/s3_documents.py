"""JSON documents in S3, with the conditional writes that make a claim safe between workers.

S3 itself is the referee: ``If-None-Match: *`` lets exactly one writer create a key, ``If-Match`` lets exactly one
writer replace the version it has read. No further database is needed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

# What S3 answers when a condition does not hold, and when two conditional writes meet.
_CONDITION_FAILED = {"PreconditionFailed", "ConditionalRequestConflict", "412", "409"}
_MISSING = {"NoSuchKey", "404"}
# How often a write is sent again that S3 refused although nobody else had written.
_WRITES = 3


class DocumentConflictError(Exception):
    """Another writer created or changed the document first."""


@dataclass(frozen=True)
class Document:
    """One JSON document as read: its name below the prefix, its content, and the ETag of that version."""

    name: str
    body: dict[str, Any]
    etag: str


class S3Documents:
    """JSON documents below one prefix of a bucket.

    :param client: a boto3 S3 client.
    :param bucket: bucket name.
    :param prefix: key prefix, ending in ``/`` or empty.
    """

    def __init__(self, client: Any, bucket: str, prefix: str) -> None:
        self._client = client
        self.bucket = bucket
        self.prefix = prefix

    def uri(self, name: str) -> str:
        """Return the ``s3://`` address of a document."""
        return f"s3://{self.bucket}/{self.prefix}{name}"

    def name_of(self, uri: str) -> str:
        """Return the name of a document of this store from its address; the reverse of :meth:`uri`."""
        root = self.uri("")
        if not uri.startswith(root):
            raise ValueError(f"{uri} is not below {root}; check the pipeline's state bucket and state prefix")
        return uri[len(root) :]

    def read(self, name: str) -> Document | None:
        """Return a document, or None when there is none of this name. S3: GetObject."""
        from botocore.exceptions import ClientError

        try:
            answer = self._client.get_object(Bucket=self.bucket, Key=self.prefix + name)
        except ClientError as error:
            if error.response["Error"]["Code"] in _MISSING:
                return None
            raise
        return Document(name, json.loads(answer["Body"].read()), answer["ETag"])

    def create(self, name: str, body: dict[str, Any]) -> Document:
        """Create a document; raise :class:`DocumentConflictError` if it exists. S3: PutObject, If-None-Match."""
        return self._put_if(name, body, None)

    def replace(self, document: Document, body: dict[str, Any]) -> Document:
        """Replace the version that was read; raise :class:`DocumentConflictError` if it is no longer current.

        S3: PutObject, If-Match.
        """
        return self._put_if(document.name, body, document.etag)

    def write(self, name: str, body: dict[str, Any]) -> Document:
        """Write a document whatever was there. S3: PutObject."""
        return self._put(name, body)

    def delete(self, name: str) -> None:
        """Remove a document; one that is gone is fine. S3: DeleteObject."""
        self._client.delete_object(Bucket=self.bucket, Key=self.prefix + name)

    def names(self, prefix: str) -> Iterator[str]:
        """Yield the names that start with a prefix, in order. S3: ListObjectsV2, paged."""
        for name, _ in self.versions(prefix):
            yield name

    def versions(self, prefix: str) -> Iterator[tuple[str, str]]:
        """Yield the names that start with a prefix, in order, each with its ETag. S3: ListObjectsV2, paged."""
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=self.prefix + prefix)
        for page in pages:
            for item in page.get("Contents", []):
                yield item["Key"][len(self.prefix) :], item["ETag"]

    def open(self, name: str, start: int = 0, stop: int | None = None) -> Any:
        """Open an object of any kind to read it as a stream, or a range of it. S3: GetObject.

        :param name: its name.
        :param start: the first byte.
        :param stop: the byte after the last one; the end when None.
        :return: a stream with ``read`` and ``iter_lines``; None when there is none of this name.
        """
        from botocore.exceptions import ClientError

        span = {"Range": f"bytes={start}-{'' if stop is None else stop - 1}"} if start or stop is not None else {}
        try:
            return self._client.get_object(Bucket=self.bucket, Key=self.prefix + name, **span)["Body"]
        except ClientError as error:
            if error.response["Error"]["Code"] in _MISSING:
                return None
            raise

    def upload(self, name: str, file: Any, content_type: str) -> str:
        """Write a file of any size and kind whatever was there, and return its address. S3: PutObject, or in parts.

        :param name: its name.
        :param file: a binary file, read from where it stands.
        :param content_type: its media type.
        """
        arguments = {"ContentType": content_type}
        self._client.upload_fileobj(file, self.bucket, self.prefix + name, ExtraArgs=arguments)
        return self.uri(name)

    def _put_if(self, name: str, body: dict[str, Any], etag: str | None) -> Document:
        """Write if the document is still the version read (``etag``), or still missing (None).

        A refusal alone does not mean that somebody else wrote. When the answer to a write is lost, boto3 sends it
        again, and the second one meets the first; and of two writes at the same moment S3 may refuse both (409). So
        look what is there before giving up.
        """
        condition = {"IfNoneMatch": "*"} if etag is None else {"IfMatch": etag}
        for _ in range(_WRITES):
            try:
                return self._put(name, body, **condition)
            except DocumentConflictError as error:
                conflict = error
            current = self.read(name)
            if current is not None and current.body == body:
                return current
            if (current.etag if current else None) != etag:
                break
        raise conflict

    def _put(self, name: str, body: dict[str, Any], **condition: str) -> Document:
        from botocore.exceptions import ClientError

        data = json.dumps(body, ensure_ascii=False, indent=1, sort_keys=True).encode()
        try:
            answer = self._client.put_object(
                Bucket=self.bucket, Key=self.prefix + name, Body=data, ContentType="application/json", **condition
            )
        except ClientError as error:
            code = error.response["Error"]["Code"]
            # If-Match on a key that was deleted meanwhile answers NoSuchKey.
            if condition and code in _CONDITION_FAILED | _MISSING:
                raise DocumentConflictError(f"{self.uri(name)} was changed by another writer; run again") from error
            raise
        return Document(name, body, answer["ETag"])
