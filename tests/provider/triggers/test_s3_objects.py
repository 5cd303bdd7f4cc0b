"""From an object put into a bucket to an event, over a real S3 and SQS, and which message is gone when."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from tests.provider.airflow_fixtures import BUCKET
from tests.provider.triggers.streams import Triggerer

from kaltura_provider.triggers import s3_objects
from kaltura_provider.triggers.s3_objects import S3ObjectsCreatedTrigger


class Queue:
    """An SQS queue that the bucket notifies."""

    def __init__(self, sqs: Any, url: str) -> None:
        self.sqs, self.url = sqs, url

    def send(self, body: str) -> None:
        self.sqs.send_message(QueueUrl=self.url, MessageBody=body)

    def left(self) -> int:
        """Messages that were not deleted, those included that are out with a reader."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        values = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=names)["Attributes"]
        return sum(int(values[name]) for name in names)

    async def becomes_empty(self) -> None:
        while self.left():
            await asyncio.sleep(0.05)


@pytest.fixture
def new_queue(s3: Any, s3_url: str) -> Callable[..., Queue]:
    sqs = boto3.client(
        "sqs", endpoint_url=s3_url, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
    )

    def make(**attributes: str) -> Queue:
        made = sqs.create_queue(QueueName=f"q-{uuid.uuid4().hex[:8]}", Attributes=attributes)
        return Queue(sqs, made["QueueUrl"])

    return make


@pytest.fixture
def queue(s3: Any, new_queue: Callable[..., Queue]) -> Queue:
    made = new_queue(VisibilityTimeout="1")
    arn = made.sqs.get_queue_attributes(QueueUrl=made.url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    s3.put_bucket_notification_configuration(
        Bucket=BUCKET,
        NotificationConfiguration={"QueueConfigurations": [{"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}]},
    )
    # S3 tries whether it may send; a test below is about that message.
    [tried] = made.sqs.receive_message(QueueUrl=made.url)["Messages"]
    assert json.loads(tried["Body"])["Event"] == "s3:TestEvent"
    made.sqs.delete_message(QueueUrl=made.url, ReceiptHandle=tried["ReceiptHandle"])
    return made


def trigger(queue: Queue, **more: Any) -> S3ObjectsCreatedTrigger:
    return S3ObjectsCreatedTrigger(**{"queue_url": queue.url, "wait_seconds": 1, "gather_seconds": 0.2, **more})


def keys(payloads: list[Any]) -> list[str]:
    return [item["key"] for payload in payloads for item in payload["objects"]]


@pytest.fixture
def made_body() -> Callable[[str], str]:
    def body(key: str) -> str:
        s3 = {"bucket": {"name": BUCKET}, "object": {"key": key}}
        return json.dumps({"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": s3}]})

    return body


async def test_an_object_becomes_an_event_and_its_message_goes_when_that_is_stored(s3: Any, queue: Queue) -> None:
    triggerer = Triggerer()
    triggerer.start(trigger(queue))
    s3.put_object(Bucket=BUCKET, Key="lectures/a b+ü.mp4", Body=b"film")
    [payload] = await triggerer.events(1)
    [item] = payload["objects"]
    assert (item["bucket"], item["key"], item["size"]) == (BUCKET, "lectures/a b+ü.mp4", 4)
    assert queue.left() == 1
    triggerer.store()
    await asyncio.wait_for(queue.becomes_empty(), 30)
    await triggerer.stop()


async def test_a_triggerer_that_dies_before_the_event_is_stored_loses_nothing(s3: Any, queue: Queue) -> None:
    first = Triggerer()
    first.start(trigger(queue))
    s3.put_object(Bucket=BUCKET, Key="a.mp4", Body=b"film")
    assert keys(await first.events(1)) == ["a.mp4"]
    await first.stop()
    assert queue.left() == 1

    second = Triggerer()
    second.start(trigger(queue))
    assert keys(await second.events(1)) == ["a.mp4"]
    second.store()
    await asyncio.wait_for(queue.becomes_empty(), 30)
    await second.stop()


async def test_only_what_the_watcher_is_for_starts_it(s3: Any, queue: Queue) -> None:
    """The pipeline's own files in the bucket must not start the next run."""
    triggerer = Triggerer()
    triggerer.start(trigger(queue, bucket=BUCKET, prefix="in/", ignore_prefixes=["in/_kaltura/"]))
    for key in ("in/_kaltura/ledger/x.json", "out/b.mp4", "in/folder/", "in/c.mp4"):
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"x")
    assert keys(await triggerer.events(1)) == ["in/c.mp4"]
    triggerer.store()
    # What starts nothing is done with.
    await asyncio.wait_for(queue.becomes_empty(), 30)
    await triggerer.stop()


async def test_the_message_with_which_s3_tries_the_queue_is_removed(queue: Queue) -> None:
    queue.send(json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": BUCKET}))
    triggerer = Triggerer()
    triggerer.start(trigger(queue))
    await asyncio.wait_for(queue.becomes_empty(), 30)
    assert triggerer.sent == []
    await triggerer.stop()


async def test_garbage_is_named_once_and_left_to_the_dead_letter_queue(
    new_queue: Callable[..., Queue], made_body: Callable[[str], str], caplog: pytest.LogCaptureFixture
) -> None:
    dead = new_queue()
    arn = dead.sqs.get_queue_attributes(QueueUrl=dead.url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 2})
    queue = new_queue(VisibilityTimeout="2", RedrivePolicy=policy)
    triggerer = Triggerer()
    triggerer.start(trigger(queue))
    queue.send('{"job": "not for us"}')
    queue.send(made_body("good.mp4"))
    assert keys(await triggerer.events(1)) == ["good.mp4"]
    while not dead.left():
        triggerer.store()
        await asyncio.sleep(0.05)
    assert dead.left() == 1
    named = [text for text in caplog.messages if "is left there: no notification of S3; its keys are: job" in text]
    assert len(named) == 1
    assert "dead-letter queue" in named[0]
    await triggerer.stop()


async def test_a_burst_is_few_events(queue: Queue, made_body: Callable[[str], str]) -> None:
    for number in range(60):
        queue.send(made_body(f"{number:03}.mp4"))
    queue.send(made_body("000.mp4"))
    triggerer = Triggerer()
    triggerer.start(trigger(queue, gather_seconds=10, visibility_timeout=60))
    assert keys(await triggerer.events(1)) == [f"{number:03}.mp4" for number in range(60)]
    triggerer.store()
    await asyncio.wait_for(queue.becomes_empty(), 30)
    assert len(triggerer.sent) == 1
    await triggerer.stop()


async def test_two_watchers_of_one_queue_see_all_and_the_message_goes_after_both(
    queue: Queue, made_body: Callable[[str], str]
) -> None:
    triggerer = Triggerer()
    one = triggerer.start(trigger(queue, prefix="a/"))
    two = triggerer.start(trigger(queue, visibility_timeout=60))
    await asyncio.sleep(0)
    queue.send(made_body("a/1.mp4"))
    await triggerer.events(2)
    assert sorted(number for number, _ in triggerer.sent) == [one, two]
    assert queue.left() == 1
    triggerer.store()
    await asyncio.wait_for(queue.becomes_empty(), 30)
    await triggerer.stop()


async def test_a_large_batch_becomes_several_small_events(queue: Queue, made_body: Callable[[str], str]) -> None:
    record = json.loads(made_body("x"))["Records"][0]
    records = [{**record, "s3": {**record["s3"], "object": {"key": f"{number:04}.mp4"}}} for number in range(450)]
    queue.send(json.dumps({"Records": records}))
    triggerer = Triggerer()
    triggerer.start(trigger(queue))
    events = await triggerer.events(3)
    assert [len(event["objects"]) for event in events] == [200, 200, 50]
    assert all(len(json.dumps(event)) < 64 * 1024 for event in events)
    triggerer.store()
    await asyncio.wait_for(queue.becomes_empty(), 30)
    await triggerer.stop()


async def test_a_queue_that_is_not_there_yet_is_waited_for(
    new_queue: Callable[..., Queue],
    made_body: Callable[[str], str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    queue = new_queue()
    queue.sqs.delete_queue(QueueUrl=queue.url)
    triggerer = Triggerer()
    triggerer.start(trigger(queue))
    while not any("Check the queue's URL, its region and the account" in text for text in caplog.messages):
        await asyncio.sleep(0.05)
    again = queue.sqs.create_queue(QueueName=queue.url.rsplit("/", 1)[1])["QueueUrl"]
    assert again == queue.url
    queue.send(made_body("late.mp4"))
    assert keys(await triggerer.events(1)) == ["late.mp4"]
    await triggerer.stop()


@pytest.fixture
def settled_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3_objects, "SETTLE_SECONDS", 0.5)


async def test_an_airflow_that_does_not_say_when_events_are_stored(
    settled_at_once: None, queue: Queue, made_body: Callable[[str], str]
) -> None:
    queue.send(made_body("a.mp4"))
    running = trigger(queue, visibility_timeout=60).run()
    event = await asyncio.wait_for(anext(running), 30)
    assert keys([event.payload]) == ["a.mp4"]
    assert queue.left() == 1
    # The trigger goes on; here it waits for the next message, and deletes the one before on the way.
    following = asyncio.ensure_future(anext(running))
    await asyncio.wait_for(queue.becomes_empty(), 30)
    assert not following.done()
    following.cancel()


def test_waiting_longer_than_sqs_does_is_refused() -> None:
    with pytest.raises(ValueError, match="1 to 20 seconds"):
        S3ObjectsCreatedTrigger(queue_url="https://sqs/q", wait_seconds=60)
