"""What goes over the wire, and what becomes of networks that fail."""

from __future__ import annotations

import datetime
import io
import socket
import threading
from enum import Enum, IntEnum
from pathlib import Path
from typing import Any

import pytest
from tests.provider.api.scripted import (
    HANG_UP,
    NoSession,
    Received,
    ScriptedServer,
    Stall,
    client_of,
    http,
    parts_of,
    quick,
    result,
)

from kaltura_provider.api import ClientConfig, FilePart, KalturaClient, KalturaError, SourceChangedError


def failure(client: KalturaClient, service: str = "media", action: str = "get") -> KalturaError:
    with pytest.raises(KalturaError) as caught:
        client.call(service, action, {"entryId": "0_x"})
    return caught.value


def test_a_call_on_the_wire() -> None:
    with ScriptedServer(result({"id": "0_x"})) as server, client_of(server) as client:
        assert client.call("media", "get", {"entryId": "0_x", "version": None}) == {"id": "0_x"}
        (request,) = server.requests
    assert (request.method, request.target) == ("POST", "/api_v3/service/media/action/get?format=1")
    # With a charset behind it Kaltura does not read the body.
    assert request.headers["content-type"] == "application/json"
    assert request.headers["user-agent"].startswith("airflow-provider-kaltura/")
    assert "authorization" not in request.headers
    body = request.json
    assert body.pop("clientTag").startswith("airflow-provider-kaltura:")
    assert body == {"format": 1, "ks": "test-session", "entryId": "0_x"}


def test_null_is_never_sent() -> None:
    class Kind(IntEnum):
        VIDEO = 1

    class Word(str, Enum):
        NAME = "name"

    params = {
        "entry": {
            "name": "a\x00\x0bb\tc",
            "description": None,
            "tags": ["x", None, {"y": None}],
            "mediaType": Kind.VIDEO,
        },
        "order": Word.NAME,
        "none": None,
        "when": datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc),
        "flag": False,
        "half": "\ud83d broken",
        "zero": 0,
        "empty": "",
    }
    with ScriptedServer(result(None)) as server, client_of(server) as client:
        client.call("media", "update", params)
        body = server.requests[0].json
    assert b"null" not in server.requests[0].body
    assert body["entry"] == {"name": "ab\tc", "tags": ["x", {}], "mediaType": 1}
    assert (body["order"], body["when"], body["flag"], body["zero"], body["empty"]) == (
        "name",
        1767225600,
        False,
        0,
        "",
    )
    assert body["half"] == "? broken"
    assert "none" not in body


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (float("nan"), "entry.x is nan"),
        (datetime.datetime(2026, 1, 1), "without time zone"),
        (object(), "entry.x is a object"),
    ],
)
def test_values_without_a_meaning_are_refused(value: Any, words: str) -> None:
    with ScriptedServer(result(None)) as server, client_of(server) as client:
        with pytest.raises(ValueError, match=words):
            client.call("media", "update", {"entry": {"x": value}})
        with pytest.raises(ValueError, match="no name of a Kaltura service"):
            client.call("media/../x", "get")
        assert server.requests == []


def test_a_session_in_the_parameters_is_left_alone() -> None:
    with ScriptedServer(result(1)) as server, client_of(server) as client:
        client.call("media", "count", {"ks": "another"})
        assert server.requests[0].json["ks"] == "another"


def test_files_are_streamed_as_multipart() -> None:
    asked: list[int] = []

    class Slow(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            asked.append(size or 0)
            return super().read(min(size or 0, 100_000))

    content = bytes(range(256)) * 2000
    part = FilePart('dir/a "b"\r\nü.mp4', len(content), lambda: Slow(content), "video/mp4")
    with ScriptedServer(result({"id": "t"})) as server, client_of(server) as client:
        client.call("uploadToken", "upload", {"uploadTokenId": "t", "resume": False}, files={"fileData": part})
        (request,) = server.requests
    assert request.complete
    (json_head, json_body), (file_head, file_body) = parts_of(request)
    assert json_head["content-disposition"] == 'form-data; name="json"'
    assert b'"uploadTokenId": "t"' in json_body
    assert b'"ks": "test-session"' in json_body
    assert file_head == {
        "content-disposition": 'form-data; name="fileData"; filename="a %22b%22%0D%0Aü.mp4"',
        "content-type": "video/mp4",
    }
    assert file_body == content
    assert max(asked) == 256 * 1024, "the file is read in blocks of this size"


@pytest.mark.parametrize("fault", [SourceChangedError("it changed"), OSError("the disk is gone"), KeyError("x")])
def test_a_fault_of_the_source_is_not_taken_for_one_of_the_network(fault: Exception) -> None:
    def broken() -> Any:
        raise fault

    with ScriptedServer(result(1)) as server, client_of(server) as client:
        with pytest.raises(type(fault)) as caught:
            client.call("uploadToken", "upload", {}, files={"fileData": FilePart("a", 5, broken)}, idempotent=True)
        assert caught.value is fault
        # Nor does the server get half a request.
        assert not server.requests


def test_a_source_that_ends_early_is_noticed() -> None:
    part = FilePart("a.mp4", 5, lambda: io.BytesIO(b"abc"))
    with ScriptedServer(result(1)) as server, client_of(server) as client:
        with pytest.raises(SourceChangedError, match=r"a\.mp4 ended 2 bytes early"):
            client.call("uploadToken", "upload", {}, files={"fileData": part})
        assert not any(request.complete for request in server.requests)


def test_a_file_is_opened_again_for_each_attempt_and_always_closed() -> None:
    opened: list[io.BytesIO] = []

    def open_() -> io.BytesIO:
        opened.append(io.BytesIO(b"abc"))
        return opened[-1]

    files = {"fileData": FilePart("a", 3, open_)}
    with ScriptedServer(HANG_UP, result({"id": 1})) as server, client_of(server) as client:
        assert client.call("uploadToken", "upload", {}, files=files, idempotent=True) == {"id": 1}
        assert [list(parts_of(request))[1][1] for request in server.requests] == [b"abc", b"abc"]
    assert len(opened) == 2
    assert all(stream.closed for stream in opened)


def test_refused() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
    error = failure(KalturaClient(quick(url), NoSession()))
    assert (error.code, error.outcome_unknown, error.retryable) == ("CONNECTION_REFUSED", False, True)
    assert "service URL" in str(error)


def test_host_not_found() -> None:
    error = failure(KalturaClient(quick("http://no-such-host.invalid"), NoSession()))
    assert (error.code, error.outcome_unknown) == ("HOST_NOT_FOUND", False)


def test_an_untrusted_certificate(tls_server: ScriptedServer) -> None:
    error = failure(KalturaClient(quick(tls_server.url), NoSession()))
    assert (error.code, error.retryable, error.outcome_unknown) == ("TLS_ERROR", False, False)
    assert "ca_bundle" in error.hint
    assert tls_server.requests == []


def test_a_certificate_authority_of_ones_own(
    tls_server: ScriptedServer, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/ca.pem")
    with KalturaClient(quick(tls_server.url, ca_bundle=str(certificate)), NoSession()) as client:
        assert client.call("system", "ping") is True


def test_a_missing_ca_bundle(tls_server: ScriptedServer) -> None:
    error = failure(KalturaClient(quick(tls_server.url, ca_bundle="/nowhere/ca.pem"), NoSession()))
    assert error.code == "TLS_ERROR"
    assert "/nowhere/ca.pem" in error.message


def test_a_port_without_tls() -> None:
    with ScriptedServer(result(True)) as server:
        error = failure(KalturaClient(quick(server.url.replace("http:", "https:")), NoSession()))
    assert error.code == "TLS_ERROR"


def test_no_answer_in_time() -> None:
    with ScriptedServer(Stall()) as server, client_of(server, read_timeout=0.1, max_attempts=2) as client:
        error = failure(client)
        assert (error.code, error.outcome_unknown) == ("READ_TIMEOUT", True)
        assert len(server.requests) == 2


def test_the_answer_breaks_off() -> None:
    with ScriptedServer(http('{"id": "0_x"}', cut=4)) as server, client_of(server) as client:
        error = failure(client)
        assert (error.code, error.outcome_unknown) == ("CONNECTION_LOST", True)
        assert len(server.requests) == 3


def test_a_proxy_that_is_not_there() -> None:
    with ScriptedServer(result(1)) as server, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        proxy = f"http://someone:pass-word@127.0.0.1:{probe.getsockname()[1]}"
        error = failure(KalturaClient(quick(server.url, proxy=proxy), NoSession()))
    assert (error.code, error.outcome_unknown) == ("PROXY_ERROR", False)
    assert "pass-word" not in str(error)


def test_a_proxy_is_used() -> None:
    with ScriptedServer(result(True)) as proxy:
        with KalturaClient(quick("http://kaltura.invalid", proxy=proxy.url), NoSession()) as client:
            assert client.call("system", "ping") is True
        assert proxy.requests[0].target == "http://kaltura.invalid/api_v3/service/system/action/ping?format=1"


def test_a_proxy_that_loses_the_answer_may_have_passed_the_request_on() -> None:
    with ScriptedServer(HANG_UP) as proxy:
        error = failure(KalturaClient(quick("http://kaltura.invalid", proxy=proxy.url), NoSession()), action="add")
        assert (error.code, error.outcome_unknown) == ("CONNECTION_LOST", True)
        assert len(proxy.requests) == 1, "an entry must not be added twice"


@pytest.mark.parametrize("refusal", ["407 Proxy Authentication Required", "503 Service Unavailable"])
def test_a_proxy_that_refuses_a_tunnel(refusal: str) -> None:
    with ScriptedServer(http("", refusal)) as proxy:
        error = failure(KalturaClient(quick("https://kaltura.invalid", proxy=proxy.url), NoSession()), action="add")
    assert (error.code, error.outcome_unknown) == ("PROXY_ERROR", False)
    assert refusal.split(" ")[0] in error.message


def test_redirects_are_not_followed() -> None:
    with ScriptedServer(result("here")) as target:
        moved = http("", "301 Moved Permanently", {"Location": f"{target.url}/elsewhere"})
        with ScriptedServer(moved) as server, client_of(server) as client:
            error = failure(client)
        assert error.code == "HTTP_301"
        assert target.url in error.message
        assert target.requests == [], "the session must not go to another server"


def test_passwords_of_other_programs_are_not_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password pass-word\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with ScriptedServer(result(1)) as server, client_of(server) as client:
        client.call("media", "count")
        assert "authorization" not in server.requests[0].headers


def test_cookies_are_not_kept() -> None:
    with ScriptedServer(result(1, **{"Set-Cookie": "a=b"})) as server, client_of(server) as client:
        client.call("media", "count")
        client.call("media", "count")
        assert "cookie" not in server.requests[1].headers


def test_the_clock_of_the_server_is_learned() -> None:
    with ScriptedServer(result(1, Date="Wed, 01 Jan 2031 00:00:00 GMT")) as server, client_of(server) as client:
        client.call("media", "count")
        assert abs(client.server_time() - 1924992000) < 60


def test_threads_share_connections() -> None:
    count = 8
    barrier = threading.Barrier(count)

    def answer(_: Received) -> bytes:
        # Answered only when all are there: they do not wait for each other in the client.
        barrier.wait(10)
        return result(1)

    with ScriptedServer(answer) as server, client_of(server, read_timeout=20) as client:
        threads = [threading.Thread(target=client.call, args=("media", "count")) for _ in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(server.requests) == count


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("https://www.kaltura.com", "https://www.kaltura.com"),
        ("www.kaltura.com", "https://www.kaltura.com"),
        (" https://host/api_v3/ ", "https://host"),
        ("https://host/api_v3/index.php", "https://host"),
        ("http://localhost:8123/kaltura/", "http://localhost:8123/kaltura"),
    ],
)
def test_service_urls(given: str, url: str) -> None:
    assert ClientConfig(given, 102).service_url == url


@pytest.mark.parametrize(
    "given", ["", "ftp://host", "https://", "https://me:pass-word@host", "https://host?ks=1", "https://h:x"]
)
def test_service_urls_that_are_none(given: str) -> None:
    with pytest.raises(ValueError, match=r"https://www\.kaltura\.com") as caught:
        ClientConfig(given, 102)
    assert "pass-word" not in str(caught.value)


def test_settings_that_can_not_be() -> None:
    with pytest.raises(ValueError, match="Partner ID 'abc' is not a number"):
        ClientConfig("https://host", "abc")  # type: ignore[arg-type]
    assert ClientConfig("https://host", " 102 ").partner_id == 102  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="read_timeout"):
        ClientConfig("https://host", 1, read_timeout=0)
    assert "pass-word" not in repr(ClientConfig("https://host", 1, proxy="http://u:pass-word@p"))
