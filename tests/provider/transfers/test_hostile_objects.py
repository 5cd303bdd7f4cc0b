"""Objects with names nobody should give and contents nobody should upload: each is taken, or refused in words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import requests
from tests.provider.transfers.test_s3_to_kaltura import content_of, put, transfer

from kaltura_provider.api import KalturaClient, find_by_reference_id
from kaltura_provider.hooks.errors import UploadSourceError

LONG = "ü" * 510 + ".mp4"
assert len(LONG.encode()) == 1024

NAMES = {
    "spaces": "a talk  of one day .mp4",
    "quotes": 'it\'s "said" `so`.mp4',
    "double slash": "lectures//2026//talk.mp4",
    "emoji": "🎬 film 👩‍🎓.mp4",
    "1,024 bytes": LONG,
    "percent and plus": "100%25+a&b=c?d#e.mp4",
    "right to left": "הרצאה שלישית.mp4",
    "upper case": "TALK.MP4",
    "looks like a reference": "{1:result:id}.mp4",
    "control characters": "a\tb\x7f.mp4",
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_any_name_is_taken(s3: Any, client: KalturaClient, context: Any, video: Path, name: str) -> None:
    put(s3, video.read_bytes(), name)
    result = transfer(name).execute(context)
    assert content_of(client, result["entry_id"]) == video.read_bytes()
    (entry,) = find_by_reference_id(client, result["reference_id"])
    stem = name.rsplit("/", 1)[-1].rsplit(".", 1)[0]
    # Kaltura keeps 256 bytes of a name.
    assert entry.name == (stem if len(stem.encode()) <= 256 else "ü" * 126 + "…")
    again = transfer(name).execute(context)
    assert (again["entry_id"], again["uploaded"]) == (result["entry_id"], False)


def test_an_empty_object(s3: Any, client: KalturaClient, context: Any) -> None:
    put(s3, b"", "empty.mp4")
    with pytest.raises(UploadSourceError, match=r"s3://uploads/empty\.mp4 is empty.* Write it again"):
        transfer("empty.mp4").execute(context)


def test_no_permission_on_the_bucket(
    s3: Any, s3_url: str, client: KalturaClient, context: Any, video: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(s3, video.read_bytes(), "talk.mp4")
    extra = {"endpoint_url": s3_url, "region_name": "us-east-1"}
    value = {"conn_type": "aws", "login": "AKIAUNKNOWN", "password": "x" * 40, "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_AWS_STRANGER", json.dumps(value))
    # From the next request on, moto checks identities as S3 does.
    requests.post(f"{s3_url}/moto-api/reset-auth", data="0", timeout=10)
    try:
        with pytest.raises(UploadSourceError, match=r"Access to s3://uploads/talk\.mp4 was denied\. Allow .*GetObject"):
            transfer("talk.mp4", aws_conn_id="aws_stranger").execute(context)
    finally:
        requests.post(f"{s3_url}/moto-api/reset-auth", data="1000000", timeout=10)
