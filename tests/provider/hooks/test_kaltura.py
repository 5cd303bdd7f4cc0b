"""The hook against a running sandbox."""

from __future__ import annotations

import json
import logging
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowNotFoundException
from tests.provider.airflow_fixtures import ADMIN_SECRET, PARTNER, ConnectionSetter

from kaltura_provider.api import KalturaClient, SessionSpec, diagnosis
from kaltura_provider.hooks.kaltura import KalturaHook, mask, merge_session
from kaltura_sandbox.server import SandboxServer


@pytest.fixture
def masked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every secret given to Airflow, in order."""
    secrets: list[str] = []
    monkeypatch.setattr("airflow.sdk.log.mask_secret", lambda secret, name=None: secrets.append(str(secret)))
    return secrets


@pytest.fixture
def app_token(client: KalturaClient) -> Iterator[dict[str, str]]:
    fields = {"objectType": "KalturaAppToken", "hashType": "SHA256", "sessionType": 2, "sessionUserId": "airflow"}
    token = client.call("appToken", "add", {"appToken": fields})
    yield {"id": token["id"], "token": token["token"]}
    client.call("appToken", "delete", {"id": token["id"]})


def set_app_token(set_connection: ConnectionSetter, url: str, token: dict[str, str], **extra: Any) -> None:
    extra = {"app_token_id": token["id"], "app_token_hash": "SHA256", **extra}
    set_connection(host=url, login=str(PARTNER), password=token["token"], extra=extra)


@pytest.mark.parametrize("method", ["local_v2", "local_v1", "session.start"])
def test_admin_secret(sandbox: SandboxServer, set_connection: ConnectionSetter, method: str) -> None:
    extra = {"admin_secret": ADMIN_SECRET, "session_method": method, "user_id": "ann"}
    set_connection(host=sandbox.url, login=str(PARTNER), extra=extra)
    client = KalturaHook().get_conn()
    info = client.call("session", "get")
    assert (info["userId"], int(info["sessionType"]), int(info["partnerId"])) == ("ann", 2, PARTNER)


def test_app_token(sandbox: SandboxServer, set_connection: ConnectionSetter, app_token: dict[str, str]) -> None:
    set_app_token(set_connection, sandbox.url, app_token)
    assert KalturaHook().get_conn().call("session", "get")["userId"] == "airflow"


def test_one_client_a_hook(connection: None) -> None:
    hook = KalturaHook()
    assert hook.get_conn() is hook.get_conn()
    assert (hook.partner_id, hook.conn_type) == (PARTNER, "kaltura")


def test_making_the_client_sends_nothing(set_connection: ConnectionSetter) -> None:
    set_connection(host="http://127.0.0.1:9", login="102", extra={"admin_secret": ADMIN_SECRET})
    KalturaHook().get_conn()


def test_task_restricts_the_session(connection: None) -> None:
    session = {"user_id": "ann", "session_type": "USER", "privileges": "edit:*", "partner_id": 1, "expiry": 2}
    info = KalturaHook(session=session).get_conn().session_info()
    assert (info.user_id, info.session_type, info.privileges) == ("ann", 0, "edit:*")


def test_session_takes_what_it_leaves_out_from_the_connection() -> None:
    default = SessionSpec(user_id="ann", privileges="disableentitlement", lifetime=600)
    assert merge_session(default, {"user_id": "bob"}) == SessionSpec("bob", 2, "disableentitlement", 600)
    assert merge_session(default, json.dumps({"session_type": 0})) == SessionSpec("ann", 0, "disableentitlement", 600)
    assert merge_session(default, None) == default
    whole = SessionSpec(user_id="carol")
    assert merge_session(default, whole) == whole


@pytest.mark.parametrize("bad", ["{'user_id': 'ann'}", "ann", ["ann"], "[]"])
def test_session_of_another_form_is_refused_with_the_fix(bad: Any) -> None:
    with pytest.raises(ValueError, match=r"start_session\.output"):
        merge_session(SessionSpec(), bad)


def test_missing_connection_is_named() -> None:
    with pytest.raises(AirflowNotFoundException, match="nowhere"):
        KalturaHook("nowhere").get_conn()


# -- secrets -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["local_v2", "local_v1", "session.start"])
def test_every_secret_is_masked_before_it_is_used(
    sandbox: SandboxServer, set_connection: ConnectionSetter, masked: list[str], method: str
) -> None:
    extra = {"admin_secret": ADMIN_SECRET, "session_method": method}
    set_connection(host=sandbox.url, login=str(PARTNER), extra=extra)
    client = KalturaHook().get_conn()
    assert ADMIN_SECRET in masked
    ks = client.ks()
    assert ks in masked
    assert ks.rstrip("=") in masked, "URLs write the padding differently"


def test_every_secret_of_an_app_token_is_masked(
    sandbox: SandboxServer, set_connection: ConnectionSetter, app_token: dict[str, str], masked: list[str]
) -> None:
    set_app_token(set_connection, sandbox.url, app_token)
    client = KalturaHook().get_conn()
    ks = client.ks()
    assert app_token["token"] in masked
    assert ks in masked
    assert len(set(masked)) >= 4, "also the widget session and the hash that were sent"


def test_airflow_masks_what_it_was_given(connection: None, caplog: pytest.LogCaptureFixture) -> None:
    from airflow.sdk.log import redact  # type: ignore[attr-defined]

    ks = KalturaHook().get_conn().ks()
    assert ks not in str(redact(f"https://example.com/ks/{ks}/x"))
    mask("another-secret==")
    assert "another-secret" not in str(redact("ks=another-secret%3D%3D"))


def test_nothing_secret_is_logged_or_shown(
    connection: None, sandbox: SandboxServer, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        hook = KalturaHook()
        client = hook.get_conn()
        client.call("baseEntry", "list")
        shown = f"{hook!r} {client!r} {hook.settings!r} {hook.test_connection()!r}" + caplog.text
    assert ADMIN_SECRET not in shown
    assert client.ks() not in shown


# -- the test button ---------------------------------------------------------------------------------------------------


def test_test_connection(connection: None) -> None:
    works, message = KalturaHook().test_connection()
    assert works, message
    assert str(PARTNER) in message


def test_test_connection_through_airflow(sandbox: SandboxServer) -> None:
    """As the button does it: the connection is nowhere but in memory."""
    from airflow.sdk import Connection

    if not hasattr(Connection, "test_connection"):
        pytest.skip("Airflow before 3.3 tests connections in its API server")
    connection = Connection(
        conn_id="kaltura_in_memory",
        conn_type="kaltura",
        host=sandbox.url,
        login=str(PARTNER),
        extra=json.dumps({"admin_secret": ADMIN_SECRET}),
    )
    works, message = connection.test_connection()
    assert works, message


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"extra": {"admin_secret": "wrong-admin-secret"}}, ["secret"]),
        ({"extra": {"admin_secret": "wrong-admin-secret", "session_method": "session.start"}}, ["secret"]),
        ({"password": "0" * 32, "extra": {"app_token_id": "0_nowhere"}}, ["app token"]),
        ({"login": "999", "extra": {"admin_secret": ADMIN_SECRET}}, ["artner"]),
        ({"login": "", "extra": {"admin_secret": ADMIN_SECRET}}, ["Partner ID (login) is missing"]),
        ({"host": "http://127.0.0.1:9", "extra": {"admin_secret": ADMIN_SECRET}}, ["127.0.0.1:9"]),
        ({"host": "http://no-such-host.invalid", "extra": {"admin_secret": ADMIN_SECRET}}, ["no-such-host.invalid"]),
    ],
    ids=["secret", "secret-sent", "app-token", "partner", "field", "refused", "unknown-host"],
)
def test_test_connection_says_what_to_change(
    sandbox: SandboxServer, set_connection: ConnectionSetter, values: dict[str, Any], words: list[str]
) -> None:
    set_connection(**{"host": sandbox.url, "login": str(PARTNER), **values})
    works, message = KalturaHook().test_connection()
    assert not works
    for word in words:
        assert word in message
    for secret in (ADMIN_SECRET, "wrong-admin-secret", "0" * 32):
        assert secret not in message


def test_test_connection_never_raises() -> None:
    works, message = KalturaHook("nowhere").test_connection()
    assert not works
    assert "nowhere" in message


def test_test_connection_does_not_wait_long(set_connection: ConnectionSetter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnosis, "READ_TIMEOUT", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        set_connection(host=url, login="102", extra={"admin_secret": ADMIN_SECRET, "read_timeout": 600})
        started = time.monotonic()
        works, _ = KalturaHook().test_connection()
    assert not works
    assert time.monotonic() - started < 10


# -- threads -----------------------------------------------------------------------------------------------------------


def test_threads_share_a_client(connection: None) -> None:
    hook = KalturaHook()
    answers: list[Any] = []
    threads = [threading.Thread(target=lambda: answers.append(hook.get_conn().ks())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 8
    assert len(set(answers)) == 1
