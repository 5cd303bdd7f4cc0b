"""How requests are read and answers written."""

from __future__ import annotations

import json
import re
import socket
import threading
from pathlib import Path
from typing import Any

import pytest
import requests

from kaltura_sandbox import registry
from kaltura_sandbox.server import SandboxServer

from .conftest import PARTNER, USER_SECRET, Api, make_settings, wait_until

START = {"service": "session", "action": "start", "partnerId": PARTNER, "secret": "no", "userId": "u"}
REFUSED = {
    "code": "START_SESSION_ERROR",
    "message": f"Error while starting session for partner [{PARTNER}]",
    "objectType": "KalturaAPIException",
    "args": {"PID": str(PARTNER)},
}


def test_unknown_service_and_action_have_their_own_errors(api: Api) -> None:
    assert api.call("nosuch", "list") == {
        "code": "SERVICE_DOES_NOT_EXISTS",
        "message": 'Service "nosuch" does not exists',
        "objectType": "KalturaAPIException",
        "args": {"SRV_NAME": "nosuch"},
    }
    assert api.call("system", "nosuch")["code"] == "ACTION_DOES_NOT_EXISTS"
    assert api.call("system", "nosuch")["args"] == {"ACTION_NAME": "nosuch", "SERVICE_NAME": "system"}


def test_every_answer_carries_kalturas_headers(api: Api) -> None:
    reply = api.post("/api_v3/service/system/action/getVersion", json={"format": 1})
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["access-control-allow-origin"] == "*"
    assert reply.headers["x-me"] == "127.0.0.1"
    assert re.fullmatch(r"\d+, \d{10}", reply.headers["x-kaltura-session"])


@pytest.mark.parametrize("path", ["/api_v3/service/multirequest", "/p/102/embedPlaykitJs/uiconf_id/1"])
def test_browsers_may_send_json_from_other_sites(sandbox: SandboxServer, path: str) -> None:
    asking = {"Origin": "https://videos.example.com", "Access-Control-Request-Method": "POST"}
    reply = requests.options(sandbox.url + path, headers=asking, timeout=10)
    assert (reply.status_code, reply.content) == (200, b"")
    assert reply.headers["Access-Control-Allow-Origin"] == "*"
    assert "Content-Type" in reply.headers["Access-Control-Allow-Headers"]
    assert "POST" in reply.headers["Access-Control-Allow-Methods"]


def test_slashes_and_non_ascii_letters_are_escaped_as_php_does(api: Api) -> None:
    token = api.call("appToken", "add", ks=api.admin, appToken={"description": "a/b é 日本"})
    reply = api.post("/api_v3/service/appToken/action/get", json={"format": 1, "ks": api.admin, "id": token["id"]})
    assert r'"description":"a\/b \u00e9 \u65e5\u672c"' in reply.text


@pytest.mark.parametrize(
    "send",
    [
        lambda api: api.post("/api_v3/", json={**START, "format": 1}),
        lambda api: api.post("/api_v3/index.php", data={**START, "format": 1}),
        lambda api: api.post("/api_v3", params={**START, "format": 1}),
        lambda api: api.http.get(api.url + "/api_v3/index.php", params={**START, "format": 1}),
        lambda api: api.http.put(api.url + "/api_v3/?format=1", json=START),
        lambda api: api.http.delete(api.url + "/api_v3/", params={**START, "format": 1}),
        lambda api: api.post("/api_v3/?format=1", files={"json": (None, json.dumps(START))}),
        lambda api: api.post(
            f"/api_v3/service/session/action/start/partnerId/{PARTNER}/secret/no/format/1", json={"partnerId": 1}
        ),
    ],
)
def test_parameters_may_come_from_anywhere(api: Api, send: Any) -> None:
    assert send(api).json() == REFUSED


def test_the_path_wins_over_the_query_and_the_query_over_the_body(api: Api) -> None:
    body = {"format": 2, "secret": "x", "partnerId": 3}
    reply = api.post(f"/api_v3/service/session/action/start/format/1?format=3&partnerId={PARTNER}", json=body)
    assert reply.json() == REFUSED


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "text/json", "text/plain"])
def test_only_the_exact_json_type_is_read(api: Api, kind: str) -> None:
    body = json.dumps({**START, "format": 1})
    reply = api.post("/api_v3/", data=body, headers={"Content-Type": kind})
    assert "<code>SERVICE_NOT_SPECIFIED</code>" in reply.text
    assert reply.headers["content-type"] == "text/xml;charset=UTF-8"


@pytest.mark.parametrize("body", ["{", "[]", '[{"service":"system"}]', '{"service":"system",}', "", "\x00\xff"])
def test_a_body_that_is_no_json_object_counts_as_none(api: Api, body: str) -> None:
    reply = api.post("/api_v3/?format=1", data=body.encode("latin-1"), headers={"Content-Type": "application/json"})
    assert reply.json()["code"] == "SERVICE_NOT_SPECIFIED"


def test_form_bodies_of_a_put_are_not_read(api: Api) -> None:
    reply = api.http.put(api.url + "/api_v3/?format=1", data=START)
    assert reply.json()["code"] == "SERVICE_NOT_SPECIFIED"


def test_session_in_a_header_is_ignored(api: Api) -> None:
    reply = api.post(
        "/api_v3/service/session/action/get?format=1",
        headers={"Authorization": f"Bearer {api.admin}", "X-Kaltura-Ks": api.admin},
    )
    assert reply.json()["code"] == "SERVICE_FORBIDDEN"
    assert reply.headers["x-kaltura"] == "error-SERVICE_FORBIDDEN"


def test_unknown_format_is_an_empty_page_with_a_header(api: Api) -> None:
    for value in ("77", "json"):
        reply = api.post("/api_v3/service/system/action/ping", json={"format": value})
        assert (reply.status_code, reply.content) == (200, b"")
        assert reply.headers["x-kaltura"] == "error- UNKNOWN_RESPONSE_FORMAT"
        assert reply.headers["content-type"] == "text/html; charset=UTF-8"


def test_xml_shows_missing_properties_as_empty_tags_unless_told_not_to(api: Api) -> None:
    token = api.call("appToken", "add", ks=api.admin, appToken={})
    params = {"ks": api.admin, "id": token["id"], "format": 2}
    assert "<description></description>" in api.post("/api_v3/service/appToken/action/get", json=params).text
    reply = api.post("/api_v3/service/appToken/action/get", json={**params, "ignoreNull": 1})
    assert "description" not in reply.text
    assert f"<objectType>KalturaAppToken</objectType><id>{token['id']}</id>" in reply.text


def test_an_expiry_that_is_no_number_breaks_the_server_as_kalturas(api: Api) -> None:
    reply = api.post(
        "/api_v3/service/session/action/start",
        json={"format": 1, "partnerId": PARTNER, "secret": USER_SECRET, "expiry": "abc"},
    )
    assert (reply.status_code, reply.content) == (500, b"")


@pytest.mark.parametrize("path", ["/", "/api_v4/", "/api_v3_nothing/x", "/api_v3/nothing", "/api_v3/index.phpx"])
def test_other_addresses_are_a_plain_404(api: Api, path: str) -> None:
    reply = api.http.get(api.url + path)
    assert reply.status_code == 404
    assert reply.headers["content-type"] == "text/html; charset=iso-8859-1"


def test_a_request_over_the_limit_loses_its_body_but_not_its_address(tmp_path: Path) -> None:
    with SandboxServer(make_settings(tmp_path, post_max_bytes=100_000)) as server:
        api = Api(server.url)
        huge = {"fileData": ("x.bin", b"x" * 200_000)}
        assert "SERVICE_NOT_SPECIFIED" in api.post("/api_v3/", data=START, files=huge).text
        reply = api.post("/api_v3/service/session/action/start?format=1", data=START, files=huge)
        assert reply.json()["args"] == {"PARAM_NAME": "secret"}


def test_a_connection_lost_in_the_middle_of_a_file_leaves_nothing(sandbox: SandboxServer, api: Api) -> None:
    host, port = sandbox.url.removeprefix("http://").split(":")
    head = (
        "POST /api_v3/service/system/action/ping HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\n\r\n"
        '--b\r\nContent-Disposition: form-data; name="fileData"; filename="a.bin"\r\n\r\n'
    )
    spool = sandbox.settings.data / "spool"
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(head.encode() + b"x" * 3_000_000)
        wait_until(lambda: list(spool.iterdir()))
    wait_until(lambda: not list(spool.iterdir()))
    assert api.call("system", "ping") is True


def test_a_damaged_multipart_body_counts_as_none(api: Api) -> None:
    reply = api.post(
        "/api_v3/?format=1", data=b"--nonsense", headers={"Content-Type": "multipart/form-data; boundary=b"}
    )
    assert reply.json()["code"] == "SERVICE_NOT_SPECIFIED"
    reply = api.post("/api_v3/?format=1", data=b"--b", headers={"Content-Type": "multipart/form-data"})
    assert reply.json()["code"] == "SERVICE_NOT_SPECIFIED"


def test_blocked_requests_do_not_hold_up_others(sandbox: SandboxServer, api: Api) -> None:
    """As many waiting requests as the final part of uploads may cause leave room for the rest."""
    release = threading.Event()
    waiting = threading.Semaphore(0)

    def hold(context: Any) -> bool:
        waiting.release()
        release.wait(60)
        return True

    registry.action("testing", "hold", access=registry.ANYONE)(hold)
    try:
        threads = [threading.Thread(target=Api(sandbox.url).call, args=("testing", "hold")) for _ in range(64)]
        for thread in threads:
            thread.start()
        for _ in threads:
            assert waiting.acquire(timeout=30)
        assert api.call("system", "ping") is True
    finally:
        release.set()
        for thread in threads:
            thread.join()
        del registry.SERVICES["testing"]


@pytest.mark.parametrize(
    "body",
    [
        '{"a":' * 400 + "1" + "}" * 400,
        '{"a":' * 100_000 + "1" + "}" * 100_000,
        '{"service":"system","x":NaN}',
        r'{"service":"system","x":"\ud800"}',
    ],
)
def test_json_that_php_can_not_read_counts_as_none(api: Api, body: str) -> None:
    reply = api.post("/api_v3/?format=1", data=body, headers={"Content-Type": "application/json"})
    assert (reply.status_code, reply.json()["code"]) == (200, "SERVICE_NOT_SPECIFIED")


def test_pairs_of_surrogates_are_letters(api: Api) -> None:
    body = json.dumps({"format": 1, "ks": api.admin, "appToken": {"description": "\U0001f600"}})
    path = "/api_v3/service/appToken/action/add"
    reply = api.post(path, data=body, headers={"Content-Type": "application/json"})
    assert reply.json()["description"] == "\U0001f600"


def test_numbers_beyond_every_limit_do_no_lasting_harm(api: Api) -> None:
    for number in (10**30, "9" * 40, 1e308):
        added = api.call("appToken", "add", ks=api.admin, appToken={"sessionDuration": number})
        assert isinstance(added["sessionDuration"], int)
    event = {"partnerId": PARTNER, "eventTimestamp": "1e999"}
    api.call("stats", "collect", event=event)
    assert api.call("appToken", "list", ks=api.admin)["totalCount"] == 3
