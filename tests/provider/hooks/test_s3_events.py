"""S3's notifications in their forms, and what is none."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaltura_provider.hooks.s3_events import CreatedObject, NotificationError, latest, read_notification


def record(key: str, event: str = "ObjectCreated:Put", **item: Any) -> dict[str, Any]:
    return {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "eventTime": "2026-11-25T10:00:00.000Z",
        "eventName": event,
        "s3": {"bucket": {"name": "videos"}, "object": {"key": key, "size": 7, "eTag": "abc", **item}},
    }


def body(*records: Any) -> str:
    return json.dumps({"Records": list(records)})


BRIDGED = {
    "version": "0",
    "detail-type": "Object Created",
    "source": "aws.s3",
    "time": "2026-11-25T10:00:00Z",
    "detail": {
        "bucket": {"name": "videos"},
        "object": {"key": "a+b c%20.mp4", "size": 5, "etag": "e", "version-id": "v1", "sequencer": "00C"},
    },
}


def test_own_form() -> None:
    [found] = read_notification(body(record("lectures/a+b%2Bc+%C3%BC.mp4", versionId="v1", sequencer="0055AED6")))
    assert found == CreatedObject(
        "videos", "lectures/a b+c ü.mp4", 7, "abc", "v1", "0055AED6", "2026-11-25T10:00:00.000Z"
    )
    assert CreatedObject.from_dict(json.loads(json.dumps(found.to_dict()))) == found


@pytest.mark.parametrize("event", ["ObjectCreated:CompleteMultipartUpload", "s3:ObjectCreated:Copy"])
def test_every_way_to_create_an_object(event: str) -> None:
    assert [found.key for found in read_notification(body(record("a.mp4", event), record("b.mp4")))] == [
        "a.mp4",
        "b.mp4",
    ]


def test_wrapped_by_sns() -> None:
    wrapped = json.dumps({"Type": "Notification", "TopicArn": "arn:x", "Message": body(record("a.mp4"))})
    assert [found.key for found in read_notification(wrapped)] == ["a.mp4"]


def test_eventbridge_does_not_encode_keys() -> None:
    [found] = read_notification(json.dumps(BRIDGED))
    assert (found.key, found.version_id, found.sequencer, found.size) == ("a+b c%20.mp4", "v1", "00C", 5)
    assert read_notification(json.dumps({**BRIDGED, "detail-type": "Object Deleted"})) == []


@pytest.mark.parametrize(
    "other",
    [
        {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "videos"},
        {"Records": [record("a.mp4", "ObjectRemoved:Delete")]},
        {"Records": []},
    ],
)
def test_what_is_about_no_new_object(other: dict[str, Any]) -> None:
    assert read_notification(json.dumps(other)) == []


@pytest.mark.parametrize(
    ("garbage", "reason"),
    [
        ("", "no JSON: ''"),
        ("hello", "no JSON: 'hello'"),
        ("x" * 5000, "xxx..."),
        ("[" * 100_000, "no JSON"),
        ("[1]", "no object"),
        ('{"job": 1}', "its keys are: job"),
        (body({"eventSource": "aws:ses"}), "'aws:ses', not of 'aws:s3'"),
        (body("text"), "not of 'aws:s3'"),
        (body({**record("a"), "s3": {"bucket": {"name": "videos"}}}), "without a readable bucket and key"),
        (body(record("%FF%FE.mp4")), "without a readable bucket and key"),
        (body(record("a.mp4", size="many")), "without a readable bucket and key"),
    ],
)
def test_garbage_is_named(garbage: str, reason: str) -> None:
    with pytest.raises(NotificationError) as caught:
        read_notification(garbage)
    assert reason in str(caught.value)
    assert len(str(caught.value)) < 300


def test_wrappers_end() -> None:
    text = body(record("a.mp4"))
    for _ in range(6):
        text = json.dumps({"Type": "Notification", "Message": text})
    with pytest.raises(NotificationError, match="too often"):
        read_notification(text)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["Records", "s3", "object", "bucket", "key", "name", "eventSource", "eventName", "Message"])
            | st.text(max_size=4),
            inner | st.sampled_from(["aws:s3", "ObjectCreated:Put", "Notification"]),
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(json_values)
def test_any_json_is_read_or_refused(value: Any) -> None:
    try:
        found = read_notification(json.dumps(value))
    except NotificationError:
        return
    assert all(item.bucket and item.key for item in found)


def test_late_repeated_and_disordered_notifications_collapse() -> None:
    def seen(key: str, sequencer: str, etag: str) -> CreatedObject:
        return CreatedObject("videos", key, etag=etag, sequencer=sequencer)

    new, old = seen("a.mp4", "00FF", "new"), seen("a.mp4", "0009", "old")
    other = seen("b.mp4", "1", "b")
    assert latest([other, new, old, new]) == [new, other]
    assert latest([old, new, other]) == [new, other]
    # The shorter one is filled with zeros on the right.
    assert latest([seen("a.mp4", "0A1", "later"), seen("a.mp4", "0A09", "x")])[0].etag == "later"
