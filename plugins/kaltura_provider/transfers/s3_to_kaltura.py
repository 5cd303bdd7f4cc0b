"""From S3 into Kaltura."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from kaltura_provider.transfers.upload import KalturaUploadOperator

if TYPE_CHECKING:
    from kaltura_provider.api import UploadSource


class S3ToKalturaOperator(KalturaUploadOperator):
    """Upload one S3 object and make it one Kaltura entry, exactly once.

    The object is streamed through the worker part by part, never held in memory or on disk as a whole (S3
    ``HeadObject`` and ranged ``GetObject``; Kaltura ``media.add``, ``uploadToken.add``, ``uploadToken.upload`` and
    ``media.addContent``). Bucket and key alone make the default reference ID, so the same key gives the same entry,
    however often the task runs. Kaltura does not keep reference IDs unique, though: two tasks that upload the same
    object at the very same time can make two entries, so let only one run (``max_active_tis_per_dag``, a pool, or
    distinct keys).

    Returns a mapping with ``entry_id``, ``reference_id``, ``source``, ``size``, ``created``, ``uploaded``,
    ``bytes_sent``, ``resumed_from``, ``status``, ``status_name`` and ``ms_duration``.

    :param s3_key: the key in ``s3_bucket``, or a whole ``s3://bucket/key`` URL without ``s3_bucket``. Templated.
    :param s3_bucket: the bucket. Templated.
    :param s3_version_id: a version of the object; the latest if None. Templated.
    :param aws_conn_id: ID of the AWS connection. Templated.
    :param entry: properties of the new entry, such as ``{"name": "Talk", "tags": "a,b"}``. Templated.
    :param reference_id: identity of the entry. Default: ``s3:`` and a hash of bucket and key. Templated.
    :param media_kind: ``video``, ``audio``, ``image``, ``document`` or ``data``; found from the object if None.
        Templated.
    :param if_changed: what to do when the entry exists and was made from other content than the source has now:
        ``fail`` or ``keep`` the entry as it is.
    :param wait_until_ready: whether to wait until Kaltura has converted the entry.
    :param wait_timeout: seconds (or a timedelta) to wait for that. Default 12 hours.
    :param poll_interval: seconds between two looks while waiting. Default 30.
    :param deferrable: wait in the triggerer instead of on the worker.
    :param kaltura_conn_id: ID of the ``kaltura`` connection. Templated.
    :param session: restrictions of the Kaltura session. Templated.
    """

    template_fields: Sequence[str] = (
        *KalturaUploadOperator.template_fields,
        "s3_bucket",
        "s3_key",
        "s3_version_id",
        "aws_conn_id",
    )

    def __init__(
        self,
        *,
        s3_key: str,
        s3_bucket: str | None = None,
        s3_version_id: str | None = None,
        aws_conn_id: str | None = "aws_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.s3_bucket = s3_bucket
        self.s3_key = s3_key
        self.s3_version_id = s3_version_id
        self.aws_conn_id = aws_conn_id

    def find_source(self) -> UploadSource:
        """Look the object up in S3 (``HeadObject``).

        :return: the object, pinned to the version found.
        :raises kaltura_provider.hooks.errors.UploadSourceError: it cannot be used; the message names the fix.
        :raises ConnectionError: S3 did not answer.
        """
        from airflow.providers.amazon.aws.hooks.s3 import S3Hook

        from kaltura_provider.transfers.s3_source import S3Source

        bucket, key = self._location()
        return S3Source.find(S3Hook(aws_conn_id=self.aws_conn_id), bucket, key, self.s3_version_id or None)

    def source_url(self) -> str:
        """Return ``s3://bucket/key``."""
        return "s3://{}/{}".format(*self._location())

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
