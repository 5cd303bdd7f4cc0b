"""From S3 into Kaltura."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from kaltura_provider.transfers.upload import KalturaUploadOperator

if TYPE_CHECKING:
    from kaltura_provider.api import UploadSource


#: Prefix of the ledger in the source bucket; that of the pipeline as well, so that both know of each other's files.
LEDGER = "_kaltura/"


class S3ToKalturaOperator(KalturaUploadOperator):
    """Upload one S3 object and make it one Kaltura entry, exactly once.

    The object is streamed through the worker part by part, never held in memory or on disk as a whole (S3
    ``HeadObject`` and ranged ``GetObject``; Kaltura ``media.add``, ``uploadToken.add``, ``uploadToken.upload`` and
    ``media.addContent``). Bucket and key alone make the default reference ID, so the same key gives the same entry,
    however often the task runs. A record in the ledger, claimed by a conditional write to S3, keeps two tasks from
    uploading the same object at the same time: the second one fails with the name of the first, and its retry finds
    the entry.

    Returns a mapping with ``entry_id``, ``reference_id``, ``source``, ``size``, ``created``, ``uploaded``,
    ``bytes_sent``, ``resumed_from``, ``parts_sent_again``, ``checksum`` (such as ``CRC64NVME:...``),
    ``checksum_verified`` (whether S3 has the same), ``status``, ``status_name`` and ``ms_duration``.

    :param s3_key: the key in ``s3_bucket``, or a whole ``s3://bucket/key`` URL without ``s3_bucket``. Templated.
    :param s3_bucket: the bucket. Templated.
    :param s3_version_id: a version of the object; the latest if None. Templated.
    :param aws_conn_id: ID of the AWS connection. Templated.
    :param ledger: where the record about the object lies: a prefix within its bucket, or ``s3://bucket/prefix`` for a
        bucket that is read-only. None does without. Templated.
    :param entry: properties of the new entry, such as ``{"name": "Talk", "tags": "a,b"}``. Templated.
    :param reference_id: identity of the entry. Default: ``s3:`` and a hash of bucket and key. Templated.
    :param media_kind: ``video``, ``audio``, ``image``, ``document`` or ``data``; found from the object if None.
        Templated.
    :param if_changed: what to do when the entry exists and was made from other content than the source has now:
        ``fail`` or ``keep`` the entry as it is.
    :param wait_until_ready: whether to wait until Kaltura has converted the entry.
    :param wait_timeout: seconds (or a timedelta) to wait for that. Default 12 hours.
    :param poll_interval: seconds between two looks while waiting. Default 30.
    :param deferrable: wait in the triggerer, so that no worker slot is held. False waits on the worker.
    :param kaltura_conn_id: ID of the ``kaltura`` connection. Templated.
    :param session: restrictions of the Kaltura session. Templated.
    """

    template_fields: Sequence[str] = (
        *KalturaUploadOperator.template_fields,
        "s3_bucket",
        "s3_key",
        "s3_version_id",
    )

    def __init__(
        self,
        *,
        s3_key: str,
        s3_bucket: str | None = None,
        s3_version_id: str | None = None,
        ledger: str | None = LEDGER,
        **kwargs: Any,
    ) -> None:
        super().__init__(ledger=ledger, **kwargs)
        self.s3_bucket = s3_bucket
        self.s3_key = s3_key
        self.s3_version_id = s3_version_id

    def find_source(self) -> UploadSource:
        """Look the object up in S3 (``HeadObject``).

        :return: the object, pinned to the version found.
        :raises kaltura_provider.hooks.errors.UploadSourceError: it cannot be used; the message names the fix.
        :raises ConnectionError: S3 did not answer.
        """
        from kaltura_provider.transfers.s3_source import S3Source

        bucket, key = self._location()
        return S3Source.find(self.s3_hook, bucket, key, self.s3_version_id or None)

    def source_url(self) -> str:
        """Return ``s3://bucket/key``."""
        return "s3://{}/{}".format(*self._location())

    def source_place(self) -> tuple[str, str]:
        """Return bucket and key."""
        return self._location()

    def _location(self) -> tuple[str, str]:
        bucket, key = self.s3_bucket, self.s3_key
        if key and key.startswith("s3://"):
            from_url, _, key = key.removeprefix("s3://").partition("/")
            if bucket and bucket != from_url:
                raise ValueError(f"s3_key names bucket {from_url!r}, but s3_bucket is {bucket!r}. Leave s3_bucket out.")
            bucket = from_url
        if not bucket:
            raise ValueError("s3_bucket is missing. Set it, or write s3_key as s3://bucket/key.")
        if not key:
            raise ValueError("s3_key is empty. Set it to the key of an object.")
        return bucket, key
