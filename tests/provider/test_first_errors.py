"""What a newcomer meets first: each mistake gives one clear error that names the fix, and no try is wasted on it."""

from __future__ import annotations

import time
from typing import Any

import pytest
from tests.provider.airflow_fixtures import ADMIN_SECRET, PARTNER, ConnectionSetter

from kaltura_provider.api import KalturaClient
from kaltura_provider.operators.entry import KalturaListEntriesOperator
from kaltura_provider.policies.retry import KALTURA_RETRY_POLICY
from kaltura_provider.transfers.s3_to_kaltura import S3ToKalturaOperator
from kaltura_sandbox.server import SandboxServer

pytestmark = pytest.mark.skipif(KALTURA_RETRY_POLICY is None, reason="Airflow before 3.3 has no retry policies")

WRONG_SECRET = "0123456789abcdef0123456789abcdef"


def failure_of(task: Any, context: Any) -> tuple[str, str]:
    """Run a task that must fail; return its message, and what the retry policy makes of it."""
    with pytest.raises(Exception) as caught:  # noqa: PT011 - the message is what counts here
        task.execute(context)
    decision = KALTURA_RETRY_POLICY.evaluate(caught.value, 1, 3)
    return str(caught.value), decision.action.name


def listing() -> KalturaListEntriesOperator:
    return KalturaListEntriesOperator(task_id="list")


@pytest.mark.parametrize("method", ["local_v2", "local_v1", "session.start"])
def test_wrong_secret(sandbox: SandboxServer, set_connection: ConnectionSetter, context: Any, method: str) -> None:
    extra = {"admin_secret": WRONG_SECRET, "session_method": method}
    set_connection(host=sandbox.url, login=str(PARTNER), extra=extra)
    message, action = failure_of(listing(), context)
    assert "Check the admin secret" in message
    assert WRONG_SECRET not in message
    assert "djJ8" not in message
    assert action == "FAIL"


@pytest.mark.parametrize("method", ["local_v2", "session.start"])
def test_unknown_partner(sandbox: SandboxServer, set_connection: ConnectionSetter, context: Any, method: str) -> None:
    set_connection(host=sandbox.url, login="999", extra={"admin_secret": ADMIN_SECRET, "session_method": method})
    message, action = failure_of(listing(), context)
    assert "partner ID" in message
    assert ADMIN_SECRET not in message
    assert action == "FAIL"


def test_host_that_refuses(set_connection: ConnectionSetter, context: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("random.uniform", lambda low, high: low)  # no waiting between the client's own tries
    set_connection(host="http://127.0.0.1:9", login=str(PARTNER), extra={"admin_secret": ADMIN_SECRET})
    message, action = failure_of(listing(), context)
    assert "CONNECTION_REFUSED" in message
    assert "Check host and port of the service URL" in message
    # A host may be back in a minute.
    assert action == "RETRY"


def test_expired_app_token(
    sandbox: SandboxServer, client: KalturaClient, set_connection: ConnectionSetter, context: Any
) -> None:
    token = client.call(
        "appToken", "add", {"appToken": {"sessionType": 2, "expiry": int(time.time()) - 60, "hashType": "SHA256"}}
    )
    extra = {"app_token_id": token["id"], "app_token_hash": "SHA256"}
    set_connection(host=sandbox.url, login=str(PARTNER), password=token["token"], extra=extra)
    message, action = failure_of(listing(), context)
    assert "The app token has expired. Make a new one" in message
    assert token["token"] not in message
    assert action == "FAIL"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        (
            "s3://there-is-no-such-bucket/a.mp4",
            "'there-is-no-such-bucket' does not exist. Check the spelling",
        ),
        ("s3://uploads/there-is-no-such-key.mp4", "does not exist. Check the key"),
    ],
    ids=["bucket", "key"],
)
def test_missing_bucket_or_key(connection: None, s3: Any, context: Any, url: str, words: str) -> None:
    message, action = failure_of(S3ToKalturaOperator(task_id="upload", s3_key=url), context)
    assert words in message
    assert action == "FAIL"
