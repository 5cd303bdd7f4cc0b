"""Sessions of every kind, and what happens when they end."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from email.utils import formatdate
from typing import Any

import pytest
from tests.provider.api.conftest import ClientFactory
from tests.provider.api.scripted import HANG_UP, ScriptedServer, api_error, client_of, parts_of, quick, result
from tests.provider.conftest import ADMIN_SECRET, USER_SECRET

from kaltura_provider.api import (
    AdminSecretCredentials,
    AppTokenCredentials,
    ErrorClass,
    FilePart,
    KalturaClient,
    KalturaError,
    SessionSpec,
    WidgetCredentials,
)
from kaltura_sandbox.faults import FaultProxy, Request
from kaltura_sandbox.server import SandboxServer

ANYTHING = {"filter": {"idEqual": "0_none"}}


def app_token(client: KalturaClient, **fields: Any) -> AppTokenCredentials:
    token = client.call("appToken", "add", {"appToken": {"sessionUserId": "robot", "sessionType": 2, **fields}})
    return AppTokenCredentials(token["id"], token["token"], fields.get("hashType", "SHA1"))


@pytest.mark.parametrize("method", ["local_v2", "local_v1", "session.start"])
@pytest.mark.parametrize("kind", [0, 2])
def test_admin_secret(new_client: ClientFactory, method: str, kind: int) -> None:
    spec = SessionSpec("ann", kind, "edit:0_a,edit:0_b", 600)
    client = new_client(AdminSecretCredentials(ADMIN_SECRET, method), spec)
    assert client.call("media", "count", ANYTHING) == 0
    if kind == 2:
        found = client.call("session", "get")
        assert (found["userId"], int(found["sessionType"])) == ("ann", 2)
        assert found["privileges"] == "edit:0_a/0_b", "no privilege may get lost"
        assert abs(int(found["expiry"]) - time.time() - 600) < 10
    info = client.session_info()
    assert (info.partner_id, info.user_id, info.session_type) == (102, "ann", kind)
    assert abs(info.expiry - time.time() - 600) < 10


@pytest.mark.parametrize("hash_type", ["SHA1", "MD5", "SHA256", "SHA512"])
def test_app_token(new_client: ClientFactory, client: KalturaClient, hash_type: str) -> None:
    credentials = app_token(client, hashType=hash_type, sessionPrivileges="disableentitlement")
    robot = new_client(credentials, SessionSpec(lifetime=600))
    assert robot.call("session", "get")["userId"] == "robot"
    info = robot.session_info()
    assert (info.partner_id, info.user_id, info.session_type) == (102, "robot", 2)
    assert "disableentitlement" in info.privileges
    assert abs(info.expiry - time.time() - 600) < 10


def test_widget(new_client: ClientFactory) -> None:
    client = new_client(WidgetCredentials())
    assert client.call("media", "list")["totalCount"] == 0
    assert client.session_info().session_type == 1
    with pytest.raises(KalturaError) as caught:
        client.call("media", "add", {"entry": {"mediaType": 1}})
    assert caught.value.error_class is ErrorClass.PERMISSION


@pytest.mark.parametrize(
    ("credentials", "code"),
    [
        (AdminSecretCredentials("wrong-secret", "session.start"), "START_SESSION_ERROR"),
        (AdminSecretCredentials(USER_SECRET, "session.start"), "START_SESSION_ERROR"),
        (AdminSecretCredentials("wrong-secret"), "INVALID_KS"),
        (AdminSecretCredentials("wrong-secret", "local_v1"), "INVALID_KS"),
        (AppTokenCredentials("0_none", "0" * 32), "APP_TOKEN_ID_NOT_FOUND"),
        (WidgetCredentials("_999"), "INVALID_WIDGET_ID"),
    ],
)
def test_credentials_that_are_wrong(new_client: ClientFactory, credentials: Any, code: str) -> None:
    client = new_client(credentials)
    with pytest.raises(KalturaError) as caught:
        client.call("media", "list")
    assert caught.value.code == code
    assert caught.value.hint
    for secret in credentials.secrets:
        assert secret not in str(caught.value)
        assert secret not in repr(credentials)


def test_the_wrong_hash_type(new_client: ClientFactory, client: KalturaClient) -> None:
    right = app_token(client, hashType="SHA256")
    with pytest.raises(KalturaError, match="INVALID_APP_TOKEN_HASH"):
        new_client(AppTokenCredentials(right.token_id, right.token, "SHA1")).ks()


def test_secrets_are_told_at_birth(new_client: ClientFactory, client: KalturaClient) -> None:
    seen: list[str] = []
    credentials = app_token(client)
    robot = new_client(credentials, on_secret=seen.append)
    assert seen == [credentials.token], "before anything is sent"
    ks = robot.ks()
    assert ks in seen
    assert len(seen) == 4, "token, widget session, hash, session"


def test_one_session_serves_all_threads(client: KalturaClient, sandbox: SandboxServer) -> None:
    def many(judge_client: KalturaClient) -> set[str]:
        found: set[str] = set()
        threads = [threading.Thread(target=lambda: found.add(judge_client.ks())) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return found

    credentials = app_token(client)
    with FaultProxy(sandbox.url) as proxy, KalturaClient(quick(proxy.url), credentials) as robot:
        assert len(many(robot)) == 1
        assert proxy.calls == ["session.startWidgetSession", "appToken.startSession"]


def test_an_ended_session_is_renewed_once_for_all_threads(sandbox: SandboxServer) -> None:
    credentials = AdminSecretCredentials(ADMIN_SECRET, "session.start")
    count = 6
    barrier = threading.Barrier(count)
    refused = 0

    def together(request: Request) -> None:
        # All calls with the ended session arrive before the first one is answered.
        nonlocal refused
        if request.action == "media.count" and request.session == hashlib.sha256(first.encode()).hexdigest():
            refused += 1
            barrier.wait(10)

    with FaultProxy(sandbox.url, judge=together) as proxy:
        with KalturaClient(quick(proxy.url, read_timeout=20), credentials) as client:
            first = client.ks()
            client.call("session", "end")
            results: list[int] = []
            threads = [
                threading.Thread(target=lambda: results.append(client.call("media", "count", ANYTHING)))
                for _ in range(count)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert results == [0] * count
            assert refused == count
            assert client.ks() != first
        assert proxy.calls.count("session.start") == 2


def test_a_session_is_renewed_ahead_of_its_end(new_client: ClientFactory) -> None:
    client = new_client(session=SessionSpec(lifetime=5))
    first = client.ks()
    assert client.ks() == first
    deadline = time.monotonic() + 10
    while client.ks() == first:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    # A fifth of its life before it ends, so the server never sees an expired one.
    with KalturaClient(client.config, WidgetCredentials()) as other:
        assert other.call("media", "count", {**ANYTHING, "ks": first}) == 0


def test_a_wrong_clock_is_corrected_by_that_of_the_server() -> None:
    # The clock of this machine is two hours behind, so that what it signs for half an hour has long expired.
    server_time = int(time.time()) + 7200
    ended = {"code": "INVALID_KS", "message": "x", "objectType": "KalturaAPIException", "args": {"KSID": "EXPIRED"}}
    answers = [
        result(ended, Date=formatdate(server_time, usegmt=True)),
        result(0, Date=formatdate(server_time, usegmt=True)),
    ]
    credentials = AdminSecretCredentials(ADMIN_SECRET, "local_v1")
    with (
        ScriptedServer(*answers) as server,
        KalturaClient(quick(server.url), credentials, SessionSpec(lifetime=1800)) as client,
    ):
        assert client.call("media", "count") == 0
        assert abs(client.session_info().expiry - server_time - 1800) < 10
        client.call("media", "count")
        expiries = [int(base64.b64decode(request.json["ks"]).decode().split(";")[2]) for request in server.requests]
    assert expiries[0] < server_time < expiries[1] == expiries[2]


@pytest.mark.parametrize(
    "details",
    [
        {"KSID": "EXPIRED", "ERR_CODE": "-1"},
        {"KSID": "LOGOUT", "ERR_CODE": "-1"},
        {"KSID": "EXCEEDED_ACTIONS_LIMIT", "ERR_CODE": "-1"},
        {"KSID": "somebody-elses-session", "ERR_CODE": "-1"},
    ],
)
def test_renewal_repeats_every_action_once(details: dict[str, str]) -> None:
    ended = api_error("INVALID_KS", "Invalid KS", **details)
    with (
        ScriptedServer(ended, result({"id": "0_x"}), ended) as server,
        KalturaClient(quick(server.url), AdminSecretCredentials("some-secret")) as client,
    ):
        assert client.call("media", "add", {"entry": {}}) == {"id": "0_x"}
        first, second = (request.json["ks"] for request in server.requests)
        assert first != second
        with pytest.raises(KalturaError) as caught:
            client.call("media", "add", {"entry": {}})
        assert caught.value.error_class is ErrorClass.RENEW_SESSION
        assert len(server.requests) == 4, "a second refusal is final"


def test_a_file_is_sent_again_after_renewal() -> None:
    ended = api_error("INVALID_KS", "Invalid KS", KSID="EXPIRED")
    with ScriptedServer(ended, result({"id": "t"})) as server, client_of(server) as client:
        client.call("uploadToken", "upload", {}, files={"fileData": FilePart.of_bytes("a.mp4", b"content")})
        assert [list(parts_of(request))[1][1] for request in server.requests] == [b"content", b"content"]


@pytest.mark.parametrize(
    "details",
    [{"KSID": "", "ERR_CODE": "-4", "ERR_DESC": "INVALID_TYPE"}, {"KSID": "EXCEEDED_RESTRICTED_IP", "ERR_CODE": "-1"}],
)
def test_a_denial_is_no_reason_to_renew(details: dict[str, str]) -> None:
    with (
        ScriptedServer(api_error("INVALID_KS", "Invalid KS", **details)) as server,
        KalturaClient(quick(server.url), AdminSecretCredentials("some-secret")) as client,
    ):
        with pytest.raises(KalturaError) as caught:
            client.call("media", "update", {"entryId": "0_x"})
        assert caught.value.error_class is ErrorClass.PERMISSION
        assert len(server.requests) == 1


def test_a_user_may_not_change_the_entry_of_another(new_client: ClientFactory, client: KalturaClient) -> None:
    entry = client.call("media", "add", {"entry": {"mediaType": 1, "name": "not yours"}})
    user = new_client(session=SessionSpec("bob", 0))
    with pytest.raises(KalturaError, match="privilege edit:ENTRY_ID") as caught:
        user.call("media", "update", {"entryId": entry["id"], "mediaEntry": {"name": "x"}})
    assert caught.value.error_class is ErrorClass.PERMISSION


def test_a_batch_is_repeated_after_renewal_only_if_nothing_of_it_was_done() -> None:
    ended = {"code": "INVALID_KS", "message": "x", "objectType": "KalturaAPIException", "args": {"KSID": "EXPIRED"}}
    with (
        ScriptedServer(result([ended, ended]), result([1, 2]), result([1, ended])) as server,
        client_of(server) as client,
    ):
        for expected in ([1, 2], None):
            batch = client.multirequest()
            batch.add("media", "add")
            batch.add("media", "add")
            if expected:
                assert batch.send() == expected
                assert len(server.requests) == 2
            else:
                assert batch.send(raise_on_error=False)[0] == 1
                assert len(server.requests) == 3


def test_a_call_without_a_session_was_never_sent() -> None:
    with ScriptedServer(HANG_UP) as server, KalturaClient(quick(server.url), WidgetCredentials()) as client:
        with pytest.raises(KalturaError, match=r"session\.startWidgetSession failed") as caught:
            client.call("media", "add", {"entry": {}})
        assert not caught.value.outcome_unknown, "so nobody needs to look for an entry"
        assert server.calls == ["session.startWidgetSession"] * 3, "the attempts do not multiply"


def test_specs_travel_as_json() -> None:
    spec = SessionSpec("ann", 0, "edit:a,edit:b", 900)
    copy = SessionSpec.from_dict({**json.loads(json.dumps(spec.to_dict())), "expiry": 1, "partner_id": 102})
    assert copy == spec
    assert SessionSpec.from_dict({}) == SessionSpec()
    with pytest.raises(ValueError, match="2 for admin or 0 for user"):
        SessionSpec(session_type=1)
    with pytest.raises(ValueError, match="more than 0 seconds"):
        SessionSpec(lifetime=0)
    with pytest.raises(ValueError, match="SHA512"):
        AppTokenCredentials("0_x", "y", "CRC32")
    with pytest.raises(ValueError, match="local_v2"):
        AdminSecretCredentials("x", "v3")
