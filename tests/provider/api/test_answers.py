"""Every shape of answer becomes a value or one kind of exception."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kaltura_provider.api import ErrorClass, KalturaError
from kaltura_provider.api.answers import Answer, decode, decode_file

FORBIDDEN = {
    "code": "SERVICE_FORBIDDEN",
    "message": "The access to service [media->list] is forbidden",
    "objectType": "KalturaAPIException",
    "args": {"SERVICE": "media->list"},
}
XML_ERROR = (
    b'<?xml version="1.0" encoding="utf-8"?><xml><result><error><code>SERVICE_NOT_SPECIFIED</code><message>'
    b"Service name was not specified, please specify &quot;one&quot;</message>"
    b"</error></result>"
    b"<executionTime>0.01</executionTime></xml>"
)
CAPTIVE_PORTAL = (
    b"<!doctype html><html><head><style>b{}</style></head><body><h1>Please log in</h1> to the network</body></html>"
)


@pytest.mark.parametrize(
    "value", [None, True, 5, "text", [], {}, [1, None], {"objects": [], "totalCount": 0}, {"code": "x", "message": "y"}]
)
def test_values(value: Any) -> None:
    assert decode(Answer(200, {}, json.dumps(value).encode()), "media.get") == value


def test_a_byte_order_mark_and_space_do_no_harm() -> None:
    assert decode(Answer(200, {}, b'\xef\xbb\xbf {"a": "\xc3\xbc"}\n'), "media.get") == {"a": "ü"}


@pytest.mark.parametrize(
    ("answer", "code", "error_class", "unknown"),
    [
        (Answer(200, {}, json.dumps(FORBIDDEN).encode()), "SERVICE_FORBIDDEN", ErrorClass.PERMISSION, False),
        (Answer(413, {}, json.dumps(FORBIDDEN).encode()), "SERVICE_FORBIDDEN", ErrorClass.PERMISSION, False),
        (Answer(200, {}, b""), "BAD_ANSWER", ErrorClass.RETRY, True),
        (
            Answer(200, {"x-kaltura": "error- UNKNOWN_RESPONSE_FORMAT"}, b""),
            "UNKNOWN_RESPONSE_FORMAT",
            ErrorClass.PERMANENT,
            False,
        ),
        (Answer(200, {"x-kaltura": "error-57"}, b""), "RATE_LIMITED", ErrorClass.RETRY, False),
        (Answer(200, {"x-kaltura": "error-99"}, b""), "KALTURA_ERROR_99", ErrorClass.PERMANENT, False),
        (Answer(404, {"x-kaltura": "error-1"}, b""), "ENTRY_ID_NOT_FOUND", ErrorClass.PERMANENT, False),
        (Answer(404, {"x-kaltura": "cached-error-6"}, b""), "FLAVOR_NOT_FOUND", ErrorClass.PERMANENT, False),
        (Answer(404, {"x-kaltura": "error-2"}, b""), "SCHEDULED_RESTRICTED", ErrorClass.PERMISSION, False),
        (Answer(200, {}, XML_ERROR), "SERVICE_NOT_SPECIFIED", ErrorClass.PERMANENT, False),
        (Answer(200, {}, b"<xml><result>1</result></xml>"), "BAD_ANSWER", ErrorClass.RETRY, True),
        (Answer(200, {"content-type": "text/html"}, CAPTIVE_PORTAL), "BAD_ANSWER", ErrorClass.RETRY, True),
        (Answer(502, {"content-type": "text/html"}, CAPTIVE_PORTAL), "HTTP_502", ErrorClass.RETRY, True),
        (Answer(500, {}, b""), "HTTP_500", ErrorClass.RETRY, True),
        (Answer(503, {"retry-after": "7"}, b"busy"), "HTTP_503", ErrorClass.RETRY, True),
        (Answer(429, {}, b"slow down"), "HTTP_429", ErrorClass.RETRY, False),
        (Answer(403, {}, b"<h1>Forbidden</h1>"), "HTTP_403", ErrorClass.PERMISSION, False),
        (Answer(404, {}, b'{"detail": "Not Found"}'), "HTTP_404", ErrorClass.PERMANENT, False),
        (Answer(413, {}, b"<h1>Request Entity Too Large</h1>"), "HTTP_413", ErrorClass.PERMANENT, False),
        (Answer(301, {"location": "https://other/x?ks=abcdef"}, b""), "HTTP_301", ErrorClass.PERMANENT, False),
        (Answer(200, {}, b'{"id": "0_abc", "na'), "BAD_ANSWER", ErrorClass.RETRY, True),
        (Answer(200, {}, b'"Access to beacon->add was rate limited"'), "RATE_LIMITED", ErrorClass.RETRY, False),
        (Answer(200, {}, b"Access to beacon->add was rate limited"), "RATE_LIMITED", ErrorClass.RETRY, False),
        (
            Answer(
                200, {}, b'{"code":"INTERNAL_SERVERL_ERROR","message":"x","objectType":"KalturaAPIException","args":[]}'
            ),
            "INTERNAL_SERVERL_ERROR",
            ErrorClass.RETRY,
            True,
        ),
    ],
)
def test_failures(answer: Answer, code: str, error_class: ErrorClass, unknown: bool) -> None:
    with pytest.raises(KalturaError) as caught:
        decode(answer, "media.list")
    error = caught.value
    assert (error.code, error.error_class, error.outcome_unknown) == (code, error_class, unknown)
    assert error.http_status == answer.status
    assert error.hint


def test_what_a_person_would_read_of_a_page_is_quoted() -> None:
    with pytest.raises(KalturaError, match="a web page, not JSON: Please log in to the network"):
        decode(Answer(200, {}, CAPTIVE_PORTAL), "media.list")


def test_the_target_of_a_redirect_is_named_without_its_query() -> None:
    with pytest.raises(KalturaError, match="https://other/x") as caught:
        decode(Answer(301, {"location": "https://other/x?ks=abcdef"}, b""), "media.list")
    assert "abcdef" not in str(caught.value)


def test_an_xml_error_is_read() -> None:
    with pytest.raises(KalturaError, match='please specify "one"'):
        decode(Answer(200, {}, XML_ERROR), "media.list")


def test_the_header_of_an_error_explains_it() -> None:
    headers = {
        "x-kaltura": "error- ENTRY_ID_NOT_FOUND",
        "x-kaltura-app": 'exiting on error ENTRY_ID_NOT_FOUND - Entry id "0_nope" not found',
        "x-kaltura-session": "12, 34",
    }
    for function in (decode, decode_file):
        with pytest.raises(KalturaError, match='ENTRY_ID_NOT_FOUND: Entry id "0_nope" not found') as caught:
            function(Answer(200, headers, b""), "data.serve")
        assert caught.value.request_id == "12, 34"


def test_a_cached_answer_is_no_error() -> None:
    headers = {"x-kaltura": "cached-dispatcher,cache_v3-0123,0.001"}
    assert decode(Answer(200, headers, b"7"), "media.count") == 7


def test_files() -> None:
    assert decode_file(Answer(200, {"content-type": "text/plain"}, b""), "data.serve") == b""
    assert decode_file(Answer(206, {"content-type": "application/json"}, b'{"a"'), "data.serve") == b'{"a"'
    with pytest.raises(KalturaError, match="SERVICE_FORBIDDEN"):
        decode_file(Answer(200, {"content-type": "application/json"}, json.dumps(FORBIDDEN).encode()), "data.serve")
    with pytest.raises(KalturaError, match="HTTP_302"):
        decode_file(Answer(302, {}, b""), "data.serve")


def test_secrets_of_the_client_are_masked() -> None:
    body = json.dumps({**FORBIDDEN, "message": "used hunter2-hunter2", "args": {"A": "hunter2-hunter2"}}).encode()
    with pytest.raises(KalturaError) as caught:
        decode(Answer(200, {}, body), "media.list", mask=lambda text: text.replace("hunter2-hunter2", "***"))
    assert "hunter2" not in str(caught.value) + str(caught.value.details)
