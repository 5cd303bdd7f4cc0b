"""Calls, faults and bytes are counted, also those of uploads by token."""

from __future__ import annotations

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
from KalturaClient import KalturaClient, KalturaConfiguration
from KalturaClient.Plugins.Core import KalturaUploadToken

from kaltura_sandbox.faults import Fault, FaultProxy, Request
from kaltura_sandbox.server import SandboxServer

from ..conftest import PARTNER, Api, wait_until
from .conftest import BUCKET, faulty


def test_calls_and_bytes(proxy: FaultProxy, through: Api) -> None:
    body = b'{"format": 1, "a": "' + b"x" * 1000 + b'"}'
    headers = {"Content-Type": "application/json"}
    for _ in range(3):
        answer = through.post("/api_v3/service/system/action/ping", data=body, headers=headers)
    counts = proxy.counts
    assert counts.calls == {"system.ping": 3}
    assert counts.bytes_received == counts.bytes_passed_on == {"system.ping": 3 * len(body)}
    assert counts.bytes_answered == {"system.ping": 3 * len(answer.content)}
    assert counts.faults == {}


def test_bytes_of_s3(s3: Any, s3_proxy: FaultProxy) -> None:
    s3.put_object(Bucket=BUCKET, Key="k", Body=b"x" * 5000)
    s3.get_object(Bucket=BUCKET, Key="k", Range="bytes=0-99")["Body"].read()
    assert s3_proxy.counts.bytes_received["PutObject"] == 5000
    assert s3_proxy.counts.bytes_answered["GetObject"] == 100


@pytest.mark.parametrize("size", [0, 1, 70_000, 3_000_000])
def test_bytes_of_parts_are_those_of_the_file_alone(proxy: FaultProxy, through: Api, size: int) -> None:
    tokens = [through.call("uploadToken", "add", ks=through.admin)["id"] for _ in range(2)]
    for token in tokens:
        through.upload(token, b"x" * size, through.admin, finalChunk=False)
    assert proxy.counts.part_bytes_announced == dict.fromkeys(tokens, size)
    through.upload(tokens[0], b"y" * 10, through.admin, resume=True, resumeAt=size, finalChunk=False)
    assert proxy.counts.part_bytes == {tokens[0]: size + 10, tokens[1]: size}


def test_bytes_of_the_official_client(sandbox: SandboxServer, proxy: FaultProxy, through: Api, tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"x" * 12345)
    config = KalturaConfiguration()
    config.serviceUrl = proxy.url
    client = KalturaClient(config)
    client.setKs(through.admin)
    token = client.uploadToken.add(KalturaUploadToken()).id
    with (tmp_path / "a.mp4").open("rb") as file:
        client.uploadToken.upload(token, file)
    assert proxy.counts.part_bytes == {token: 12345}
    assert through.call("uploadToken", "get", ks=through.admin, uploadTokenId=token)["partnerId"] == PARTNER


def test_a_part_that_is_dropped_counts_by_what_came_and_by_what_was_announced(proxy: FaultProxy, through: Api) -> None:
    size = 20_000_000
    token = through.call("uploadToken", "add", ks=through.admin)["id"]
    faulty(proxy, "drop_request", action="uploadToken.upload", at=0.25)
    with pytest.raises(requests.ConnectionError):
        through.upload(token, b"x" * size, through.admin)
    assert proxy.counts.part_bytes_announced[token] == size
    assert size / 4 - 1000 <= proxy.counts.part_bytes[token] < size / 2


def test_a_client_that_dies_in_the_middle_counts_what_it_sent(proxy: FaultProxy, through: Api) -> None:
    token = through.call("uploadToken", "add", ks=through.admin)["id"]
    head = (
        b'--B\r\nContent-Disposition: form-data; name="uploadTokenId"\r\n\r\n' + token.encode() + b"\r\n"
        b'--B\r\nContent-Disposition: form-data; name="fileData"; filename="a"\r\n\r\n'
    )
    length = len(head) + 1000 + len(b"\r\n--B--\r\n")
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=10) as client:
        client.sendall(
            b"POST /api_v3/service/uploadToken/action/upload HTTP/1.1\r\nHost: x\r\n"
            b"Content-Type: multipart/form-data; boundary=B\r\n" + f"Content-Length: {length}\r\n\r\n".encode() + head
        )
        client.sendall(b"x" * 300)
    wait_until(lambda: proxy.counts.part_bytes[token] == 300)
    assert proxy.counts.part_bytes_announced[token] == 1000


def test_counts_add_up_when_many_call_at_once(proxy: FaultProxy, through: Api) -> None:
    def call(_: int) -> None:
        assert Api(proxy.url).call("system", "ping") is True

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(call, range(200)))
    assert proxy.counts.calls == {"system.ping": 200}
    assert len(proxy.calls) == 200


def test_faults_are_told_in_order(proxy: FaultProxy, through: Api) -> None:
    faulty(proxy, "internal_error", action="system.*", nth=2)
    for _ in range(3):
        through.call("system", "ping")
    (event,) = proxy.events
    assert (event.action, event.number, event.fault) == ("system.ping", 2, Fault("internal_error"))
    assert str(event).endswith("system.ping 2: internal_error")
    proxy.reset()
    assert proxy.events == []
    assert proxy.calls == []
    through.call("system", "ping")
    through.call("system", "ping")
    assert len(proxy.events) == 1, "a rule begins to count anew"


def test_a_judge_may_wait_and_decide(proxy: FaultProxy, through: Api) -> None:
    arrived, go = threading.Event(), threading.Event()

    def judge(request: Request) -> Fault | None:
        if request.action == "system.getTime":
            arrived.set()
            assert go.wait(10)
            return Fault("action_blocked")
        return None

    proxy.judge = judge
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(Api(proxy.url).call, "system", "getTime")
        assert arrived.wait(10)
        assert through.call("system", "ping") is True
        go.set()
        assert waiting.result(10)["code"] == "ACTION_BLOCKED"
