"""Reading S3's notifications from an SQS queue, in batches, and deleting them later."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from kaltura_provider.hooks.s3_events import CreatedObject, NotificationError, read_notification
from kaltura_provider.triggers.threads import in_thread

log = logging.getLogger(__name__)

#: SQS gives and deletes at most so many messages with one request.
MAX_MESSAGES = 10
#: A batch is not made any larger once it holds so many messages.
MAX_BATCH = 500
#: Seconds until the queue is asked again after a fault; doubled up to the second value.
PAUSES = (1.0, 60.0)


@dataclass
class Batch:
    """Messages that were received together.

    :param number: counts batches.
    :param objects: what the messages say, in the order received.
    :param receipts: message ID -> receipt handle, which deletes the message.
    """

    number: int
    objects: list[CreatedObject] = field(default_factory=list)
    receipts: dict[str, str] = field(default_factory=dict)


class S3Queue:
    """An SQS queue that S3 notifies.

    :param queue_url: URL of the queue.
    :param aws_conn_id: ID of the AWS connection.
    :param region_name: region of the queue; the connection's when None.
    :param wait_seconds: how long one request waits for a message.
    :param gather_seconds: how long a batch is gathered from its first message on.
    :param visibility_timeout: seconds until a message that was not deleted comes back; the queue's own when None.
    """

    def __init__(
        self,
        queue_url: str,
        aws_conn_id: str,
        region_name: str | None,
        *,
        wait_seconds: int,
        gather_seconds: float,
        visibility_timeout: int | None,
    ) -> None:
        self._url = queue_url
        self._aws_conn_id = aws_conn_id
        self._region = region_name
        self._wait = wait_seconds
        self._gather = gather_seconds
        self._visibility = {} if visibility_timeout is None else {"VisibilityTimeout": visibility_timeout}
        self._client: Any = None
        # A request waits for seconds: the threads that all triggers share must not do that.
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="kaltura-s3-queue")
        self._batches = 0
        self._pause = PAUSES[0]
        self._garbage: set[str] = set()

    async def next_batch(self) -> Batch | None:
        """Wait for messages (``ReceiveMessage``).

        Faults are logged with what to do about them, and waited out: a watcher has nobody to fail for.

        :return: what came; None if nothing did within ``wait_seconds``, or the queue could not be read.
        """
        self._batches += 1
        batch = Batch(self._batches)
        try:
            await self._receive(batch, self._wait)
            end = time.monotonic() + self._gather
            while batch.receipts and len(batch.receipts) < MAX_BATCH and (left := end - time.monotonic()) > 0:
                # SQS waits whole seconds; 0 would ask only some of its servers.
                if not await self._receive(batch, max(1, round(left))):
                    break
        except Exception as error:
            log.error("The queue %s cannot be read: %s Asked again in %.0f s.", self._url, _advice(error), self._pause)
            self._client = None
            await asyncio.sleep(self._pause)
            self._pause = min(self._pause * 2, PAUSES[1])
        else:
            self._pause = PAUSES[0]
        # What was received before a fault counts.
        return batch if batch.receipts else None

    async def delete(self, batch: Batch) -> None:
        """Remove the messages of a batch (``DeleteMessageBatch``).

        What cannot be removed comes back and starts the same work again, which finds it done.

        :param batch: the batch.
        """
        entries = [
            {"Id": str(number), "ReceiptHandle": receipt} for number, receipt in enumerate(batch.receipts.values())
        ]
        for start in range(0, len(entries), MAX_MESSAGES):
            try:
                answer = await self._call(
                    "delete_message_batch", QueueUrl=self._url, Entries=entries[start : start + MAX_MESSAGES]
                )
            except Exception as error:
                log.warning("Messages stay in the queue %s and come back: %s", self._url, _advice(error))
                continue
            for failed in answer.get("Failed", []):
                log.warning(
                    "A message stays in the queue %s and comes back: %s", self._url, failed.get("Message") or failed
                )

    def close(self) -> None:
        """Let the threads end; a request that is under way is not waited for."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _receive(self, batch: Batch, wait: int) -> int:
        answer = await self._call(
            "receive_message",
            QueueUrl=self._url,
            MaxNumberOfMessages=MAX_MESSAGES,
            WaitTimeSeconds=wait,
            **self._visibility,
        )
        messages = answer.get("Messages", [])
        for message in messages:
            try:
                batch.objects += read_notification(message["Body"])
            except NotificationError as error:
                self._leave(message["MessageId"], error)
            else:
                batch.receipts[message["MessageId"]] = message["ReceiptHandle"]
        return len(messages)

    def _leave(self, message_id: str, error: NotificationError) -> None:
        if message_id in self._garbage:
            return
        # It comes back after each visibility timeout; named once is enough.
        self._garbage = {message_id} if len(self._garbage) > 10_000 else self._garbage | {message_id}
        log.warning(
            "Message %s in the queue %s is left there: %s. Give the queue a dead-letter queue, which takes such "
            "messages, or remove it by hand; and find out who else writes to this queue.",
            message_id,
            self._url,
            error,
        )

    async def _call(self, name: str, **arguments: Any) -> Any:
        if self._client is None:
            self._client = await in_thread(_sqs, self._aws_conn_id, self._region)
        call: Callable[[], Any] = partial(getattr(self._client, name), **arguments)
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)


def _sqs(aws_conn_id: str, region: str | None) -> Any:
    from airflow.providers.amazon.aws.hooks.sqs import SqsHook

    return SqsHook(aws_conn_id=aws_conn_id, region_name=region).get_conn()


def _advice(error: Exception) -> str:
    """Say what went wrong and what to do about it."""
    from botocore.exceptions import ClientError

    code = error.response["Error"]["Code"] if isinstance(error, ClientError) else ""
    text = str(error).rstrip(".") or type(error).__name__
    if "NonExistentQueue" in code or "QueueDoesNotExist" in code:
        return f"{text}. Check the queue's URL, its region and the account."
    if "AccessDenied" in code:
        return f"{text}. Allow the AWS connection's identity sqs:ReceiveMessage and sqs:DeleteMessage on the queue."
    return f"{text}."
