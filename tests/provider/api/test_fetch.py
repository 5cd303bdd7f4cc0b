"""Addresses of files are read as far as wanted, with the settings and patience of calls, and without the session."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.provider.api.scripted import HANG_UP, Received, ScriptedServer, client_of, http, quick

from kaltura_provider.api import ErrorClass, KalturaClient, KalturaError, SessionSpec, WidgetCredentials

FILE = bytes(range(256)) * 1000


def moved(to: str) -> bytes:
    return http(b"", "302 Found", {"Location": to})


def test_no_more_than_wanted_is_read() -> None:
    with ScriptedServer(http(FILE)) as server, client_of(server) as client:
        answer = client.fetch(f"{server.url}/a.mp4", "file", limit=1000, byte_range="bytes=0-999")
    assert (answer.body, answer.url) == (FILE[:1000], f"{server.url}/a.mp4")
    (request,) = server.requests
    assert (request.method, request.headers["range"], request.headers["accept-encoding"]) == (
        "GET",
        "bytes=0-999",
        "identity",
    )
    assert "test-session" not in str(request)


def test_redirects_are_followed() -> None:
    def reply(request: Received) -> bytes:
        return http(FILE) if request.target == "/there/a.mp4" else moved("/there/a.mp4")

    with ScriptedServer(reply) as server, client_of(server) as client:
        assert client.fetch(f"{server.url}/here", "file", limit=5).url == f"{server.url}/there/a.mp4"


def test_what_lost_its_connection_is_tried_again() -> None:
    with ScriptedServer(HANG_UP, http(FILE, cut=5), http("busy", "503 Busy"), http(FILE)) as server:
        with client_of(server, max_attempts=4) as client:
            assert client.fetch(f"{server.url}/a.mp4", "file", limit=len(FILE)).body == FILE
        assert len(server.requests) == 4
    with ScriptedServer(HANG_UP) as server, client_of(server, max_attempts=4) as client:
        with pytest.raises(KalturaError, match="file failed: CONNECTION_LOST"):
            client.fetch(f"{server.url}/a.mp4", "file", limit=5, attempts=2)
        assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (http(b"", headers={"X-Kaltura": "error- CAPTION_ASSET_ID_NOT_FOUND"}), "CAPTION_ASSET_ID_NOT_FOUND"),
        (http(b"", "404 Not Found", {"X-Kaltura": "cached-error-6"}), "FLAVOR_NOT_FOUND"),
        (http("gone", "410 Gone", {"Content-Type": "text/html"}), "HTTP_410"),
    ],
)
def test_what_is_no_file_is_an_error_at_once(answer: bytes, code: str) -> None:
    with ScriptedServer(answer) as server, client_of(server) as client:
        with pytest.raises(KalturaError) as failure:
            client.fetch(f"{server.url}/a.mp4", "file", limit=5)
        assert (failure.value.code, len(server.requests)) == (code, 1)


def test_going_round_in_circles_ends() -> None:
    with ScriptedServer(moved("/again")) as server, client_of(server, max_attempts=1) as client:
        url = f"{server.url}/a.mp4"
        with pytest.raises(KalturaError, match="Exceeded 30 redirects"):
            client.fetch(url, "file", limit=5)


def test_certificates_are_checked(tls_server: ScriptedServer, certificate: Path) -> None:
    for bundle in (None, str(certificate)):
        config = quick(tls_server.url, ca_bundle=bundle)
        with KalturaClient(config, WidgetCredentials(), SessionSpec()) as client:
            if bundle:
                assert client.fetch(f"{tls_server.url}/a", "file", limit=100).body == b"true"
                continue
            with pytest.raises(KalturaError) as failure:
                client.fetch(f"{tls_server.url}/a", "file", limit=100)
            assert (failure.value.code, failure.value.error_class) == ("TLS_ERROR", ErrorClass.PERMANENT)
