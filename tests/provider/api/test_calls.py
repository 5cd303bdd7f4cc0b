"""What is repeated, what is not, and how often."""

from __future__ import annotations

import logging
import socket
import time
from typing import Any

import pytest
from tests.provider.api.scripted import (
    HANG_UP,
    NoSession,
    Received,
    Reply,
    ScriptedServer,
    api_error,
    client_of,
    http,
    quick,
    result,
)

from kaltura_provider.api import KalturaClient, KalturaError
from kaltura_provider.api.calls import is_idempotent

BUSY = api_error("INTERNAL_SERVERL_ERROR", "Internal server error occurred")
DOWN = http("<h1>Bad Gateway</h1>", "502 Bad Gateway")
BLOCKED = api_error("ACTION_BLOCKED", "Action add in service media is blocked")
RATE_LIMITED = result("Access to media->add was rate limited")


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("get", True),
        ("getByIds", True),
        ("list", True),
        ("listByReferenceId", True),
        ("count", True),
        ("serve", True),
        ("update", True),
        ("delete", True),
        ("ping", True),
        ("startWidgetSession", True),
        ("add", False),
        ("addContent", False),
        ("updateContent", False),
        ("upload", False),
        ("clone", False),
        ("approveReplace", False),
        ("somethingNew", False),
    ],
)
def test_idempotent_actions(action: str, expected: bool) -> None:
    assert is_idempotent(action) is expected


@pytest.mark.parametrize("fault", [BUSY, DOWN, HANG_UP, http("{"), http("<html>portal</html>"), http("", cut=0)])
def test_reading_is_repeated(fault: Reply) -> None:
    with ScriptedServer(fault, fault, result({"id": "0_x"})) as server, client_of(server) as client:
        assert client.call("media", "get", {"entryId": "0_x"}) == {"id": "0_x"}
        assert len(server.requests) == 3


@pytest.mark.parametrize("fault", [BUSY, DOWN, HANG_UP, http("{"), http("<html>portal</html>")])
def test_adding_is_not_repeated_when_it_may_have_worked(fault: Reply) -> None:
    with ScriptedServer(fault, result({"id": "0_x"})) as server, client_of(server) as client:
        with pytest.raises(KalturaError) as caught:
            client.call("media", "add", {"entry": {}})
        assert caught.value.outcome_unknown
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    "refusal", [BLOCKED, RATE_LIMITED, api_error("CATEGORIES_LOCKED"), http("", "429 Too Many Requests")]
)
def test_adding_is_repeated_when_it_was_surely_refused(refusal: Reply) -> None:
    with ScriptedServer(refusal, refusal, result({"id": "0_x"})) as server, client_of(server) as client:
        assert client.call("media", "add", {"entry": {}}) == {"id": "0_x"}
        assert len(server.requests) == 3


def test_an_action_that_stays_blocked_is_given_up_with_both_reasons() -> None:
    with ScriptedServer(BLOCKED) as server, client_of(server, max_attempts=10) as client:
        with pytest.raises(KalturaError, match=r"or the action is blocked for this account.*Lower the parallelism"):
            client.call("media", "add", {"entry": {}})
        assert len(server.requests) == 3


def test_the_caller_can_decide() -> None:
    with ScriptedServer(BUSY, result(1), BUSY, result(1)) as server, client_of(server) as client:
        assert client.call("uploadToken", "add", idempotent=True) == 1
        with pytest.raises(KalturaError):
            client.call("media", "get", idempotent=False)
        assert len(server.requests) == 3


def test_attempts_are_counted() -> None:
    with ScriptedServer(BUSY) as server, client_of(server, max_attempts=4) as client:
        with pytest.raises(KalturaError, match="INTERNAL_SERVERL_ERROR"):
            client.call("media", "get")
        assert len(server.requests) == 4


@pytest.mark.parametrize(
    "refusal", [api_error("ENTRY_ID_NOT_FOUND"), api_error("SERVICE_FORBIDDEN"), http("", "404 Not Found")]
)
def test_what_can_not_change_is_asked_once(refusal: Reply) -> None:
    with ScriptedServer(refusal) as server, client_of(server) as client:
        with pytest.raises(KalturaError):
            client.call("media", "get")
        assert len(server.requests) == 1


def test_a_deletion_whose_answer_was_lost_has_worked_if_nothing_is_left() -> None:
    gone = api_error("ENTRY_ID_NOT_FOUND", ENTRY_ID="0_x")
    with ScriptedServer(HANG_UP, gone) as server, client_of(server) as client:
        assert client.call("media", "delete", {"entryId": "0_x"}) is None
        assert len(server.requests) == 2


def test_a_deletion_is_not_done_because_the_host_is_not_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_name(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    def lose_answer_and_name(_: Received) -> Reply:
        monkeypatch.setattr(socket, "getaddrinfo", no_name)
        return HANG_UP

    with ScriptedServer(lose_answer_and_name) as server, client_of(server) as client:
        with pytest.raises(KalturaError, match="HOST_NOT_FOUND"):
            client.call("media", "delete", {"entryId": "0_x"})
        assert len(server.requests) == 1


def test_a_deletion_is_not_done_because_the_credentials_are_gone() -> None:
    class DeletedToken(NoSession):
        starts = 0

        def start(self, starter: Any, spec: Any) -> Any:
            DeletedToken.starts += 1
            if DeletedToken.starts > 1:
                starter.call("appToken", "startSession", {})
            return super().start(starter, spec)

    replies = (HANG_UP, api_error("INVALID_KS", KSID="LOGOUT"), api_error("APP_TOKEN_ID_NOT_FOUND"))
    with ScriptedServer(*replies) as server, KalturaClient(quick(server.url), DeletedToken()) as client:
        with pytest.raises(KalturaError, match="APP_TOKEN_ID_NOT_FOUND"):
            client.call("media", "delete", {"entryId": "0_x"})
        assert server.calls == ["media.delete", "media.delete", "appToken.startSession"]


def test_a_deletion_of_nothing_is_an_error() -> None:
    with ScriptedServer(api_error("ENTRY_ID_NOT_FOUND")) as server, client_of(server) as client:
        with pytest.raises(KalturaError, match="ENTRY_ID_NOT_FOUND"):
            client.call("media", "delete", {"entryId": "0_x"})
        assert len(server.requests) == 1


def test_retry_after_is_respected_within_bounds() -> None:
    busy = http("", "503 Service Unavailable", {"Retry-After": "3600"})
    with ScriptedServer(busy, result(1)) as server, client_of(server, backoff_max=0.2) as client:
        start = time.monotonic()
        client.call("media", "get")
        assert 0.2 <= time.monotonic() - start < 5


def test_repetitions_are_logged_without_secrets(caplog: pytest.LogCaptureFixture) -> None:
    busy = api_error("INTERNAL_SERVERL_ERROR", "at https://b/k?X-Amz-Signature=abcdef0123")
    with caplog.at_level(logging.DEBUG), ScriptedServer(busy, result(1)) as server, client_of(server) as client:
        client.call("media", "get", {"secret": "hunter2-hunter2"})
    assert "Attempt 1 of 3: media.get failed: INTERNAL_SERVERL_ERROR" in caplog.text
    for secret in ("abcdef0123", "hunter2", "test-session"):
        assert secret not in caplog.text


def test_ping_never_raises() -> None:
    with ScriptedServer(result(True), result("pong"), http("", "404 Not Found")) as server, client_of(server) as client:
        assert client.ping() is True
        assert client.ping() is False
        assert client.ping() is False
        assert "ks" not in server.requests[0].json
