"""Wait in the triggerer until S3 has restored an object from its archive."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from kaltura_provider.hooks import s3_archive
from kaltura_provider.hooks.s3_archive import RestoreState

if TYPE_CHECKING:
    from kaltura_provider.hooks.s3_archive import Archive


class S3ObjectRestoredTrigger(BaseTrigger):
    """Send one event when an object can be read, is gone, or time is up (S3 ``HeadObject``, in a thread of its own).

    The event is a mapping: ``status`` (``restored``, ``failed``, ``timeout`` or ``error``), ``bucket``, ``key``,
    ``version_id``, ``expires`` (when the restored copy is removed, ISO 8601, or None), ``message`` and ``retryable``
    (for errors), and ``echo``. :func:`~kaltura_provider.hooks.s3_archive.read_restore_event` reads it.

    :param aws_conn_id: ID of the AWS connection; the trigger reads it itself, so nothing secret is serialized.
    :param bucket: the bucket.
    :param key: the key.
    :param version_id: the version; the latest if None.
    :param poll_interval: seconds between two looks. A restore takes minutes to two days.
    :param end_time: when to give up, in seconds since 1970. It is absolute so that a restarted triggerer does not
        begin to wait anew. None waits for as long as it takes.
    :param max_poll_failures: give up after this many looks in a row that failed for passing reasons.
    :param echo: plain JSON values, returned in the event unchanged.
    """

    def __init__(
        self,
        *,
        aws_conn_id: str | None,
        bucket: str,
        key: str,
        version_id: str | None = None,
        poll_interval: float = 300.0,
        end_time: float | None = None,
        max_poll_failures: int = 5,
        echo: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.aws_conn_id = aws_conn_id
        self.bucket = bucket
        self.key = key
        self.version_id = version_id
        self.poll_interval = poll_interval
        self.end_time = end_time
        self.max_poll_failures = max_poll_failures
        self.echo = echo
        self._client: Any = None

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return class path and arguments. They name an object and a deadline, never a credential."""
        return (
            f"{type(self).__module__}.{type(self).__qualname__}",
            {
                "aws_conn_id": self.aws_conn_id,
                "bucket": self.bucket,
                "key": self.key,
                "version_id": self.version_id,
                "poll_interval": self.poll_interval,
                "end_time": self.end_time,
                "max_poll_failures": self.max_poll_failures,
                "echo": self.echo,
            },
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Poll until there is an event to send."""
        from kaltura_provider.triggers.threads import in_thread

        failures = 0
        while True:
            try:
                archive = await in_thread(self._look)
            except Exception as error:
                failures += 1
                gone, retryable = _judge(error)
                if gone or not retryable or failures >= self.max_poll_failures:
                    yield self._event(s3_archive.FAILED if gone else s3_archive.ERROR, gone or str(error), retryable)
                    return
                self.log.warning(
                    "Looking at s3://%s/%s failed (%d of %d in a row): %s",
                    self.bucket,
                    self.key,
                    failures,
                    self.max_poll_failures,
                    error,
                )
            else:
                failures = 0
                if archive.is_readable:
                    expires = archive.expires.isoformat() if archive.expires is not None else None
                    yield self._event(s3_archive.RESTORED, expires=expires)
                    return
                if archive.state is RestoreState.ARCHIVED:
                    message = (
                        f"no restore from {archive.place} runs any more: the restored copy has expired, or the restore "
                        "failed. Clear the task; it requests another one, which S3 charges for again."
                    )
                    yield self._event(s3_archive.FAILED, message)
                    return
                self.log.info("s3://%s/%s is still being restored from %s.", self.bucket, self.key, archive.place)
            pause = self.poll_interval
            if self.end_time is not None:
                left = self.end_time - time.time()
                if left <= 0:
                    message = (
                        "was not restored in time. The restore goes on in S3 and is paid for already: clear the task "
                        "later, or raise the timeout. A faster tier costs more."
                    )
                    yield self._event(s3_archive.TIMEOUT, message)
                    return
                # The last look happens at the deadline, not up to an interval before it.
                pause = min(pause, left)
            await asyncio.sleep(pause)

    async def on_kill(self) -> None:
        """Say what stays when a person stops the task; the restore is left alone. Airflow 3.3 and newer call it."""
        self.log.info(
            "The task was stopped; the restore of s3://%s/%s goes on in S3, which charges for it in any case; clear "
            "the task to go on with the restored object.",
            self.bucket,
            self.key,
        )

    def _look(self) -> Archive:
        if self._client is None:
            from airflow.providers.amazon.aws.hooks.s3 import S3Hook

            self._client = S3Hook(aws_conn_id=self.aws_conn_id).get_conn()
        version = {"VersionId": self.version_id} if self.version_id else {}
        return s3_archive.restore_state(self._client.head_object(Bucket=self.bucket, Key=self.key, **version))

    def _event(
        self, status: str, message: str | None = None, retryable: bool | None = None, *, expires: str | None = None
    ) -> TriggerEvent:
        return TriggerEvent(  # type: ignore[no-untyped-call]
            {
                "status": status,
                "bucket": self.bucket,
                "key": self.key,
                "version_id": self.version_id,
                "expires": expires,
                "message": message,
                "retryable": retryable,
                "echo": self.echo,
            }
        )


def _judge(error: Exception) -> tuple[str, bool]:
    """Say what became of the object if that is the reason, and whether the same look may succeed later."""
    from airflow.providers.common.compat.sdk import AirflowNotFoundException
    from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
    from botocore.exceptions import ConnectionError as BotoConnectionError

    if isinstance(error, ClientError):
        status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        if status == 404:
            return "the object was deleted while it was being restored. Put it back and clear the task.", False
        return "", status >= 500 or status in (408, 429)
    if isinstance(error, BotoCoreError):
        return "", isinstance(error, (HTTPClientError, BotoConnectionError))
    return "", not isinstance(error, (AirflowNotFoundException, ValueError, TypeError))
