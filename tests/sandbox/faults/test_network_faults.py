"""Faults of the network, as a plain client sees them, and what the server saw meanwhile."""

from __future__ import annotations

import http.client
import json
import select
import socket
import struct
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from kaltura_sandbox.faults import Fault, FaultProxy, Rule
from kaltura_sandbox.server import SandboxServer

from ..conftest import Api
from .conftest import faulty

RESET = (ConnectionResetError, BrokenPipeError)


class Wire:
    """One connection, bytes as they come."""

    def __init__(self, proxy: FaultProxy) -> None:
        self.socket = socket.create_connection(("127.0.0.1", proxy.port), timeout=10)

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def read_all(self) -> bytes:
        """Everything until the other side ends."""
        return b"".join(iter(lambda: self.socket.recv(65536), b""))


@pytest.fixture
def wire(proxy: FaultProxy) -> Iterator[Wire]:
    wire = Wire(proxy)
    yield wire
    wire.socket.close()


def post(path: str, **params: Any) -> bytes:
    """The bytes of a request."""
    body = json.dumps({"format": 1, **params}).encode()
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def entries(sandbox: SandboxServer) -> int:
    return sandbox.sandbox.store.collection("entry").count()


ADD = "/api_v3/service/media/action/add"


@pytest.mark.parametrize("at", [0.0, 0.5, 1.0])
def test_a_dropped_request_is_reset_and_never_done(
    sandbox: SandboxServer, proxy: FaultProxy, through: Api, wire: Wire, at: float
) -> None:
    faulty(proxy, "drop_request", at=at)
    wire.send(post(ADD, ks=through.admin, entry={"mediaType": 1}))
    with pytest.raises(RESET):
        wire.read_all()
    assert entries(sandbox) == 0
    passed_on, received = proxy.counts.bytes_passed_on["media.add"], proxy.counts.bytes_received["media.add"]
    assert passed_on == min(int(received * at), received - 1)


def test_a_dropped_answer_is_reset_though_the_work_is_done(
    sandbox: SandboxServer, proxy: FaultProxy, through: Api, wire: Wire
) -> None:
    faulty(proxy, "drop_answer")
    wire.send(post(ADD, ks=through.admin, entry={"mediaType": 1}))
    with pytest.raises(RESET):
        wire.read_all()
    assert entries(sandbox) == 1


def test_an_answer_is_cut_in_its_middle(sandbox: SandboxServer, proxy: FaultProxy, through: Api) -> None:
    whole = through.call("media", "add", ks=through.admin, entry={"mediaType": 1})
    faulty(proxy, "cut_answer", at=0.5)
    connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=10)
    body = json.dumps({"format": 1, "ks": through.admin, "entryId": whole["id"]})
    connection.request("POST", "/api_v3/service/media/action/get", body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    assert answer.status == 200
    announced = int(answer.headers["Content-Length"])
    assert len(answer.read1(announced)) == announced // 2
    with pytest.raises(RESET):
        answer.read1(announced)
    connection.close()


def test_a_late_answer_comes_whole(proxy: FaultProxy, through: Api) -> None:
    faulty(proxy, "late", seconds=0.5)
    started = time.monotonic()
    assert through.call("system", "ping") is True
    assert 0.5 <= time.monotonic() - started < 5


def test_a_late_answer_outlasts_a_read_timeout(sandbox: SandboxServer, proxy: FaultProxy, through: Api) -> None:
    faulty(proxy, "late", seconds=60)
    with pytest.raises(requests.ReadTimeout):
        requests.post(proxy.url + ADD, json={"format": 1, "ks": through.admin, "entry": {"mediaType": 1}}, timeout=0.3)
    assert entries(sandbox) == 1, "late is the answer, not the work"


@pytest.mark.parametrize("kind", ["stall_request", "stall_answer"])
def test_a_stall_ends_and_all_is_well(proxy: FaultProxy, through: Api, kind: str) -> None:
    faulty(proxy, kind, seconds=0.4)
    started = time.monotonic()
    assert through.call("media", "add", ks=through.admin, entry={"mediaType": 1})["objectType"] == "KalturaMediaEntry"
    assert 0.4 <= time.monotonic() - started < 5


def test_while_an_answer_stalls_its_beginning_is_there(proxy: FaultProxy, through: Api, wire: Wire) -> None:
    faulty(proxy, "stall_answer", seconds=60)
    wire.send(post("/api_v3/service/system/action/getVersion"))
    received = b""
    while not received.endswith(b'"Venus-'):
        received += wire.socket.recv(65536)
    wire.socket.settimeout(0.2)
    with pytest.raises(TimeoutError):
        wire.socket.recv(1)


def test_a_stalled_request_fills_the_buffers_and_blocks_its_sender(proxy: FaultProxy, through: Api, wire: Wire) -> None:
    faulty(proxy, "stall_request", seconds=60, at=0)
    size = 64 * 1024 * 1024
    wire.send(f"POST {ADD} HTTP/1.1\r\nHost: x\r\nContent-Length: {size}\r\n\r\n".encode())
    wire.socket.settimeout(0.5)
    with pytest.raises(TimeoutError):
        wire.send(b"x" * size)
    assert proxy.counts.bytes_received["media.add"] < size / 100


def test_a_half_closed_socket_takes_bytes_and_answers_nothing(
    sandbox: SandboxServer, proxy: FaultProxy, through: Api, wire: Wire
) -> None:
    faulty(proxy, "stall_request", seconds=2, half_close=True)
    started = time.monotonic()
    wire.send(post(ADD, ks=through.admin, entry={"mediaType": 1}))
    assert wire.read_all() == b"", "the other side is closed at once"
    assert time.monotonic() - started < 1.8
    wire.send(b"still open for what we send")
    broken = select.poll()
    broken.register(wire.socket, 0)
    assert broken.poll(10_000), "the reset comes in the end"
    assert time.monotonic() - started > 0.4
    assert entries(sandbox) == 0


def test_a_half_closed_answer_ends_early(proxy: FaultProxy, through: Api, wire: Wire) -> None:
    faulty(proxy, "stall_answer", seconds=0.3, half_close=True)
    wire.send(post("/api_v3/service/system/action/getVersion"))
    assert wire.read_all().endswith(b'"Venus-')


def test_an_answer_without_a_body_is_cut_before_its_head(proxy: FaultProxy, through: Api, wire: Wire) -> None:
    faulty(proxy, "cut_answer")
    wire.send(b"OPTIONS /api_v3/ HTTP/1.1\r\nHost: x\r\n\r\n")
    with pytest.raises(RESET):
        wire.read_all()


def test_a_client_that_goes_away_takes_its_request_with_it(
    sandbox: SandboxServer, proxy: FaultProxy, through: Api, wire: Wire
) -> None:
    request = post(ADD, ks=through.admin, entry={"mediaType": 1})
    wire.send(request[:-5])
    wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    wire.socket.close()
    assert through.call("system", "ping") is True
    assert entries(sandbox) == 0


def test_without_a_fault_a_connection_is_used_again(proxy: FaultProxy, through: Api, wire: Wire) -> None:
    for _ in range(3):
        wire.send(post("/api_v3/service/system/action/ping"))
        answer = http.client.HTTPResponse(wire.socket)
        answer.begin()
        assert answer.read() == b"true"
    assert proxy.calls == ["system.ping"] * 3


def test_a_body_in_chunks_is_passed_on(sandbox: SandboxServer, proxy: FaultProxy, through: Api) -> None:
    def body() -> Iterator[bytes]:
        text = json.dumps({"format": 1, "ks": through.admin, "entry": {"mediaType": 1}}).encode()
        yield text[:10]
        yield text[10:]

    headers = {"Content-Type": "application/json"}
    answer = requests.post(proxy.url + ADD, data=body(), headers=headers, timeout=10).json()
    assert answer["objectType"] == "KalturaMediaEntry"
    assert proxy.calls == ["media.add"]
    faulty(proxy, "drop_request")
    with pytest.raises(requests.ConnectionError):
        requests.post(proxy.url + ADD, data=body(), headers=headers, timeout=10)
    assert entries(sandbox) == 1


def test_a_server_that_is_not_there_is_named(proxy: FaultProxy) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    with FaultProxy(f"http://127.0.0.1:{port}") as lonely:
        answer = requests.post(lonely.url + ADD, json={}, timeout=10)
    assert answer.status_code == 502
    assert f"http://127.0.0.1:{port}. Start that server first." in answer.text


def test_a_request_of_a_client_that_died_can_be_waited_for(
    sandbox: SandboxServer, proxy: FaultProxy, through: Api, wire: Wire
) -> None:
    faulty(proxy, "stall_request", seconds=0.4)
    wire.send(post(ADD, ks=through.admin, entry={"mediaType": 1}))
    wire.socket.close()
    while not proxy.events:
        threading.Event().wait(0.01)
    assert not proxy.wait_until_idle(0.05)
    assert entries(sandbox) == 0
    assert proxy.wait_until_idle(20)
    assert entries(sandbox) == 1, "all of it was on its way already"


def test_stopping_ends_stalls_and_connections(sandbox: SandboxServer) -> None:
    proxy = FaultProxy(sandbox.url, rules=[Rule(Fault("late", seconds=3600))])
    proxy.start()
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=10) as client:
        client.sendall(post("/api_v3/service/system/action/ping"))
        while not proxy.events:
            threading.Event().wait(0.01)
        proxy.stop()
        client.settimeout(10)
        assert client.recv(65536) is not None, "it ended, whatever it said"


@pytest.mark.parametrize("url", ["127.0.0.1:80", "ftp://host", "http://host/api_v3", ""])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"is no address of a server; write http://127\.0\.0\.1:8123"):
        FaultProxy(url)
