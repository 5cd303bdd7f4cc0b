"""Objects with names nobody should give and contents nobody should upload: each is taken, or refused in words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import requests
from tests.provider.airflow_fixtures import BUCKET
from tests.provider.entries import PNG
from tests.provider.transfers.objects import content_of, put, record_of, transfer

from kaltura_provider.api import KalturaClient, MediaKind, MediaRefusedError, find_by_reference_id, get_entry
from kaltura_provider.api.media_kind import kind_of_entry
from kaltura_provider.hooks.errors import UploadSourceError
from kaltura_provider.transfers.upload import reference_id_of
from kaltura_sandbox.faults import S3, Fault, FaultProxy, Rule
from kaltura_sandbox.faults.fault import KMS_DENIED, KMS_DISABLED

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


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (KMS_DENIED, r"not authorized to perform: kms:Decrypt.* Allow the AWS connection's identity kms:Decrypt"),
        (KMS_DISABLED, r"is disabled\. Allow .* or enable the key; then clear the task"),
    ],
)
def test_a_kms_key_that_may_not_be_used(
    s3: Any, s3_url: str, client: KalturaClient, context: Any, video: Path, monkeypatch: pytest.MonkeyPatch,
    fault: str, words: str,
) -> None:  # fmt: skip
    key = f"{fault}.mp4"
    put(s3, video.read_bytes(), key)
    with FaultProxy(s3_url, service=S3, rules=[Rule(Fault(fault), action="GetObject", path=f"*/{key}")]) as proxy:
        extra = {"endpoint_url": proxy.url, "region_name": "us-east-1"}
        value = {"conn_type": "aws", "login": "test", "password": "test", "extra": extra}
        monkeypatch.setenv("AIRFLOW_CONN_AWS_SEALED", json.dumps(value))
        with pytest.raises(UploadSourceError, match=f"s3://uploads/{key} is encrypted with a KMS key.*{words}"):
            transfer(key, aws_conn_id="aws_sealed").execute(context)
        # It does not go away by asking again.
        assert proxy.counts.calls["GetObject"] <= 2
    # The file's record says so too, and holds nothing up.
    record = record_of(s3, key)
    assert "KMS key" in record["error"]
    assert transfer(key).execute(context)["created"]


@pytest.mark.parametrize(
    ("name", "content", "kind", "extension"),
    [
        ("photo.mp4", PNG, "image", "png"),
        ("paper.mp3", b"%PDF-1.4\n%%EOF\n", "document", "pdf"),
        ("no extension", PNG, "image", "png"),
    ],
)
def test_an_extension_that_lies(
    s3: Any, client: KalturaClient, context: Any, name: str, content: bytes, kind: str, extension: str
) -> None:
    put(s3, content, name)
    result = transfer(name).execute(context)
    entry = get_entry(client, result["entry_id"])
    assert kind_of_entry(entry.entry_type, entry.media_type) is MediaKind(kind)
    assert requests.get(str(entry.raw["downloadUrl"]), timeout=10).content == content


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("talk.mp4", b"Dear colleagues,\nplease find attached the talk.\n" * 20, r"'talk\.mp4'"),
        ("talk.mp4", b"<!DOCTYPE html><html><body>Please log in</body></html>" * 9, r"'talk\.mp4'.*HTML"),
        ("talk.mp4", bytes(5000), r"'talk\.mp4'"),
        ("setup.exe", b"MZ" + bytes(range(256)) * 20, r"'setup\.exe'"),
    ],
    ids=["text", "web page", "nothing but zeros", "program"],
)
def test_what_is_no_media(s3: Any, client: KalturaClient, context: Any, name: str, content: bytes, words: str) -> None:
    put(s3, content, name)
    with pytest.raises(MediaRefusedError, match=words):
        transfer(name).execute(context)
    assert find_by_reference_id(client, reference_id_of(f"s3://{BUCKET}/{name}")) == [], "no entry was made"
