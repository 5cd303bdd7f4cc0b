"""Ranges of S3 objects over connections that break on the way."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest
from airflow.providers.amazon.aws.hooks.s3 import S3Hook
from tests.provider.airflow_fixtures import BUCKET, read_range

from kaltura_provider.api import SourceUnavailableError
from kaltura_provider.transfers import s3_source
from kaltura_provider.transfers.s3_source import S3Source

CONTENT = bytes(range(256)) * 2000


class CuttingProxy(ThreadingHTTPServer):
    """Passes requests on to S3, but ends the first ``cuts`` bodies of ranges half-way."""

    def __init__(self, target: str) -> None:
        super().__init__(("127.0.0.1", 0), CuttingHandler)
        self.target = urlsplit(target).netloc
        self.cuts = 0
        self.ranges: list[str] = []


class CuttingHandler(BaseHTTPRequestHandler):
    server: CuttingProxy

    def do_GET(self) -> None:
        self.pass_on()

    def do_HEAD(self) -> None:
        self.pass_on()

    def pass_on(self) -> None:
        upstream = http.client.HTTPConnection(self.server.target, timeout=10)
        upstream.request(self.command, self.path, headers=dict(self.headers))
        answer = upstream.getresponse()
        body = answer.read()
        if wanted := self.headers.get("Range"):
            self.server.ranges.append(wanted)
            if self.server.cuts:
                self.server.cuts -= 1
                body = body[: len(body) // 2]
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("connection", "date", "server"):
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def proxy(s3: Any, s3_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[CuttingProxy]:
    server = CuttingProxy(s3_url)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    extra = {"endpoint_url": f"http://127.0.0.1:{server.server_port}", "region_name": "us-east-1"}
    value = {"conn_type": "aws", "login": "test", "password": "test-secret-key", "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_AWS_CUT", json.dumps(value))
    monkeypatch.setattr(s3_source, "_REOPEN_PAUSES", (0.0, 0.0, 0.0))
    s3.put_object(Bucket=BUCKET, Key="a.mp4", Body=CONTENT)
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_goes_on_where_the_connection_broke(proxy: CuttingProxy) -> None:
    source = S3Source.find(S3Hook("aws_cut"), BUCKET, "a.mp4")
    proxy.cuts = 2
    assert read_range(source, 1000, 400_000, block=10_000) == CONTENT[1000:401_000]
    starts = [int(wanted.removeprefix("bytes=").split("-")[0]) for wanted in proxy.ranges]
    assert starts[0] == 1000
    assert len(starts) == 3
    assert starts == sorted(set(starts)), "nothing is read twice"
    assert {wanted.split("-")[1] for wanted in proxy.ranges} == {"400999"}


def test_gives_up_when_it_keeps_breaking(proxy: CuttingProxy) -> None:
    source = S3Source.find(S3Hook("aws_cut"), BUCKET, "a.mp4")
    proxy.cuts = 1000
    # Half of what is left never becomes all of it.
    with pytest.raises(SourceUnavailableError, match=r"s3://uploads/a\.mp4 cannot be read beyond byte 1: .* network"):
        read_range(source, 0, 2)
