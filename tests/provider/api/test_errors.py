"""The exception: what it says, what it is good for, and that it travels between processes."""

from __future__ import annotations

import pickle

import pytest

from kaltura_provider.api import DependencyFailed, ErrorClass, KalturaError
from kaltura_provider.api.errors import api_error, classify


def test_the_text_has_what_a_user_needs() -> None:
    error = api_error(
        {"code": "ENTRY_ID_NOT_FOUND", "message": 'Entry id "0_nope" not found', "args": {"ENTRY_ID": "0_nope"}},
        "media.get",
        request_id="4711, 1795394953",
    )
    assert str(error) == (
        'media.get failed: ENTRY_ID_NOT_FOUND: Entry id "0_nope" not found. The entry was deleted, belongs to '
        "another account, or the session may not see it. Check the entry ID. Who can fix it: you. "
        "[X-Kaltura-Session 4711, 1795394953]"
    )
    assert error.details == {"ENTRY_ID": "0_nope"}
    assert not error.retryable


@pytest.mark.parametrize("kind", [KalturaError, DependencyFailed])
def test_it_survives_pickling(kind: type[KalturaError]) -> None:
    error = kind(
        "ACTION_BLOCKED",
        "too many",
        details={"A": 1},
        service_action="media.list",
        request_id="7",
        http_status=200,
        outcome_unknown=True,
        retry_after=3,
    )
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is kind
    assert copy.__dict__ == error.__dict__
    assert str(copy) == str(error)
    assert copy.args == error.args
    assert copy.retryable


@pytest.mark.parametrize(
    ("details", "expected"),
    [
        ({"KSID": "EXPIRED", "ERR_CODE": "-1"}, ErrorClass.RENEW_SESSION),
        ({"KSID": "LOGOUT", "ERR_CODE": "-1"}, ErrorClass.RENEW_SESSION),
        ({"KSID": "EXCEEDED_ACTIONS_LIMIT", "ERR_CODE": "-1"}, ErrorClass.RENEW_SESSION),
        ({"KSID": "garbage", "ERR_CODE": "-1", "ERR_DESC": "INVALID_STR"}, ErrorClass.RENEW_SESSION),
        ({"KSID": "x", "ERR_CODE": "-5"}, ErrorClass.RENEW_SESSION),
        ({"KSID": "", "ERR_CODE": "-4", "ERR_DESC": "INVALID_TYPE"}, ErrorClass.PERMISSION),
        ({"KSID": "", "ERR_CODE": "-4"}, ErrorClass.PERMISSION),
        ({"KSID": "", "ERR_DESC": "INVALID_TYPE"}, ErrorClass.PERMISSION),
        ({"KSID": "EXCEEDED_RESTRICTED_IP", "ERR_CODE": "-1"}, ErrorClass.PERMISSION),
        ({"KSID": "EXCEEDED_RESTRICTED_URI", "ERR_CODE": "-1"}, ErrorClass.PERMISSION),
    ],
)
def test_an_invalid_session_has_many_meanings(details: dict[str, str], expected: ErrorClass) -> None:
    assert classify("INVALID_KS", details) is expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("INTERNAL_SERVERL_ERROR", ErrorClass.RETRY),
        ("HTTP_502", ErrorClass.RETRY),
        ("HTTP_429", ErrorClass.RETRY),
        ("HTTP_404", ErrorClass.PERMANENT),
        ("HTTP_403", ErrorClass.PERMISSION),
        ("SERVICE_FORBIDDEN", ErrorClass.PERMISSION),
        ("SOMETHING_NEW", ErrorClass.PERMANENT),
        ("HTTP_SOMETHING_NEW", ErrorClass.PERMANENT),
        ("TLS_ERROR", ErrorClass.PERMANENT),
        ("MISSING_KS", ErrorClass.RENEW_SESSION),
    ],
)
def test_classes(code: str, expected: ErrorClass) -> None:
    assert classify(code) is expected


def test_a_missing_right_is_named() -> None:
    error = KalturaError("SERVICE_FORBIDDEN", service_action="caption_captionAsset.add")
    assert "CAPTION_MODIFY" in error.hint
    assert "ANALYTICS_BASE" in KalturaError("SERVICE_FORBIDDEN", service_action="report.getTable").hint


@pytest.mark.parametrize("code", ["SOMETHING_NEW", "CAPTION_ASSET_ID_NOT_FOUND", "PROPERTY_VALIDATION_NEW", "HTTP_418"])
def test_every_error_names_a_next_step(code: str) -> None:
    assert KalturaError(code, "it failed", service_action="media.get").hint


def test_an_unreadable_session_is_not_repeated() -> None:
    text = "c29tZSBvdGhlciBzZXNzaW9u"
    error = api_error(
        {
            "code": "INVALID_KS",
            "message": f'Invalid KS "{text}", Error "-1,INVALID_STR"',
            "args": {"KSID": text, "ERR_CODE": "-1", "ERR_DESC": "INVALID_STR"},
        },
        "media.list",
    )
    assert text not in str(error)
    assert text not in repr(error.__dict__)
    assert error.message == 'Invalid KS "***", Error "-1,INVALID_STR"'


def test_the_words_for_ended_sessions_stay() -> None:
    error = api_error(
        {"code": "INVALID_KS", "message": 'Invalid KS "LOGOUT", Error "-1,INVALID_STR"', "args": {"KSID": "LOGOUT"}},
        "a.b",
    )
    assert error.details["KSID"] == "LOGOUT"
    assert "app token" in error.hint


def test_a_secret_given_by_a_caller_is_masked_too() -> None:
    error = KalturaError("X", "see https://u:pass-word@host/", details={"url": "https://b/k?X-Amz-Signature=abc123"})
    assert "pass-word" not in str(error)
    assert "abc123" not in error.details["url"]
