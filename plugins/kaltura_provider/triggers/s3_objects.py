"""Start DAGs when objects appear in S3, by the notifications S3 sends to an SQS queue."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseEventTrigger, TriggerEvent

from kaltura_provider.hooks.s3_events import latest

if TYPE_CHECKING:
    from kaltura_provider.triggers.s3_queue import Batch, S3Queue

#: Seconds after which an Airflow that does not say so (before 3.3) has surely stored an event.
SETTLE_SECONDS = 10.0
#: An event is stored in Airflow's database and read by the scheduler: at most so many objects are in one.
MAX_OBJECTS_IN_EVENT = 200


class S3ObjectsCreatedTrigger(BaseEventTrigger):
    """Send an event for each batch of objects that were created in S3.

    For an :class:`~airflow.sdk.AssetWatcher`. The event is a mapping with ``objects``, a list of mappings with
    ``bucket``, ``key``, ``size``, ``etag``, ``version_id``, ``sequencer`` and ``time``.

    A message is deleted from the queue when Airflow has stored the events made of it, not before: if the triggerer
    dies at any moment, the message comes back (at least once). Airflow's own ``SqsSensorTrigger`` deletes messages
    before it sends its event. Airflow 3.3 and newer tell when an event is stored; before, messages are deleted 10
    seconds after the event was sent.

    What is no notification of S3 stays in the queue and is named in the triggerer's log: SQS moves it to the
    dead-letter queue, if there is one, after the queue's ``maxReceiveCount``.

    Watchers of one queue share one reader, so each of them sees every message.

    :param queue_url: URL of the SQS queue.
    :param aws_conn_id: ID of the AWS connection.
    :param region_name: region of the queue; the connection's when None.
    :param bucket: only objects in this bucket; any when empty.
    :param prefix: only keys that start with this.
    :param ignore_prefixes: no keys that start with one of these. Put there where the DAG itself writes in the same
        bucket: otherwise each run starts the next one.
    :param wait_seconds: how long one request waits for a message, 1 to 20 seconds.
    :param gather_seconds: how long messages are gathered into one event, counted from the first one.
    :param visibility_timeout: seconds until a message that was not deleted comes back; the queue's own when None.
    """

    def __init__(
        self,
        *,
        queue_url: str,
        aws_conn_id: str = "aws_default",
        region_name: str | None = None,
        bucket: str = "",
        prefix: str = "",
        ignore_prefixes: Sequence[str] = (),
        wait_seconds: int = 10,
        gather_seconds: float = 2.0,
        visibility_timeout: int | None = None,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        if not 1 <= wait_seconds <= 20:
            raise ValueError(f"wait_seconds is {wait_seconds}; SQS waits 1 to 20 seconds")
        self.queue_url = queue_url
        self.aws_conn_id = aws_conn_id
        self.region_name = region_name
        self.bucket = bucket
        self.prefix = prefix
        self.ignore_prefixes = list(ignore_prefixes)
        self.wait_seconds = wait_seconds
        self.gather_seconds = gather_seconds
        self.visibility_timeout = visibility_timeout

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return class path and arguments. They hold no credential."""
        return (
            f"{type(self).__module__}.{type(self).__qualname__}",
            {
                "queue_url": self.queue_url,
                "aws_conn_id": self.aws_conn_id,
                "region_name": self.region_name,
                "bucket": self.bucket,
                "prefix": self.prefix,
                "ignore_prefixes": self.ignore_prefixes,
                "wait_seconds": self.wait_seconds,
                "gather_seconds": self.gather_seconds,
                "visibility_timeout": self.visibility_timeout,
            },
        )

    def shared_stream_key(self) -> tuple[str, ...]:
        """Let all watchers of a queue share one reader: two readers would each get a part of the messages."""
        return ("kaltura-s3-objects", self.queue_url, self.aws_conn_id, self.region_name or "")

    @classmethod
    def create_shared_stream_producer(cls, kwargs: dict[str, Any]) -> Any:
        """Make the reader of the queue, which Airflow 3.3 tells when an event is stored."""
        return _Producer(lambda: _queue(cls(**kwargs)))

    async def filter_shared_stream(self, shared_stream: AsyncIterator[Any]) -> AsyncIterator[TriggerEvent]:
        """Send the events of the objects this watcher is for.

        :param shared_stream: batches of messages.
        """
        async for batch in shared_stream:
            for event in self._events(batch):
                yield event

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Read the queue alone; Airflow before 3.3 calls this."""
        queue = _queue(self)
        sent: list[tuple[float, Batch]] = []
        try:
            while True:
                batch = await queue.next_batch()
                if batch is not None:
                    for event in self._events(batch):
                        yield event
                    sent.append((time.monotonic(), batch))
                while sent and time.monotonic() - sent[0][0] >= SETTLE_SECONDS:
                    await queue.delete(sent.pop(0)[1])
        finally:
            queue.close()

    def _events(self, batch: Batch) -> list[TriggerEvent]:
        wanted = [
            item.to_dict()
            for item in latest(batch.objects)
            if (not self.bucket or item.bucket == self.bucket)
            and item.key.startswith(self.prefix)
            and not item.key.endswith("/")
            and not any(item.key.startswith(ignored) for ignored in self.ignore_prefixes if ignored)
        ]
        return [
            TriggerEvent({"objects": wanted[start : start + MAX_OBJECTS_IN_EVENT]})  # type: ignore[no-untyped-call]
            for start in range(0, len(wanted), MAX_OBJECTS_IN_EVENT)
        ]


class _Producer:
    """What Airflow's ``SharedStreamProducer`` asks for, without importing it: it is new in 3.3."""

    def __init__(self, make_queue: Callable[[], S3Queue]) -> None:
        self._make_queue = make_queue
        self._queue: S3Queue | None = None

    async def open_stream(self) -> AsyncIterator[tuple[Batch, Batch]]:
        self._queue = self._make_queue()
        while True:
            batch = await self._queue.next_batch()
            if batch is not None:
                yield batch, batch

    async def advance(self, items: Sequence[Any]) -> None:
        assert self._queue is not None  # noqa: S101 - there is nothing to advance before the stream is open
        for item in items:
            # Otherwise an event was not stored: the messages come back.
            if item.outcome.is_clean:
                await self._queue.delete(item.broker_payload)

    def get_advance_lane(self, batch: Batch) -> int:
        # Messages of a queue are deleted one by one; a late batch holds up no other.
        return batch.number

    async def aclose(self) -> None:
        if self._queue is not None:
            self._queue.close()


def _queue(trigger: S3ObjectsCreatedTrigger) -> S3Queue:
    from kaltura_provider.triggers.s3_queue import S3Queue

    return S3Queue(
        trigger.queue_url,
        trigger.aws_conn_id,
        trigger.region_name,
        wait_seconds=trigger.wait_seconds,
        gather_seconds=trigger.gather_seconds,
        visibility_timeout=trigger.visibility_timeout,
    )
