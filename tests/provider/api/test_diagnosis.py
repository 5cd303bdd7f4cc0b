"""What is wrong with a connection, in words a person can act on."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from typing import Any

import pytest
from tests.provider.api.scripted import ScriptedServer, Stall, api_error, http, result
from tests.provider.conftest import ADMIN_SECRET, USER_SECRET

from kaltura_provider.api import (
    AdminSecretCredentials,
    AppTokenCredentials,
    ClientConfig,
    KalturaClient,
    SessionSpec,
    WidgetCredentials,
    diagnose,
)
from kaltura_sandbox.server import SandboxServer

ADMIN = AdminSecretCredentials(ADMIN_SECRET)


def token_of(client: KalturaClient, **fields: Any) -> AppTokenCredentials:
    made = client.call("appToken", "add", {"appToken": {"sessionUserId": "robot", "sessionType": 2, **fields}})
    return AppTokenCredentials(made["id"], made["token"])


@pytest.mark.parametrize(
    ("credentials", "words"),
    [
        (ADMIN, "as partner 102 (admin session, no user)"),
        (AdminSecretCredentials(ADMIN_SECRET, "session.start"), "as partner 102 (admin session, no user)"),
        (token_of, "as partner 102 (admin session, user robot)"),
        (WidgetCredentials(), "as partner 102 (widget session, no user)"),
    ],
)
def test_a_good_connection(sandbox: SandboxServer, client: KalturaClient, credentials: Any, words: str) -> None:
    if callable(credentials):
        credentials = credentials(client)
    ok, message = diagnose(ClientConfig(sandbox.url, 102), credentials)
    assert ok, message
    assert words in message


@pytest.mark.parametrize(
    ("credentials", "partner", "words"),
    [
        (AdminSecretCredentials("wrong-secret"), 102, "the admin secret does not belong to partner 102"),
        (AdminSecretCredentials(USER_SECRET), 102, "the admin secret does not belong to partner 102"),
        (AdminSecretCredentials("wrong-secret", "session.start"), 102, "refused the admin secret for partner 102"),
        (ADMIN, 999, "knows no partner 999"),
        (AdminSecretCredentials(ADMIN_SECRET, "session.start"), 999, "knows no partner 999"),
        (AppTokenCredentials("0_none", "0" * 32), 999, "knows no partner 999"),
        (AppTokenCredentials("0_none", "0" * 32), 102, "has no app token with this ID"),
        (lambda c: AppTokenCredentials(token_of(c).token_id, "f" * 32), 102, "refused the app token hashed with SHA1"),
        (lambda c: token_of(c, hashType="SHA256"), 102, "The app token or its hash type is wrong"),
        (lambda c: token_of(c, expiry=-60), 102, "The app token has expired"),
    ],
)
def test_wrong_credentials(
    sandbox: SandboxServer, client: KalturaClient, credentials: Any, partner: int, words: str
) -> None:
    if not hasattr(credentials, "secrets"):
        credentials = credentials(client)
    ok, message = diagnose(ClientConfig(sandbox.url, partner), credentials)
    assert not ok
    assert words in message
    for secret in credentials.secrets:
        assert secret not in message


def test_a_session_without_rights() -> None:
    def answer(received: Any) -> bytes:
        if "/ping" in received.target:
            return result(True)
        return api_error("SERVICE_FORBIDDEN", "The access to service [media->list] is forbidden")

    with ScriptedServer(answer) as server:
        ok, message = diagnose(ClientConfig(server.url, 102), ADMIN)
    assert not ok
    assert "The credentials are right, but the session may not call media.list" in message
    assert "CONTENT_MANAGE_BASE" in message


def test_a_disabled_app_token() -> None:
    replies = (result(True), result({"ks": "widget-session"}), api_error("APP_TOKEN_NOT_ACTIVE", ID="0_t"))
    with ScriptedServer(*replies) as server:
        ok, message = diagnose(ClientConfig(server.url, 102), AppTokenCredentials("0_t", "f" * 32))
    assert not ok
    assert message == "The app token is disabled. Make a new one with appToken.add and put it into the connection."


def test_a_session_that_may_do_nothing_more() -> None:
    def answer(received: Any) -> bytes:
        if "/media/" not in received.target:
            return result(True) if "/ping" in received.target else result({"ks": "widget-session"})
        return api_error("INVALID_KS", 'Invalid KS "EXCEEDED_ACTIONS_LIMIT"', KSID="EXCEEDED_ACTIONS_LIMIT")

    with ScriptedServer(answer) as server:
        ok, message = diagnose(ClientConfig(server.url, 102), ADMIN)
    assert not ok
    assert "Raise or remove the privilege actionslimit" in message
    assert "admin secret" not in message


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (http("<h1>Welcome</h1>"), "is no Kaltura server: the answer is a web page, not JSON: Welcome"),
        (http("Not Found", "404 Not Found"), "is no Kaltura server, or its database is down"),
        (result({"hello": "world"}), "is no Kaltura server: system.ping does not answer true"),
        (http("", "301 Moved", {"Location": "https://elsewhere/"}), "https://elsewhere/"),
        (http("busy", "503 Service Unavailable"), "HTTP_503"),
    ],
)
def test_servers_that_are_none(reply: bytes, words: str) -> None:
    with ScriptedServer(reply) as server:
        ok, message = diagnose(ClientConfig(server.url, 102), ADMIN)
    assert not ok
    assert words in message


def test_an_untrusted_certificate(tls_server: ScriptedServer) -> None:
    ok, message = diagnose(ClientConfig(tls_server.url, 102), ADMIN)
    assert not ok
    assert message.startswith(f"No secure connection to {tls_server.url}: certificate check failed")
    assert "set ca_bundle" in message


def test_servers_out_of_reach() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{probe.getsockname()[1]}"
    start = time.monotonic()
    for url, words in ((closed, "cannot be reached"), ("https://no-such-host.invalid", "host name cannot be resolved")):
        ok, message = diagnose(ClientConfig(url, 102), ADMIN)
        assert not ok
        assert words in message
        assert "Check" in message
    with ScriptedServer(Stall()) as server:
        ok, message = diagnose(ClientConfig(server.url, 102, read_timeout=0.2), ADMIN)
        assert not ok
        assert "does not answer" in message
        ok, message = diagnose(ClientConfig(server.url.replace("http", "https"), 102, read_timeout=0.2), ADMIN)
        assert not ok
    assert time.monotonic() - start < 15


def test_it_never_raises_and_never_tells_a_secret() -> None:
    class Broken(AdminSecretCredentials):
        def start(self, starter: Any, spec: Any) -> Any:
            raise RuntimeError(f"oops {self.secret}")

    with ScriptedServer(result(True)) as server:
        ok, message = diagnose(ClientConfig(server.url, 102), Broken("hunter2-hunter2"))
    assert not ok
    assert "RuntimeError: oops ***" in message


def test_every_secret_is_told(sandbox: SandboxServer, client: KalturaClient) -> None:
    seen: list[str] = []
    told: Callable[[str], None] = seen.append
    ok, _ = diagnose(ClientConfig(sandbox.url, 102), token_of(client), SessionSpec(), told)
    assert ok
    assert len(seen) == 4
