"""From S3 into Kaltura."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from kaltura_provider.transfers.upload import KalturaUploadOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

    from kaltura_provider.api import Entry, Journal, MediaKind, UploadSource


#: Prefix of the ledger in the source bucket; that of the pipeline as well, so that both know of each other's files.
LEDGER = "_kaltura/"

# The slowest restore, in bulk from the deep archive, takes two days.
_RESTORE_TIMEOUT = timedelta(days=3)
_RESTORE_PAUSE = 300.0


class S3ToKalturaOperator(KalturaUploadOperator):
    """Upload one S3 object and make it one Kaltura entry, exactly once.

    The object is streamed through the worker part by part, never held in memory or on disk as a whole (S3
    ``HeadObject`` and ranged ``GetObject``; Kaltura ``media.add``, ``uploadToken.add``, ``uploadToken.upload`` and
    ``media.addContent``). Bucket and key alone make the default reference ID, so the same key gives the same entry,
    however often the task runs. A record in the ledger, claimed by a conditional write to S3, keeps two tasks from
    uploading the same object at the same time: the second one fails with the name of the first, and its retry finds
    the entry.

    Returns a mapping with ``entry_id``, ``reference_id``, ``source``, ``size``, ``mode``, ``created``, ``uploaded``,
    ``bytes_sent``, ``resumed_from``, ``parts_sent_again``, ``checksum`` (such as ``CRC64NVME:...``),
    ``checksum_verified`` (whether S3 has the same), ``status``, ``status_name`` and ``ms_duration``.

    :param s3_key: the key in ``s3_bucket``, or a whole ``s3://bucket/key`` URL without ``s3_bucket``. Templated.
    :param s3_bucket: the bucket. Templated.
    :param s3_version_id: a version of the object; the latest if None. Templated.
    :param aws_conn_id: ID of the AWS connection. Templated.
    :param ledger: where the record about the object lies: a prefix within its bucket, or ``s3://bucket/prefix`` for a
        bucket that is read-only. None does without. Templated.
    :param mode: ``push``: the worker streams the object; ``pull``: Kaltura fetches it from a presigned URL; ``auto``
        chooses per object and says why. A pull that fails is followed by a push into the same entry.
    :param pull_reachable: whether Kaltura reaches the S3 endpoint. None: it does if that is Amazon's own.
    :param presign_lifetime: seconds (or a timedelta) the URL of a pull is valid, 30 minutes to 7 days. Default 6 hours.
    :param restore_tier: how an object in Glacier is restored, which S3 charges for: ``Standard``, ``Bulk`` (cheaper,
        slower) or ``Expedited``. None fails instead.
    :param restore_days: how long the restored copy stays.
    :param entry: properties of the new entry, such as ``{"name": "Talk", "tags": "a,b"}``. Templated.
    :param reference_id: identity of the entry. Default: ``s3:`` and a hash of bucket and key. Templated.
    :param media_kind: ``video``, ``audio``, ``image``, ``document`` or ``data``; found from the object if None.
        Templated.
    :param renditions: further finished files of an audio or video, such as ``{"HD/1080": "talk_1080.mp4"}``: name or ID
        of the flavor params, and a key in the same bucket or an ``s3://`` URL. Templated.
    :param part_size: bytes of one upload request. Default: 5 to 50 MB, by the size of the object and the distance.
    :param parallel: upload requests at once, 1 to 16. Default: 4, or 8 where the server is far away.
    :param patience: seconds (or a timedelta) to go on trying while Kaltura or S3 is in trouble. Default: 200.
    :param if_changed: what to do when the entry exists and was made from other content than the object has now:
        ``replace`` its content, ``fail``, or ``keep`` the entry as it is.
    :param approve_replacement: approve the new content where the account asks for that. Otherwise the task ends when
        only that is missing, with ``needs_approval``.
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
        mode: Literal["push", "pull", "auto"] = "push",
        pull_reachable: bool | None = None,
        presign_lifetime: timedelta | float = timedelta(hours=6),
        restore_tier: str | None = "Standard",
        restore_days: int = 7,
        **kwargs: Any,
    ) -> None:
        super().__init__(ledger=ledger, **kwargs)
        if mode not in ("push", "pull", "auto"):
            raise ValueError(f"mode must be 'push', 'pull' or 'auto', not {mode!r}.")
        self.mode = mode
        self.pull_reachable = pull_reachable
        self.presign_lifetime = presign_lifetime
        self.restore_tier = restore_tier
        self.restore_days = restore_days
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

    def find_rendition(self, place: str) -> UploadSource:
        """Look up a further object of the entry (``HeadObject``).

        :param place: a key in the same bucket, or an ``s3://bucket/key`` URL.
        :raises kaltura_provider.hooks.errors.UploadSourceError: it cannot be used; the message names the fix.
        """
        from kaltura_provider.transfers.s3_source import S3Source

        bucket, key = self._location()[0], place
        if place.startswith("s3://"):
            bucket, _, key = place.removeprefix("s3://").partition("/")
        return S3Source.find(self.s3_hook, bucket, key)

    def execute(self, context: Context) -> dict[str, Any]:
        """Upload the object or have Kaltura fetch it; one in an archive is restored first.

        :param context: the task's context.
        :return: see the class.
        :raises kaltura_provider.api.KalturaError: Kaltura refused something, or could not be reached.
        :raises ValueError: the object or an argument cannot be used; the message names the fix.
        """
        from kaltura_provider.hooks.errors import SourceArchivedError

        try:
            return super().execute(context)
        except SourceArchivedError:
            if not self.restore_tier:
                raise
        self._restore()
        return super().execute(context)

    def execute_restored(self, context: Context, event: Any = None) -> dict[str, Any]:
        """Take over from the trigger that waited for a restore.

        :param context: the task's context.
        :param event: what the trigger sent.
        :return: the same as :meth:`execute`.
        """
        from kaltura_provider.hooks.s3_archive import read_restore_event

        read_restore_event(event)
        return self.execute(context)

    def filler(self, source: UploadSource, kind: MediaKind, journal: Journal) -> Callable[[Entry], Entry] | None:
        """Choose between a push and a pull.

        :param source: the object.
        :param kind: what it becomes.
        :param journal: durable notes about it.
        """
        from kaltura_provider.transfers.s3_source import S3Source

        if self.mode == "push" or self.renditions or not isinstance(source, S3Source):
            return None
        from kaltura_provider.api import start_pull
        from kaltura_provider.transfers.s3_pull import choose_mode, presign, try_address

        choice = choose_mode(
            self.mode,
            self.s3_hook,
            source,
            kind,
            pull_reachable=self.pull_reachable,
            presign_lifetime=self.presign_lifetime,
            archive=source.archive,
        )
        self.log.info("%s", choice.reason)
        if choice.mode == "push":
            return None
        url = presign(choice.client, source, choice.lifetime)
        if problem := try_address(url, source):
            self.log.warning("%s is pushed instead: %s.", source.url, problem)
            return None
        client = self.hook.get_conn()

        def fill(entry: Entry) -> Entry:
            return start_pull(client, entry.id, url, kind=kind, journal=journal, fingerprint=source.fingerprint).entry

        return fill

    def _restore(self) -> None:
        """Request a restore, and wait until the object can be read."""
        from kaltura_provider.hooks.waiting import TRIGGER_GRACE
        from kaltura_provider.transfers.s3_restore import request_restore
        from kaltura_provider.triggers.s3_restore import S3ObjectRestoredTrigger

        bucket, key = self._location()
        version = self.s3_version_id or None
        end_time = time.time() + _RESTORE_TIMEOUT.total_seconds()
        while True:
            archive = request_restore(
                self.s3_hook.get_conn(), bucket, key, version, days=self.restore_days, tier=self.restore_tier or ""
            )
            if archive.is_readable:
                return
            if self.deferrable:
                self.defer(
                    trigger=S3ObjectRestoredTrigger(
                        aws_conn_id=self.aws_conn_id, bucket=bucket, key=key, version_id=version, end_time=end_time
                    ),
                    method_name="execute_restored",
                    timeout=_RESTORE_TIMEOUT + TRIGGER_GRACE,
                )
            self.log.info("s3://%s/%s is being restored from %s.", bucket, key, archive.place)
            time.sleep(_RESTORE_PAUSE)

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
