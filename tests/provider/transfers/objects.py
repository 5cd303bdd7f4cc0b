"""What the tests of transfers from S3 share: objects, tasks, and looks at what came out."""

from __future__ import annotations

import hashlib
import json
import struct
from typing import Any

from tests.provider.airflow_fixtures import BUCKET
from tests.provider.entries import wait_for_status

from kaltura_provider.api import KalturaClient, find_by_reference_id
from kaltura_provider.transfers.ledger import record_name
from kaltura_provider.transfers.s3_to_kaltura import S3ToKalturaOperator
from kaltura_provider.transfers.upload import reference_id_of


def padded(video: bytes, size: int, seed: int = 1) -> bytes:
    """A video of any size: an MP4 file may have a box of bytes that mean nothing."""
    padding = (hashlib.sha256(bytes([seed])).digest() * (size // 32 + 1))[: size - len(video) - 8]
    return video + struct.pack(">I4s", len(padding) + 8, b"free") + padding


def put(s3: Any, body: bytes, key: str = "talks/talk.mp4") -> str:
    s3.put_object(Bucket=BUCKET, Key=key, Body=body)
    return key


def transfer(key: str, **more: Any) -> S3ToKalturaOperator:
    arguments = {"s3_bucket": BUCKET, "deferrable": False, "poll_interval": 0.05, **more}
    return S3ToKalturaOperator(task_id="upload", s3_key=key, **arguments)


def open_tokens(client: KalturaClient, key: str) -> list[Any]:
    """Upload tokens of the file's entry that wait for bytes or for somebody to use them."""
    (entry,) = find_by_reference_id(client, reference_id_of(f"s3://{BUCKET}/{key}"))
    listed = client.call("uploadToken", "list", {"filter": {"statusIn": "0,1,2"}, "pager": {"pageSize": 500}})
    return [token for token in listed["objects"] if entry.id in token.get("fileName", "")]


def content_of(client: KalturaClient, entry_id: str) -> bytes:
    """The source file as Kaltura serves it, once it is ready."""
    import requests

    wait_for_status(client, entry_id, 2)
    flavors = client.call("flavorAsset", "list", {"filter": {"entryIdEqual": entry_id}})["objects"]
    (source,) = [flavor for flavor in flavors if flavor.get("isOriginal")]
    url = client.call("flavorAsset", "getUrl", {"id": source["id"]})
    answer = requests.get(url, timeout=30)
    assert answer.status_code == 200
    return answer.content


def record_of(s3: Any, key: str, bucket: str = BUCKET, prefix: str = "_kaltura/") -> Any:
    body = s3.get_object(Bucket=bucket, Key=prefix + record_name(BUCKET, key))["Body"].read()
    return json.loads(body)
