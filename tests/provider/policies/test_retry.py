"""Which failures are worth another try."""

from __future__ import annotations

from datetime import timedelta

import pytest
from airflow.sdk import DAG, RetryAction
from airflow.sdk.bases.operator import BaseOperator

from kaltura_provider.api import DeclarationError, DriftError, KalturaError, MediaRefusedError, SourceChangedError
from kaltura_provider.hooks.errors import KalturaConnectionError, UploadSourceError
from kaltura_provider.policies.retry import KALTURA_RETRY_POLICY, KalturaRetryPolicy, kaltura_retries


def decide(error: BaseException) -> tuple[RetryAction, timedelta | None, str | None]:
    decision = KALTURA_RETRY_POLICY.evaluate(error, 1, 3)
    return decision.action, decision.retry_delay, decision.reason


@pytest.mark.parametrize("code", ["CONNECTION_LOST", "READ_TIMEOUT", "HTTP_503", "INTERNAL_DATABASE_ERROR"])
def test_what_may_pass_is_tried_again(code: str) -> None:
    action, delay, reason = decide(KalturaError(code))
    assert (action, delay) == (RetryAction.RETRY, None)
    assert reason is not None
    assert reason.startswith(code)


@pytest.mark.parametrize("code", ["ACTION_BLOCKED", "RATE_LIMITED", "HTTP_429"])
def test_rate_limits_wait_a_minute(code: str) -> None:
    assert decide(KalturaError(code))[:2] == (RetryAction.RETRY, timedelta(minutes=1))


def test_the_servers_own_wait_counts() -> None:
    assert decide(KalturaError("HTTP_503", retry_after=7))[1] == timedelta(seconds=7)
    assert decide(KalturaError("HTTP_429", retry_after=7))[1] == timedelta(minutes=1)
    assert decide(KalturaError("HTTP_429", retry_after=120))[1] == timedelta(minutes=2)


@pytest.mark.parametrize(
    "error",
    [
        KalturaError("SERVICE_FORBIDDEN"),
        KalturaError("START_SESSION_ERROR"),
        KalturaError("INVALID_ENUM_VALUE"),
        KalturaError("TLS_ERROR"),
        KalturaConnectionError("Connection 'k': Partner ID (login) is missing."),
        UploadSourceError("s3://b/k does not exist."),
        MediaRefusedError("'a.mp4' is empty"),
        DeclarationError("rule 1, actions: is missing"),
        DriftError("The profile 7 is not as it should be"),
    ],
)
def test_what_stays_wrong_fails_at_once(error: Exception) -> None:
    assert decide(error)[0] is RetryAction.FAIL


@pytest.mark.parametrize("error", [SourceChangedError("changed"), RuntimeError("anything else"), ConnectionError("S3")])
def test_other_failures_are_up_to_the_task(error: Exception) -> None:
    assert decide(error)[0] is RetryAction.DEFAULT


def test_the_cause_decides() -> None:
    wrapped = RuntimeError("wrapped")
    wrapped.__cause__ = KalturaError("SERVICE_FORBIDDEN")
    assert decide(wrapped)[0] is RetryAction.FAIL


def test_tasks_take_the_policy() -> None:
    with DAG("policy", schedule=None):
        task = BaseOperator(task_id="a", retries=3, **kaltura_retries())
    assert task.has_retry_policy


def test_round_trip() -> None:
    data = KalturaRetryPolicy().serialize()
    assert isinstance(KalturaRetryPolicy.deserialize(data), KalturaRetryPolicy)
