"""Push or pull, and the address of a pull; against a real S3 server on a socket, up to the entry in Kaltura."""

from __future__ import annotations

import json
import logging
import time
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from airflow.providers.amazon.aws.hooks.s3 import S3Hook
from tests.provider.airflow_fixtures import BUCKET
from tests.provider.entries import SOUND, new_entry

from kaltura_provider.api import (
    KalturaClient,
    MediaKind,
    MemoryJournal,
    PullState,
    SourceChangedError,
    check_pull,
    start_pull,
)
from kaltura_provider.hooks.errors import UploadSourceError
from kaltura_provider.hooks.s3_archive import Archive, RestoreState
from kaltura_provider.transfers.s3_pull import (
    MAX_LIFETIME,
    MIN_LIFETIME,
    PULL_FROM,
    ModeChoice,
    check_unchanged,
    choose_mode,
    credentials_end,
    presign,
    signing_client,
    try_address,
)
from kaltura_provider.transfers.s3_source import S3Source

KEY = "talks/été 1 & 'more' (#2)?.mp3"
AWS_CONN = "AIRFLOW_CONN_AWS_DEFAULT"


@pytest.fixture
def hook(s3: Any) -> S3Hook:
    return S3Hook()


@pytest.fixture
def source(s3: Any, hook: S3Hook) -> S3Source:
    s3.put_object(Bucket=BUCKET, Key=KEY, Body=SOUND)
    return S3Source.find(hook, BUCKET, KEY)


def big(source: S3Source, **changes: Any) -> S3Source:
    """The same object, as if it were long enough to be worth a pull."""
    return replace(source, **{"size": PULL_FROM, **changes})


def chosen(
    hook: S3Hook, source: S3Source, mode: str = "auto", kind: MediaKind = MediaKind.VIDEO, **options: Any
) -> ModeChoice:
    return choose_mode(mode, hook, source, kind, **{"pull_reachable": True, **options})


def aws_connection(monkeypatch: pytest.MonkeyPatch, **extra: Any) -> S3Hook:
    values = {"conn_type": "aws", "login": "test", "password": "test-secret-key", "extra": extra}
    monkeypatch.setenv(AWS_CONN, json.dumps(values))
    return S3Hook()


def assumed_role(monkeypatch: pytest.MonkeyPatch, s3_url: str, seconds: int) -> S3Hook:
    """The hook of a connection whose credentials are those of a role, for so many seconds."""
    return aws_connection(
        monkeypatch,
        region_name="us-east-1",
        endpoint_url=s3_url,
        role_arn="arn:aws:iam::123456789012:role/ingest",
        assume_role_kwargs={"DurationSeconds": seconds},
        service_config={"sts": {"endpoint_url": s3_url}},
    )


# -- from the bucket to Kaltura


def test_kaltura_fetches_the_object(client: KalturaClient, hook: S3Hook, source: S3Source) -> None:
    choice = chosen(hook, source, "pull", MediaKind.AUDIO)
    assert choice.mode == "pull"
    url = presign(choice.client, source, choice.lifetime)
    assert try_address(url, source) == ""
    entry_id = new_entry(client, media_type=5)
    assert start_pull(client, entry_id, url, kind=MediaKind.AUDIO, journal=MemoryJournal()).started
    end = time.monotonic() + 30
    while (seen := check_pull(client, entry_id, source.size)).state is PullState.WAITING:
        assert time.monotonic() < end
        time.sleep(0.02)
    assert seen.state is PullState.COMPLETE
    check_unchanged(source)


def test_the_address_names_the_version_that_was_found(s3: Any, hook: S3Hook) -> None:
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket=BUCKET, Key=KEY, Body=SOUND)
    source = S3Source.find(hook, BUCKET, KEY)
    s3.put_object(Bucket=BUCKET, Key=KEY, Body=b"newer")
    url = presign(signing_client(hook, BUCKET), source, 60)
    assert requests.get(url, timeout=10).content == SOUND
    assert try_address(url, source) == ""
    check_unchanged(source)


def test_the_address_is_signed_in_version_4_for_its_lifetime(hook: S3Hook, source: S3Source) -> None:
    query = parse_qs(urlsplit(presign(signing_client(hook, BUCKET), source, 7200.9)).query)
    assert query["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
    assert query["X-Amz-Expires"] == ["7200"]


@pytest.mark.parametrize(
    ("region", "bucket", "address"),
    [
        ("us-east-1", "uploads", "https://uploads.s3.amazonaws.com/a.mp4"),
        ("eu-central-1", "uploads", "https://uploads.s3.eu-central-1.amazonaws.com/a.mp4"),
        ("eu-central-1", "up.loads", "https://s3.eu-central-1.amazonaws.com/up.loads/a.mp4"),
    ],
)
def test_addresses_at_amazon_name_the_region(
    monkeypatch: pytest.MonkeyPatch, region: str, bucket: str, address: str
) -> None:
    client = signing_client(aws_connection(monkeypatch, region_name=region), bucket)
    url = presign(client, S3Source(client, bucket, "a.mp4", 5, '"e"'), 60)
    assert url.partition("?")[0] == address


# -- the choice


def test_explicit_push(hook: S3Hook, source: S3Source) -> None:
    choice = chosen(hook, big(source), "push")
    assert (choice.mode, choice.lifetime, choice.client) == ("push", 0, None)
    assert choice.reason == "It is pushed, as mode='push' asks for."


def test_what_is_worth_it_is_pulled(hook: S3Hook, source: S3Source) -> None:
    choice = chosen(hook, big(source))
    assert (choice.mode, choice.lifetime) == ("pull", 6 * 3600)
    assert choice.reason == (
        "It is pulled: 268435456 bytes that Kaltura can fetch itself; the address is valid for 6.0 hours."
    )
    assert chosen(hook, big(source), presign_lifetime=timedelta(days=7)).lifetime == MAX_LIFETIME


def test_small_files_are_pushed_unless_a_pull_is_asked_for(hook: S3Hook, source: S3Source) -> None:
    choice = chosen(hook, big(source, size=PULL_FROM - 1))
    assert (choice.mode, "waits in Kaltura's queue" in choice.reason) == ("push", True)
    assert chosen(hook, source, "pull").mode == "pull"


@pytest.mark.parametrize("kind", [MediaKind.IMAGE, MediaKind.DOCUMENT, MediaKind.DATA])
def test_what_could_not_be_checked_is_pushed(hook: S3Hook, source: S3Source, kind: MediaKind) -> None:
    assert chosen(hook, big(source), kind=kind).mode == "push"
    with pytest.raises(UploadSourceError, match="does not tell how many bytes"):
        chosen(hook, big(source), "pull", kind)


def test_new_content_is_pushed(hook: S3Hook, source: S3Source) -> None:
    assert chosen(hook, big(source), replaces=True).mode == "push"
    with pytest.raises(UploadSourceError, match="Set mode='push'"):
        chosen(hook, big(source), "pull", replaces=True)


@pytest.mark.parametrize(
    ("endpoint", "reached", "words"),
    [
        (None, True, ""),
        ("https://s3.cn-north-1.amazonaws.com.cn", True, ""),
        ("http://127.0.0.1:9000", False, "a private address"),
        ("http://10.1.2.3:9000", False, "a private address"),
        ("http://minio:9000", False, "a private address"),
        ("https://storage.example.com", False, "an endpoint of your own"),
        ("https://bucket.vpce-1a2b-3c4d.s3.us-east-1.vpce.amazonaws.com", False, "an endpoint of your own"),
        ("https://s3.amazonaws.com.example.com", False, "an endpoint of your own"),
    ],
)
def test_an_endpoint_is_reached_if_it_is_amazons_or_the_user_says_so(
    monkeypatch: pytest.MonkeyPatch, endpoint: str | None, reached: bool, words: str
) -> None:
    extra = {"region_name": "us-east-1", **({"endpoint_url": endpoint} if endpoint else {})}
    hook = aws_connection(monkeypatch, **extra)
    source = S3Source(hook.get_conn(), "uploads", "a.mp4", PULL_FROM, '"e"')
    unasked = choose_mode("auto", hook, source, MediaKind.VIDEO)
    assert unasked.mode == ("pull" if reached else "push")
    assert words in unasked.reason
    if not reached:
        with pytest.raises(UploadSourceError, match="Set pull_reachable=True if it does"):
            choose_mode("pull", hook, source, MediaKind.VIDEO)
    assert choose_mode("auto", hook, source, MediaKind.VIDEO, pull_reachable=True).mode == "pull"
    told = choose_mode("auto", hook, source, MediaKind.VIDEO, pull_reachable=False)
    assert (told.mode, "pull_reachable=False" in told.reason) == ("push", True)


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("a//b.mp4", "two slashes in a row"),
        ("/a.mp4", "two slashes in a row"),
        ("a/../b.mp4", "a step . or .."),
        ("./a.mp4", "a step . or .."),
        ("ü" * 400, "characters, more than 2000"),
        ("a/..b/c .mp4", ""),
    ],
)
def test_keys_that_kaltura_would_not_load(hook: S3Hook, source: S3Source, key: str, words: str) -> None:
    choice = chosen(hook, big(source, key=key))
    assert choice.mode == ("push" if words else "pull")
    assert words in choice.reason
    if words:
        with pytest.raises(UploadSourceError, match="cannot be pulled"):
            chosen(hook, big(source, key=key), "pull")


def test_lasting_credentials_limit_nothing(hook: S3Hook) -> None:
    assert credentials_end(signing_client(hook, BUCKET)) == (False, None)


def test_an_address_ends_with_the_session_that_signed_it(
    monkeypatch: pytest.MonkeyPatch, s3_url: str, source: S3Source
) -> None:
    hook = assumed_role(monkeypatch, s3_url, 3600)
    temporary, end = credentials_end(signing_client(hook, BUCKET))
    assert temporary
    assert end is not None
    assert abs((end - datetime.now(timezone.utc)).total_seconds() - 3600) < 60
    choice = chosen(hook, big(source))
    assert choice.mode == "pull"
    assert 3500 < choice.lifetime <= 3600
    assert "as long as the AWS credentials" in choice.reason
    assert chosen(hook, big(source), presign_lifetime=MIN_LIFETIME).lifetime == MIN_LIFETIME


def test_a_session_that_ends_too_soon_pulls_nothing(
    monkeypatch: pytest.MonkeyPatch, s3_url: str, source: S3Source
) -> None:
    hook = assumed_role(monkeypatch, s3_url, 900)
    choice = chosen(hook, big(source))
    assert choice.mode == "push"
    assert "minutes only, as long as the AWS credentials" in choice.reason
    with pytest.raises(UploadSourceError, match="Use credentials that last longer"):
        chosen(hook, big(source), "pull")


def test_a_session_whose_end_nobody_knows(monkeypatch: pytest.MonkeyPatch, s3_url: str, source: S3Source) -> None:
    hook = aws_connection(
        monkeypatch, region_name="us-east-1", endpoint_url=s3_url, aws_session_token="session-token-of-somebody"
    )
    choice = chosen(hook, big(source))
    assert choice.mode == "push"
    assert "not known when they end" in choice.reason
    assert chosen(hook, big(source), "pull").mode == "pull"


def test_a_restored_copy_limits_the_address(hook: S3Hook, source: S3Source) -> None:
    def archive(state: RestoreState, hours: float = 0) -> Archive:
        return Archive(state, "GLACIER", datetime.now(timezone.utc) + timedelta(hours=hours) if hours else None)

    choice = chosen(hook, big(source), archive=archive(RestoreState.RESTORED, 2))
    assert 7100 < choice.lifetime <= 7200
    assert "as long as the restored copy" in choice.reason
    assert chosen(hook, big(source), archive=archive(RestoreState.RESTORED, 0.2)).mode == "push"
    for mode in ("push", "pull", "auto"):
        for state in (RestoreState.ARCHIVED, RestoreState.RESTORING):
            with pytest.raises(UploadSourceError, match="Restore it first"):
                chosen(hook, source, mode, archive=archive(state))


@pytest.mark.parametrize("lifetime", [0, MIN_LIFETIME - 1, MAX_LIFETIME + 1, timedelta(days=8)])
def test_lifetimes_that_make_no_sense(hook: S3Hook, source: S3Source, lifetime: Any) -> None:
    with pytest.raises(ValueError, match="presign_lifetime"):
        chosen(hook, source, "push", presign_lifetime=lifetime)


def test_a_mode_that_does_not_exist(hook: S3Hook, source: S3Source) -> None:
    with pytest.raises(ValueError, match="'push', 'pull' or 'auto', not 'both'"):
        chosen(hook, source, "both")


# -- an address that does not work, an object that changes, secrets


def test_what_is_wrong_with_an_address_is_found_before_kaltura_tries(s3: Any, hook: S3Hook, source: S3Source) -> None:
    url = presign(signing_client(hook, BUCKET), source, 60)
    assert "another object" in try_address(url, replace(source, size=source.size + 1))
    assert "another object" in try_address(url, replace(source, etag='"other"'))
    s3.delete_object(Bucket=BUCKET, Key=KEY)
    problem = try_address(url, source)
    assert "HTTP status 404" in problem
    assert "X-Amz" not in problem
    # Kaltura may reach what this machine does not.
    assert try_address("http://127.0.0.1:1/a.mp4", source) == ""
    assert try_address("not an address", source) == ""


def test_an_object_that_was_replaced_or_deleted_meanwhile(s3: Any, source: S3Source) -> None:
    check_unchanged(source)
    s3.put_object(Bucket=BUCKET, Key=KEY, Body=SOUND[::-1])
    with pytest.raises(SourceChangedError, match="replaced while Kaltura fetched it"):
        check_unchanged(source)
    s3.delete_object(Bucket=BUCKET, Key=KEY)
    with pytest.raises(SourceChangedError, match="deleted while Kaltura fetched it"):
        check_unchanged(source)


def test_the_address_is_masked_and_never_logged(
    hook: S3Hook, source: S3Source, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    masked: list[str] = []
    monkeypatch.setattr("airflow.sdk.log.mask_secret", masked.append)
    choice = chosen(hook, source, "pull")
    with caplog.at_level(logging.DEBUG, logger="kaltura_provider"), caplog.at_level(logging.DEBUG, logger="urllib3"):
        url = presign(choice.client, source, choice.lifetime)
        try_address(url, source)
        try_address(url, replace(source, size=1))
    assert url in masked
    assert urlsplit(url).query in masked
    signature = parse_qs(urlsplit(url).query)["X-Amz-Signature"][0]
    # The local S3 runs in this process and logs what it is asked for, as every server does.
    assert not [record for record in caplog.records if record.name != "werkzeug" and signature in record.getMessage()]
    assert signature not in repr(choice)
    assert "client" not in repr(choice)
